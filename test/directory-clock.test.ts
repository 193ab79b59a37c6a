// A wall clock that people or NTP put forth or back (docs/spec/directory.md 2): what follows epochs comes right again
// when the clock is right; gaps, limits and back-off do not notice.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519Sign } from '#crypto'
import { Admission } from '../directory/authority/admission.ts'
import { OthersClocks } from '../directory/authority/others-clocks.ts'
import { AuthorityPeers } from '../directory/authority/peers.ts'
import { believedTime } from '../directory/believed-time.ts'
import type { VotingMessage } from '../directory/documents/message.ts'
import { epochAt } from '../directory/documents/network.ts'
import type { DirectoryError } from '../directory/error.ts'
import { Courier } from '../directory/follow/courier.ts'
import { FetchTimes, fetchWindows } from '../directory/follow/fetch-times.ts'
import { Follower } from '../directory/follow/follow.ts'
import { HeldDocuments } from '../directory/follow/held-documents.ts'
import { joinDirectory } from '../directory/join/join.ts'
import { Reporter, type ReporterInit } from '../directory/join/report.ts'
import { step } from '../directory/rounds/round.ts'
import { hex } from '../encoding/bytes.ts'
import { LinkError } from '../link/link.ts'
import {
  DirectoryWorld,
  describeNode,
  entryOf,
  networkOf,
  seedOf,
  wrongClock,
} from '../simulator/directory-world.ts'
import { virtualClock } from '../world/clock.ts'
import { type Log, silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { day, hour, minute, second } from '../world/units.ts'

/**
 * Three authorities of which the last one's clock can be set, and what that one kept and logged.
 *
 * @param wrongMs by how much that clock is ahead at the start
 */
async function withOneClock(wrongMs = 0): Promise<{
  readonly world: DirectoryWorld
  readonly clock: ReturnType<typeof wrongClock>
  readonly kept: Map<string, Set<string>>
  readonly troubles: string[]
  readonly steps: () => number
}> {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1, epochMs: minute })
  const clock = wrongClock(world.clock, wrongMs)
  const kept = new Map<string, Set<string>>()
  const troubles: string[] = []
  let steps = 0
  const log: Log = {
    ...silent,
    error: (fields, text) => void troubles.push(`${text} ${JSON.stringify(fields)}`),
  }
  await world.startAuthority(0)
  await world.startAuthority(1)
  await world.startAuthority(2, {
    clock,
    log,
    step: (rules, state, event, now) => {
      steps++
      const stepped = step(rules, state, event, now)
      for (const action of stepped[1]) if (action.do === 'keep') note(kept, action.message)
      return stepped
    },
  })
  await world.startNodes()
  await world.startClient()
  return { world, clock, kept, troubles, steps: () => steps }
}

/** By what a statement is about: the digests of all that were made about it. */
function note(kept: Map<string, Set<string>>, message: VotingMessage): void {
  const of = message.kind === 'signature' ? message.epoch : message.round
  const said = message.kind === 'vote' ? message.signed.hash : message.signature
  const key = `${message.kind} ${of}`
  kept.set(key, (kept.get(key) ?? new Set()).add(hex(said)))
}

// Seconds, some epochs (an hour of the usual ones) and more epochs than statements are kept for (a day)
for (const [name, ms] of [
  ['seconds', 4 * second],
  ['some epochs', 4 * minute],
  ['more epochs than it keeps statements of', 80 * minute],
] as const) {
  for (const sign of [1, -1]) {
    test(`an authority whose clock is put ${sign > 0 ? 'forth' : 'back'} by ${name} and right again never says two things`, async () => {
      const { world, clock, kept, troubles, steps } = await withOneClock()
      for (const [i, place] of [0.05, 0.3, 0.55, 0.61, 0.7].entries()) {
        await world.advanceTo(2 + 2 * i, place)
        const before = steps()
        clock.set(sign * ms)
        await world.clock.advance(3 * second)
        clock.set(-sign * ms)
        await world.clock.advance(3 * second)
        assert.ok(steps() - before < 200, `${steps() - before} steps in six seconds, set at ${place}`)
      }
      await world.advanceTo(12, 0.95)
      for (const [what, said] of kept) assert.is(said.size, 1, what)
      assert.equal(troubles, [])
      for (const authority of world.authorities) assert.is(authority?.status().evidence, 0)
      assert.is(world.clients[0]?.view(13)?.signers.length, 3)
      await world.close()
    })
  }
}

for (const wrong of [-hour, 4 * minute])
  test(`an authority whose clock is wrong by ${wrong / minute} minutes at its start says so, and votes once it is right`, async () => {
    const { world, clock, kept, troubles } = await withOneClock(wrong)
    await world.advanceTo(3, 0.9)
    assert.is(world.clients[0]?.view(4)?.signers.length, 2, 'the others go on without it')
    const ahead = world.authorities[2]?.status().clockErrorMs ?? 0
    assert.ok(Math.abs(ahead - wrong) < 10 * second, `thinks ${ahead}`)
    for (const i of [0, 1]) assert.is(world.authorities[i]?.status().clockErrorMs, 0, 'one of two others')
    clock.set(-wrong)
    // Where it has spoken in rounds that are yet to come it says nothing else in these
    const last = wrong === 4 * minute ? 9 : 6
    await world.advanceTo(last, 0.95)
    assert.is(world.clients[0]?.view(last + 1)?.signers.length, 3)
    assert.is(world.authorities[2]?.status().clockErrorMs, 0)
    for (const [what, said] of kept) assert.is(said.size, 1, what)
    assert.equal(troubles, [])
    for (const authority of world.authorities) assert.is(authority?.status().evidence, 0)
    await world.close()
  })

test('one that lies about its time is one of the others, and a vote that comes again is as old as it is', async () => {
  const clock = virtualClock(day)
  const clocks = new OthersClocks(clock)
  const others = [1, 2, 3, 4].map(i => ({ id: new Uint8Array(32).fill(i) }))
  const vote = (of: number, aheadMs: number): void =>
    clocks.heard((others[of] as { id: Uint8Array }).id, clock.now() + aheadMs)
  vote(0, day)
  vote(1, 0)
  assert.is(clocks.aheadMs(others), 0, 'two of four are not most of them')
  const first = clock.now()
  vote(2, second)
  assert.is(clocks.aheadMs(others), 0)
  await clock.advance(hour)
  for (const { id } of others.slice(1, 3)) clocks.heard(id, first + (id[0] === 3 ? second : 0))
  assert.is(clocks.aheadMs(others), 0, 'said an hour ago')
  clock.set(hour)
  assert.is(clocks.aheadMs(others), hour - second)
})

for (const wrong of [-day, day])
  test(`a client whose clock is wrong by ${wrong / hour} hours from the start says so, and not once it is right`, async () => {
    const world = new DirectoryWorld({ mixes: 3, gateways: 1, epochMs: 10 * minute })
    world.clock.set(2 * day)
    await world.startAuthorities()
    await world.startNodes()
    await world.clock.advance(minute)
    const clock = wrongClock(world.clock, wrong)
    const believed = believedTime(clock, world.network)
    const directory = believed.follow(await world.startClient({ clock }))
    await world.clock.advance(minute)
    assert.is(directory.current(), undefined)
    const thinks = believed.seemsAheadMs()
    assert.ok(Math.abs(thinks - wrong) <= world.network.epochMs, `thinks ${thinks}`)
    assert.is(believed.clock.now(), clock.now(), 'and goes by it all the same')
    clock.set(-wrong)
    await world.clock.advance(2 * minute)
    assert.ok(directory.current())
    assert.is(believed.seemsAheadMs(), 0)
    await world.close()
  })

test('an authority alone whose clock is put forth by half an epoch goes on within a minute', async () => {
  const world = new DirectoryWorld({ authorities: 1, mixes: 3, gateways: 1, epochMs: hour })
  await world.startAuthority(0)
  await world.startNodes()
  await world.clock.advance(5 * second)
  await world.advanceTo(1, 0.1)
  world.clock.set(hour / 2 + 5 * minute)
  await world.clock.advance(minute + 5 * second)
  const epoch = epochAt(world.network, world.clock.now())
  assert.is(world.authorities[0]?.status().epoch, epoch)
  assert.is(world.authorities[0]?.status().state, 'published')
  await world.close()
})

test('a letter that was not taken is carried again in a second, though the clock was put back', async () => {
  const clock = virtualClock(day)
  let tries = 0
  const link = {
    request: () => {
      tries++
      return Promise.reject(new LinkError('UNREACHABLE', 'not there'))
    },
  }
  const courier = new Courier({
    link,
    clock,
    random: seededRandom(1),
    to: entryOf(0),
    timeoutMs: second,
    onAnswer: () => {},
    onRefused: () => {},
  } as unknown as ConstructorParameters<typeof Courier>[0])
  courier.send({ ask: 'time' }, 2 * day)
  await clock.advance(10)
  clock.set(-hour)
  const before = tries
  await clock.advance(10 * second)
  assert.ok(tries > before + 5, `${tries - before} tries in ten seconds`)
  courier.close()
})

test('an authority that died is out of contact in seconds, whatever the clock is put to', async () => {
  for (const ms of [0, hour, -hour]) {
    const clock = virtualClock(day)
    let alive = true
    const network = networkOf({ epochMs: minute })
    const link = {
      id: entryOf(0).id,
      request: () =>
        alive ? Promise.resolve(new Uint8Array()) : Promise.reject(new LinkError('UNREACHABLE', 'dead')),
    }
    const peers = new AuthorityPeers({
      network,
      link,
      clock,
      random: seededRandom(1),
      log: silent,
      urgent: () => true,
      onNewest: async () => {},
    } as unknown as ConstructorParameters<typeof AuthorityPeers>[0])
    peers.meet(network.authorities)
    await clock.advance(second)
    assert.is(peers.inContact(network.authorities), 3)
    clock.set(ms)
    assert.is(peers.inContact(network.authorities), 3, 'who answered a moment ago is not gone')
    alive = false
    await clock.advance(10 * second)
    assert.is(peers.inContact(network.authorities), 1, `clock set by ${ms} ms`)
    peers.close()
  }
})

test('who asks for a first document asks less often after a while, though the clock was put back', () => {
  const clock = virtualClock(day)
  const network = networkOf({ epochMs: hour })
  const documents = new HeldDocuments(network)
  const times = new FetchTimes({
    network,
    clock,
    random: seededRandom(1),
    documents,
    window: fetchWindows.client,
    asksAnyway: false,
  })
  assert.ok(times.backOff(20) < second)
  clock.set(-day)
  return clock.advance(minute).then(() => assert.ok(times.backOff(20) > 10 * second))
})

test('a node that may ask again does so in seconds, though its clock was put back', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1, epochMs: hour })
  const admission = { proveAddresses: true, perNetwork: 0 }
  for (let i = 0; i < 3; i++) await world.startAuthority(i, { admission })
  const link = world.host('elsewhere', 'node')
  const clock = wrongClock(world.clock)
  const usual = describeNode('elsewhere', 'mix', link)
  await world.advanceTo(1, 0.01)
  const elsewhere = await joinDirectory({
    ...{ network: world.network, link, clock, random: world.random, log: silent },
    describe: epoch => ({ ...usual(epoch), addresses: ['/memory/not-mine'] }),
    sign: message => ed25519Sign(seedOf('elsewhere'), message),
  })
  await world.clock.advance(10 * second)
  const refusals = (): number => world.authorities[0]?.status().refused.NO_ANSWER ?? 0
  const before = refusals()
  clock.set(-minute)
  // Less than the minute that its clock was put back by
  await world.clock.advance(40 * second)
  assert.ok(refusals() >= before + 2, `${refusals() - before} more refusals`)
  await elsewhere.close()
  await world.close()
})

test('requests to join are counted by time gone by: a clock put forth fills no bucket', async () => {
  const taken: number[] = []
  for (const ms of [0, hour]) {
    const clock = virtualClock(day)
    const init = { network: networkOf(), clock } as unknown as ConstructorParameters<typeof Admission>[0]
    const admission = new Admission(init)
    const asker = new Uint8Array(32)
    const join = (): Promise<string> =>
      admission.join(asker, new Uint8Array(1)).then(
        () => 'ok',
        (error: DirectoryError) => error.code,
      )
    const codes: string[] = []
    for (let i = 0; i < 10; i++) codes.push(await join())
    clock.set(ms)
    for (let i = 0; i < 10; i++) codes.push(await join())
    taken.push(codes.filter(code => code !== 'BUSY').length)
  }
  assert.equal(taken, [4, 4])
})

test('a node reports every half epoch again, once its clock that was a day ahead is right', async () => {
  const clock = virtualClock(10 * day)
  const network = networkOf({ epochMs: 10 * minute })
  const asked: number[] = []
  const reporter = new Reporter({
    ...{ network, link: { id: entryOf(0).id }, random: seededRandom(1), log: silent },
    clock,
    authorities: () => [],
    sign: () => new Uint8Array(64),
    view: () => undefined,
    counts: (half: number) => {
      asked.push(half)
      return new Map()
    },
  } as unknown as ReporterInit)
  await clock.advance(20 * minute)
  const first = asked.length
  assert.ok(first >= 3)
  clock.set(day)
  await clock.advance(6 * minute)
  clock.set(-day)
  await clock.advance(20 * minute)
  assert.ok(asked.length >= first + 3, `${asked.length - first} halves in 26 minutes`)
  clock.set(-11 * minute)
  await clock.advance(20 * minute)
  assert.is(new Set(asked).size, asked.length, 'each once')
  reporter.close()
})

for (const ms of [day, -day, 15 * minute]) {
  test(`who follows has documents and notes again, once its clock that was put by ${ms} ms is right`, async () => {
    const world = new DirectoryWorld({ mixes: 3, gateways: 1, epochMs: 10 * minute })
    world.clock.set(2 * day)
    await world.startAuthorities()
    await world.startNodes()
    await world.clock.advance(minute)
    const link = world.links.host({ cellBytes: 100, admits: () => false, role: 'client' })
    const clock = wrongClock(world.clock)
    const options = { network: world.network, link, clock, random: world.random, log: silent }
    const follower = new Follower(options, 'client')
    await follower.start()
    await world.clock.advance(minute)
    assert.ok(follower.current())
    clock.set(ms)
    // long enough for whoever sleeps to wake up at the wrong time
    await world.clock.advance(12 * minute)
    clock.set(-ms)
    await world.clock.advance(2 * minute)
    const epoch = epochAt(world.network, clock.now())
    assert.is(follower.current()?.epoch, epoch)
    await world.clock.advance(10 * minute)
    assert.is(follower.current()?.epoch, epoch + 1)
    assert.ok(follower.notes.get(epoch), 'the note of the epoch in which the clock was right again')
    await follower.close()
    await world.close()
  })
}

test.run()

// docs/spec/crowds.md: requests through a crowd on the link in memory, what members that work together learn of who
// asks, and what is done with what others send.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NodeEntry, View } from '../directory/documents/view.ts'
import { healthy } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { crowdFigures } from '../hiding/formulas-attack.ts'
import type { Host } from '../link/link.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import {
  answerBytes,
  CrowdsError,
  crowdOf,
  crowdsProtocol,
  type Member,
  type PathLimits,
  Paths,
  readAnswer,
  readRequest,
  requestBytes,
  startMember,
  writeAnswer,
  writeRequest,
} from '../services/crowds/index.ts'
import { paperNetwork, paperView } from '../simulator/paper.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { type Random, seededRandom } from '../world/random.ts'

const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const words = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const network = paperNetwork({ name: 'test', genesis: 0, epochMs: 60_000 })

function memberEntry(id: Uint8Array, addresses: readonly string[] = []): NodeEntry {
  const usual = { services: [], packetKeys: new Map(), family: '', running: true, reliable: true }
  return { id, addresses, role: 'member', layer: -1, ...usual }
}

interface Heard {
  readonly member: number
  readonly from: string
  readonly body: string
}

/** A crowd on a virtual clock, whose directory is told which members each epoch's document has. */
function crowd(of: { members: number; seed?: number; forward?: number; limits?: PathLimits }) {
  const clock = virtualClock(0)
  const random = seededRandom(of.seed ?? 1)
  const links = memoryNetwork({ clock, random, latencyMs: { min: 1, max: 1 } })
  const views = new Map<number, View>()
  const handlers: ((view: View) => void)[] = []
  let epoch = 0
  const directory = {
    current: () => views.get(epoch),
    view: (wanted: number) => views.get(wanted),
    onView: (handler: (view: View) => void) => {
      handlers.push(handler)
      return () => {}
    },
    health: () => healthy,
  }
  const heard: Heard[] = []
  const hosts: Host[] = []
  const members: Member[] = []
  const destinations = new Map([['echo', async (body: Uint8Array) => body]])
  const add = (): number => {
    const host = links.host({ seed: random(32), cellBytes: 1, admits: () => false, role: 'node' })
    const member = hosts.length
    const { serve } = host
    host.serve = (protocol, maxBytes, handler) =>
      serve.call(host, protocol, maxBytes, (from, bytes) => {
        try {
          heard.push({ member, from: hex(from), body: words(readRequest(bytes).body) })
        } catch {
          // The member itself says what it does with what cannot be read
        }
        return handler(from, bytes)
      })
    hosts.push(host)
    members.push(
      startMember({
        ...{ network, link: host, directory, clock, random, log: silent },
        destination: name => destinations.get(name),
        paths: { ...(of.limits && { limits: of.limits }), ...(of.forward && { forward: of.forward }) },
      }),
    )
    return member
  }
  /** A document in which these are all members. */
  const commit = (at: number, listed: readonly number[]): void => {
    const entries = listed.map(i => memberEntry((hosts[i] as Host).id, (hosts[i] as Host).addresses))
    const view = paperView(network, entries, { epoch: at })
    epoch = at
    views.set(at, view)
    for (const handler of handlers) handler(view)
  }
  for (let i = 0; i < of.members; i++) add()
  commit(0, [...hosts.keys()])
  /** Waits while time passes. */
  const during = async <T>(happening: Promise<T>): Promise<T> => {
    let over = false
    const end = (): void => {
      over = true
    }
    happening.then(end, end)
    while (!over) await clock.advance(5)
    return await happening
  }
  const ask = (i: number, body: string, session = '', destination = 'echo'): Promise<string> =>
    during((members[i] as Member).ask({ destination, body: text(body), session }).then(words))
  const idOf = (i: number): string => hex((hosts[i] as Host).id)
  return { links, hosts, members, heard, destinations, add, commit, ask, during, idOf, views }
}

const codeOf = async (failing: Promise<unknown>): Promise<string> => {
  try {
    await failing
  } catch (error) {
    if (error instanceof CrowdsError) return error.code
    throw error
  }
  throw new Error('nothing was thrown')
}

test('a request is answered through the crowd, and the path of a session stays', async () => {
  const { ask, heard, members } = crowd({ members: 6, seed: 3 })
  const ways = new Map<string, string>()
  for (let session = 0; session < 20; session++)
    for (const turn of ['a', 'b']) {
      const body = `${session} ${turn}`
      assert.is(await ask(0, body, String(session)), body)
      const way = heard.filter(each => each.body === body).map(({ member, from }) => `${from} ${member}`)
      ways.set(body, way.join(', '))
    }
  for (let session = 0; session < 20; session++) assert.is(ways.get(`${session} a`), ways.get(`${session} b`))
  assert.ok(new Set(ways.values()).size > 10)
  const submitted = members.reduce((sum, member) => sum + member.status().submitted, 0)
  assert.is(submitted, 40)
  assert.is(members[0]?.status().asked.answered, 40)
})

/** Counts how often the first of the last `corrupt` members to see a request of member 0 had it from there. */
async function watched(members: number, corrupt: number, forward: number, sessions: number) {
  const { ask, heard, idOf } = crowd({ members, forward, seed: 100 * members + corrupt })
  let [seen, right] = [0, 0]
  for (let session = 0; session < sessions; session++) {
    heard.length = 0
    await ask(0, 'x', `${session}`)
    const first = heard.find(({ member }) => member >= members - corrupt)
    if (first === undefined) continue
    seen++
    if (first.from === idOf(0)) right++
  }
  return { seen, share: right / seen }
}

for (const { members, corrupt, forward } of [
  { members: 8, corrupt: 1, forward: 0.75 },
  { members: 8, corrupt: 4, forward: 0.75 },
  { members: 5, corrupt: 1, forward: 0.9 },
])
  test(`of ${members} members ${corrupt} that work together guess who asks as often as the formula says, p ${forward}`, async () => {
    const { seen, share } = await watched(members, corrupt, forward, 600)
    const { predecessor, probablyInnocent } = crowdFigures({ members, corrupt, forward })
    const sigma = Math.sqrt((predecessor * (1 - predecessor)) / seen)
    assert.ok(seen > 100)
    assert.ok(
      Math.abs(share - predecessor) < 3 * sigma,
      `${share} of ${seen}, want ${predecessor} +- ${sigma}`,
    )
    assert.is(share < 1 / 2, probablyInnocent)
  })

test('the control: in a crowd that hands nothing on, who hands a request over is its asker', async () => {
  const { share } = await watched(8, 4, 1e-9, 60)
  assert.is(share, 1)
})

test('who joins or leaves does so with a document, and everybody draws new paths there', async () => {
  const { ask, heard, add, commit, members, hosts } = crowd({ members: 5, seed: 9 })
  const firsts = async (body: string): Promise<string[]> => {
    const all: string[] = []
    for (let session = 0; session < 30; session++) {
      heard.length = 0
      await ask(0, body, String(session))
      all.push(heard.map(({ member }) => member).join(' '))
    }
    return all
  }
  const before = await firsts('before')
  const joined = add()
  assert.equal(await firsts('still'), before)
  assert.is(await codeOf(ask(joined, 'early')), 'NOT_READY')
  commit(1, [...hosts.keys()])
  const after = await firsts('after')
  assert.not.equal(after, before)
  assert.ok(after.some(way => way.split(' ').includes(String(joined))))
  assert.is(await ask(joined, 'mine'), 'mine')
  commit(2, [0, 1, 2, 3])
  const without = await firsts('without')
  assert.not.ok(without.some(way => way.split(' ').some(member => Number(member) > 3)))
  assert.is(members[joined]?.status().listed, false)
  assert.is(members[0]?.status().members, 4)
})

test('a path whose next member is gone is mended for the requests that follow', async () => {
  const { ask, links, hosts, heard } = crowd({ members: 4, seed: 5, forward: 0.95 })
  heard.length = 0
  await ask(0, 'x')
  const gone = heard.at(-1)?.member as number
  links.kill((hosts[gone] as Host).id)
  const ends: string[] = []
  for (let turn = 0; turn < 40 && !ends.includes('answered'); turn++)
    ends.push(
      await ask(0, `again ${turn}`).then(
        () => 'answered',
        error => (error as CrowdsError).code,
      ),
    )
  assert.is(ends[0], 'BROKEN')
  assert.is(ends.at(-1), 'answered')
})

test('who asks for what no member knows, or what gives no answer, is told so', async () => {
  const { ask, destinations } = crowd({ members: 3 })
  destinations.set('down', async () => {
    throw new Error('refused')
  })
  destinations.set('long', async () => new Uint8Array(4097))
  assert.is(await codeOf(ask(0, 'x', '', 'nowhere')), 'UNKNOWN_DESTINATION')
  assert.is(await codeOf(ask(0, 'x', '', 'down')), 'DESTINATION_FAILED')
  assert.is(await codeOf(ask(0, 'x', '', 'long')), 'DESTINATION_FAILED')
  assert.is(await codeOf(ask(0, 'x', '', 'No Name')), 'BAD_OPTION')
  assert.is(await codeOf(ask(0, 'x'.repeat(4097))), 'TOO_LARGE')
})

test('a stranger, a request of no document, and bytes that are none get nothing from a member', async () => {
  const { links, hosts, members, during } = crowd({ members: 3 })
  const to = { id: (hosts[1] as Host).id, addresses: (hosts[1] as Host).addresses }
  const say = async (from: Host, bytes: Uint8Array): Promise<string> => {
    try {
      const within = { timeoutMs: 5000, maxBytes: answerBytes }
      return readAnswer(await during(from.request(to, crowdsProtocol, bytes, within))).status
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const request = (epoch: number): Uint8Array =>
    writeRequest({ epoch, path: new Uint8Array(16), destination: 'echo', body: text('x') })
  const stranger = links.host({ cellBytes: 1, admits: () => false, role: 'client' })
  assert.is(await say(stranger, request(0)), 'REFUSED')
  const member = hosts[0] as Host
  assert.is(await say(member, request(0)), 'answered')
  assert.is(await say(member, request(7)), 'stale')
  assert.is(await say(member, request(0).fill(255, 8 + 16, 9 + 16)), 'REFUSED')
  assert.is(await say(member, new Uint8Array(requestBytes)), 'REFUSED')
  assert.is(await say(member, new Uint8Array(3)), 'REFUSED')
  assert.is(members[1]?.status().paths, 1)
})

test('one member fills its own share of paths, and what is refused is counted', () => {
  const random = seededRandom(1)
  const paths = new Paths(random, { paths: 8, perPeer: 5 })
  const ids = [1, 2, 3].map(i => new Uint8Array(32).fill(i))
  const members = crowdOf(
    paperView(
      network,
      ids.map(id => memberEntry(id)),
    ),
  )
  const fill = (id: Uint8Array, count: number): number =>
    Array.from({ length: count }, () => paths.turn(id, random(16), members)).filter(Boolean).length
  assert.is(fill(ids[0] as Uint8Array, 20), 5)
  assert.is(fill(ids[1] as Uint8Array, 20), 3)
  assert.is(paths.refused, 32)
  paths.forget(1)
  assert.is(paths.size, 0)
  assert.is(fill(ids[1] as Uint8Array, 2), 2)
})

test('a member draws any of the crowd, itself too, each as often', () => {
  const random = seededRandom(2)
  const ids = [1, 2, 3, 4].map(i => new Uint8Array(32).fill(i))
  const members = crowdOf(
    paperView(
      network,
      ids.map(id => memberEntry(id)),
    ),
  )
  const paths = new Paths(random, { paths: 1e5, perPeer: 1e5 })
  const turns = Array.from({ length: 8000 }, () => paths.turn(ids[0] as Uint8Array, random(16), members))
  const onward = turns.filter(turn => turn?.do === 'forward')
  assert.ok(Math.abs(onward.length / 8000 - 0.75) < 0.02)
  for (const id of ids) {
    const share = onward.filter(turn => turn?.do === 'forward' && turn.to.id === id).length / onward.length
    assert.ok(Math.abs(share - 0.25) < 0.03, String(share))
  }
})

const names = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,31}$/)
const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })

test('requests and answers are read as they were written, all of one length', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      names,
      bytes(4096),
      (...fields) => {
        const [epoch, path, destination, body] = fields
        const written = writeRequest({ epoch, path, destination, body })
        assert.is(written.length, requestBytes)
        assert.equal(readRequest(written), { epoch, path, destination, body })
        const answer = { status: 'answered', body } as const
        assert.is(writeAnswer(answer).length, answerBytes)
        assert.equal(readAnswer(writeAnswer(answer)), answer)
      },
    ),
    { numRuns: 50 },
  )
})

test('any bytes give a message or an error of the crowd', () => {
  const draws: Random = seededRandom(4)
  fc.assert(
    fc.property(
      fc.oneof(
        bytes(requestBytes),
        fc.constant(0).map(() => draws(requestBytes)),
      ),
      given => {
        for (const read of [readRequest, readAnswer]) {
          try {
            read(given)
          } catch (error) {
            assert.instance(error, CrowdsError)
            assert.is((error as CrowdsError).code, 'BAD_MESSAGE')
          }
        }
      },
    ),
    { numRuns: 200 },
  )
})

test.run()

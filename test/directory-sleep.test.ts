// tier: slow
// Nothing dies of sleep (docs/spec/directory-voting.md 8.12): an authority, a node and a client stand still in every
// phase, for a tenth of an epoch to three epochs, and go on; what is late by then is dropped.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519Sign } from '#crypto'
import { joinDirectory } from '../directory/join/join.ts'
import { DirectoryWorld, describeNode, seedOf } from '../simulator/directory-world.ts'
import { stoppableHost } from '../simulator/stopped-host.ts'
import { virtualClock } from '../world/clock.ts'
import { type Log, silent } from '../world/log.ts'
import { guardedClock } from '../world/timers.ts'

/** A moment within each phase of the voting and of the status note. */
const phases = {
  descriptors: 0.06,
  votes: 0.19,
  agreement: 0.31,
  reveals: 0.44,
  signatures: 0.55,
  opinions: 0.58,
  'signing a note': 0.61,
  fetching: 0.7,
  'before the effect': 0.86,
  rest: 0.95,
}
const lengths = (phase: string): number[] =>
  phase === 'signing a note' ? [0.1, 0.25, 0.6, 1, 3] : [0.25, 1.1]

/** Three hosts of a network that stand still together. */
async function sleep(from: number, length: number): Promise<{ warnings: string[]; fresh: boolean[] }> {
  const warnings: string[] = []
  const log: Log = {
    ...silent,
    warn: (_, message) => warnings.push(message),
    error: (_, message) => warnings.push(message),
  }
  const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
  const host = stoppableHost(world.clock)
  const { network, clock, random } = world
  for (const i of [0, 1]) await world.startAuthority(i)
  const link = host.link(world.host('authority 2', 'authority', ['/memory/authority-2']))
  const authority = await world.startAuthority(2, { link, clock: host.clock, log })
  await world.startNodes()
  const nodeLink = host.link(world.host('sleeper', 'node'))
  const directory = await joinDirectory({
    ...{ network, random, log, link: nodeLink, clock: host.clock },
    describe: describeNode('sleeper', 'mix', nodeLink),
    sign: message => ed25519Sign(seedOf('sleeper'), message),
  })
  const clientLink = host.link(world.host('reader', 'client'))
  const client = await world.startClient({ link: clientLink, clock: host.clock, log })
  await world.advanceTo(2, from)
  host.stop()
  await clock.advance(length * network.epochMs)
  host.go()
  await clock.advance(2.5 * network.epochMs)
  const epoch = Math.floor((clock.now() - network.genesis) / network.epochMs)
  const fresh = [
    ...[authority, directory, client].map(follower => follower.current()?.epoch === epoch),
    client.current()?.nodes.has(Buffer.from(nodeLink.id).toString('hex')) === true,
  ]
  await directory.close()
  await world.close()
  return { warnings, fresh }
}

for (const [phase, from] of Object.entries(phases)) {
  test(`an authority, a node and a client that stand still from ${phase} on go on afterwards`, async () => {
    for (const length of lengths(phase)) {
      const { fresh, warnings } = await sleep(from, length)
      assert.equal(fresh, [true, true, true, true], `${length} epochs`)
      assert.not(warnings.includes('authority: what was due failed'), 'its parts know of lateness themselves')
    }
  })
}

test('what a timer throws or rejects with is logged, and the clock goes on; the control: it ends what runs it', async () => {
  const said: string[] = []
  const clock = virtualClock()
  const guarded = guardedClock(clock, { ...silent, warn: ({ why }) => said.push(String(why)) }, 'a role')
  const fail = (): void => {
    throw new Error('late')
  }
  guarded.after(1, fail)
  guarded.after(2, () => Promise.reject(new Error('later')))
  guarded.after(3, () => said.push('goes on'))
  await clock.advance(10)
  assert.equal(said, ['Error: late', 'Error: later', 'goes on'])
  clock.after(1, fail)
  let control = ''
  await clock.advance(10).catch((error: unknown) => {
    control = String(error)
  })
  assert.is(control, 'Error: late')
})

test.run()

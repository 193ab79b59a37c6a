// People and NTP set the wall clock, forth and back: no gap, hold, retry or age of the link and the store heeds it
// (docs/architecture.md 4).

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { conducts } from '../link/conduct.ts'
import { expelledMs, mostRejected, Standing } from '../link/gossip.ts'
import { Arrivals } from '../link/libp2p/arrivals.ts'
import { YamuxReader } from '../link/libp2p/guard.ts'
import { defaultLimits } from '../link/limits.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { Outbox } from '../link/outbox.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { healing } from '../world/store-node.ts'
import { day, hour, second } from '../world/units.ts'

const test = suite('a clock that is set')
const start = 365 * day
const peer = new Uint8Array(32).fill(7)
const { conduct } = defaultLimits

/** Runs with a clock that is then put back, and with one that is put forth. */
function each(name: string, run: (clock: VirtualClock, ms: number) => Promise<void>): void {
  for (const ms of [-hour, hour]) {
    test(`${ms < 0 ? 'back' : 'forth'} by an hour: ${name}`, () => run(virtualClock(start), ms))
  }
}

each(
  'a peer is shut out for as long as it was to be, and the operator sees until when',
  async (clock, ms) => {
    const all = conducts(clock, conduct, () => {})
    all.did(peer, { type: 'cells', fitting: 0, misfits: 9000 })
    clock.set(ms)
    assert.equal(
      all.out().map(({ until }) => until),
      [clock.now() + conduct.firstOutMs],
    )
    await clock.advance(conduct.firstOutMs - 1)
    assert.ok(all.isOut(peer))
    await clock.advance(1)
    assert.not(all.isOut(peer))
  },
)

each('what a peer owes is neither forgiven at once nor kept', async (clock, ms) => {
  const all = conducts(clock, conduct, () => {})
  all.did(peer, { type: 'cells', fitting: 0, misfits: 8000 })
  clock.set(ms)
  await clock.advance(second)
  all.did(peer, { type: 'cells', fitting: 0, misfits: 400 })
  assert.not(all.isOut(peer))
  all.did(peer, { type: 'cells', fitting: 0, misfits: 100 })
  assert.ok(all.isOut(peer))
})

each('a peer is expelled from the gossip for as long as it was to be', async (clock, ms) => {
  const standing = new Standing(clock, () => {})
  for (let n = 0; n < mostRejected; n++) standing.note(peer, 'reject')
  clock.set(ms)
  await clock.advance(expelledMs - 1)
  assert.ok(standing.isExpelled(peer))
  await clock.advance(1)
  assert.not(standing.isExpelled(peer))
})

each('a network gets no more handshakes', async (clock, ms) => {
  const arrivals = new Arrivals(defaultLimits, clock)
  const all = (): number => {
    let came = 0
    while (came < 1000 && arrivals.enter(`/ip4/192.0.2.${came % 200}/tcp/1`) !== undefined) came++
    return came
  }
  assert.is(all(), 2 * defaultLimits.handshakesPerNetwork)
  clock.set(ms)
  assert.is(all(), 0)
  await clock.advance(second)
  assert.is(all(), defaultLimits.handshakesPerNetwork)
})

each('a peer may ask for no more pings and streams, and for as many after ten seconds', async (clock, ms) => {
  const reader = new YamuxReader(1000, clock)
  const ping = Uint8Array.of(0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
  for (let n = 0; n < 1000; n++) reader.push(ping)
  clock.set(ms)
  assert.throws(() => reader.push(ping))
  await clock.advance(10 * second)
  for (let n = 0; n < 1000; n++) reader.push(ping)
})

each('cells that wait for a neighbour grow no older, and no younger', async (clock, ms) => {
  const outbox = new Outbox({
    cellBytes: 10,
    cellsPerWrite: 1,
    limits: defaultLimits,
    clock,
    random: seededRandom(1),
    open: () => () => {},
    soon: run => run(),
  })
  const waiting = (): number | undefined => outbox.neighbours()[0]?.queued
  outbox.send({ id: peer, addresses: [] }, new Uint8Array(10))
  clock.set(ms)
  assert.is(waiting(), 1)
  await clock.advance(defaultLimits.cellAgeMs + 1)
  assert.is(waiting(), 0)
})

each('a stream that did not last is not taken for one that did', async (clock, ms) => {
  let dials = 0
  const outbox = new Outbox({
    cellBytes: 10,
    cellsPerWrite: 1,
    limits: defaultLimits,
    clock,
    random: seededRandom(1),
    open: (_to, events) => {
      dials++
      events.opened({ write: () => false, close: () => {} })
      const breaking = clock.after(10, () => events.broken())
      return () => breaking.cancel()
    },
    soon: run => void clock.after(0, run),
  })
  for (let n = 0; n < 3; n++) outbox.send({ id: peer, addresses: [] }, new Uint8Array(10))
  await clock.advance(1)
  clock.set(ms)
  await clock.advance(10)
  assert.is(outbox.neighbours()[0]?.state, 'waiting')
  assert.is(dials, 1)
})

each('in memory, what is sent arrives a latency later', async (clock, ms) => {
  const network = memoryNetwork({ clock, random: seededRandom(1), latencyMs: { min: 50, max: 50 } })
  const [a, b] = [1, 2].map(seed =>
    network.host({ seed: peer.map(() => seed), cellBytes: 10, role: 'node', admits: () => true }),
  )
  if (a === undefined || b === undefined) throw new Error('two hosts')
  let got = 0
  b.onCells((_from, cells) => {
    got += cells.length
  })
  a.send(b, new Uint8Array(10))
  await clock.advance(second)
  assert.is(got, 1)
  a.send(b, new Uint8Array(10))
  await clock.advance(10)
  clock.set(ms)
  a.send(b, new Uint8Array(10))
  await clock.advance(50)
  assert.is(got, 3)
})

each('a store that a full disk refused is tried again after a second', async (clock, ms) => {
  const level = { status: 'open', put: () => Promise.reject(new Error('ENOSPC')) }
  const store = healing(level as never, '/nowhere/that/is', clock)
  const fails = (): Promise<unknown> =>
    store.put('a', peer).then(
      () => 'written',
      (error: unknown) => error,
    )
  await fails()
  // There is no such folder: each attempt to mend the store has an error of its own, and nothing is tried in between
  const tried = await fails()
  clock.set(ms)
  assert.is(await fails(), tried)
  await clock.advance(second)
  assert.is.not(await fails(), tried)
})

test.run()

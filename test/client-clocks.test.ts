// The clocks: exponential gaps at the rates of the consensus, and no burst after a pause; in rounds one tick in each.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ClockName, roundOf, startClocks } from '../client/outgoing/clocks.ts'
import { CommonStart } from '../client/outgoing/common-start.ts'
import { paceOf } from '../client/outgoing/cover.ts'
import { type Clock, virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { minute } from '../world/units.ts'
import { testParameters } from './client-parameters.ts'

const rates = { payload: 600, loop: 60, drop: 30, read: 120 }

function ticks(
  clock: Clock,
  seed = 1,
): { seen: Record<ClockName, number[]>; clocks: ReturnType<typeof startClocks> } {
  const seen: Record<ClockName, number[]> = { payload: [], loop: [], drop: [], read: [] }
  const tick = (name: ClockName): void => {
    seen[name].push(clock.now())
  }
  return { seen, clocks: startClocks({ clock, random: seededRandom(seed), tick }) }
}

test('each clock ticks at its rate, with gaps as often beyond their mean as exponential ones are', async () => {
  const clock = virtualClock()
  const { seen, clocks } = ticks(clock)
  await clock.advance(minute)
  assert.is(seen.payload.length, 0)
  clocks.set(rates)
  await clock.advance(10 * minute)
  for (const name of ['payload', 'loop', 'drop', 'read'] as const) {
    const [times, expected] = [seen[name], rates[name] * 10]
    assert.ok(Math.abs(times.length - expected) < 4 * Math.sqrt(expected), `${name}: ${times.length}`)
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number))
    const mean = minute / rates[name]
    const beyond = gaps.filter(gap => gap > mean).length / gaps.length
    assert.ok(Math.abs(beyond - Math.exp(-1)) < 2 / Math.sqrt(gaps.length), `${name}: ${beyond}`)
  }
  clocks.stop()
  const { length } = seen.payload
  await clock.advance(minute)
  assert.is(seen.payload.length, length)
})

test('new rates take over, and a rate that stays leaves its clock alone', async () => {
  const [a, b] = [virtualClock(), virtualClock()]
  const [one, two] = [ticks(a), ticks(b)]
  one.clocks.set(rates)
  two.clocks.set(rates)
  await a.advance(minute)
  await b.advance(minute)
  one.clocks.set({ ...rates })
  await a.advance(minute)
  await b.advance(minute)
  assert.equal(one.seen, two.seen)
  one.clocks.set({ ...rates, payload: 6000, drop: 0 })
  const [payload, drop] = [one.seen.payload.length, one.seen.drop.length]
  await a.advance(minute)
  assert.ok(one.seen.payload.length - payload > 5500)
  assert.is(one.seen.drop.length, drop)
})

/** A clock whose hand a test moves, and of which it rings the timer that was set last. */
function byHand(from: number): { clock: Clock; hand: { now: number; due: number; run: () => void } } {
  const hand = { now: from, due: 0, run: () => {} }
  const clock: Clock = {
    now: () => hand.now,
    elapsed: () => hand.now,
    after(ms, run) {
      Object.assign(hand, { due: hand.now + ms, run })
      return { cancel: () => {} }
    },
  }
  return { clock, hand }
}

test('a machine that slept does not catch up', () => {
  const { clock, hand } = byHand(0)
  let count = 0
  const clocks = startClocks({ clock, random: seededRandom(3), tick: () => count++ })
  clocks.set({ payload: 600, loop: 0, drop: 0, read: 0 })
  hand.now = 3_600_000
  hand.run()
  assert.is(count, 1)
  assert.ok(hand.due > hand.now, 'the next tick is drawn from now on')
})

const roundMs = 1000

/** Counts by round, of all clocks that send. */
function byRound(seen: Record<ClockName, number[]>): Map<number, number> {
  const counts = new Map<number, number>()
  for (const at of [...seen.payload, ...seen.loop, ...seen.drop])
    counts.set(roundOf(at, roundMs), (counts.get(roundOf(at, roundMs)) ?? 0) + 1)
  return counts
}

test('in rounds there is one tick in the middle of each, of each clock as often as its rate says', async () => {
  const clock = virtualClock(1_700_000_000_123)
  const { seen, clocks } = ticks(clock)
  clocks.set(rates, roundMs)
  await clock.advance(1000 * roundMs)
  const counts = byRound(seen)
  assert.is(counts.size, 1000)
  assert.ok([...counts.values()].every(count => count === 1))
  for (const at of seen.read) assert.is(at % roundMs, 500)
  assert.is(seen.read.length, 1000)
  const share = seen.payload.length / 1000
  const wanted = rates.payload / (rates.payload + rates.loop + rates.drop)
  assert.ok(Math.abs(share - wanted) < 4 * Math.sqrt((wanted * (1 - wanted)) / 1000), `${share}`)
  // and back
  clocks.set(rates)
  await clock.advance(10 * minute)
  assert.ok(Math.abs(seen.read.length - 1000 - 10 * rates.read) < 4 * Math.sqrt(10 * rates.read))
  clocks.stop()
  assert.is(clock.pending, 0)
})

test('a round that is missed is not made up for, and none has two, also where the wall clock is set', () => {
  const { clock, hand } = byHand(10_000_000)
  const { seen, clocks } = ticks(clock)
  clocks.set(rates, roundMs)
  for (const late of [0, 499, 0, 700, 0, 3400, 0]) {
    hand.now = hand.due + late
    hand.run()
  }
  const rounds = [...byRound(seen).entries()].sort(([a], [b]) => a - b).map(([round]) => round - 10_000)
  assert.equal(rounds, [0, 1, 2, 4, 5, 9, 10])
  hand.now -= 3_600_000
  hand.run()
  assert.is(hand.due - hand.now, roundMs, 'the next one by the time that the clock shows now')
})

test('who comes within an epoch begins with the next, who sent before goes on, who is not ready waits', () => {
  let [epoch, ready] = [7, true]
  const start = new CommonStart(
    () => epoch,
    () => ready,
  )
  start.begin(false)
  assert.not(start.takesPart())
  assert.not(start.takesPart())
  epoch = 8
  assert.ok(start.takesPart())
  ready = false
  assert.ok(start.takesPart(), 'whoever takes part goes on')
  start.begin(true)
  assert.not(start.takesPart(), 'not ready')
  ready = true
  assert.not(start.takesPart(), 'not in the middle of an epoch')
  epoch = 9
  assert.ok(start.takesPart())
  start.begin(true)
  assert.ok(start.takesPart())
})

test('in rounds all levels tick alike, and off has no loops', () => {
  const view = { mixing: 'round', parameters: { ...testParameters, batchMs: 500 } }
  for (const level of ['low', 'default', 'high'] as const) {
    const { rates: own, roundMs: own_ } = paceOf(level, view)
    assert.is(own_, 500)
    assert.is(own.read, 120)
    assert.ok(Math.abs(own.payload + own.loop + own.drop - 120) < 1e-9)
    assert.ok(own.loop > 0)
  }
  const { rates: off } = paceOf('off', view)
  assert.equal([off.payload, off.loop, off.drop], [120, 0, 0])
})

test.run()

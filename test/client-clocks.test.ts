// The clocks: exponential gaps at the rates of the consensus, and no burst after a pause.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ClockName, startClocks } from '../client/outgoing/clocks.ts'
import { type Clock, virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { minute } from '../world/units.ts'

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

test('a machine that slept does not catch up', () => {
  let now = 0
  let armed: { due: number; run: () => void } | undefined
  const clock: Clock = {
    now: () => now,
    elapsed: () => now,
    after(ms, run) {
      armed = { due: now + ms, run }
      return { cancel: () => {} }
    },
  }
  let count = 0
  const clocks = startClocks({ clock, random: seededRandom(3), tick: () => count++ })
  clocks.set({ payload: 600, loop: 0, drop: 0, read: 0 })
  now = 3_600_000
  armed?.run()
  assert.is(count, 1)
  assert.ok((armed?.due ?? 0) > now, 'the next tick is drawn from now on')
})

test.run()

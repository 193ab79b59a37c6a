// npm run soak: whether a figure grows, and how sure one may be of that. The run itself takes minutes.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { leaks } from '../trials/soak/leaks.ts'
import { isSteady, type Sample, slope, troughs } from '../trials/soak/slopes.ts'
import { fraction, type Random, seededRandom } from '../world/random.ts'
import { minute } from '../world/units.ts'

/** Fifteen minutes of a figure around 100 that grows by so many percent a minute, with a sawtooth on it. */
function grown(percent: number, random: Random): Sample[] {
  return Array.from({ length: 450 }, (_, i) => {
    const at = i * 2000
    return { at, value: 100 + (percent * at) / minute + (i % 10) + 2 * fraction(random) }
  })
}

test('the interval holds the slope that is there', () => {
  for (const percent of [-1, 0, 0.5, 3]) {
    const random = seededRandom(11)
    const [low, high] = slope(troughs(grown(percent, random), 20_000), random)
    // percent of the mean, which lies seven and a half minutes from the start
    const expected = (100 * percent) / (100 + 7.5 * percent)
    assert.ok(low <= expected + 0.02 && expected - 0.02 <= high, `${percent}: ${low} to ${high}`)
    assert.ok(high - low < 0.3, `${low} to ${high}`)
  }
})

test('what does not grow is steady, most of the time; what does is not', () => {
  const found = (percent: number): number =>
    Array.from({ length: 6 }, (_, seed) => seededRandom(seed)).filter(
      random => !isSteady(slope(troughs(grown(percent, random), 20_000), random)),
    ).length
  assert.is(found(0.5), 6)
  assert.ok(found(0) <= 1)
})

test('a figure that is always the same has no slope, nor has one that is zero', () => {
  const flat = (value: number): Sample[] => Array.from({ length: 20 }, (_, i) => ({ at: i * minute, value }))
  assert.equal(slope(flat(7), seededRandom(1)), [0, 0])
  assert.equal(slope(flat(0), seededRandom(1)), [0, 0])
})

test('of a stretch of time its least is taken', () => {
  const samples = [5, 3, 4, 9, 8].map((value, i) => ({ at: i * 1000, value }))
  assert.equal(
    troughs(samples, 3000).map(({ value }) => value),
    [3, 8],
  )
})

test('memory, timers and listeners can be leaked', () => {
  assert.ok(Object.keys(leaks).length >= 3)
})

test.run()

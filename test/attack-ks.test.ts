// The test with which npm run attack compares times: it finds a difference that is there, and none that is not.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { distance, holm, pValue } from '../trials/attack/ks.ts'
import { exponential, seededRandom } from '../world/random.ts'

const random = seededRandom(41)
const sample = (count: number, mean = 50): number[] =>
  Array.from({ length: count }, () => exponential(random, mean))

test('the distance between two samples', () => {
  assert.is(distance([1, 2, 3], [1, 2, 3]), 0)
  assert.is(distance([1, 2], [3, 4]), 1)
  assert.is(distance([1, 2, 3, 4], [3, 4, 5, 6]), 0.5)
  assert.is(distance([1, 1, 1, 2], [1, 2, 2, 2]), 0.5)
})

test('of samples of one distribution one in a hundred is rejected at one in a hundred', () => {
  const rejected = Array.from({ length: 1000 }, () => pValue(sample(200), sample(300))).filter(p => p < 0.01)
  assert.ok(rejected.length >= 2 && rejected.length <= 22, `${rejected.length} of 1000`)
})

test('a fifth more is found in ten thousand values', () => {
  assert.ok(pValue(sample(10_000), sample(10_000, 60)) < 1e-6)
  assert.is(pValue([1, 2, 3], [1, 2, 3]), 1)
})

test('the correction for several tests', () => {
  const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-12
  const corrected = holm([0.01, 0.04, 0.03, 0.005])
  assert.ok(
    [0.03, 0.06, 0.06, 0.02].every((want, i) => close(corrected[i] as number, want)),
    `${corrected}`,
  )
  assert.equal(holm([0.6, 0.7]), [1, 1])
})

test.run()

// The statistical attacks' own instruments (npm run attack): windows, the classifier, the interval. What would hide a
// difference that is there, or find one that is not, would make every attack worthless.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as real from '../sphinx/crypto-node.ts'
import * as cheap from '../trials/attack/cheap-crypto.ts'
import { area, areaInterval, crossScores, type RunSamples } from '../trials/attack/score.ts'
import { type Chunk, cut, features } from '../trials/attack/windows.ts'
import { exponential, fraction, seededRandom } from '../world/random.ts'

const random = seededRandom(1)

/** Runs of equal halves; `shift` moves one of ten features of the positives, in units of its spread. */
function runsOf(count: number, shift: number): RunSamples[] {
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - fraction(random))) * Math.cos(2 * Math.PI * fraction(random))
  return Array.from({ length: count }, (_, seed) => ({
    seed,
    samples: Array.from({ length: 40 }, (_, i) => ({
      positive: i % 2 === 0,
      features: Array.from({ length: 10 }, (_, feature) =>
        feature === 3 && i % 2 === 0 ? normal() + shift : normal(),
      ),
    })),
  }))
}

test('the area under the curve is the share of pairs in the right order', () => {
  assert.is(area([{ positive: [3, 4], negative: [1, 2] }]), 1)
  assert.is(area([{ positive: [1, 2], negative: [3, 4] }]), 0)
  assert.is(area([{ positive: [1, 3], negative: [2, 2] }]), 0.5)
  assert.is(area([{ positive: [2], negative: [2] }]), 0.5)
})

test('where there is no difference the interval holds one half', () => {
  const scores = crossScores(runsOf(12, 0), random)
  const [low, high] = areaInterval(scores, random)
  assert.ok(low < 0.5 && high > 0.5, `${low} to ${high}`)
})

test('a shift in one of ten features is found, and its interval lies about its true area', () => {
  // A shift of d standard deviations gives Phi(d / sqrt 2): .92 for 2
  const scores = crossScores(runsOf(12, 2), random)
  const [low, high] = areaInterval(scores, random)
  assert.ok(low > 0.85 && high < 0.96, `${low} to ${high}`)
})

test('a difference that no single feature shows is found: two that agree in one class', () => {
  const runs = runsOf(12, 0).map(({ seed, samples }) => ({
    seed,
    samples: samples.map(({ positive, features: drawn }) => {
      const agree = Math.abs(drawn[1] as number) * Math.sign(drawn[0] as number) * (positive ? 1 : -1)
      return { positive, features: [drawn[0] as number, agree, ...drawn.slice(2)] }
    }),
  }))
  assert.ok(area(crossScores(runs, random)) > 0.9)
})

test('windows are cut at their borders, and what falls between two is in none', () => {
  const chunks: Chunk[] = [99, 100, 139, 140, 149, 150, 189, 190, 5000].map(at => ({
    at,
    up: true,
    bytes: 1,
  }))
  const cuts = cut(chunks, { from: 100, windows: 2, windowMs: 40, gapMs: 10 })
  assert.equal(
    cuts.map(window => window.map(({ at }) => at)),
    [
      [0, 39],
      [0, 39],
    ],
  )
})

test('an empty window has as many features as a busy one, all of them numbers', () => {
  const busy: Chunk[] = []
  for (let at = 0; at < 4000; at += exponential(random, 30))
    busy.push({ at, up: fraction(random) < 0.5, bytes: 1 + Math.floor(4000 * fraction(random)) })
  const lengths = [[], busy.slice(0, 1), busy.slice(0, 2), busy].map(window => {
    const numbers = features(window, 4000)
    assert.ok(numbers.every(Number.isFinite))
    return numbers.length
  })
  assert.is(new Set(lengths).size, 1)
})

test('the cheap arithmetic of the trial of seats stands in for all of the real one', () => {
  assert.equal(Object.keys(cheap).toSorted(), Object.keys(real).toSorted())
  const [one, other] = [random(32), random(32)]
  assert.equal(
    cheap.x25519(one, cheap.x25519PublicKey(other)),
    cheap.x25519(other, cheap.x25519PublicKey(one)),
  )
  assert.not.equal(cheap.x25519PublicKey(one), real.x25519PublicKey(one))
})

test.run()

// The statistical attacks' own instruments (npm run attack): windows, the classifier, the interval. What would hide a
// difference that is there, or find one that is not, would make every attack worthless.

import { mean, standardDeviation } from 'simple-statistics'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as real from '../sphinx/crypto-node.ts'
import { geometry } from '../sphinx/geometry.ts'
import { peel } from '../sphinx/peel.ts'
import { x25519Suite } from '../sphinx/suite-x25519.ts'
import { wrap } from '../sphinx/wrap.ts'
import * as cheap from '../trials/attack/cheap-crypto.ts'
import { area, areaInterval, type RunSamples, scoresInTurn } from '../trials/attack/score.ts'
import { type Chunk, cut, features } from '../trials/attack/windows.ts'
import { exponential, fraction, seededRandom } from '../world/random.ts'

const random = seededRandom(1)

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - fraction(random))) * Math.cos(2 * Math.PI * fraction(random))
}

/** Runs of equal halves; `shift` moves one of the features of the positives, in units of its spread. */
function runsOf(count: number, shift: number, windows = 40, width = 10): RunSamples[] {
  return Array.from({ length: count }, (_, seed) => ({
    seed,
    samples: Array.from({ length: windows }, (_, i) => ({
      positive: i % 2 === 0,
      features: Array.from({ length: width }, (_, feature) =>
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
  const scores = scoresInTurn(runsOf(12, 0), random)
  const [low, high] = areaInterval(scores, random)
  assert.ok(low < 0.5 && high > 0.5, `${low} to ${high}`)
})

test('on noise areas lie about one half, as far from it as their intervals say', () => {
  const tried = Array.from({ length: 80 }, () => {
    const scores = scoresInTurn(runsOf(12, 0, 8, 4), random)
    const [low, high] = areaInterval(scores, random)
    return { off: area(scores) - 0.5, deviation: (high - low) / (2 * 1.96) }
  })
  const offs = tried.map(({ off }) => off)
  assert.ok(Math.abs(mean(offs)) < 3 * (standardDeviation(offs) / Math.sqrt(offs.length)))
  // 1.4 for who draws from a dozen runs; twice that where each run speaks for all others, and they for it
  const ratio = mean(tried.map(({ off, deviation }) => (off / deviation) ** 2))
  assert.ok(ratio < 2, `areas vary by ${ratio} times what their intervals say`)
})

test('what differs from run to run alone tells nothing', () => {
  const runs = runsOf(16, 0).map(({ seed, samples }) => {
    const [own, tilt] = [5 * normal(), normal()]
    return {
      seed,
      samples: samples.map(({ positive, features: drawn }) => ({
        positive,
        features: drawn.map((value, i) => value * Math.exp(tilt) + (i % 2) * own),
      })),
    }
  })
  const [low, high] = areaInterval(scoresInTurn(runs, random), random)
  assert.ok(low < 0.5 && high > 0.5, `${low} to ${high}`)
})

test('a small leak is found with as many windows as the attack on seats has', () => {
  // A quarter of a standard deviation in one of ten features: .57 for who knows which
  const [low] = areaInterval(scoresInTurn(runsOf(40, 0.25, 80), random), random)
  assert.ok(low > 0.5, `${low}`)
})

test('a shift in one of ten features is found, and its interval lies about its true area', () => {
  // A shift of d standard deviations gives Phi(d / sqrt 2): .92 for 2
  const scores = scoresInTurn(runsOf(12, 2), random)
  const [low, high] = areaInterval(scores, random)
  assert.ok(low > 0.85 && high < 0.96, `${low} to ${high}`)
})

test('a difference that no single feature shows is found: two that agree in one class', () => {
  const runs = runsOf(24, 0).map(({ seed, samples }) => ({
    seed,
    samples: samples.map(({ positive, features: drawn }) => {
      const agree = Math.abs(drawn[1] as number) * Math.sign(drawn[0] as number) * (positive ? 1 : -1)
      return { positive, features: [drawn[0] as number, agree, ...drawn.slice(2)] }
    }),
  }))
  assert.ok(area(scoresInTurn(runs, random)) > 0.9)
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

test('packets made with the cheap arithmetic arrive, where both ends have it', () => {
  const suite = x25519Suite(cheap)
  const g = geometry({ suite: 'x25519', hops: 3, userBytes: 16 })
  const secrets = [random(32), random(32), random(32)]
  const path = secrets.map(secret => ({ id: random(32), key: cheap.x25519PublicKey(secret), delayMs: 1 }))
  const body = random(g.bodyBytes)
  let packet = wrap(g, path, random(32), body, random, suite)
  for (const [i, secret] of secrets.entries()) {
    const step = peel(g, secret, packet, () => false, suite)
    assert.is(step.at, i < 2 ? 'forward' : 'deliver')
    if (step.at === 'forward') packet = step.packet
    if (step.at === 'deliver') assert.equal(step.body, body)
  }
})

test.run()

// docs/spec/simulator.md 2, 3, 7: what a posterior hides, and the closed forms that simulations are checked against,
// each beside a count by hand, an identity, or a sum of its own.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Dice } from '../hiding/dice.ts'
import { blendPool, crowdFigures, drainPoisson, intersection } from '../hiding/formulas-attack.ts'
import {
  blockedExceptOne,
  leavesNext,
  thresholdPool,
  thresholdPoolByRounds,
  timedMix,
} from '../hiding/formulas-mix.ts'
import {
  allCorrupt,
  cascadeBatch,
  delayBits,
  everCorrupt,
  latency,
  someCascadeCorrupt,
  someRouteCorrupt,
} from '../hiding/formulas-network.ts'
import { anonymity, mixedBits, shannon } from '../hiding/metrics.ts'
import { digamma, erlangTail, exponentialIntegral } from '../hiding/special.ts'
import { disclose } from '../simulator/anonymity/disclosure.ts'
import { summed } from '../simulator/anonymity/runs.ts'

const near = (got: number, want: number, by = 1e-9): void =>
  assert.ok(Math.abs(got - want) <= by, `expected ${want} within ${by}, got ${got}`)

test('2: a distribution over candidates has entropy, min-entropy, degree, effective set', () => {
  const { shannonBits, minEntropyBits, degree, effectiveSet, maxGuess } = anonymity([0.5, 0.25, 0.125, 0.125])
  near(shannonBits, 1.75)
  near(minEntropyBits, 1)
  near(degree, 0.875)
  near(effectiveSet, 2 ** 1.75)
  assert.is(maxGuess, 0.5)
  assert.is(anonymity([1]).degree, 0)
  // who cannot be it still counts among the candidates
  near(anonymity([0.5, 0.5, 0, 0]).degree, 0.5)
})

test('2: standard errors are those of a mean over runs', () => {
  const { value, se } = summed([
    [1, 5],
    [2, 5],
    [3, 5],
    [4, 5],
  ])
  assert.equal(value, [2.5, 5])
  near(se[0] as number, Math.sqrt(5 / 3 / 4))
  assert.is(se[1], 0)
})

test('3: the recursion is the entropy of the mixture that it describes', () => {
  // three old messages that could each be one of two senders, and two new ones
  const old = [1 / 2, 1 / 2]
  const mixture = [...[1, 1].map(each => each / 5), ...old.map(each => (3 / 5) * each)]
  near(mixedBits(2, 3, shannon(old)), shannon(mixture))
  near(mixedBits(8, 0, 0), 3)
  assert.is(mixedBits(0, 4, 1.5), 1.5)
})

test('3: mixes that fire in batches', () => {
  near(thresholdPool(30, 10)[0], thresholdPoolByRounds(30, 10))
  near(thresholdPool(10, 0)[0], Math.log2(10))
  // of two messages a period in the mean: the sum by hand of its first terms
  const [bits, alone] = timedMix(2)
  const terms = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(k => {
    let p = Math.exp(-2)
    for (let i = 1; i <= k; i++) p *= 2 / i
    return p * Math.log2(1 + k)
  })
  near(
    bits,
    terms.reduce((sum, each) => sum + each, 0),
    1e-7,
  )
  near(alone, Math.exp(-2))
})

test('3: what leaves a Poisson mix next', () => {
  const [old, later] = leavesNext({ first: 10, stayed: 4, came: 6 })
  near(old * 10 + later * 6, 1)
  const [withLoops] = leavesNext({ first: 10, stayed: 4, came: 6 }, 2, 5)
  near(withLoops, (4 / 10) * (2 / 25))
  near(blockedExceptOne(2, 2, 10, 100), 4 / 120)
})

test('4: delays of many hops', () => {
  // by integration of -f log2 f over a fine grid
  const bits = (layers: number): number => {
    let sum = 0
    for (let time = 0.0005; time < 60; time += 0.001) {
      let density = Math.exp(-time)
      for (let k = 1; k < layers; k++) density *= time / k
      sum -= density * Math.log2(density) * 0.001
    }
    return sum
  }
  for (const layers of [1, 2, 3, 5]) near(delayBits(layers, 1), bits(layers), 1e-3)
  near(delayBits(3, 0.25), delayBits(3, 1) - 2)
  const [mean, deviation, median, , p99] = latency(3, 0.5)
  near(mean, 1.5)
  near(deviation, 0.5 * Math.sqrt(3))
  near(erlangTail(3, median / 0.5), 0.5)
  near(erlangTail(3, p99 / 0.5), 0.01)
  near(digamma(3), 1.5 - 0.5772156649015329)
})

test('5: paths that are corrupt altogether, by enumeration', () => {
  near(allCorrupt(100, 10, 2), (10 * 9) / (100 * 99))
  assert.is(allCorrupt(100, 2, 3), 0)
  near(everCorrupt(0.001, 1000), 1 - 0.999 ** 1000)
  // nine mixes, three corrupt, three layers or cascades of three: all 84 choices
  let route = 0
  let cascade = 0
  let ways = 0
  for (let a = 0; a < 9; a++)
    for (let b = a + 1; b < 9; b++)
      for (let c = b + 1; c < 9; c++) {
        const layers = new Set([a, b, c].map(mix => Math.floor(mix / 3)))
        ways++
        route += Number(layers.size === 3)
        cascade += Number(layers.size === 1)
      }
  near(someRouteCorrupt(9, 3, 3), route / ways)
  near(someCascadeCorrupt(9, 3, 3), cascade / ways)
  const [own, other] = cascadeBatch(64, 2, 1 / 4)
  assert.is(own, 5056 / 65536)
  assert.is(other, 960 / 65536)
})

test('7: blending a threshold pool, by playing it', () => {
  const { flushRounds, targetRounds, messages } = blendPool(10, 10)
  const dice = new Dice(1)
  const played = summed(
    Array.from({ length: 4000 }, () => {
      let honest = 10
      let rounds = 0
      for (; honest > 0; rounds++) honest = dice.distinct(10, 20).filter(kept => kept < honest).length
      return [rounds]
    }),
  )
  near(flushRounds, played.value[0] as number, 4 * (played.se[0] as number))
  assert.is(targetRounds, 2)
  near(messages, 10 * flushRounds + 19)
})

test('7: draining a Poisson mix, by playing it', () => {
  const [mean] = drainPoisson(10, 1)
  const dice = new Dice(2)
  const played = summed(
    Array.from({ length: 4000 }, () => {
      const delays = Array.from({ length: dice.poisson(10) }, () => dice.exponential(1))
      return [Math.max(0, ...delays)]
    }),
  )
  near(mean, played.value[0] as number, 4 * (played.se[0] as number))
  // the series and the continued fraction meet
  near(exponentialIntegral(1), exponentialIntegral(1 + 1e-9), 1e-8)
})

test('7: intersection, by playing it', () => {
  const [left, unique] = intersection(50, 0.5, 5)
  const dice = new Dice(3)
  const played = summed(
    Array.from({ length: 4000 }, () => {
      let candidates = 1
      for (let other = 1; other < 50; other++) candidates += Number(dice.binomial(5, 0.5) === 5)
      return [candidates, Number(candidates === 1)]
    }),
  )
  near(left, played.value[0] as number, 4 * (played.se[0] as number))
  near(unique, played.value[1] as number, 4 * (played.se[1] as number))
})

test('7: statistical disclosure takes ties as chance does', () => {
  // nobody but the sender: after one round one contact is known, and the other of two is as likely as any
  const { found, all } = disclose({ recipients: 11, batch: 1, contacts: 2, rounds: 1 }, new Dice(4))
  near(found, (1 + 1 / 10) / 2)
  near(all, 1 / 10)
})

test('8: members of a crowd, by walking its paths', () => {
  const crowd = { members: 10, corrupt: 2, forward: 0.75 }
  const { predecessor, bits, probablyInnocent, leastMembers } = crowdFigures(crowd)
  const dice = new Dice(5)
  let seen = 0
  let initiator = 0
  for (let path = 0; path < 40_000; path++) {
    // members 0 and 1 are corrupt, 9 begins; the first hop is always taken
    let holder = 9
    for (;;) {
      const next = dice.below(10)
      if (next < 2) {
        seen++
        initiator += Number(holder === 9)
        break
      }
      holder = next
      if (dice.fraction() >= crowd.forward) break
    }
  }
  near(initiator / seen, predecessor, 4 * Math.sqrt((predecessor * (1 - predecessor)) / seen))
  near(bits, 2.4720572131230525)
  assert.ok(probablyInnocent)
  assert.is(leastMembers, 9)
  assert.not(crowdFigures({ members: 8, corrupt: 2, forward: 0.75 }).probablyInnocent)
})

test.run()

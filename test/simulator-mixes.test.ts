// docs/spec/simulator.md 3: one mix. The simulator's kernels beside the production strategies, for which each message
// carries the whole distribution of who sent it, and beside closed forms.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Dice } from '../hiding/dice.ts'
import { timedMix } from '../hiding/formulas-mix.ts'
import { shannon } from '../hiding/metrics.ts'
import { type BatchRule, batches, pool, thresholdOrTimed, timed } from '../node/mixing/batch.ts'
import { poisson } from '../node/mixing/poisson.ts'
import type { Strategy } from '../node/mixing/strategy.ts'
import {
  type BatchFigures,
  binomialMix,
  byRule,
  dynamicPool,
  runBatchMix,
} from '../simulator/anonymity/batch-mix.ts'
import { backwardBits, forwardBits } from '../simulator/anonymity/poisson-mix.ts'
import { type Answer, overRuns } from '../simulator/anonymity/runs.ts'
import { seededRandom } from '../world/random.ts'

/** Compares figures of two kinds of runs: within four standard errors of their difference. */
function alike(one: Answer, other: Answer): void {
  one.value.forEach((value, i) => {
    const by = 4 * Math.hypot(one.se[i] as number, other.se[i] as number) + 1e-12
    const against = other.value[i] as number
    assert.ok(
      Math.abs(value - against) <= by,
      `figure ${i}: ${value} and ${against} differ by more than ${by}`,
    )
  })
}

interface Sent {
  readonly delayMs: number
  readonly cameAt: number
  /** Says who may have sent it, by the number of the message that came; kept up at every departure. */
  from: Map<number, number>
}

/** Replaces what all in the mix may be by the mean over them: an observer cannot tell them apart. */
function blur(held: readonly Sent[]): void {
  const mean = new Map<number, number>()
  for (const { from } of held)
    for (const [sender, p] of from) mean.set(sender, (mean.get(sender) ?? 0) + p / held.length)
  for (const sent of held) sent.from = mean
}

const bitsOf = ({ from }: Sent): number => shannon([...from.values()])

/** Runs a production strategy that ticks every second, in which each message has a distribution of its own. */
function byProduction(rule: BatchRule, arrivals: number, periods: number, seed: number): BatchFigures {
  const dice = new Dice(seed)
  let now = 0
  const mix: Strategy<Sent> = batches({ random: seededRandom(seed), limit: 10_000, rule, wall: () => now })
  const held = new Set<Sent>()
  const all = { bits: 0, left: 0, waited: 0, held: 0, ticks: 0 }
  let number = 0
  const leave = (counts: boolean): void => {
    if (held.size > 0) blur([...held])
    for (const sent of mix.take(now)) {
      held.delete(sent)
      if (!counts) continue
      all.bits += bitsOf(sent)
      all.waited += (now - sent.cameAt) / 1000
      all.left++
    }
  }
  for (let period = 0; period < periods; period++) {
    const counts = period >= periods / 10
    const times = Array.from({ length: dice.poisson(arrivals) }, () => 1000 * period + dice.below(1000))
    for (now of times.sort((a, b) => a - b)) {
      const sent: Sent = { delayMs: 0, cameAt: now, from: new Map([[number++, 1]]) }
      held.add(sent)
      mix.put(sent, now)
      if ((mix.wakeAt() ?? Number.POSITIVE_INFINITY) <= now) leave(counts)
    }
    now = 1000 * (period + 1)
    if (counts) {
      all.held += held.size
      all.ticks++
    }
    leave(counts)
  }
  return { bits: all.bits / all.left, delayPeriods: all.waited / all.left, held: all.held / all.ticks }
}

const figures = ({ bits, delayPeriods, held }: BatchFigures): readonly number[] => [bits, delayPeriods, held]

test('3.1: a mix of the simulator has the law of the production strategy', () => {
  for (const rule of [timed(1000), pool(5, 100, 1000), pool(3, 50, 1000)]) {
    const kernel = overRuns(8, run => figures(runBatchMix(new Dice(1, run), 5, byRule(rule), 4000)))
    alike(
      kernel,
      overRuns(8, run => figures(byProduction(rule, 5, 500, 100 + run))),
    )
  }
})

test('3.1: a production mix that fires early holds no more than its threshold', () => {
  const early = byProduction(thresholdOrTimed(4, 1000), 5, 500, 7)
  const late = byProduction(timed(1000), 5, 500, 7)
  assert.ok(early.held < 4)
  assert.ok(early.bits < late.bits)
})

test('3.1: a timed mix gives what its closed form says', () => {
  const [bits, , periods] = timedMix(5)
  alike(
    overRuns(8, run => figures(runBatchMix(new Dice(2, run), 5, byRule(timed(1000)), 20_000)).slice(0, 2)),
    { value: [bits, periods], se: [0, 0] },
  )
})

test('3.1: the two forms of the dynamic pool differ, and a share of 1 beyond the least is a timed pool', () => {
  const of = (leaving: ReturnType<typeof dynamicPool>): readonly number[] =>
    figures(runBatchMix(new Dice(3), 20, leaving, 20_000))
  const [mixmaster] = of(byRule(pool(10, 50, 1000)))
  const [taxonomy] = of(dynamicPool(10, 0.5))
  assert.ok((taxonomy as number) - (mixmaster as number) > 0.3)
  assert.equal(of(dynamicPool(10, 1)), of(byRule(pool(10, 100, 1000))))
})

test('3.1: a binomial mix holds its messages for a geometric number of ticks', () => {
  const p = 0.4
  const kernel = overRuns(8, run =>
    figures(runBatchMix(new Dice(4, run), 5, binomialMix(p), 20_000)).slice(1),
  )
  alike(kernel, { value: [1 / p - 0.5, 5 / p], se: [0, 0] })
})

/** Runs the production strategy of exponential delays, by the millisecond. */
function poissonByProduction(load: number, departures: number, seed: number): number {
  const dice = new Dice(seed)
  const meanMs = 100_000
  const mix = poisson<Sent>({ random: seededRandom(seed), limit: 10_000 })
  const held = new Set<Sent>()
  let arrives = 0
  let number = 0
  let left = 0
  let bits = 0
  const count = (): number => left - departures / 10
  while (count() < departures) {
    const wake = mix.wakeAt() ?? Number.POSITIVE_INFINITY
    if (arrives < wake) {
      const delayMs = Math.round(dice.exponential(meanMs))
      const sent: Sent = { delayMs, cameAt: arrives, from: new Map([[number++, 1]]) }
      held.add(sent)
      mix.put(sent, arrives)
      arrives += Math.round(dice.exponential(meanMs / load))
      continue
    }
    blur([...held])
    for (const sent of mix.take(wake)) {
      held.delete(sent)
      if (left++ >= departures / 10) bits += bitsOf(sent)
    }
  }
  return bits / (left - departures / 10)
}

test('3.2: a Poisson mix of the simulator has the law of the production strategy', () => {
  for (const load of [0.5, 3]) {
    const kernel = overRuns(8, run => [backwardBits(new Dice(5, run), load, 20_000)])
    alike(
      kernel,
      overRuns(8, run => [poissonByProduction(load, 2000, 200 + run)]),
    )
  }
})

test('3.2: what is seen forward of a message hides as much as what is seen backward', () => {
  const forward = overRuns(8, run => {
    const dice = new Dice(6, run)
    let bits = 0
    for (let i = 0; i < 2000; i++) bits += forwardBits(dice, 5)
    return [bits / 2000]
  })
  alike(
    forward,
    overRuns(8, run => [backwardBits(new Dice(7, run), 5, 50_000)]),
  )
})

test.run()

// Closed forms of one mix (docs/spec/simulator.md 3): what simulations are checked against.

import { mixedBits } from './metrics.ts'
import { poissonProbability } from './special.ts'

/** Gives the entropy of a threshold mix of `n`, its mean delay at this rate of arrival, and what n-1 costs. */
export function thresholdMix(
  n: number,
  ratePerS: number,
): readonly [bits: number, delayS: number, own: number] {
  return [Math.log2(n), (n - 1) / (2 * ratePerS), n - 1]
}

/** Gives the entropy of a message of a timed mix, how often one is alone, and its mean delay in periods. */
export function timedMix(arrivals: number): readonly [bits: number, alone: number, periods: number] {
  let bits = 0
  // a message sees those that come beside it, which are Poisson
  for (let others = 0; others < arrivals + 40 * Math.sqrt(arrivals + 1) + 40; others++)
    bits += poissonProbability(arrivals, others) * Math.log2(1 + others)
  return [bits, Math.exp(-arrivals), 0.5]
}

/** Gives the entropy of a threshold pool mix in its steady state, and mean and variance of the rounds in it. */
export function thresholdPool(
  fresh: number,
  kept: number,
): readonly [bits: number, mean: number, variance: number] {
  const ratio = kept / fresh
  const keptBits = kept === 0 ? 0 : ratio * Math.log2(kept)
  return [(1 + ratio) * Math.log2(fresh + kept) - keptBits, 1 + ratio, (kept * (fresh + kept)) / fresh ** 2]
}

/** Runs the recursion of Loopix for a threshold pool until it stands still; what `thresholdPool` says. */
export function thresholdPoolByRounds(fresh: number, kept: number): number {
  let bits = 0
  for (let round = 0; round < 10_000; round++) bits = mixedBits(fresh, kept, bits)
  return bits
}

/** Gives mean and variance of what a Poisson mix holds, and how often it is empty. */
export function poissonHeld(load: number): readonly [mean: number, empty: number, variance: number] {
  return [load, Math.exp(-load), load]
}

/**
 * Gives the probability that what leaves next is one that was there when a mix held `first`, and one that came later
 * (Loopix, theorems 1 and 2).
 *
 * @param stayed how many of the first are left when the next leaves
 * @param came how many came since
 * @param mu one over the mean delay
 * @param loopRate loops of the mix itself that leave in the same time
 */
export function leavesNext(
  { first, stayed, came }: { first: number; stayed: number; came: number },
  mu = 1,
  loopRate = 0,
): readonly [old: number, later: number] {
  const later = mu / ((came + stayed) * mu + loopRate)
  return [(stayed / first) * later, later]
}

/**
 * Gives the probability that what leaves a mix from which all but one message is kept is that message (Loopix 4.2.1).
 *
 * @param keptShare one over the share of the mix's loops that still comes back
 */
export function blockedExceptOne(keptShare: number, mu: number, loopRate: number, realRate: number): number {
  return (keptShare * mu) / (keptShare * loopRate + realRate)
}

/** Gives the probability that no loop was due in a time, so that an attack of that length is missed. */
export function loopMiss(ratePerS: number, windowS: number): number {
  return Math.exp(-ratePerS * windowS)
}

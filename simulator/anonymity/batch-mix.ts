// One mix that lets messages leave at ticks (docs/spec/simulator.md 3.1). The rule is the production code's
// (node/mixing/batch.ts); messages themselves are not needed, since all that are held hide equally well.

import type { Dice } from '../../hiding/dice.ts'
import { mixedBits } from '../../hiding/metrics.ts'
import type { BatchRule } from '../../node/mixing/batch.ts'

/** Says how many of so many held leave at a tick. */
export type Leaving = (held: number, dice: Dice) => number

/** The rule of a batch, as a node applies it at a tick. */
export function byRule(rule: BatchRule): Leaving {
  return held => rule.leaving(held)
}

/**
 * Lets leave a share of what is held beyond `least`, at least one ("timed dynamic-pool mix" as A. Serjantov,
 * R. Dingledine and P. Syverson, "From a Trickle to a Flood", 2002, have it; Mixmaster's takes the share of all).
 */
export function dynamicPool(least: number, share: number): Leaving {
  return held => (held > least ? Math.max(1, Math.floor(share * (held - least))) : 0)
}

/** Lets each leave with probability `p` (the "binomial mix" of Serjantov and Diaz with a constant share). */
export function binomialMix(p: number): Leaving {
  return (held, dice) => dice.binomial(held, p)
}

export interface BatchFigures {
  /** Mean entropy of the sender of a message that leaves, bits. */
  readonly bits: number
  /** Mean time in the mix, periods: half a period until the first tick, then those that it stayed through. */
  readonly delayPeriods: number
  /** Mean number held just before a tick. */
  readonly held: number
}

/** Runs a mix to which `arrivals` come a period, Poisson, and measures after the first tenth of the periods. */
export function runBatchMix(dice: Dice, arrivals: number, leaving: Leaving, periods: number): BatchFigures {
  const from = Math.floor(periods / 10)
  let stayed = 0
  let bits = 0
  let left = 0
  let bitsLeft = 0
  let came = 0
  let waited = 0
  let held = 0
  for (let period = 0; period < periods; period++) {
    const fresh = dice.poisson(arrivals)
    const present = fresh + stayed
    bits = mixedBits(fresh, stayed, bits)
    const leave = present === 0 ? 0 : leaving(present, dice)
    stayed = present - leave
    if (period < from) continue
    left += leave
    bitsLeft += leave * bits
    came += fresh
    waited += stayed
    held += present
  }
  const measured = periods - from
  // by Little's law: the mean number that a tick leaves behind, over the rate of arrival
  return { bits: bitsLeft / left, delayPeriods: 0.5 + waited / came, held: held / measured }
}

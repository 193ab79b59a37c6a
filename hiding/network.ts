// What a global observer with some of the mixes is left with of messages through a network of Poisson mixes
// (docs/spec/simulator.md 5).

import type { Dice } from './dice.ts'
import { type Corrupt, chooseTargets, type Followed, follow } from './labels.ts'
import { drawTrace, type LayeredPlan } from './layered.ts'
import { erlangTail } from './special.ts'

/** One packet of a hundred thousand is in the network for longer: from then on it is in its steady state. */
const warmShare = 1e-5
/** A label is no longer followed when so much of it is left inside. */
const lostShare = 1e-5
const apart = 5

/** A packet that was followed, and its share of the mean over all packets. */
export interface Measured extends Followed {
  readonly weight: number
}

/**
 * Draws a network in its steady state and follows packets through it.
 *
 * @param targets packets to follow
 */
export function measureNetwork(
  plan: LayeredPlan,
  corrupt: Corrupt,
  dice: Dice,
  targets: number,
): readonly Measured[] {
  const warm = within(plan, warmShare)
  const horizon = within(plan, lostShare)
  // packets that enter close together share their fate: so many others pass between two that are followed
  const span = Math.max(horizon, (apart * targets) / plan.ratePerS)
  const trace = drawTrace(plan, dice, warm + span + horizon)
  const masses = new Float64Array(trace.all)
  return chooseTargets(trace, corrupt, dice, targets, [warm, warm + span]).map(({ packet, weight }) => ({
    ...follow(trace, corrupt, packet, horizon, masses),
    weight,
  }))
}

/** Gives the mean entropy over all packets, bits. */
export function meanBits(measured: readonly Measured[]): number {
  return measured.reduce((sum, { bits, weight }) => sum + weight * bits, 0)
}

/** Gives the time after which no more than this share of packets is still in the network, seconds. */
function within({ layers, hopDelayS, processingS = 0 }: LayeredPlan, share: number): number {
  let time = layers
  while (erlangTail(layers, time) > share) time += 0.25
  return time * hopDelayS + layers * processingS
}

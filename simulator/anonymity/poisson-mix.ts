// One mix in which every message waits an exponential time of its own (docs/spec/simulator.md 3.2): the M/M/infinity
// queue, seen by somebody who knows when each message came and when one left.

import type { Dice } from '../../hiding/dice.ts'
import { mixedBits, surprise } from '../../hiding/metrics.ts'

/** Runs a mix that holds `load` messages in the mean; gives the mean entropy of who sent what leaves, bits. */
export function backwardBits(dice: Dice, load: number, departures: number): number {
  const from = Math.floor(departures / 10)
  let held = dice.poisson(load)
  let fresh = held
  let bits = 0
  let sum = 0
  let counted = 0
  for (let left = 0; left < departures; ) {
    if (dice.fraction() * (load + held) < load) {
      held++
      fresh++
      continue
    }
    bits = mixedBits(fresh, held - fresh, bits)
    held--
    fresh = 0
    if (left++ < from) continue
    sum += bits
    counted++
  }
  return sum / counted
}

/** Below this the probability that the labelled message is still inside adds nothing that a figure shows. */
const negligible = 1e-12

/** Labels a message that comes to a mix in its steady state; gives the entropy of which one leaving it is, bits. */
export function forwardBits(dice: Dice, load: number): number {
  let held = dice.poisson(load) + 1
  let inside = 1
  let bits = 0
  while (inside > negligible) {
    if (dice.fraction() * (load + held) < load) held++
    else {
      const share = inside / held
      bits += surprise(share)
      inside = held === 1 ? 0 : inside - share
      held--
    }
  }
  return bits
}

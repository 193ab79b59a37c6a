// The share of guesses that are right, with its interval by drawing whole runs again (Efron and Tibshirani 1993,
// chapter 8): guesses of one run may lean the same way.

import { quantileSorted, sum } from 'simple-statistics'
import { below, seededRandom } from '../../world/random.ts'
import type { Interval } from './score.ts'

const draws = 2000

/**
 * Gives the interval in which 95 % of the shares of as many runs lie, drawn with replacement, rounded to thousandths.
 *
 * @param seed of the draws
 */
export function shareInterval(
  runs: readonly { readonly right: number; readonly messages: number }[],
  seed: number,
): Interval {
  const random = seededRandom(seed)
  const shares = Array.from({ length: draws }, () => {
    const drawn = runs.map(() => runs[below(random, runs.length)] as (typeof runs)[number])
    return sum(drawn.map(({ right }) => right)) / sum(drawn.map(({ messages }) => messages))
  }).sort((a, b) => a - b)
  const at = (share: number): number => Math.round(1000 * quantileSorted(shares, share)) / 1000
  return [at(0.025), at(0.975)]
}

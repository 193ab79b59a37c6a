// npm run attack -- timing [--json] [--runs 120] [--seed 1]: can somebody who watches the links of two clients for ten
// minutes tell whether these write to each other? With cover, and in rounds, no better than by chance; without cover,
// which is the control, nearly always.

import { seededRandom } from '../../world/random.ts'
import { readRunArguments } from './arguments.ts'
import { converse, type Sending, together, usualMs } from './ends-model.ts'
import { area, areaInterval, type Interval, type RunScores } from './score.ts'

/** Each run has six pairs that write to each other, and sixty that do not: enough that an area varies by .01. */
const pairs = 6
const usualRuns = 120
const chance: Interval = [0.45, 0.55]
const controlAbove = 0.9

interface TimingResult {
  readonly auc: Interval
  readonly roundsAuc: Interval
  readonly controlAuc: Interval
  readonly runs: number
  readonly pairs: number
  readonly holds: boolean
}

/** Watches so many runs of each kind of sending. */
export function timingAttack(runs: number, seed: number, ms: number = usualMs): TimingResult {
  const random = seededRandom(seed)
  const interval = (sending: Sending): Interval => {
    const scores = Array.from({ length: runs }, (_, i) => scoresOf(seed + i, sending, ms))
    const round = (value: number): number => Math.round(1000 * value) / 1000
    const [low, high] = areaInterval(scores, random)
    return Number.isFinite(area(scores)) ? [round(low), round(high)] : [Number.NaN, Number.NaN]
  }
  const [auc, roundsAuc, controlAuc] = [interval('covered'), interval('rounds'), interval('bare')]
  const inside = ([low, high]: Interval): boolean => low >= chance[0] && high <= chance[1]
  const holds = inside(auc) && inside(roundsAuc) && controlAuc[0] > controlAbove
  return { auc, roundsAuc, controlAuc, runs, pairs: runs * pairs, holds }
}

function scoresOf(seed: number, sending: Sending, ms: number): RunScores {
  const left = converse({ pairs, ms, seed }, sending)
  const scores = { positive: [] as number[], negative: [] as number[] }
  for (const [i, one] of left.entries())
    for (const [j, other] of left.entries())
      if (i < j) scores[(i ^ 1) === j ? 'positive' : 'negative'].push(together(one, other, ms))
  return scores
}

export async function attack(args: readonly string[]): Promise<number> {
  const { json, runs, seed } = readRunArguments(args, usualRuns, 10_000)
  const result = timingAttack(runs, seed)
  console.error(
    result.holds
      ? 'the times at both ends do not tell who writes to whom'
      : 'THE DEFENCE OR ITS CONTROL FAILS',
  )
  if (json) console.log(JSON.stringify(result))
  else console.table(result)
  return result.holds ? 0 : 1
}

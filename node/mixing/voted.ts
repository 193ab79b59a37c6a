// The strategy that the consensus names, with the numbers that it states (docs/spec/mixing.md 1). When they change,
// what is held goes from the old one to the new one.

import type { Parameters } from '../../directory/documents/view.ts'
import type { Random } from '../../world/random.ts'
import type { Ms } from '../../world/units.ts'
import { type BatchRule, batches, pool, round, threshold, thresholdOrTimed, timed } from './batch.ts'
import { poisson } from './poisson.ts'
import type { Asked, Strategy } from './strategy.ts'

export type MixingNumbers = Pick<Parameters, 'batchPackets' | 'batchMs' | 'poolPackets' | 'poolPercent'>

const rules: ReadonlyMap<string, (numbers: MixingNumbers) => BatchRule> = new Map([
  ['threshold', ({ batchPackets }) => threshold(batchPackets)],
  ['timed', ({ batchMs }) => timed(batchMs)],
  ['threshold-or-timed', ({ batchPackets, batchMs }) => thresholdOrTimed(batchPackets, batchMs)],
  ['pool', ({ poolPackets, poolPercent, batchMs }) => pool(poolPackets, poolPercent, batchMs)],
  ['round', ({ batchPackets, batchMs }) => round(batchPackets, batchMs)],
])

export const usualStrategy = 'poisson'

/** Lists the names that the consensus may state. */
export const strategyNames: readonly string[] = [usualStrategy, ...rules.keys()]

export interface VotedStrategy<T extends Asked> extends Strategy<T> {
  /** The one in use: one of `strategyNames`. */
  readonly name: string
  /**
   * Goes over to the strategy of this name, or to the usual one when the name is unknown, with all that is held.
   *
   * @returns false when that is what it had been told before
   */
  follow(mixing: string, numbers: MixingNumbers, now: Ms): boolean
}

/**
 * Begins with the usual strategy.
 *
 * @param options.limit packets held at most, 1 or more
 * @param options.wall the wall time, for strategies that tick (batch.ts)
 */
export function votedStrategy<T extends Asked>(options: {
  random: Random
  limit: number
  wall: () => Ms
}): VotedStrategy<T> {
  const { random, limit, wall } = options
  let name = usualStrategy
  let told = usualStrategy
  let current = poisson<T>({ random, limit })
  return {
    get name() {
      return name
    },
    get size() {
      return current.size
    },
    put: (packet, now) => current.put(packet, now),
    take: now => current.take(now),
    wakeAt: () => current.wakeAt(),
    release: () => current.release(),
    follow(mixing, numbers, now) {
      const rule = rules.get(mixing)?.(withinLimit(numbers, limit))
      const telling = rule === undefined ? mixing : JSON.stringify([mixing, numbersOf(numbers)])
      if (telling === told) return false
      told = telling
      const before = current
      name = rule === undefined ? usualStrategy : mixing
      current = rule === undefined ? poisson({ random, limit }) : batches({ random, limit, rule, wall })
      // all have one limit, so that nothing is pushed out
      for (const packet of before.release()) current.put(packet, now)
      return true
    },
  }
}

/** A batch larger than the hold would never be complete. */
function withinLimit(numbers: MixingNumbers, limit: number): MixingNumbers {
  return {
    ...numbers,
    batchPackets: Math.min(numbers.batchPackets, limit),
    poolPackets: Math.min(numbers.poolPackets, limit - 1),
  }
}

function numbersOf({ batchPackets, batchMs, poolPackets, poolPercent }: MixingNumbers): readonly number[] {
  return [batchPackets, batchMs, poolPackets, poolPercent]
}

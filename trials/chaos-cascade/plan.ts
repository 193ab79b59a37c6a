// What goes wrong in one run of `npm run chaos -- cascade`, drawn from its seed: who lies and how, how often requests,
// answers and processes are lost.

import { below, fraction, type Random, seededRandom } from '../../world/random.ts'

/** Names a lie, and whose it is. */
export const lies = [
  'none',
  'mixer-drops', // a mixer puts one message in the place of another, with a proof of nothing
  'mixer-copies', // and with the proof of the mixer before it
  'trustee-lies', // a trustee hands in points that are not its share
  'owner-lies', // an owner closes alone, forges, says things again, copies messages
  'owner-ends', // an owner opens alone, and gives up alone what all others prolong
  'owner-opens', // an owner opens and prolongs alone what all others give up
  'log-swapped', // the Controller shows a member two messages in each other's place
  'blob-changed', // and hands out other bytes
  'receipt-false', // and says "accepted" of what it throws away
  'unmixed', // the only mixer never comes
] as const
export type Lie = (typeof lies)[number]

export interface Plan {
  readonly seed: number
  readonly lie: Lie
  /** Says what owners agree on for a cycle with too few messages, where a quorum opens it too. */
  readonly few: 'open' | 'end' | undefined
  readonly mixers: number
  readonly trustees: number
  readonly texts: readonly string[]
  /** Chances, from 0 to 1: that a request is lost, its answer; that a process ends at one of its writes. */
  readonly lost: number
  readonly unanswered: number
  readonly crashes: number
  /** That the Controller ends within a write, before it or after it. */
  readonly outages: number
  /** Which member lies, or is lied to. */
  readonly whom: number
  readonly random: Random
}

/** Runs without a lie and of a lying owner take turns with those whose cycles a quorum opens. */
function lieOf(seed: number): Lie {
  const others = lies.filter(lie => lie !== 'owner-ends' && lie !== 'owner-opens')
  const lie = others[seed % others.length] as Lie
  if (Math.floor(seed / others.length) % 2 === 0) return lie
  return lie === 'none' ? 'owner-ends' : lie === 'owner-lies' ? 'owner-opens' : lie
}

export function drawPlan(seed: number): Plan {
  const random = seededRandom(seed)
  const lie = lieOf(seed)
  const isUnmixed = lie === 'unmixed'
  const calm = below(random, 4) === 0
  const chance = (most: number): number => (calm ? 0 : most * fraction(random))
  return {
    seed,
    lie,
    few: lie === 'owner-ends' ? 'open' : lie === 'owner-opens' ? 'end' : undefined,
    mixers: isUnmixed ? 1 : 3,
    trustees: isUnmixed ? 4 : 3,
    texts: Array.from({ length: 2 + below(random, 3) }, (_, i) => `text ${i} of ${seed}`),
    lost: chance(0.2),
    unanswered: chance(0.2),
    crashes: chance(0.04),
    outages: chance(0.04),
    whom:
      lie === 'trustee-lies'
        ? 3 + below(random, 2)
        : lie === 'mixer-copies'
          ? 1 + below(random, 2)
          : below(random, 3),
    random,
  }
}

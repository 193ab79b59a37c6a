// What goes wrong in one run of packets of `npm run chaos -- cascade`, drawn from its seed.

import { below, fraction, seededRandom } from '../../world/random.ts'
import type { Plan } from './plan.ts'

/** Names a lie about packets, and whose it is. */
export const packetLies = [
  'packets-none',
  'packets-dropped', // a mixer drops a packet
  'packets-changed', // or hands on another in its place
  'packets-twice', // or sends one on twice, in the place of another
  'packets-unordered', // or says something by their order
  'packets-copied', // somebody hands in somebody else's packet
  'packets-complaint', // a sender complains of what was not lost
  'packets-taken', // somebody takes what is not there
  'packets-away', // a mixer never comes
] as const
export type PacketLie = (typeof packetLies)[number]

/** Its chances, and whom it is about, are as those of rows; a mixer lies, or is away. */
export interface PacketPlan extends Omit<Plan, 'lie' | 'few' | 'mixers' | 'trustees'> {
  readonly lie: PacketLie
  /** The chance that the Controller gives no answer to who follows its log. */
  readonly unread: number
  /** Says whether senders send in every cycle. */
  readonly covers: boolean
}

export function drawPacketPlan(seed: number): PacketPlan {
  const random = seededRandom(seed + 3_000_000)
  const lie = packetLies[seed % packetLies.length] as PacketLie
  const calm = below(random, 4) === 0
  const chance = (most: number): number => (calm ? 0 : most * fraction(random))
  return {
    seed,
    lie,
    // The last one is of two packets
    texts: Array.from(
      { length: 2 + below(random, 2) },
      (_, i) => `text ${i} of ${seed} ${i === 1 ? 'x'.repeat(80) : ''}`,
    ),
    lost: chance(0.2),
    unanswered: chance(0.2),
    crashes: chance(0.04),
    outages: chance(0.04),
    whom: below(random, 3),
    unread: chance(0.3),
    covers: below(random, 2) === 0,
    random,
  }
}

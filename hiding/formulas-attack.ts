// Closed forms of attacks: what blending, intersection and membership of the crowd cost or show.

import { shannon } from './metrics.ts'
import { choose, exponentialIntegral } from './special.ts'

const gamma = 0.5772156649015329

export interface Blending {
  /** Mean rounds until no honest message is left in the pool. */
  readonly flushRounds: number
  /** Rounds within which it is so in 99 of 100 attacks. */
  readonly flushRounds99: number
  /** Mean rounds that the target stays then. */
  readonly targetRounds: number
  /** Mean number of the attacker's messages, all together. */
  readonly messages: number
}

/** Follows how many honest messages are left in a threshold pool that an attacker feeds alone. */
export function blendPool(fresh: number, kept: number): Blending {
  const all = fresh + kept
  let left = Array.from({ length: kept + 1 }, (_, honest) => Number(honest === kept))
  let flushRounds = 0
  let flushRounds99 = 0
  for (let round = 0; round < 100_000; round++) {
    const some = 1 - (left[0] as number)
    if (flushRounds99 === 0 && some <= 0.01) flushRounds99 = round
    if (some < 1e-15) break
    flushRounds += some
    left = left.map((_, to) => {
      let sum = 0
      // of all in the mix `kept` stay, any as likely: hypergeometric
      for (let from = to; from <= kept; from++)
        sum += ((left[from] as number) * choose(from, to) * choose(all - from, kept - to)) / choose(all, kept)
      return sum
    })
  }
  const targetRounds = 1 + kept / fresh
  return { flushRounds, flushRounds99, targetRounds, messages: fresh * (flushRounds + targetRounds) - 1 }
}

/**
 * Gives how long a Poisson mix has to be kept from honest messages until it holds none: the mean, and the time that is
 * enough in 95 of 100 attacks.
 *
 * @param ratePerS honest messages a second before
 * @param mu one over the mean delay, a second
 */
export function drainPoisson(ratePerS: number, mu: number): readonly [meanS: number, s95: number] {
  const load = ratePerS / mu
  const mean = (gamma + Math.log(load) + exponentialIntegral(load)) / mu
  return [mean, Math.log(load / -Math.log(0.95)) / mu]
}

/** Gives how many candidates are left by who was present whenever a message came, and how often only the sender is. */
export function intersection(
  users: number,
  present: number,
  observations: number,
): readonly [left: number, unique: number] {
  const always = present ** observations
  return [1 + (users - 1) * always, Math.exp((users - 1) * Math.log1p(-always))]
}

export interface Crowd {
  readonly members: number
  readonly corrupt: number
  /** The probability that a member forwards to another, not to the server. */
  readonly forward: number
}

export interface CrowdFigures {
  /** The probability that whom a corrupt member sees before it is the initiator. */
  readonly predecessor: number
  readonly bits: number
  readonly degree: number
  /** True when the predecessor is no likelier to be the initiator than not. */
  readonly probablyInnocent: boolean
  /** The fewest members with which that holds. */
  readonly leastMembers: number
}

/** Gives what corrupt members of a crowd know (M. Reiter, A. Rubin, "Crowds", 1998, section 5). */
export function crowdFigures({ members, corrupt, forward }: Crowd): CrowdFigures {
  const honest = members - corrupt
  const predecessor = 1 - (forward * (honest - 1)) / members
  const others = Array.from({ length: honest - 1 }, () => forward / members)
  const bits = shannon([predecessor, ...others])
  const leastMembers = Math.ceil((forward / (forward - 0.5)) * (corrupt + 1))
  return {
    predecessor,
    bits,
    degree: bits / Math.log2(honest),
    probablyInnocent: forward > 0.5 && members >= leastMembers,
    leastMembers,
  }
}

/** Bounds the advantage from below of whoever watches a synchronised protocol (Das, Meiser, Mohammadi, Kate, 2018). */
export function trilemmaSynchronised(users: number, coverRate: number, rounds: number): number {
  return 1 - Math.min(1, (rounds + coverRate * users * rounds) / (users - 1))
}

/** Bounds it for one without rounds, where each user sends with this probability a round. */
export function trilemmaUnsynchronised(sendProbability: number, rounds: number): number {
  return 1 - (1 / 2 + Math.min(1 / 2, 1 - (1 - sendProbability) ** rounds))
}

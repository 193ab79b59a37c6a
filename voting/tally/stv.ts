// The single transferable vote (docs/spec/voting.md 6.4): Droop's quota, one option at a time, and the surplus of who
// is elected passed on from all of its votes alike, in exact fractions (the weighted inclusive Gregory method).

import { difference, type Fraction, fractionOf, minus, plus, through, times, written } from './fraction.ts'

/** Something that happened in a count. Where several options tied, their order in the question decided: `among`. */
export interface StvEvent {
  readonly does: 'elected' | 'out'
  readonly option: number
  /** Its votes, as a whole number or a fraction. */
  readonly votes: string
  /** All options that tied for it, this one among them; empty without a tie. */
  readonly among: readonly number[]
}

export interface Stv {
  readonly quota: number
  readonly events: readonly StvEvent[]
  /** In the order of their election. */
  readonly elected: readonly number[]
}

interface Pile {
  readonly weight: Fraction
  /** Options that are still in, the best first. */
  readonly order: readonly number[]
}

/**
 * Counts. Whoever is named on no ballot that is left takes no seat.
 *
 * @param ballots ranks without ties: 1 the best, 0 for none
 */
export function stv(seats: number, ballots: readonly (readonly number[])[]): Stv {
  const quota = Math.floor(ballots.length / (seats + 1)) + 1
  const events: StvEvent[] = []
  const elected: number[] = []
  let piles = gathered(ballots)
  while (elected.length < seats) {
    const votes = votesOf(piles)
    const order = [...votes].sort(([a, x], [b, y]) => difference(y, x) || a - b)
    if (order.length <= seats - elected.length) {
      for (const [option, count] of [...votes].sort(([a], [b]) => a - b)) {
        events.push({ does: 'elected', option, votes: written(count), among: [] })
        elected.push(option)
      }
      break
    }
    const [best, most] = order[0] as [number, Fraction]
    const isElected = difference(most, fractionOf(BigInt(quota))) >= 0
    const [option, count] = isElected ? [best, most] : (order.at(-1) as [number, Fraction])
    const equal = order.filter(([, other]) => difference(other, count) === 0).map(([each]) => each)
    const among = equal.length > 1 ? equal : []
    events.push({ does: isElected ? 'elected' : 'out', option, votes: written(count), among })
    if (isElected) elected.push(option)
    const surplus = through(minus(count, fractionOf(BigInt(quota))), count)
    piles = passedOn(piles, option, isElected ? surplus : fractionOf(1n))
  }
  return { quota, events, elected }
}

/** Puts ballots that say the same on one pile. */
function gathered(ballots: readonly (readonly number[])[]): Pile[] {
  const counts = new Map<string, number>()
  for (const ranks of ballots) {
    const ranked = [...ranks.keys()].filter(option => (ranks[option] as number) > 0)
    const order = ranked.sort((a, b) => (ranks[a] as number) - (ranks[b] as number))
    counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1)
  }
  return [...counts]
    .filter(([order]) => order !== '')
    .map(([order, count]) => ({ weight: fractionOf(BigInt(count)), order: order.split(',').map(Number) }))
}

/** Sums up the votes of every option that a ballot still names. */
function votesOf(piles: readonly Pile[]): Map<number, Fraction> {
  const votes = new Map<number, Fraction>()
  for (const { weight, order } of piles)
    order.forEach((option, at) => {
      const before = votes.get(option) ?? fractionOf(0n)
      votes.set(option, at === 0 ? plus(before, weight) : before)
    })
  return votes
}

/** Takes an option off all ballots; those that it had go on for `part` of what they counted. */
function passedOn(piles: readonly Pile[], option: number, part: Fraction): Pile[] {
  return piles
    .map(({ weight, order }) => ({
      weight: order[0] === option ? times(weight, part) : weight,
      order: order.filter(each => each !== option),
    }))
    .filter(({ order }) => order.length > 0)
}

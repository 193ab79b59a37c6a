// What goes wrong in one run of `npm run chaos -- directory`, drawn from its seed: how many authorities there are,
// who lies and how, who is stopped, and who is cut off from whom.

import { below, fraction, pick, type Random, seededRandom, shuffle } from '../../world/random.ts'
import { type Lie, lies } from './liar.ts'

/** From and until in epochs, with fractions. */
interface While {
  readonly from: number
  readonly until: number
}

/** The process ends as by `kill -9` and is started again on the same disk. */
export interface Crash extends While {
  readonly kind: 'crash'
  readonly authority: number
}

/** Honest authorities of different groups do not reach each other; liars reach everybody. */
export interface Partition extends While {
  readonly kind: 'partition'
  readonly groups: readonly (readonly number[])[]
}

/** The operators agree on other authorities: one is added, replaced or retired, or more or fewer are needed. */
export interface Change {
  /** The epoch whose document is to hand over. */
  readonly from: number
  /** Their numbers; from `Plan.authorities` on they are new. */
  readonly members: readonly number[]
  readonly threshold: number
  /** When each operator says so, and when the new ones are started: in epochs, the latest of all. */
  readonly proposed: number
  readonly started: number
  /** A client and a mix that see nothing of it. */
  readonly away: While
}

export interface Plan {
  readonly seed: number
  readonly authorities: number
  readonly threshold: number
  readonly epochs: number
  readonly change?: Change | undefined
  /** Their numbers, with what each tells. At most authorities - threshold, before the change and after it. */
  readonly liars: ReadonlyMap<number, readonly Lie[]>
  readonly disturbances: readonly (Crash | Partition)[]
  /** With the real sharing of secrets, and not one that costs little. */
  readonly real: boolean
}

/** Every group with more than half of it as threshold. */
const groups = [4, 5, 7].flatMap(n => thresholdsOf(n).map(t => [n, t] as const))
const epochs = 4
/** One run of so many has the real sharing of secrets. */
const realEvery = 10
/** A change leaves at least and brings the group to at most so many, where it can. */
const members = { least: 3, most: 7 } as const

function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}

function thresholdsOf(size: number): number[] {
  return range(size, 1).filter(threshold => 2 * threshold > size)
}

export function drawPlan(seed: number): Plan {
  const random = seededRandom(seed)
  const [authorities, threshold] = groups[seed % groups.length] as (typeof groups)[number]
  const all = shuffle(random, range(authorities))
  const most = authorities - threshold
  const lying = most === 0 || below(random, 4) === 0 ? below(random, most + 1) : most
  const old = { liars: all.slice(0, lying), honest: all.slice(lying) }
  const change = below(random, 2) === 0 ? drawChange(random, authorities, threshold, old.liars) : undefined
  const added = change?.members.filter(i => i >= authorities) ?? []
  const newLiars = change === undefined ? [] : added.slice(0, roomForLiar(change, old.liars))
  const newHonest = added.filter(i => !newLiars.includes(i))
  const isHalfDone = change !== undefined && lying > 0 && below(random, 2) === 0
  const length = change === undefined ? epochs : change.from + 2
  const liars = [...old.liars, ...newLiars].map((i, nth) => [i, drawLies(random, seed + nth)] as const)
  return {
    seed,
    authorities,
    threshold,
    epochs: length,
    change,
    real: seed % realEvery === 0,
    liars: new Map(liars.map(([i, of]) => [i, isHalfDone && i === all[0] ? halfDoneLies : of])),
    disturbances: [
      ...range(length).flatMap(epoch => disturb(random, epoch, [...old.honest, ...newHonest])),
      ...(isHalfDone ? halfDone(random, change.from - 1, old.honest, threshold, newHonest) : []),
    ],
  }
}

/** Lets one lie of those who come, where the promises leave room for it. */
function roomForLiar({ members, threshold }: Change, liars: readonly number[]): number {
  return members.filter(i => liars.includes(i)).length < members.length - threshold ? 1 : 0
}

/** Some are retired, sometimes all; some come; and any threshold for which liars who stay are few enough. */
function drawChange(
  random: Random,
  authorities: number,
  threshold: number,
  liars: readonly number[],
): Change {
  const retired = below(random, 4) === 0 ? authorities : below(random, 3)
  const staying = shuffle(random, range(authorities)).slice(retired)
  const honest = staying.filter(i => !liars.includes(i))
  const wanted = Math.min(below(random, 3), members.most - staying.length)
  const added = range(Math.max(members.least - honest.length, wanted), authorities)
  const lying = staying.filter(i => liars.includes(i)).slice(0, honest.length + added.length - 1)
  const same = honest.length + lying.length === authorities && added.length === 0
  const size = honest.length + lying.length + added.length
  const thresholds = thresholdsOf(size).filter(t => t <= size - lying.length && !(same && t === threshold))
  const from = 2 + below(random, 2)
  const next = { from, proposed: from === 2 ? 0 : 0.1 + fraction(random) }
  const times = {
    ...next,
    started: from - 1.6 + 0.5 * fraction(random),
    away: { from: from - 1.4 + fraction(random), until: from + below(random, 2) + 0.3 * fraction(random) },
  }
  if (thresholds.length > 0) {
    return { ...times, members: [...honest, ...lying, ...added], threshold: pick(random, thresholds) }
  }
  // With as many liars there is no other threshold.
  const grown = [...honest, ...lying, authorities]
  return { ...times, members: grown, threshold: grown.length - lying.length }
}

/** One after the other in turn, so that none is long in coming, and up to three more. */
function drawLies(random: Random, turn: number): Lie[] {
  const first = lies[turn % lies.length] as Lie
  const others = lies.filter(lie => lie !== first)
  return [first, ...shuffle(random, others).slice(0, below(random, 4))]
}

/** With these a change that is half done is followed by a document that knows nothing of it. */
const halfDoneLies: readonly Lie[] = ['putsch', 'signForOne']

/**
 * Leaves a change half done. So many of the honest ones that agreed to it stop before they sign it that the others
 * cannot want it alone, and stay away for the next round; and those who come in are cut off once they have signed.
 */
function halfDone(
  random: Random,
  round: number,
  old: readonly number[],
  threshold: number,
  added: readonly number[],
): (Crash | Partition)[] {
  const stops = { from: round + 0.4 + 0.09 * fraction(random), until: round + 1.7 }
  const cut = { from: round + 0.51 + 0.05 * fraction(random), until: round + 1.66 }
  const away = old.slice(0, old.length - threshold + 1)
  return [
    ...away.map(authority => ({ kind: 'crash', authority, ...stops }) as const),
    { kind: 'partition', groups: [old, added], ...cut },
  ]
}

/** Two kinds of five disturb nothing. */
function disturb(
  random: Random,
  epoch: number,
  honest: readonly number[],
  within: While = { from: 0, until: 0.7 },
): (Crash | Partition)[] {
  const from = epoch + within.from + (within.until - within.from) * fraction(random)
  switch (below(random, 5)) {
    case 0:
      return [{ kind: 'crash', authority: pick(random, honest), from, until: from + 0.02 + fraction(random) }]
    case 1: {
      const until = from + 0.02 + 0.2 * fraction(random)
      return honest
        .filter(() => below(random, 2) === 0)
        .map(authority => ({ kind: 'crash', authority, from, until }))
    }
    case 2: {
      const cut = 1 + below(random, honest.length)
      const sides = shuffle(random, honest)
      const until = from + 0.05 + 1.2 * fraction(random)
      return [{ kind: 'partition', groups: [sides.slice(0, cut), sides.slice(cut)], from, until }]
    }
    default:
      return []
  }
}

/** A round wants those who were up before it began, bar this much, and until it has ended: fractions of an epoch. */
const margin = { before: 0.1, after: 0.65 } as const

/** All who are an authority at some time. */
export function everybody({ authorities, change }: Plan): readonly number[] {
  return [...range(authorities), ...(change?.members.filter(i => i >= authorities) ?? [])]
}

/**
 * The honest authorities that nothing befell in the round of this epoch and who reach each other. With the
 * threshold of them the round must end in a document (docs/spec/directory-voting.md 8.9, Progress).
 */
export function undisturbed(plan: Plan, epoch: number): readonly number[] {
  const meets = ({ from, until }: While): boolean =>
    from < epoch + margin.after && until > epoch - margin.before
  // Those who come are there from the round that hands over to them.
  const there = epoch < (plan.change?.from ?? 0) - 1 ? range(plan.authorities) : everybody(plan)
  let left = there.filter(i => !plan.liars.has(i))
  for (const disturbance of plan.disturbances.filter(meets)) {
    if (disturbance.kind === 'crash') left = left.filter(i => i !== disturbance.authority)
    else {
      const sides = disturbance.groups.map(group => left.filter(i => group.includes(i)))
      left = sides.reduce((a, b) => (b.length > a.length ? b : a), [])
    }
  }
  return left
}

/** Tells whether two authorities are on different sides of a partition. */
export function areApart(partitions: Iterable<Partition>, a: number, b: number): boolean {
  for (const { groups } of partitions) {
    const [sideOfA, sideOfB] = [a, b].map(i => groups.findIndex(group => group.includes(i)))
    if (sideOfA !== -1 && sideOfB !== -1 && sideOfA !== sideOfB) return true
  }
  return false
}

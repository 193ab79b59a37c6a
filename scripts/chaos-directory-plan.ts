// What goes wrong in one run of `npm run chaos -- directory`, drawn from its seed: how many authorities there are,
// who lies and how, who is stopped, and who is cut off from whom.

import { below, fraction, pick, type Random, seededRandom, shuffle } from '../sphinx/random.ts'
import { type Lie, lies } from './chaos-directory-liar.ts'

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

export interface Plan {
  readonly seed: number
  readonly authorities: number
  readonly threshold: number
  readonly epochs: number
  /** Their numbers, with what each tells. At most authorities - threshold. */
  readonly liars: ReadonlyMap<number, readonly Lie[]>
  readonly disturbances: readonly (Crash | Partition)[]
  /** With the real sharing of secrets, and not one that costs little. */
  readonly real: boolean
}

/** Every group with more than half of it as threshold. */
const groups = [4, 5, 7].flatMap(n =>
  Array.from({ length: n }, (_, i) => i + 1)
    .filter(t => 2 * t > n)
    .map(t => [n, t] as const),
)
const epochs = 4
/** One run of so many has the real sharing of secrets. */
const realEvery = 10

export function drawPlan(seed: number): Plan {
  const random = seededRandom(seed)
  const [authorities, threshold] = groups[seed % groups.length] as (typeof groups)[number]
  const all = shuffle(
    random,
    Array.from({ length: authorities }, (_, i) => i),
  )
  const most = authorities - threshold
  const liars = all.slice(0, most === 0 || below(random, 4) === 0 ? below(random, most + 1) : most)
  const honest = all.slice(liars.length)
  return {
    seed,
    authorities,
    threshold,
    epochs,
    real: seed % realEvery === 0,
    liars: new Map(liars.map((i, nth) => [i, drawLies(random, seed + nth)])),
    disturbances: Array.from({ length: epochs }, (_, epoch) => disturb(random, epoch, honest)).flat(),
  }
}

/** One after the other in turn, so that none is long in coming, and up to three more. */
function drawLies(random: Random, turn: number): Lie[] {
  const first = lies[turn % lies.length] as Lie
  const others = lies.filter(lie => lie !== first)
  return [first, ...shuffle(random, others).slice(0, below(random, 4))]
}

/** Two kinds of five disturb nothing. */
function disturb(random: Random, epoch: number, honest: readonly number[]): (Crash | Partition)[] {
  const from = epoch + 0.7 * fraction(random)
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

/**
 * The honest authorities that nothing befell in the round of this epoch and who reach each other. With the
 * threshold of them the round must end in a document (docs/directory.md 8.9, Progress).
 */
export function undisturbed({ authorities, liars, disturbances }: Plan, epoch: number): readonly number[] {
  const meets = ({ from, until }: While): boolean =>
    from < epoch + margin.after && until > epoch - margin.before
  let left = Array.from({ length: authorities }, (_, i) => i).filter(i => !liars.has(i))
  for (const disturbance of disturbances.filter(meets)) {
    if (disturbance.kind === 'crash') left = left.filter(i => i !== disturbance.authority)
    else {
      const sides = disturbance.groups.map(group => left.filter(i => group.includes(i)))
      left = sides.reduce((a, b) => (b.length > a.length ? b : a), [])
    }
  }
  return left
}

/** Whether two authorities are on different sides of a partition. */
export function areApart(partitions: Iterable<Partition>, a: number, b: number): boolean {
  for (const { groups } of partitions) {
    const [sideOfA, sideOfB] = [a, b].map(i => groups.findIndex(group => group.includes(i)))
    if (sideOfA !== -1 && sideOfB !== -1 && sideOfA !== sideOfB) return true
  }
  return false
}

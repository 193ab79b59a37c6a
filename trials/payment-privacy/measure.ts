// What adversaries are measured by: the part of guesses that are right, and how sure that is.

/** Where the true part of right guesses lies, of 95 of 100 such trials. */
export type Interval = readonly [number, number]

/** Right guesses; one that a guesser draws from k equally likely ones counts as the k-th part where it may be right. */
export interface Score {
  readonly right: number
  readonly guesses: number
  /** Somebody who knows nothing gets so much right on average. */
  readonly chance: number
}

/** Adds up what was measured in several worlds. */
export function together(scores: readonly Score[]): Score {
  const guesses = scores.reduce((sum, one) => sum + one.guesses, 0)
  const chance = scores.reduce((sum, one) => sum + one.chance * one.guesses, 0) / guesses
  return { right: scores.reduce((sum, one) => sum + one.right, 0), guesses, chance }
}

/** Wilson's interval of a part. */
export function intervalOf({ right, guesses }: Score): Interval {
  const z = 1.96
  const part = right / guesses
  const middle = part + z ** 2 / (2 * guesses)
  const half = z * Math.sqrt((part * (1 - part)) / guesses + z ** 2 / (4 * guesses ** 2))
  const scale = 1 + z ** 2 / guesses
  return [Math.max(0, (middle - half) / scale), Math.min(1, (middle + half) / scale)]
}

/** Numbers that differ by less are as likely as each other. */
const alike = 1e-9

/**
 * The credit of somebody who names the `count` likeliest, and draws where several are as likely as each other.
 *
 * @param weights how likely each is, the greater the likelier
 * @param isTrue whether naming it is right
 */
export function credit(weights: readonly number[], isTrue: (place: number) => boolean, count = 1): number {
  const order = weights.map((weight, place) => ({ weight, place })).sort((a, b) => b.weight - a.weight)
  let [right, left] = [0, count]
  for (let from = 0; from < order.length && left > 0; ) {
    const weight = order[from]?.weight ?? 0
    const tied = order.filter(one => Math.abs(one.weight - weight) <= alike * Math.max(1, Math.abs(weight)))
    const named = Math.min(left, tied.length)
    right += (named * tied.filter(({ place }) => isTrue(place)).length) / tied.length
    left -= named
    from += tied.length
  }
  return right
}

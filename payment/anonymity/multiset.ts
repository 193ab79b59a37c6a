// Amounts of which some are equal. Which of two equal inputs lies in a block changes nothing but a binomial, so a
// set of inputs is a count for each amount: twelve equal inputs have 13 sub-multisets where they have 4096 subsets.

/** A side of a transaction. A multiset of its amounts is a number: its counts in a mixed radix. */
export interface Side {
  /** The distinct amounts that are not zero. */
  readonly amounts: readonly number[]
  /** Each occurs so often. */
  readonly counts: readonly number[]
  /** Each number of the caller's list has this place in `amounts`; -1 for a zero. */
  readonly groupOf: readonly number[]
  /** The number of amounts, equal ones counted apart. */
  readonly total: number
  /** The number of multisets; the largest, `size - 1`, is the whole side. */
  readonly size: number
  /** For each multiset the sum of its amounts, and how many they are. */
  readonly sums: Float64Array
  readonly cards: Uint8Array
}

export function side(values: readonly number[]): Side {
  const amounts = [...new Set(values.filter(value => value > 0))]
  const groupOf = values.map(value => amounts.indexOf(value))
  const counts = amounts.map(amount => values.filter(value => value === amount).length)
  const size = counts.reduce((product, count) => product * (count + 1), 1)
  const [sums, cards] = [new Float64Array(size), new Uint8Array(size)]
  for (let index = 0; index < size; index++) {
    digits({ counts }, index).forEach((digit, group) => {
      sums[index] = (sums[index] as number) + digit * (amounts[group] as number)
      cards[index] = (cards[index] as number) + digit
    })
  }
  return { amounts, counts, groupOf, total: cards[size - 1] as number, size, sums, cards }
}

/** The counts of a multiset, one a distinct amount. */
export function digits(of: Pick<Side, 'counts'>, index: number): number[] {
  let rest = index
  return of.counts.map(count => {
    const digit = rest % (count + 1)
    rest = (rest - digit) / (count + 1)
    return digit
  })
}

/** Calls `visit` with every multiset inside `counts`, and in how many ways it can be picked from it. */
export function eachInside(
  of: Pick<Side, 'counts'>,
  counts: readonly number[],
  visit: (index: number, ways: number, digits: readonly number[]) => void,
): void {
  const chosen = counts.map(() => 0)
  const walk = (group: number, stride: number, index: number, ways: number): void => {
    if (group === counts.length) {
      visit(index, ways, chosen)
      return
    }
    const have = counts[group] as number
    for (let digit = 0; digit <= have; digit++) {
      chosen[group] = digit
      const next = stride * ((of.counts[group] as number) + 1)
      walk(group + 1, next, index + digit * stride, ways * binomial(have, digit))
    }
  }
  walk(0, 1, 0, 1)
}

/** n over k, exact for the small n of a transaction. */
export function binomial(n: number, k: number): number {
  let result = 1
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i
  return result
}

/** The multisets inside each multiset of a side, ordered by their sums, so that a range of sums is a slice. */
export interface Slices {
  /** The slice of `index` is start[index] to start[index + 1]. */
  readonly start: Uint32Array
  readonly inside: Uint16Array
  readonly ways: Float64Array
  readonly sums: Float64Array
}

export function slices(of: Side): Slices {
  const order = Array.from({ length: of.size }, (_, index) => index).sort(
    (a, b) => (of.sums[a] as number) - (of.sums[b] as number),
  )
  const rank = new Uint16Array(of.size)
  order.forEach((index, position) => {
    rank[index] = position
  })
  const length = of.counts.reduce((product, count) => (product * (count + 1) * (count + 2)) / 2, 1)
  const start = new Uint32Array(of.size + 1)
  const [inside, ways, sums] = [new Uint16Array(length), new Float64Array(length), new Float64Array(length)]
  const waysOf = new Float64Array(of.size)
  let at = 0
  for (let index = 0; index < of.size; index++) {
    start[index] = at
    let end = at
    eachInside(of, digits(of, index), (part, count) => {
      inside[end++] = rank[part] as number
      waysOf[part] = count
    })
    inside.subarray(at, end).sort()
    for (; at < end; at++) {
      const part = order[inside[at] as number] as number
      inside[at] = part
      ways[at] = waysOf[part] as number
      sums[at] = of.sums[part] as number
    }
  }
  start[of.size] = at
  return { start, inside, ways, sums }
}

/** The first position from `from` to `to` whose number is at least `bound`; `to` when there is none. */
export function firstAtLeast(numbers: Float64Array, from: number, to: number, bound: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] as number) < bound) low = middle + 1
    else high = middle
  }
  return low
}

// Seats for party lists by highest averages (docs/spec/voting.md 6.6): D'Hondt's divisors 1, 2, 3 … or
// Sainte-Laguë's 1, 3, 5 …. Whole numbers are compared crosswise, so that nothing is rounded.

export interface ListSeats {
  /** Seats of each list. */
  readonly seats: readonly number[]
  /** Lists that tie for the `open` seats that are left. */
  readonly tied: readonly number[]
  readonly open: number
}

/** Gives seats one by one to the list with the highest votes / divisor. A list without votes gets none. */
export function highestAverages(
  votes: readonly number[],
  seats: number,
  method: 'dhondt' | 'sainte-lague',
): ListSeats {
  const given = votes.map(() => 0)
  const divisor = (list: number): number => {
    const next = (given[list] as number) + 1
    return method === 'dhondt' ? next : 2 * next - 1
  }
  const voted = [...votes.keys()].filter(list => (votes[list] as number) > 0)
  let open = voted.length === 0 ? 0 : seats
  while (open > 0) {
    const compare = (a: number, b: number): number =>
      (votes[a] as number) * divisor(b) - (votes[b] as number) * divisor(a)
    const best = voted.reduce((most, list) => (compare(list, most) > 0 ? list : most))
    const equal = voted.filter(list => compare(list, best) === 0)
    if (equal.length > open) return { seats: given, tied: equal, open }
    for (const list of equal) given[list] = (given[list] as number) + 1
    open -= equal.length
  }
  return { seats: given, tied: [], open: 0 }
}

// What a method of counting says (docs/spec/voting.md 6): options by place, those that tie together on one, and who is
// elected. A tie for the last seat is named, and decided by nobody here.

/** Options by place, the best first, with all that tie on one place together. */
export type Places = readonly (readonly number[])[]

/** Says who has a seat. */
export interface Seated {
  readonly elected: readonly number[]
  /** Options that tie for the `open` seats that are left, where they are more than those. */
  readonly tied: readonly number[]
  readonly open: number
}

/** Sorts options by figures, of which the largest is the best. */
export function placesBy(figures: readonly number[]): Places {
  const by = new Map<number, number[]>()
  figures.forEach((figure, option) => {
    by.set(figure, [...(by.get(figure) ?? []), option])
  })
  return [...by].sort(([a], [b]) => b - a).map(([, options]) => options)
}

/** Gives seats to the first places. */
export function seat(places: Places, seats: number): Seated {
  const elected: number[] = []
  for (const place of places) {
    const open = seats - elected.length
    if (open === 0) break
    if (place.length > open) return { elected, tied: place, open }
    elected.push(...place)
  }
  return { elected, tied: [], open: 0 }
}

/** Counts how often each option is among the chosen. */
export function countEach(options: number, ballots: readonly (readonly number[])[]): number[] {
  const counts = new Array<number>(options).fill(0)
  for (const chosen of ballots) for (const option of chosen) counts[option] = (counts[option] as number) + 1
  return counts
}

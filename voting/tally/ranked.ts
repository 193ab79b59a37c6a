// Orders of options counted by Borda's and by Schulze's method (docs/spec/voting.md 6.2 and 6.3). A ballot gives each
// option a rank, 1 the best; options without one (0) share the place behind all others.

import { type Places, placesBy } from './standing.ts'

export interface Borda {
  /** Gives each option 2 for every option ranked behind it on a ballot, 1 for every other one beside it. */
  readonly half_points: readonly number[]
  readonly places: Places
}

/** Borda's count in halves, so that ties on a ballot share what they tie for (the symmetric count). */
export function borda(options: number, ballots: readonly (readonly number[])[]): Borda {
  const prefers = preferences(options, ballots)
  const half_points = prefers.map((row, a) =>
    row.reduce((sum, wins, b) => {
      const losses = (prefers[b] as readonly number[])[a] as number
      return a === b ? sum : sum + 2 * wins + (ballots.length - wins - losses)
    }, 0),
  )
  return { half_points, places: placesBy(half_points) }
}

/** A direct win, or the weakest link of a path: votes for, and votes against, which matter where the former tie. */
type Link = readonly [wins: number, losses: number]

export interface Schulze {
  /** preferences[a][b]: ballots that have a before b. */
  readonly preferences: readonly (readonly number[])[]
  /** Gives each pair the strength of the strongest path. */
  readonly paths: readonly (readonly Link[])[]
  readonly places: Places
}

/**
 * Counts with Schulze's method ("A new monotonic, clone-independent, reversal symmetric, and condorcet-consistent
 * single-winner election method", 2011): links compared by winning votes, then by losing ones.
 */
export function schulze(options: number, ballots: readonly (readonly number[])[]): Schulze {
  const prefers = preferences(options, ballots)
  const paths = strongestPaths(prefers)
  const places: number[][] = []
  let left = Array.from({ length: options }, (_, option) => option)
  while (left.length > 0) {
    const unbeaten = left.filter(a =>
      left.every(b => stronger(linkOf(paths, b, a), linkOf(paths, a, b)) <= 0),
    )
    places.push(unbeaten)
    left = left.filter(option => !unbeaten.includes(option))
  }
  return { preferences: prefers, paths, places }
}

/** Counts ballots that have one option before another. */
function preferences(options: number, ballots: readonly (readonly number[])[]): number[][] {
  const counts = Array.from({ length: options }, () => new Array<number>(options).fill(0))
  for (const ranks of ballots)
    for (let a = 0; a < options; a++) {
      const row = counts[a] as number[]
      for (let b = 0; b < options; b++) if (place(ranks, a) < place(ranks, b)) row[b] = (row[b] as number) + 1
    }
  return counts
}

function place(ranks: readonly number[], option: number): number {
  return ranks[option] || Number.POSITIVE_INFINITY
}

const none: Link = [0, 0]

function linkOf(paths: readonly (readonly Link[])[], from: number, to: number): Link {
  return (paths[from] as readonly Link[])[to] as Link
}

function stronger(a: Link, b: Link): number {
  return a[0] - b[0] || b[1] - a[1]
}

/** Floyd and Warshall's closure, where a path is as strong as its weakest link. */
function strongestPaths(prefers: readonly (readonly number[])[]): Link[][] {
  const paths: Link[][] = prefers.map((row, a) =>
    row.map((wins, b): Link => {
      const losses = (prefers[b] as readonly number[])[a] as number
      return wins > losses ? [wins, losses] : none
    }),
  )
  const all = [...paths.keys()]
  for (const by of all)
    for (const from of all) {
      const first = linkOf(paths, from, by)
      for (const to of all) {
        const second = linkOf(paths, by, to)
        const weakest = stronger(first, second) < 0 ? first : second
        if (stronger(weakest, linkOf(paths, from, to)) > 0) (paths[from] as Link[])[to] = weakest
      }
    }
  return paths
}

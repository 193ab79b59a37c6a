// Tells how many of the paths that clients may draw an adversary owns (docs/spec/directory-tally.md 7.6): all of its
// mixes, so that it follows the packet all the way; or both of its gateways, so that it sees who sends and where to.
// Nodes that no rule tells apart are counted together, as one class: so the counts are exact, without a list of paths.

import { groupsOf, usable } from './documents/groups.ts'
import type { NodeEntry, View } from './documents/view.ts'
import { DirectoryError } from './error.ts'

/** Nodes of one ring with the same groups. */
interface Class {
  readonly groups: readonly string[]
  readonly size: number
}

/** The paths of a view: a mix for each place, and two gateways, which may be the same. */
export interface PathSpace {
  /** Mixes of a path. */
  readonly places: number
  /** Classes of mixes: one list a layer; in a free route one list for all places. */
  readonly rings: readonly (readonly Class[])[]
  readonly gateways: readonly Class[]
  /** Mixes and gateways that paths use. */
  readonly nodes: number
}

export interface Share {
  readonly share: number
  /** Says whether no other choice of nodes owns more; otherwise the best that was found. */
  readonly exact: boolean
}

export interface Ownership {
  /** Valid whole paths. */
  readonly paths: number
  /** Shares of the k nodes that own most. */
  readonly worst: { readonly mixes: Share; readonly ends: Share }
  /** Expected of k nodes drawn evenly from all that paths use. */
  readonly random: { readonly mixes: number; readonly ends: number }
}

/** Choices of nodes that are tried one by one; where there are more, a good one is sought. */
const mostChoices = 20_000
/** Combinations of classes that are counted. */
const mostCombinations = 200_000_000

export function pathSpace({ topology, layers, gateways, parameters }: View): PathSpace {
  const free = topology === 'free'
  const mixes = (free ? [layers.flat()] : layers).map(usable)
  const ends = gateways.filter(node => node.running)
  const groups = [...mixes, ends].map(ring => ring.flatMap(node => groupsOf(node, parameters)))
  /** A group bars no path when it has nodes of one ring only, unless that ring stands at several places. */
  const matters = (group: string): boolean =>
    groups.filter(ring => ring.includes(group)).length > 1 ||
    (free && groups[0]?.indexOf(group) !== groups[0]?.lastIndexOf(group))
  const classes = (ring: readonly NodeEntry[]): Class[] => {
    const found = new Map<string, Class>()
    for (const node of ring) {
      const own = groupsOf(node, parameters).filter(matters).sort()
      found.set(own.join('\n'), { groups: own, size: (found.get(own.join('\n'))?.size ?? 0) + 1 })
    }
    return [...found.values()].sort((a, b) => a.groups.length - b.groups.length || b.size - a.size)
  }
  return {
    places: layers.length,
    rings: mixes.map(classes),
    gateways: classes(ends),
    nodes: mixes.reduce((sum, ring) => sum + ring.length, ends.length),
  }
}

/**
 * @param k nodes of the adversary
 * @throws DirectoryError TOO_LARGE when there are too many families and networks to count, UNAVAILABLE when there is no
 * valid path
 */
export function ownership(space: PathSpace, k: number): Ownership {
  const { places, rings, gateways, nodes } = space
  const own = Math.min(k, nodes)
  const mixes = rings.map(sizesOf)
  const ends = sizesOf(gateways)
  const ways = mixWays(space, mixes)
  const between = waysBetween(space, ways)
  const paths = endPairs(between, ends)
  if (paths === 0) {
    throw new DirectoryError(
      'UNAVAILABLE',
      'paths: none is valid: families, networks or dead nodes leave none',
    )
  }
  const ownMixes = (owned: readonly number[]): number =>
    endPairs(waysBetween(space, mixWays(space, split(owned, mixes))), ends) / paths
  const even = shareOut(own, mixes.map(total))
  const mostWays = rings.length < places ? falling(own, places) : even.reduce((product, n) => product * n, 1)
  // Paths with one gateway at both ends come off.
  const alike = ends.reduce((sum, size, i) => sum + size * (between[i]?.[i] ?? 0), 0) / paths
  const two = nodes < 2 ? 0 : falling(own, 2) / falling(nodes, 2)
  return {
    paths,
    worst: {
      mixes: best(
        mixes.flat(),
        mixes.flatMap((sizes, i) => fill(sizes, even[i] as number)),
        ownMixes,
        (mostWays * total(ends) ** 2) / paths,
      ),
      ends: best(
        ends,
        fill(ends, own),
        owned => endPairs(between, owned) / paths,
        (total([...ways.values()]) * Math.min(own, total(ends)) ** 2) / paths,
      ),
    },
    random: {
      mixes: falling(own, places) / falling(nodes, places),
      ends: alike * (own / nodes) + (1 - alike) * two,
    },
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

const sizesOf = (classes: readonly Class[]): number[] => classes.map(({ size }) => size)

/** k (k - 1) … of so many factors; 0 when k is less. */
function falling(k: number, factors: number): number {
  let product = 1
  for (let i = 0; i < factors; i++) product *= Math.max(0, k - i)
  return product
}

/**
 * Ways to choose a mix for each place, none with a group of another: by those of their groups that gateways have too.
 *
 * @param sizes of each class of each ring
 */
function mixWays(
  { places, rings, gateways }: PathSpace,
  sizes: readonly (readonly number[])[],
): Map<string, number> {
  const free = rings.length < places
  const combinations = Array.from(
    { length: places },
    (_, place) => sizes[free ? 0 : place]?.filter(size => size > 0).length ?? 0,
  ).reduce((product, count) => product * count, 1)
  if (combinations > mostCombinations) {
    throw new DirectoryError('TOO_LARGE', `paths: ${combinations} combinations of families and networks`)
  }
  const atEnds = new Set(gateways.flatMap(({ groups }) => groups))
  const ways = new Map<string, number>()
  const choose = (
    place: number,
    product: number,
    used: readonly string[],
    taken: readonly number[],
  ): void => {
    if (place === places) {
      const key = used
        .filter(group => atEnds.has(group))
        .sort()
        .join('\n')
      ways.set(key, (ways.get(key) ?? 0) + product)
      return
    }
    const ring = free ? 0 : place
    for (const [i, { groups }] of (rings[ring] as readonly Class[]).entries()) {
      // In a free route a mix stands at one place only.
      const left = (sizes[ring]?.[i] ?? 0) - (free ? taken.filter(of => of === i).length : 0)
      if (left <= 0 || groups.some(group => used.includes(group))) continue
      choose(place + 1, product * left, groups.length === 0 ? used : [...used, ...groups], [...taken, i])
    }
  }
  choose(0, 1, [], [])
  return ways
}

/** By two classes of gateways: the ways that a path from a gateway of the one to a gateway of the other can take. */
function waysBetween({ gateways }: PathSpace, ways: ReadonlyMap<string, number>): number[][] {
  const between = gateways.map(() => gateways.map(() => 0))
  for (const [key, product] of ways) {
    const used = new Set(key === '' ? [] : key.split('\n'))
    const left = [...gateways.keys()].filter(i => !gateways[i]?.groups.some(group => used.has(group)))
    for (const first of left) {
      const row = between[first] as number[]
      for (const last of left) row[last] = (row[last] as number) + product
    }
  }
  return between
}

/** Whole paths: any of the gateways at either end. */
function endPairs(between: readonly (readonly number[])[], sizes: readonly number[]): number {
  return total(
    between.map((row, i) => (sizes[i] as number) * total(row.map((ways, j) => ways * (sizes[j] as number)))),
  )
}

/** A flat list of counts as one list a ring. */
function split(flat: readonly number[], like: readonly (readonly number[])[]): number[][] {
  let at = 0
  return like.map(({ length }) => {
    at += length
    return flat.slice(at - length, at)
  })
}

/** k in rings of these sizes, so that their product is greatest: the smallest first. */
function shareOut(k: number, sizes: readonly number[]): number[] {
  const out = sizes.map(() => 0)
  for (let left = k; left > 0; left--) {
    const open = [...out.keys()].filter(i => (out[i] as number) < (sizes[i] as number))
    if (open.length === 0) break
    const least = open.reduce((a, b) => ((out[b] as number) < (out[a] as number) ? b : a))
    out[least] = (out[least] as number) + 1
  }
  return out
}

/** k from classes, the first ones first. */
function fill(sizes: readonly number[], k: number): number[] {
  let left = k
  return sizes.map(size => {
    const taken = Math.min(left, size)
    left -= taken
    return taken
  })
}

/**
 * The choice of as many as `start` has that is worth most: all are tried where they are few; otherwise nodes are
 * exchanged, beginning with `start`, as long as that is worth something.
 *
 * @param bound what no choice exceeds
 */
function best(
  sizes: readonly number[],
  start: readonly number[],
  value: (chosen: readonly number[]) => number,
  bound: number,
): Share {
  const k = total(start)
  let chosen = start
  let share = value(start)
  if (share >= bound * (1 - 1e-12)) return { share, exact: true }
  if (choices(sizes, k) <= mostChoices) {
    eachChoice(sizes, k, other => {
      share = Math.max(share, value(other))
    })
    return { share, exact: true }
  }
  for (let better = true; better; ) {
    better = false
    for (const from of sizes.keys()) {
      for (const to of sizes.keys()) {
        if (from === to || (chosen[from] as number) === 0 || chosen[to] === sizes[to]) continue
        const other = chosen.with(from, (chosen[from] as number) - 1).with(to, (chosen[to] as number) + 1)
        const worth = value(other)
        if (worth <= share) continue
        chosen = other
        share = worth
        better = true
      }
    }
  }
  return { share, exact: share >= bound * (1 - 1e-12) }
}

/** In how many ways k are chosen from classes of these sizes. */
function choices(sizes: readonly number[], k: number): number {
  let ways = [1, ...Array.from({ length: k }, () => 0)]
  for (const size of sizes) {
    ways = ways.map((_, n) => ways.slice(Math.max(0, n - size), n + 1).reduce((sum, way) => sum + way, 0))
  }
  return ways[k] ?? 0
}

function eachChoice(sizes: readonly number[], k: number, visit: (chosen: readonly number[]) => void): void {
  const chosen: number[] = []
  const choose = (left: number): void => {
    const i = chosen.length
    if (i === sizes.length) {
      if (left === 0) visit(chosen)
      return
    }
    for (let count = Math.min(left, sizes[i] as number); count >= 0; count--) {
      chosen.push(count)
      choose(left - count)
      chosen.pop()
    }
  }
  choose(k)
}

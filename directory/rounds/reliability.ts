// From many nodes' loop statistics to what authorities vote about each node (docs/spec/directory-tally.md 7.5). A pure
// function. Every reporter gives one value about a node; of all values a share is dropped at both ends, so that a
// minority that lies moves nothing out of the span of what the others measured.

import type { Flags } from '../documents/vote.ts'

/** Counts the loops through a node that ended, and those of them that came back. */
export interface LoopCount {
  readonly sent: number
  readonly returned: number
}

/** Holds what one reporter counted, by the hex of the node; nothing about itself and its own family. */
export type Report = ReadonlyMap<string, LoopCount>

export interface MeasuringRules {
  /** 0 to 49: the percentage of values that is dropped at each end. */
  readonly trimPercent: number
  readonly minimumReporters: number
  readonly minimumSamples: number
}

export interface Measured {
  /** The share of its loops that a node lets pass, over the share that comes back at all; 1 for a usual node. */
  readonly share: number
  /** The weights of its reporters together. */
  readonly reporters: number
  /** Loops of all reporters, of each only what it needs to give. */
  readonly samples: number
}

/**
 * Measures each node of which enough reporters have enough loops; the others are not in the result.
 *
 * @param reports one a reporter
 * @param weights of each reporter, as `weightsOf` gives them; 1 each where they are not given
 */
export function measure(
  reports: readonly Report[],
  rules: MeasuringRules,
  weights: readonly number[] = [],
): Map<string, Measured> {
  const values = new Map<string, { shares: number[]; weights: number[]; samples: number }>()
  // One reporter alone must not make up for the loops that others lack.
  const mostSamples = Math.ceil(rules.minimumSamples / rules.minimumReporters)
  for (const [i, report] of reports.entries()) {
    const weight = weights[i] ?? 1
    const usual = usualShare(report)
    if (usual === 0) continue
    for (const [id, { sent, returned }] of report) {
      if (sent === 0) continue
      const of = values.get(id) ?? { shares: [], weights: [], samples: 0 }
      of.shares.push(returned / sent / usual)
      of.weights.push(weight)
      of.samples += weight * Math.min(sent, mostSamples)
      values.set(id, of)
    }
  }
  const measured = new Map<string, Measured>()
  for (const [id, { shares, weights: of, samples: weighed }] of values) {
    const [reporters, samples] = [total(of), rounded(weighed)]
    if (reporters < rules.minimumReporters || samples < rules.minimumSamples) continue
    measured.set(id, { share: trimmedMean(shares, rules.trimPercent, of), reporters, samples })
  }
  return measured
}

/**
 * The share of a reporter's loops that came back, over all nodes that let any pass. A loop passes one node of each
 * ring, drawn evenly; what the others on its path lose is the same for all nodes of a ring and cancels out. 0 when
 * nothing came back: then it measures itself.
 */
function usualShare(report: Report): number {
  let [sent, returned] = [0, 0]
  for (const count of report.values()) {
    if (count.returned === 0) continue
    sent += count.sent
    returned += count.returned
  }
  return sent === 0 ? 0 : returned / sent
}

/** Computes how many of `count` values are dropped at each end; at least one stays. */
export function trimmedAtEachEnd(count: number, trimPercent: number): number {
  return Math.min(Math.floor((count - 1) / 2), Math.ceil((count * trimPercent) / 100))
}

/**
 * Weighs reporters, so that those of one network, or of one family, weigh no more than one together, however many they
 * are.
 *
 * @param groups of each reporter: its family and its networks
 */
export function weightsOf(groups: readonly (readonly string[])[]): number[] {
  const counts = new Map<string, number>()
  for (const group of groups.flat()) counts.set(group, (counts.get(group) ?? 0) + 1)
  return groups.map(of => 1 / Math.max(1, ...of.map(group => counts.get(group) ?? 1)))
}

/** A third three times is one. */
function rounded(sum: number): number {
  return Math.round(sum * 1e6) / 1e6
}

function total(weights: readonly number[]): number {
  return rounded(weights.reduce((sum, weight) => sum + weight, 0))
}

/**
 * The mean of what is left of one value or more. With k dropped at each end, up to k values of liars leave it between
 * the least and the greatest of the others; with k + 1 they need not.
 */
export function trimmedMean(
  values: readonly number[],
  trimPercent: number,
  weights: readonly number[] = values.map(() => 1),
): number {
  const all = total(weights)
  const k = Math.max(0, trimmedAtEachEnd(all, trimPercent))
  const sorted = values
    .map((value, i) => ({ value, weight: weights[i] ?? 1 }))
    .sort((a, b) => a.value - b.value)
  let [from, sum, weight] = [0, 0, 0]
  for (const next of sorted) {
    const to = from + next.weight
    const kept = Math.max(0, Math.min(to, all - k) - Math.max(from, k))
    sum += next.value * kept
    weight += kept
    from = to
  }
  return sum / weight
}

/** The counts of one reporter in two halves, together. */
export function pool(a: Report, b: Report): Report {
  const both = new Map(a)
  for (const [id, { sent, returned }] of b) {
    const have = both.get(id)
    both.set(id, { sent: sent + (have?.sent ?? 0), returned: returned + (have?.returned ?? 0) })
  }
  return both
}

/**
 * Decides what to vote about one node.
 *
 * @param newest measured in the last half epoch; undefined when that was too little
 * @param whole measured in the last whole epoch
 * @param before what it was; a node of which nothing is known is innocent
 */
export function judge(
  { newest, whole }: { readonly newest: Measured | undefined; readonly whole: Measured | undefined },
  before: Flags | undefined,
  { runningPercent, reliablePercent }: { readonly runningPercent: number; readonly reliablePercent: number },
): Flags {
  const known = before ?? { running: true, reliable: true }
  const recent = newest ?? whole
  const running = recent === undefined ? known.running : 100 * recent.share >= runningPercent
  const steady = whole === undefined ? known.reliable : 100 * whole.share >= reliablePercent
  return { running, reliable: running && steady }
}

// What somebody on a client's link can measure in a window of time: rates, gaps, sizes and directions of the chunks
// that pass, as numbers for a classifier.

import { max, mean, min, quantileSorted, standardDeviation } from 'simple-statistics'

/** One chunk on a link. */
export interface Chunk {
  /** Milliseconds. */
  readonly at: number
  /** From the client, or to it. */
  readonly up: boolean
  readonly bytes: number
}

export interface WindowPlan {
  /** Milliseconds since 1970-01-01 UTC: where the first window begins. */
  readonly from: number
  readonly windows: number
  readonly windowMs: number
  /** Left out between two windows, so that one says nothing about the next. */
  readonly gapMs: number
}

/** The chunks of each window, times counted from its begin. */
export function cut(chunks: readonly Chunk[], { from, windows, windowMs, gapMs }: WindowPlan): Chunk[][] {
  const cuts: Chunk[][] = Array.from({ length: windows }, () => [])
  for (const { at, up, bytes } of chunks) {
    const index = Math.floor((at - from) / (windowMs + gapMs))
    const within = at - from - index * (windowMs + gapMs)
    if (within < windowMs) cuts[index]?.push({ at: within, up, bytes })
  }
  return cuts
}

/** All numbers of one window; the same count and order for every window. */
export function features(window: readonly Chunk[], windowMs: number): number[] {
  const up = window.filter(chunk => chunk.up)
  const down = window.filter(chunk => !chunk.up)
  return [
    ...direction(up, windowMs),
    ...direction(down, windowMs),
    ...shape(responses(window, true)),
    ...shape(responses(window, false)),
    window.length,
  ]
}

/** Numbers of the chunks of one direction or kind. */
export function direction(chunks: readonly Chunk[], windowMs: number): number[] {
  const sizes = chunks.map(({ bytes }) => bytes)
  const gaps = chunks.slice(1).map(({ at }, i) => at - (chunks[i] as Chunk).at)
  return [
    chunks.length,
    sizes.reduce((sum, bytes) => sum + bytes, 0),
    new Set(sizes).size,
    ...shape(sizes),
    ...shape(gaps),
    correlation(gaps),
    busiest(chunks, 100),
    busiest(chunks, 500),
    ...halves(chunks, windowMs),
  ]
}

/** Where a sample lies and how it is spread. */
export function shape(sample: readonly number[]): number[] {
  if (sample.length === 0) return [0, 0, 0, 0, 0, 0, 0]
  const values = [...sample]
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => quantileSorted(sorted, share)
  return [mean(values), standardDeviation(values), min(values), at(0.1), at(0.5), at(0.9), max(values)]
}

/** Measures how long it takes from each chunk of one direction until the next of the other. */
function responses(window: readonly Chunk[], fromUp: boolean): number[] {
  const times: number[] = []
  let since: number | undefined
  for (const { at, up } of window) {
    if (up === fromUp) since ??= at
    else if (since !== undefined) {
      times.push(at - since)
      since = undefined
    }
  }
  return times
}

/** Correlates neighbouring gaps: a sender that works in bursts has long ones beside long ones. */
function correlation(gaps: readonly number[]): number {
  if (gaps.length < 3) return 0
  const middle = mean([...gaps])
  let [together, alone] = [0, 0]
  for (const [i, gap] of gaps.entries()) {
    alone += (gap - middle) ** 2
    if (i > 0) together += (gap - middle) * ((gaps[i - 1] as number) - middle)
  }
  return alone === 0 ? 0 : together / alone
}

/** The most chunks in any `ms` milliseconds. */
function busiest(chunks: readonly Chunk[], ms: number): number {
  let [first, most] = [0, 0]
  for (const [i, { at }] of chunks.entries()) {
    while (at - (chunks[first] as Chunk).at > ms) first++
    most = Math.max(most, i - first + 1)
  }
  return most
}

function halves(chunks: readonly Chunk[], windowMs: number): number[] {
  const early = chunks.filter(({ at }) => at < windowMs / 2).length
  return [Math.abs(2 * early - chunks.length)]
}

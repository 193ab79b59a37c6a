// The numbers that are voted on: defaults and ranges, in one place (docs/directory.md 7 prints the same table).

import type { Parameters } from './view.ts'

export interface ParameterRange {
  readonly min: number
  readonly max: number
  readonly usual: number
}

const minute = 60_000
const day = 24 * 60

/** Whole numbers; the units are those of `Parameters`. What a vote wants beyond a range is moved into it. */
export const parameterRanges: { readonly [name in keyof Parameters]: ParameterRange } = {
  hopDelayMs: { min: 1, max: minute, usual: 50 },
  maxHopDelayMs: { min: 100, max: 60 * minute, usual: 10_000 },
  payloadPerMinute: { min: 1, max: 60_000, usual: 600 },
  loopPerMinute: { min: 0, max: 60_000, usual: 60 },
  dropPerMinute: { min: 0, max: 60_000, usual: 60 },
  readPerMinute: { min: 1, max: 6_000, usual: 300 },
  pageEntries: { min: 1, max: 64, usual: 8 },
  nodeLoopPerMinute: { min: 0, max: 60_000, usual: 60 },
  mailboxEntries: { min: 64, max: 1_000_000, usual: 20_000 },
  mailboxMinutes: { min: 1, max: 60 * day, usual: 7 * day },
  batchPackets: { min: 1, max: 10_000, usual: 20 },
  batchMs: { min: 10, max: minute, usual: 500 },
  poolPackets: { min: 0, max: 10_000, usual: 20 },
  poolPercent: { min: 1, max: 100, usual: 60 },
}

export const parameterNames: readonly (keyof Parameters)[] = Object.keys(
  parameterRanges,
) as (keyof Parameters)[]

export const defaultParameters: Parameters = pickParameters(name => parameterRanges[name].usual)

/** All parameters, each as `value` gives it. */
export function pickParameters(value: (name: keyof Parameters) => number): Parameters {
  return Object.fromEntries(parameterNames.map(name => [name, value(name)])) as unknown as Parameters
}

export function clampParameter(name: keyof Parameters, value: number): number {
  const { min, max } = parameterRanges[name]
  return Math.min(max, Math.max(min, value))
}

/** The median of one number or more; of an even count, the lower of the middle two. */
export function lowMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1] as number
}

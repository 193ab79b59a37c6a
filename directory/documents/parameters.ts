// The numbers that are voted on: defaults and ranges, in one place (docs/spec/directory-tally.md 7 prints the same
// table).

import { minute } from '../../world/units.ts'
import type { Parameters } from './view.ts'

/** Most authorities a network can have. */
export const mostAuthorities = 31

/** The values that a parameter may have. */
export interface ParameterRange {
  readonly min: number
  readonly max: number
  readonly usual: number
}

const day = 24 * 60

/** Whole numbers; the units are those of `Parameters`. What a vote wants beyond a range is moved into it. */
export const parameterRanges: { readonly [name in keyof Parameters]: ParameterRange } = {
  hopDelayMs: { min: 1, max: minute, usual: 50 },
  maxHopDelayMs: { min: 100, max: 60 * minute, usual: 10_000 },
  payloadPerMinute: { min: 1, max: 60_000, usual: 600 },
  loopPerMinute: { min: 0, max: 60_000, usual: 240 },
  dropPerMinute: { min: 0, max: 60_000, usual: 60 },
  readPerMinute: { min: 1, max: 6_000, usual: 300 },
  pageEntries: { min: 1, max: 64, usual: 8 },
  nodeLoopPerMinute: { min: 0, max: 60_000, usual: 1200 },
  mailboxEntries: { min: 64, max: 1_000_000, usual: 20_000 },
  mailboxMinutes: { min: 1, max: 60 * day, usual: 14 * day },
  batchPackets: { min: 1, max: 10_000, usual: 20 },
  batchMs: { min: 10, max: minute, usual: 500 },
  poolPackets: { min: 0, max: 10_000, usual: 20 },
  poolPercent: { min: 1, max: 100, usual: 60 },
  runningPercent: { min: 0, max: 100, usual: 50 },
  reliablePercent: { min: 0, max: 100, usual: 80 },
  trimPercent: { min: 0, max: 49, usual: 34 },
  minimumReporters: { min: 1, max: 1000, usual: 3 },
  minimumSamples: { min: 1, max: 100_000, usual: 12 },
  bulletinPageBytes: { min: 256, max: 65_536, usual: 1024 },
  bulletinMinutes: { min: 1, max: day, usual: 30 },
  bulletinKiB: { min: 32, max: 65_536, usual: 1024 },
  openKiB: { min: 0, max: 65_536, usual: 64 },
  paymentsKiB: { min: 0, max: 65_536, usual: 128 },
  headsKiB: { min: 0, max: 65_536, usual: 16 },
  waitingEpochs: { min: 0, max: 72, usual: 3 },
  networksApart: { min: 0, max: 1, usual: 1 },
  nodesPerNetwork: { min: 1, max: 10_000, usual: 10_000 },
  nodesPerFamily: { min: 1, max: 10_000, usual: 10_000 },
}

/** The names of what is voted on, in the order of the document (docs/spec/directory-consensus.md 6). */
export const parameterNames: readonly (keyof Parameters)[] = Object.keys(
  parameterRanges,
) as (keyof Parameters)[]

/** Holds the usual value of every parameter, which an authority votes for that is told nothing else. */
export const defaultParameters: Parameters = pickParameters(name => parameterRanges[name].usual)

/** All parameters, each as `value` gives it. */
export function pickParameters(value: (name: keyof Parameters) => number): Parameters {
  return Object.fromEntries(parameterNames.map(name => [name, value(name)])) as unknown as Parameters
}

export function clampParameter(name: keyof Parameters, value: number): number {
  const { min, max } = parameterRanges[name]
  return Math.min(max, Math.max(min, value))
}

/** This share of the packets of a pool leaves within the time that is waited for, at least. */
const poolQuantile = 0.99

/**
 * Computes what mixing in batches may add to a packet's delay at one hop, milliseconds: the time between two batches,
 * and for a pool so many of them that 99 of 100 packets have left. The Poisson strategy adds nothing.
 */
export function batchWaitMs(
  mixing: string,
  { batchMs, poolPercent }: Pick<Parameters, 'batchMs' | 'poolPercent'>,
): number {
  if (mixing === 'poisson') return 0
  if (mixing !== 'pool' || poolPercent >= 100) return batchMs
  return batchMs * Math.ceil(Math.log(1 - poolQuantile) / Math.log(1 - poolPercent / 100))
}

/** The median of one number or more; of an even count, the lower of the middle two. */
export function lowMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1] as number
}

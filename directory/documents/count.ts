// A count that a mix or gateway publishes of its traffic (docs/spec/counts.md), as documents carry it.

import type { Cbor } from '../../encoding/cbor.ts'
import type { Reader } from '../reader.ts'

/** A count as a descriptor carries it. */
export interface PublishedCount {
  /** The period that was counted, from 0 at genesis. */
  readonly period: number
  /** The count with its noise, in steps of `countStep` (below 0 too), rounded. */
  readonly steps: number
}

/** Steps to either side of 0 at most. */
const mostSteps = 2 ** 32

/** [period, steps], where steps below 0 are written as odd numbers. */
export function countForm({ period, steps }: PublishedCount): Cbor {
  return [period, steps < 0 ? -2 * steps - 1 : 2 * steps]
}

/** Reads [period, steps]. */
export function readCount(read: Reader): PublishedCount {
  read.item('count').tuple(2)
  const period = read.item('period').uint()
  const written = read.item('steps').uint(2 * mostSteps)
  return { period, steps: written % 2 === 1 ? -(written + 1) / 2 : written / 2 }
}

/** Keeps a number of steps within what is written. */
export function writableSteps(steps: number): number {
  return Math.max(-mostSteps, Math.min(mostSteps, Math.round(steps))) + 0
}

// A promise that a run of the local network must keep.

import type { RunRecord } from '../../simulator/processes/index.ts'

export interface Claim<T = unknown> {
  readonly id: string
  readonly says: string
  /** undefined when the claim does not apply to this run. */
  readonly read: (run: RunRecord) => T | undefined
  readonly holds: (value: T, run: RunRecord) => boolean
  /**
   * Says whether a part of a run is enough to break it. Of a run that was stopped early, a claim that is not broken so
   * is not measured: what had not happened yet breaks nothing.
   */
  readonly refuted?: (value: T, run: RunRecord) => boolean
}

export interface Settled {
  readonly id: string
  readonly holds: boolean
  /** False where the run was stopped before this could hold or break. */
  readonly measured: boolean
  readonly value: unknown
}

/** Gives the claim's `holds` the type of what its `read` gives. */
export function claim<T>(of: Claim<T>): Claim {
  return of as Claim
}

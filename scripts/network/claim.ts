// A promise that a run must keep: of the local network, or of another demonstration.

import type { RunRecord } from '../../simulator/processes/index.ts'

export interface Claim<T = unknown, Run = RunRecord> {
  readonly id: string
  readonly says: string
  /** undefined when the claim does not apply to this run. */
  readonly read: (run: Run) => T | undefined
  readonly holds: (value: T, run: Run) => boolean
  /**
   * Says whether a part of a run is enough to break it. Of a run that was stopped early, a claim that is not broken so
   * is not measured: what had not happened yet breaks nothing.
   */
  readonly refuted?: (value: T, run: Run) => boolean
}

export interface Settled {
  readonly id: string
  readonly holds: boolean
  /** False where the run was stopped before this could hold or break. */
  readonly measured: boolean
  readonly value: unknown
}

/** Gives the claim's `holds` the type of what its `read` gives. */
export function claim<T, Run = RunRecord>(of: Claim<T, Run>): Claim<unknown, Run> {
  return of as Claim<unknown, Run>
}

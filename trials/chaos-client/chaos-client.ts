// npm run chaos -- client [--seeds 200] [--seed S] [--break DEFECT|list] [--json]: clients on a virtual clock that are
// killed or lose their power (as do their gateways) at random points, between two writes to their disk, and at the
// moments that matter; whose disks are damaged; over links that lose and delay, with clocks that differ and jump,
// gateways that come and go, and strangers who do what they can. Exit code 1 when something did not hold, 2 for options
// that do not exist. What all of that is: docs/spec/client-delivery.md 5.4.

import type { Job } from '../chaos/options.ts'
import { runSeeded, runSeeds, type Seeded, type Tally, tallied } from '../chaos/seeded.ts'
import { defects } from './defects.ts'
import { invariants } from './invariants.ts'
import { drawPlan } from './plan.ts'
import { run } from './run.ts'

export interface Summary extends Tally {
  /** Messages and replies whose call returned; replies that failed for want of reply blocks are counted apart. */
  readonly accepted: number
  readonly read: number
  readonly lost: number
  readonly duplicates: number
  /** Messages lost with a store whose damage its owner was told of: no part of `lost`. */
  readonly damaged: number
  readonly exhausted: number
}

const suite: Seeded<Summary> = {
  name: 'client',
  defects,
  invariants,
  child: new URL('./child.ts', import.meta.url),
  many: 10,
  play,
  lines: ({ runs, accepted, read, lost, duplicates, damaged, exhausted }) => [
    `${runs} runs: ${accepted} accepted, ${read} read, ${lost} lost, ${duplicates} twice`,
    `${damaged} lost with stores that said that they were damaged`,
    `${exhausted} replies found no reply block`,
  ],
}

/** @returns the exit code */
export const chaos = (args: readonly string[]): Promise<number> => runSeeded(args, suite)

export const runAll = (job: Job): Promise<Summary> => runSeeds(job, suite)

async function play(seed: number, defect: string | undefined): Promise<Summary> {
  const outcome = await run(drawPlan(seed), defect === undefined ? {} : (defects[defect] ?? {}))
  const { violation, accepted, read, lost, duplicates, damaged, exhausted } = outcome
  if (violation !== undefined) console.error(`chaos: seed ${seed}: ${violation.invariant}: ${violation.why}`)
  return { ...tallied(seed, violation), accepted, read, lost, duplicates, damaged, exhausted }
}

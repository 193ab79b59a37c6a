// npm run chaos -- directory [--seeds 200] [--seed S] [--break DEFECT|list] [--json]: groups of authorities, some of
// whom lie, crash or are cut off, on a virtual clock. Prints what was run and what did not hold; exit code 1 when
// anything did not, 2 for options that do not exist.

import type { Job } from '../chaos/options.ts'
import { counted, runSeeded, runSeeds, type Seeded, type Tally, tallied } from '../chaos/seeded.ts'
import { defects } from './defects.ts'
import { drawPlan } from './plan.ts'
import { run } from './run.ts'
import { invariants } from './watch.ts'

export interface Summary extends Tally {
  readonly epochs: number
  readonly failedEpochs: number
  readonly faults: Readonly<Record<string, number>>
  /** Runs with the real sharing of secrets; signatures are real in all of them. */
  readonly realRuns: number
}

const suite: Seeded<Summary> = {
  name: 'directory',
  defects,
  invariants,
  child: new URL('./child.ts', import.meta.url),
  many: 20,
  play,
  lines: ({ runs, epochs, failedEpochs, faults }) => [
    `${runs} runs, ${epochs} epochs, ${failedEpochs} of them without a document`,
    ...counted(faults),
  ],
}

/** @returns the exit code */
export const chaos = (args: readonly string[]): Promise<number> => runSeeded(args, suite)

export const runAll = (job: Job): Promise<Summary> => runSeeds(job, suite)

async function play(seed: number, defect: string | undefined): Promise<Summary> {
  const planted = defect === undefined ? undefined : defects[defect]
  const { real, epochs, failedEpochs, faults, violation } = await run(drawPlan(seed), planted)
  if (violation !== undefined) console.error(`chaos: seed ${seed}: ${violation.invariant}: ${violation.why}`)
  return {
    ...tallied(seed, violation),
    epochs,
    failedEpochs,
    faults: Object.fromEntries(faults),
    realRuns: real ? 1 : 0,
  }
}

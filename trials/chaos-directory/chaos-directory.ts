// npm run chaos -- directory [--seeds 200] [--seed S] [--break DEFECT|list] [--json]: groups of authorities, some of
// whom lie, crash or are cut off, on a virtual clock. Prints what was run and what did not hold; exit code 1 when
// anything did not, 2 for options that do not exist.

import { type Job, readSeeds, runSuite } from '../chaos/options.ts'
import { runShared } from '../chaos/share.ts'
import { defects } from './defects.ts'
import { drawPlan } from './plan.ts'
import { type Outcome, run } from './run.ts'
import { type Invariant, invariants } from './watch.ts'

export interface Summary {
  readonly runs: number
  readonly violations: number
  readonly epochs: number
  readonly failedEpochs: number
  readonly faults: Readonly<Record<string, number>>
  /** Runs with the real sharing of secrets; signatures are real in all of them. */
  readonly realRuns: number
  readonly first?: { readonly seed: number; readonly invariant: Invariant }
}

const child = new URL('./child.ts', import.meta.url)

/** @returns the exit code */
export function chaos(args: readonly string[]): Promise<number> {
  const shared = { child, many: 20, runAll, merge }
  return runSuite(args, {
    name: 'chaos: directory',
    defects,
    read: given => readSeeds(given, defects, 200),
    run: job => runShared(job, shared),
    print,
    holds: ({ violations }) => violations === 0,
  })
}

/** A planted defect is searched for until it is found; otherwise every seed is run. */
export async function runAll({ seeds, defect }: Job): Promise<Summary> {
  const outcomes: Outcome[] = []
  for (const seed of seeds) {
    const outcome = await run(drawPlan(seed), defect === undefined ? undefined : defects[defect])
    outcomes.push(outcome)
    if (defect !== undefined && outcome.violation !== undefined) break
  }
  return merge(outcomes.map(summarize))
}

function summarize({ seed, real, epochs, failedEpochs, faults, violation }: Outcome): Summary {
  if (violation !== undefined) console.error(`chaos: seed ${seed}: ${violation.invariant}: ${violation.why}`)
  return {
    runs: 1,
    violations: violation === undefined ? 0 : 1,
    epochs,
    failedEpochs,
    faults: Object.fromEntries(faults),
    realRuns: real ? 1 : 0,
    ...(violation === undefined ? {} : { first: { seed, invariant: violation.invariant } }),
  }
}

function merge(parts: readonly Summary[]): Summary {
  const sum = (of: 'runs' | 'violations' | 'epochs' | 'failedEpochs' | 'realRuns'): number =>
    parts.reduce((total, part) => total + part[of], 0)
  const faults = new Map<string, number>()
  for (const [fault, times] of parts.flatMap(part => Object.entries(part.faults))) {
    faults.set(fault, (faults.get(fault) ?? 0) + times)
  }
  const firsts = parts.flatMap(({ first }) => (first === undefined ? [] : [first]))
  const [first] = firsts.sort((a, b) => a.seed - b.seed)
  return {
    runs: sum('runs'),
    violations: sum('violations'),
    epochs: sum('epochs'),
    failedEpochs: sum('failedEpochs'),
    faults: Object.fromEntries([...faults].sort(([a], [b]) => (a < b ? -1 : 1))),
    realRuns: sum('realRuns'),
    ...(first === undefined ? {} : { first }),
  }
}

function print({ runs, violations, epochs, failedEpochs, faults, first }: Summary): void {
  console.log(`${runs} runs, ${epochs} epochs, ${failedEpochs} of them without a document`)
  for (const [fault, times] of Object.entries(faults)) console.log(`  ${fault.padEnd(14)} ${times}`)
  console.log(violations === 0 ? 'everything held' : `${violations} runs in which something did not hold`)
  if (first !== undefined) console.log(`first: seed ${first.seed}: ${invariants[first.invariant]}`)
}

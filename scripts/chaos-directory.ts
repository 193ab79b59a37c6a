// npm run chaos -- directory [--seeds 200] [--seed S] [--break DEFECT|list] [--json]: groups of authorities, some of whom lie,
// crash or are cut off, on a virtual clock. Prints what was run and what did not hold; exit code 1 when anything
// did not, 2 for options that do not exist.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { defects } from './chaos-directory-defects.ts'
import { drawPlan } from './chaos-directory-plan.ts'
import { type Outcome, run } from './chaos-directory-run.ts'
import { type Invariant, invariants } from './chaos-directory-watch.ts'
import { deal, inChild } from './chaos-share.ts'

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

interface Job {
  readonly seeds: readonly number[]
  readonly defect: string | undefined
}

const defaultSeeds = 200
const child = new URL('./chaos-directory-child.ts', import.meta.url)
/** From here on a second process is worth its start. */
const manySeeds = 20

/** @returns the exit code */
export async function chaos(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'string') {
    console.error(`chaos: ${options}`)
    return 2
  }
  if (options === undefined) {
    console.log(Object.keys(defects).join('\n'))
    return 0
  }
  const { job, json } = options
  // A hunt for a defect goes seed by seed, so that the first is the first.
  const alone = job.seeds.length < manySeeds || job.defect !== undefined
  const processes = alone ? 1 : Math.min(2, availableParallelism())
  const summary =
    processes === 1
      ? await runAll(job)
      : merge(
          await Promise.all(
            deal(job.seeds, processes).map(seeds => inChild<Summary>(child, { ...job, seeds })),
          ),
        )
  if (json) console.log(JSON.stringify(summary))
  else print(summary)
  return summary.violations > 0 ? 1 : 0
}

/** What is wrong with the options; nothing when the defects are to be listed. */
function readOptions(args: readonly string[]): { job: Job; json: boolean } | string | undefined {
  let values: { seeds?: string; seed?: string; break?: string; json: boolean }
  try {
    values = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        break: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const { seeds, seed, break: defect, json } = values
  if (defect === 'list') return undefined
  if (defect !== undefined && !Object.hasOwn(defects, defect)) {
    return `--break: want one of ${Object.keys(defects).join(', ')}, have ${defect}`
  }
  // A seed alone is one run: the one that somebody wants to see again.
  const count = whole(seeds ?? (seed === undefined ? String(defaultSeeds) : '1'))
  const start = whole(seed ?? '1')
  if (count === undefined || count === 0) return `--seeds: want a whole number from 1, have ${seeds}`
  if (start === undefined) return `--seed: want a whole number, have ${seed}`
  return { job: { seeds: Array.from({ length: count }, (_, i) => start + i), defect }, json }
}

function whole(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
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

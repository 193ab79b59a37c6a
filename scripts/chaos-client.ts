// npm run chaos -- client [--seeds 200] [--seed S] [--break DEFECT|list] [--json]: clients on a virtual clock that are killed
// (as are their gateways) at random points, some of them between two writes to their disk, over links that lose and delay,
// with clocks that differ, and with more replies than there are reply blocks. Exit code 1 when something did not hold,
// 2 for options that do not exist.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { defects } from './chaos-client-defects.ts'
import { drawPlan } from './chaos-client-plan.ts'
import { type Invariant, invariants, type Outcome, run } from './chaos-client-run.ts'
import { deal, inChild } from './chaos-share.ts'

export interface Summary {
  readonly runs: number
  /** Messages and replies whose call returned; replies that failed for want of reply blocks are counted apart. */
  readonly accepted: number
  readonly read: number
  readonly lost: number
  readonly duplicates: number
  readonly violations: number
  readonly exhausted: number
  readonly first?: { readonly seed: number; readonly invariant: Invariant }
}

interface Job {
  readonly seeds: readonly number[]
  readonly defect: string | undefined
}

const defaultSeeds = 200
/** From here on a second process is worth its start. */
const manySeeds = 10
const child = new URL('./chaos-client-child.ts', import.meta.url)

/** @returns the exit code */
export async function chaos(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'string') {
    console.error(`chaos: client: ${options}`)
    return 2
  }
  if (options === undefined) {
    console.log(Object.keys(defects).join('\n'))
    return 0
  }
  const { job, json } = options
  // A hunt for a defect goes seed by seed, so that the first is the first.
  const alone = job.seeds.length < manySeeds || job.defect !== undefined
  const hands = alone ? 1 : Math.min(2, availableParallelism())
  const shares = deal(job.seeds, hands)
  const summary = alone
    ? await runAll(job)
    : merge(await Promise.all(shares.map(seeds => inChild<Summary>(child, { ...job, seeds }))))
  if (json) console.log(JSON.stringify(summary))
  else print(summary)
  return summary.violations > 0 ? 1 : 0
}

/** What is wrong with the options; nothing when the defects are to be listed. */
function readOptions(args: readonly string[]): { job: Job; json: boolean } | string | undefined {
  const text = { type: 'string' } as const
  let values: { seeds?: string; seed?: string; break?: string; json?: boolean }
  try {
    const known = { seeds: text, seed: text, break: text, json: { type: 'boolean' } } as const
    values = parseArgs({ args: [...args], options: known }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const { seeds, seed, break: defect, json = false } = values
  if (defect === 'list') return undefined
  if (defect !== undefined && !Object.hasOwn(defects, defect))
    return `--break: want one of ${Object.keys(defects).join(', ')}, have ${defect}`
  // A seed alone is one run: the one that somebody wants to see again.
  const count = seeds ?? (seed === undefined ? String(defaultSeeds) : '1')
  if (!/^[1-9]\d{0,5}$/.test(count)) return `--seeds: want a whole number from 1, have ${count}`
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) return `--seed: want a whole number, have ${seed}`
  const first = Number(seed ?? 1)
  return { job: { seeds: Array.from({ length: Number(count) }, (_, i) => first + i), defect }, json }
}

/** A planted defect is searched for until it is found; otherwise every seed is run. */
export async function runAll({ seeds, defect }: Job): Promise<Summary> {
  const outcomes: Outcome[] = []
  for (const seed of seeds) {
    const outcome = await run(drawPlan(seed), defect === undefined ? {} : (defects[defect] ?? {}))
    outcomes.push(outcome)
    const { violation } = outcome
    if (violation !== undefined)
      console.error(`chaos: seed ${seed}: ${violation.invariant}: ${violation.why}`)
    if (defect !== undefined && violation !== undefined) break
  }
  return merge(outcomes.map(summarize))
}

function summarize({ seed, violation, ...counts }: Outcome): Summary {
  const first = violation === undefined ? {} : { first: { seed, invariant: violation.invariant } }
  return { runs: 1, ...counts, violations: violation === undefined ? 0 : 1, ...first }
}

function merge(parts: readonly Summary[]): Summary {
  const sum = (of: Exclude<keyof Summary, 'first'>): number =>
    parts.reduce((total, part) => total + part[of], 0)
  const [first] = parts
    .flatMap(part => (part.first === undefined ? [] : [part.first]))
    .sort((a, b) => a.seed - b.seed)
  return {
    runs: sum('runs'),
    accepted: sum('accepted'),
    read: sum('read'),
    lost: sum('lost'),
    duplicates: sum('duplicates'),
    violations: sum('violations'),
    exhausted: sum('exhausted'),
    ...(first === undefined ? {} : { first }),
  }
}

function print({ runs, accepted, read, lost, duplicates, violations, exhausted, first }: Summary): void {
  console.log(`${runs} runs: ${accepted} accepted, ${read} read, ${lost} lost, ${duplicates} twice`)
  console.log(`${exhausted} replies found no reply block`)
  console.log(violations === 0 ? 'everything held' : `${violations} runs in which something did not hold`)
  if (first !== undefined) console.log(`first: seed ${first.seed}: ${invariants[first.invariant]}`)
}

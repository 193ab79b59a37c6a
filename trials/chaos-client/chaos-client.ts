// npm run chaos -- client [--seeds 200] [--seed S] [--break DEFECT|list] [--json]: clients on a virtual clock that are
// killed or lose their power (as do their gateways) at random points, between two writes to their disk, and at the
// moments that matter; whose disks are damaged; over links that lose and delay, with clocks that differ and jump,
// gateways that come and go, and strangers who do what they can. Exit code 1 when something did not hold, 2 for options
// that do not exist. What all of that is: docs/spec/client-delivery.md 5.4.

import { type Job, readSeeds, runSuite } from '../chaos/options.ts'
import { runShared } from '../chaos/share.ts'
import { defects } from './defects.ts'
import { type Invariant, invariants, type Outcome } from './invariants.ts'
import { drawPlan } from './plan.ts'
import { run } from './run.ts'

export interface Summary {
  readonly runs: number
  /** Messages and replies whose call returned; replies that failed for want of reply blocks are counted apart. */
  readonly accepted: number
  readonly read: number
  readonly lost: number
  readonly duplicates: number
  /** Messages lost with a store whose damage its owner was told of: no part of `lost`. */
  readonly damaged: number
  readonly violations: number
  readonly exhausted: number
  readonly first?: { readonly seed: number; readonly invariant: Invariant }
}

const child = new URL('./child.ts', import.meta.url)

/** @returns the exit code */
export function chaos(args: readonly string[]): Promise<number> {
  const shared = { child, many: 10, runAll, merge }
  return runSuite(args, {
    name: 'chaos: client',
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
    damaged: sum('damaged'),
    violations: sum('violations'),
    exhausted: sum('exhausted'),
    ...(first === undefined ? {} : { first }),
  }
}

function print({
  runs,
  accepted,
  read,
  lost,
  duplicates,
  damaged,
  violations,
  exhausted,
  first,
}: Summary): void {
  console.log(`${runs} runs: ${accepted} accepted, ${read} read, ${lost} lost, ${duplicates} twice`)
  console.log(`${damaged} lost with stores that said that they were damaged`)
  console.log(`${exhausted} replies found no reply block`)
  console.log(violations === 0 ? 'everything held' : `${violations} runs in which something did not hold`)
  if (first !== undefined) console.log(`first: seed ${first.seed}: ${invariants[first.invariant]}`)
}

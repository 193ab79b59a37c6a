// npm run chaos -- cascade [--seeds 200] [--seed S] [--break DEFECT|list] [--json]: mix-nets on a virtual clock, one of
// rows and one of packets a seed, in which the Controller, mixers, trustees, owners or senders lie, and all end and
// lose what can be lost. Prints what was run and what did not hold; exit code 1 when anything did not, 2 for options
// that do not exist.

import { type Job, readSeeds, runSuite } from '../chaos/options.ts'
import { runShared } from '../chaos/share.ts'
import { defects } from './defects.ts'
import { type Invariant, invariants } from './invariants.ts'
import { drawPacketPlan } from './packet-plan.ts'
import { type PacketOutcome, runPackets } from './packet-run.ts'
import { drawPlan } from './plan.ts'
import { type Outcome, run } from './run.ts'

export interface Tally {
  readonly runs: number
  readonly violations: number
  readonly ticks: number
  /** Runs by the lie that was told in them. */
  readonly lies: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  readonly first?: { readonly seed: number; readonly invariant: Invariant }
}

const child = new URL('./child.ts', import.meta.url)

/** @returns the exit code */
export function chaos(args: readonly string[]): Promise<number> {
  const shared = { child, many: 20, runAll, merge }
  return runSuite(args, {
    name: 'chaos: cascade',
    defects,
    read: given => readSeeds(given, defects, 200),
    run: job => runShared(job, shared),
    print,
    holds: ({ violations }) => violations === 0,
  })
}

/** A planted defect is searched for until it is found; otherwise every seed is run. */
export async function runAll({ seeds, defect }: Job): Promise<Tally> {
  const outcomes: (Outcome | PacketOutcome)[] = []
  for (const seed of seeds) {
    const planted = defect === undefined ? undefined : defects[defect]
    if (planted?.of !== 'packets') outcomes.push(await run(drawPlan(seed), planted))
    if (planted === undefined || planted.of === 'packets')
      outcomes.push(await runPackets(drawPacketPlan(seed), planted))
    if (planted !== undefined && outcomes.at(-1)?.violation !== undefined) break
  }
  return merge(outcomes.map(summarize))
}

function summarize({ plan, ticks, faults, violation }: Outcome | PacketOutcome): Tally {
  const { seed, lie } = plan
  if (violation !== undefined)
    console.error(`chaos: seed ${seed} (${lie}): ${violation.invariant}: ${violation.why}`)
  return {
    runs: 1,
    violations: violation === undefined ? 0 : 1,
    ticks,
    lies: { [lie]: 1 },
    faults: Object.fromEntries(faults),
    ...(violation === undefined ? {} : { first: { seed, invariant: violation.invariant } }),
  }
}

function merge(parts: readonly Tally[]): Tally {
  const sum = (of: 'runs' | 'violations' | 'ticks'): number =>
    parts.reduce((total, part) => total + part[of], 0)
  const added = (of: 'lies' | 'faults'): Record<string, number> => {
    const all = new Map<string, number>()
    for (const [name, times] of parts.flatMap(part => Object.entries(part[of])))
      all.set(name, (all.get(name) ?? 0) + times)
    return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  const [first] = parts.flatMap(part => part.first ?? []).sort((a, b) => a.seed - b.seed)
  return {
    runs: sum('runs'),
    violations: sum('violations'),
    ticks: sum('ticks'),
    lies: added('lies'),
    faults: added('faults'),
    ...(first === undefined ? {} : { first }),
  }
}

function print({ runs, violations, ticks, lies, faults, first }: Tally): void {
  console.log(`${runs} runs, ${ticks} ticks`)
  for (const [name, times] of [...Object.entries(lies), ...Object.entries(faults)])
    console.log(`  ${name.padEnd(16)} ${times}`)
  console.log(violations === 0 ? 'everything held' : `${violations} runs in which something did not hold`)
  if (first !== undefined) console.log(`first: seed ${first.seed}: ${invariants[first.invariant]}`)
}

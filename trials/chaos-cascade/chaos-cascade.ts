// npm run chaos -- cascade [--seeds 200] [--seed S] [--break DEFECT|list] [--json]: mix-nets on a virtual clock, one of
// rows and one of packets a seed, in which the Controller, mixers, trustees, owners or senders lie, and all end and
// lose what can be lost. Prints what was run and what did not hold; exit code 1 when anything did not, 2 for options
// that do not exist.

import type { Job } from '../chaos/options.ts'
import { added, counted, runSeeded, runSeeds, type Seeded, type Tally, tallied } from '../chaos/seeded.ts'
import { defects } from './defects.ts'
import { invariants } from './invariants.ts'
import { drawPacketPlan } from './packet-plan.ts'
import { type PacketOutcome, runPackets } from './packet-run.ts'
import { drawPlan } from './plan.ts'
import { type Outcome, run } from './run.ts'

export interface Summary extends Tally {
  readonly ticks: number
  /** Runs by the lie that was told in them. */
  readonly lies: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
}

const suite: Seeded<Summary> = {
  name: 'cascade',
  defects,
  invariants,
  child: new URL('./child.ts', import.meta.url),
  many: 20,
  play,
  lines: ({ runs, ticks, lies, faults }) => [
    `${runs} runs, ${ticks} ticks`,
    ...counted(lies),
    ...counted(faults),
  ],
}

/** @returns the exit code */
export const chaos = (args: readonly string[]): Promise<number> => runSeeded(args, suite)

export const runAll = (job: Job): Promise<Summary> => runSeeds(job, suite)

/** Plays a mix-net of rows and one of packets; with a defect planted, the one that has it. */
async function play(seed: number, defect: string | undefined): Promise<Summary> {
  const planted = defect === undefined ? undefined : defects[defect]
  const outcomes: (Outcome | PacketOutcome)[] = []
  if (planted?.of !== 'packets') outcomes.push(await run(drawPlan(seed), planted))
  if (planted === undefined || planted.of === 'packets')
    outcomes.push(await runPackets(drawPacketPlan(seed), planted))
  return added(outcomes.map(summarize))
}

function summarize({ plan, ticks, faults, violation }: Outcome | PacketOutcome): Summary {
  const { seed, lie } = plan
  if (violation !== undefined)
    console.error(`chaos: seed ${seed} (${lie}): ${violation.invariant}: ${violation.why}`)
  return { ...tallied(seed, violation), ticks, lies: { [lie]: 1 }, faults: Object.fromEntries(faults) }
}

// npm run chaos -- payment: rounds of 3 to 20 peers, of whom some break the protocol or crash, and what must hold all
// the same (checks.ts). A seed replays its run.

import { type Job, readSeeds, runSuite } from '../chaos/options.ts'
import { added } from '../chaos/seeded.ts'
import { runShared } from '../chaos/share.ts'
import type { Plant, World } from './cast.ts'
import { type Violation, violationsOf } from './checks.ts'
import { defects } from './defects.ts'
import { planOf } from './plan.ts'
import { createWorld, runWorld } from './world.ts'

export interface Tally {
  runs: number
  violations: number
  completed: number
  aborted: number
  blamed: number
  /** Counts the peers that had each fault. */
  faults: Record<string, number>
}

const child = new URL('./child.ts', import.meta.url)

/** @returns the exit code */
export function chaos(args: readonly string[]): Promise<number> {
  const shared = { child, many: 10, runAll, merge: added<Tally> }
  return runSuite(args, {
    name: 'chaos: payment',
    defects,
    read: given => readSeeds(given, defects, 300),
    run: job => runShared(job, shared),
    print: tally => {
      for (const [name, value] of Object.entries(tally)) console.log(`${name} ${JSON.stringify(value)}`)
    },
    holds: ({ violations }) => violations === 0,
  })
}

/** With a defect planted it stops at the first run in which that breaks what it should. */
export async function runAll({ seeds, defect }: Job): Promise<Tally> {
  const planted = defect === undefined ? undefined : defects[defect]
  const plant = planted?.plant ?? (parts => parts)
  const tally = emptyTally()
  for (const seed of seeds) {
    const { world, violations } = await runSeed(seed, plant)
    count(tally, world, violations)
    for (const { invariant, detail } of violations)
      console.error(`chaos: seed ${seed}: ${invariant}: ${detail}`)
    if (planted !== undefined && violations.some(({ invariant }) => invariant === planted.breaks)) break
  }
  return tally
}

function emptyTally(): Tally {
  return { runs: 0, violations: 0, completed: 0, aborted: 0, blamed: 0, faults: {} }
}

export async function runSeed(
  seed: number,
  plant: Plant,
): Promise<{ world: World; violations: Violation[] }> {
  const world = await createWorld(planOf(seed, plant))
  await runWorld(world)
  return { world, violations: await violationsOf(world) }
}

function count(tally: Tally, world: World, violations: readonly Violation[]): void {
  tally.runs++
  tally.violations += violations.length
  const steady = world.peers.filter(peer => peer.fault === null && peer.crashes === 0)
  const done = steady.filter(peer => peer.outcome?.at === 'done')
  if (2 * done.length > steady.length) tally.completed++
  else tally.aborted++
  tally.blamed += new Set(world.trace.blamed.map(({ conviction }) => conviction.guilty)).size
  for (const { fault, crashes } of world.peers) {
    if (fault !== null) tally.faults[fault.name] = (tally.faults[fault.name] ?? 0) + 1
    if (crashes > 0) tally.faults['crash'] = (tally.faults['crash'] ?? 0) + 1
  }
}

// npm run chaos -- payment: rounds of 3 to 20 peers, of whom some break the protocol or crash, and what must hold all the
// same (chaos-payment-checks.ts). A seed replays its run.

import { parseArgs } from 'node:util'
import { type Violation, violationsOf } from './chaos-payment-checks.ts'
import { type Defect, defects } from './chaos-payment-defects.ts'
import { planOf } from './chaos-payment-plan.ts'
import { createWorld, type Plant, runWorld, type World } from './chaos-payment-world.ts'

export interface Tally {
  runs: number
  violations: number
  completed: number
  aborted: number
  blamed: number
  /** How many peers had each fault. */
  faults: Record<string, number>
}

interface Options {
  readonly seeds: number
  readonly from: number
  readonly isJson: boolean
  readonly defect: string | null
}

export async function chaos(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (options === null) return 2
  if (options.defect === 'list') {
    for (const name of Object.keys(defects)) console.log(name)
    return 0
  }
  const tally = await runSeeds(options)
  if (options.isJson) console.log(JSON.stringify(tally))
  else
    console.log(
      Object.entries(tally)
        .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
        .join('\n'),
    )
  return tally.violations > 0 ? 1 : 0
}

function readOptions(args: readonly string[]): Options | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '300' },
        from: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        break: { type: 'string' },
      },
    })
    const defect = values.break ?? null
    if (defect !== null && defect !== 'list' && !Object.hasOwn(defects, defect)) {
      throw new Error(`no defect ${defect}; --break list names them`)
    }
    const [seeds, from] = [Number(values.seeds), Number(values.from)]
    if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(from))
      throw new Error('--seeds: want a number')
    return { seeds, from, isJson: values.json, defect }
  } catch (error) {
    console.error(`chaos: payment: ${(error as Error).message}`)
    return null
  }
}

/** With a defect planted it stops at the first run in which that breaks what it should. */
async function runSeeds({ seeds, from, isJson, defect }: Options): Promise<Tally> {
  const planted = defect === null ? null : (defects[defect] as Defect)
  const plant = planted?.plant ?? (parts => parts)
  const tally: Tally = { runs: 0, violations: 0, completed: 0, aborted: 0, blamed: 0, faults: {} }
  for (let seed = from; seed < from + seeds; seed++) {
    const { world, violations } = await runSeed(seed, plant)
    count(tally, world, violations)
    if (!isJson)
      for (const { invariant, detail } of violations) console.log(`seed ${seed}: ${invariant}: ${detail}`)
    if (planted !== null && violations.some(({ invariant }) => invariant === planted.breaks)) break
  }
  return tally
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
  tally.blamed += new Set(world.trace.blamed.map(({ verdict }) => verdict.guilty)).size
  for (const { fault, crashes } of world.peers) {
    if (fault !== null) tally.faults[fault.name] = (tally.faults[fault.name] ?? 0) + 1
    if (crashes > 0) tally.faults['crash'] = (tally.faults['crash'] ?? 0) + 1
  }
}

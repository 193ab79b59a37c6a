// One run of `npm run chaos -- cascade`: acts until everybody who is honest knows a result, and looks at what holds.

import { seededRandom } from '../../world/random.ts'
import { violationOf } from './checks.ts'
import type { Defect } from './defects.ts'
import type { Dice } from './faults.ts'
import type { Violation } from './invariants.ts'
import type { Plan } from './plan.ts'
import { Stage } from './stage.ts'

export interface Outcome {
  readonly plan: Plan
  readonly ticks: number
  readonly faults: ReadonlyMap<string, number>
  readonly violation: Violation | undefined
}

/** Faults end here, so that what must come at last can come. */
const healedAfter = 60
const ticksAtMost = 260

export async function run(plan: Plan, defect: Defect = {}): Promise<Outcome> {
  const dice: Dice = { on: false, random: seededRandom(plan.seed + 1_000_000), counts: new Map() }
  const stage = await Stage.of(plan, defect, dice)
  dice.on = true
  let violation: Violation | undefined
  let ticks = 0
  while (violation === undefined && !stage.isOver && ticks < ticksAtMost) {
    if (++ticks === healedAfter) dice.on = false
    await stage.tick()
    violation = stage.seen
  }
  violation ??= await violationOf(stage)
  return { plan, ticks, faults: dice.counts, violation }
}

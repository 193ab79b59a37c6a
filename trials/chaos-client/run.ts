// One run of `npm run chaos -- client`: people write to each other while accidents happen, then it is quiet.

import { second } from '../../world/units.ts'
import { arrange } from './accidents.ts'
import type { Outcome } from './invariants.ts'
import { People } from './people.ts'
import { type Plan, troubleMs } from './plan.ts'
import type { Plant } from './processes.ts'
import { chaosWorld } from './world.ts'

const readyMs = 3 * second
const longestReadyMs = 60 * second
const leastQuietMs = 8 * second
/** A client's own back-off doubles; this is enough for two attempts after two epochs without a gateway's keys. */
const longestQuietMs = 400 * second
/** And where a defect is planted: until a reply that nobody can open has failed, three epochs later. */
const huntQuietMs = 170 * second

/** @param plant with one in it, the run ends as soon as something does not hold */
export async function run(plan: Plan, plant: Plant): Promise<Outcome> {
  const isHunt = Object.keys(plant).length > 0
  const world = await chaosWorld(plan, plant)
  const people = new People(plan, world, plant)
  world.onFault((process, error) => people.unopened(process, error))
  const { clock } = world
  await clock.advance(readyMs)
  // Links lose what a client asks for in its first seconds, too
  for (let waited = 0; waited < longestReadyMs && !people.areReady(); waited += second)
    await clock.advance(second)
  // Somebody whose client did not even open has been noted
  if (people.isViolated) return people.outcome(false)
  people.begin()
  arrange(plan, world, people)
  const mostMs = troubleMs + (isHunt ? huntQuietMs : longestQuietMs)
  for (let ms = 0; ms < mostMs && (ms < troubleMs + leastQuietMs || people.waiting()); ms += second) {
    if (isHunt && people.isViolated) break
    await clock.advance(second)
  }
  const outcome = people.outcome(!isHunt)
  for (const { life } of world.processes) life?.end()
  return outcome
}

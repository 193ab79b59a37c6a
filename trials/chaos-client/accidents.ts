// The accidents of a run of `npm run chaos -- client`: at times that were drawn, and at the moments that matter.

import type { People } from './people.ts'
import type { Kill, Moment, Plan } from './plan.ts'
import type { Process, World } from './world.ts'

/** Has everything that is in a plan happen when it is due. */
export function arrange(plan: Plan, world: World, people: People): void {
  const { clock } = world
  for (const kill of plan.kills) clock.after(kill.at, () => doKill(world, kill))
  for (const { at, client, by, rightAfter } of plan.jumps)
    clock.after(at, () => jump(world, world.find({ kind: 'client', number: client }), by, rightAfter))
  for (const attack of plan.attacks) clock.after(attack.at, () => people.attack(attack))
  for (const { at, ms, victim } of plan.cuts) {
    clock.after(at, () => {
      const { link } = world.find(victim)
      if (link !== undefined) world.links.partition([[link.id]])
    })
    clock.after(at + ms, () => world.links.heal())
  }
  for (const { at, client, ms } of plan.absences)
    clock.after(at, () => end(world, world.find({ kind: 'client', number: client }), ms))
  const seen = plan.moments.map(() => 0)
  people.onMoment((what, { from, to }) => {
    for (const [i, moment] of plan.moments.entries()) {
      if (moment.what !== what || ++(seen[i] as number) !== moment.n) continue
      for (const process of victims(world, moment, from, to)) meet(world, process, moment)
    }
  })
}

function victims(world: World, { whom }: Moment, from: Process, to: Process): readonly Process[] {
  switch (whom) {
    case 'sender':
      return [from]
    case 'receiver':
      return [to]
    case 'both':
      return [from, to]
    case 'gateways':
      return world.processes.filter(({ victim }) => victim.kind === 'gateway')
  }
}

function meet(world: World, process: Process, { accident }: Moment): void {
  if (accident.what === 'kill') end(world, process, accident.deadMs)
  else jump(world, process, accident.by, accident.rightAfter)
}

/** Its wall clock goes by so much, and is put right later, unless it has ended. */
function jump(world: World, { life }: Process, by: number, rightAfter: number): void {
  life?.jump(by)
  world.clock.after(rightAfter, () => life?.jump(-by))
}

/** It ends at once, and starts again. */
function end(world: World, process: Process, deadMs: number): void {
  process.life?.end()
  startLater(world, process, deadMs)
}

function startLater(world: World, process: Process, ms: number): void {
  world.clock.after(ms, () => {
    if (process.life === undefined) void process.start()
  })
}

function doKill(world: World, { victim, write, deadMs }: Kill): void {
  const process = world.find(victim)
  const { life } = process
  if (life === undefined) return
  if (write === undefined) life.end()
  else life.killAtWrite(write.n, write.when)
  // One that writes nothing meanwhile dies all the same.
  world.clock.after(deadMs / 2, () => life.end())
  startLater(world, process, deadMs)
}

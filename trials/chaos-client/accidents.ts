// The accidents of a run of `npm run chaos -- client`: at times that were drawn, and at the moments that matter.

import type { People } from './people.ts'
import type { ClockError, Harm, Kill, Moment, Plan } from './plan.ts'
import type { Process } from './processes.ts'
import type { World } from './world.ts'

const damagedMs = 1000
const movingMs = 500

/** Has everything that is in a plan happen when it is due. */
export function arrange(plan: Plan, world: World, people: People): void {
  const { clock } = world
  for (const kill of plan.kills) clock.after(kill.at, () => doKill(world, kill))
  for (const { at, client, ...error } of plan.jumps)
    clock.after(at, () => jump(world, world.find({ kind: 'client', number: client }), error))
  for (const attack of plan.attacks) clock.after(attack.at, () => people.stranger.attack(attack))
  for (const { at, ms, victim } of plan.cuts) {
    clock.after(at, () => {
      const { link } = world.find(victim)
      if (link !== undefined) world.links.partition([[link.id]])
    })
    clock.after(at + ms, () => world.links.heal())
  }
  for (const { at, client, ms, wrong } of plan.absences)
    clock.after(at, () => {
      const process = world.find({ kind: 'client', number: client })
      process.life?.end()
      startLater(world, process, ms, wrong)
    })
  for (const { at, client, harm } of plan.damages)
    clock.after(at, () => end(world, world.find({ kind: 'client', number: client }), damagedMs, harm))
  arrangeGateways(plan, world)
  const seen = plan.moments.map(() => 0)
  people.onMoment((what, { from, to }) => {
    for (const [i, moment] of plan.moments.entries()) {
      if (moment.what !== what || ++(seen[i] as number) !== moment.n) continue
      for (const process of victims(world, moment, from, to)) meet(world, process, moment)
    }
  })
}

/** Gateways come and go, clients move, and the clocks of nodes jump. */
function arrangeGateways({ comes, goes, moves, nodeJumps }: Plan, world: World): void {
  const { clock } = world
  const gateway = (number: number): Process => world.find({ kind: 'gateway', number })
  if (comes !== undefined) clock.after(comes.at, () => startLater(world, gateway(comes.gateway), 0))
  if (goes !== undefined) clock.after(goes.at, () => end(world, gateway(goes.gateway), goes.ms))
  for (const move of moves)
    clock.after(move.at, () => {
      const process = world.find({ kind: 'client', number: move.client })
      if (process.client === undefined) return
      process.move(gateway(move.gateway).id, move.isAlone)
      end(world, process, movingMs)
    })
  for (const { at, victim, ...error } of nodeJumps)
    clock.after(at, () => jump(world, world.find(victim), error))
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
      return world.processes.filter(({ victim, life }) => victim.kind === 'gateway' && life !== undefined)
  }
}

function meet(world: World, process: Process, { accident }: Moment): void {
  if (accident.what === 'kill') end(world, process, accident.deadMs, accident.harm)
  else jump(world, process, accident)
}

/** Its wall clock goes by so much, and is put right later, unless it has ended. */
function jump(world: World, { life }: Process, { by, rightAfter }: ClockError): void {
  life?.jump(by)
  world.clock.after(rightAfter, () => life?.jump(-by))
}

/** It ends at once, and starts again, with a disk that was harmed meanwhile or not. */
function end(world: World, process: Process, deadMs: number, harm?: Harm): void {
  process.life?.end()
  if (harm !== undefined) process.harm(harm)
  startLater(world, process, deadMs)
}

/** @param wrong its clock, when it starts */
function startLater(world: World, process: Process, ms: number, wrong?: ClockError): void {
  world.clock.after(ms, () => {
    if (process.life !== undefined) return
    void process.start(wrong?.by)
    if (wrong === undefined) return
    const { life } = world.find(process.victim)
    world.clock.after(wrong.rightAfter, () => life?.jump(-wrong.by))
  })
}

function doKill(world: World, { victim, write, deadMs, harm }: Kill): void {
  const process = world.find(victim)
  const { life } = process
  if (life === undefined) return
  if (harm !== undefined) process.harm(harm)
  if (write === undefined) life.end()
  else life.killAtWrite(write.n, write.when)
  // One that writes nothing meanwhile dies all the same.
  world.clock.after(deadMs / 2, () => life.end())
  startLater(world, process, deadMs)
}

// What goes wrong in `npm run chaos -- node`, when and to whom: drawn from a seed, and done.

import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Plan, PlannedProcess } from '../../simulator/processes/plan.ts'
import type { Role, Supervisor } from '../../simulator/processes/process.ts'
import type { Watch } from '../../simulator/processes/watch.ts'
import { below, pick, type Random, shuffle } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import type { BadLinks } from './links.ts'
import type { Order, Part } from './part.ts'

export const faultKinds = [
  'sigkill',
  'sigstop',
  'sleep',
  'slow',
  'lossy',
  'disk',
  'flood',
  'garbage',
  'replay',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** A fault that is to come more often than others, and whom it is to befall where that can be chosen. */
export interface Aim {
  readonly kind: FaultKind
  readonly roles?: readonly Role[]
}

/** Says how often those who are preferred are taken: half of the time, whenever there are some, or nobody else. */
type Preference = 'half' | 'first' | 'only'

export interface Trouble {
  readonly plan: Plan
  readonly processes: Supervisor
  readonly watch: Watch
  readonly links: BadLinks
  readonly partOf: (name: string) => Part['part']
  /** The disks are small file systems of their own; otherwise the processes refuse by themselves. */
  readonly ownDisks: boolean
  /** The kind of every second fault. */
  readonly aim: Aim | undefined
  readonly random: Random
  readonly tell: (event: string) => void
  readonly signal: AbortSignal
}

export interface Faults {
  readonly counts: Readonly<Record<FaultKind, number>>
  /** To whom garbage was sent. */
  readonly littered: ReadonlySet<string>
  /** Starts one fault after the other for so long; resolves when the last is over and all processes are back. */
  cause(ms: number): Promise<void>
}

const betweenMs = { least: 1 * second, most: 4 * second }
const stoppedMs = 10 * second
/** An authority sleeps from a quarter of an epoch to one and a half: whatever it was to do is late afterwards. */
const sleptEpochs = { least: 0.25, most: 1.5 }
const badWeatherMs = 10 * second
const fullMs = 8 * second
const burstMs = 4 * second
const garbageMs = 12 * second
const cellsPerSecond = 1000
/** A killed process starts again after so long at most. */
const longestDeadMs = 4 * second
const shortDeadMs = second / 2
const backWithinMs = 60 * second
const ballastBlock = 64 * 1024

export function faults(trouble: Trouble): Faults {
  const { plan, processes, watch, links, partOf, ownDisks, aim, random, tell, signal } = trouble
  const counts = Object.fromEntries(faultKinds.map(kind => [kind, 0])) as Record<FaultKind, number>
  /** Processes that something is being done to. */
  const busy = new Set<string>()
  const littered = new Set<string>()

  const named = (part: Part['part']): PlannedProcess | undefined =>
    plan.processes.find(({ name }) => partOf(name) === part)
  const wait = (ms: number): Promise<void> => pause(ms, undefined, { signal })

  /** To whom the rogue sends: who has seen what it replays. */
  function rogueNeighbours(): string[] {
    const status = watch.last(named('rogue')?.name ?? '')
    const ids = status?.role === 'mix' ? status.neighbours.map(({ id }) => id) : []
    return plan.processes
      .map(({ name }) => name)
      .filter(name => {
        const node = watch.last(name)
        return node !== undefined && 'id' in node && ids.includes(node.id)
      })
  }

  /** One that is left alone, and of authorities and gateways one that is not the last. */
  function victim(roles: readonly Role[], preferred: readonly string[], how: Preference): string | undefined {
    const free = plan.processes.filter(({ name, role }) => {
      const others = plan.processes.filter(other => other.role === role && other.name !== name)
      const alone = role !== 'mix' && role !== 'client' && others.some(other => busy.has(other.name))
      return roles.includes(role) && partOf(name) === 'honest' && !busy.has(name) && !alone
    })
    const favourites = free.filter(({ name }) => preferred.includes(name))
    const isFavoured = favourites.length > 0 && (how === 'first' || below(random, 2) === 0)
    const choice = how === 'only' || isFavoured ? favourites : free
    return choice.length === 0 ? undefined : pick(random, choice).name
  }

  async function to(
    roles: readonly Role[],
    what: string,
    run: (name: string) => Promise<void>,
    preferred: readonly string[] = [],
    how: Preference = 'half',
  ): Promise<boolean> {
    const name = victim(roles, preferred, how)
    if (name === undefined) return false
    busy.add(name)
    tell(`${name}: ${what}`)
    try {
      await run(name)
    } finally {
      busy.delete(name)
    }
    return true
  }

  async function back(name: string): Promise<void> {
    for (const until = Date.now() + backWithinMs; Date.now() < until; await wait(200))
      if ((await watch.ask(name)) !== undefined) return
  }

  const anybody: readonly Role[] = ['mix', 'gateway', 'authority', 'client']
  const servers: readonly Role[] = ['mix', 'gateway', 'authority']
  const order = (part: Part['part'], what: Order): boolean => {
    const of = named(part)
    if (of !== undefined) processes.tell(of.name, what)
    return of !== undefined
  }

  async function killed(name: string, deadMs = longestDeadMs): Promise<void> {
    await processes.kill(name)
    await wait(below(random, deadMs))
    processes.restart(name)
    await back(name)
    // What it has seen comes again now.
    order('rogue', { order: 'replay' })
  }

  async function stopped(name: string, ms: number): Promise<void> {
    processes.suspend(name)
    try {
      await wait(ms)
    } finally {
      processes.resume(name)
    }
  }

  const acts: Readonly<Record<FaultKind, (roles?: readonly Role[]) => Promise<boolean>>> = {
    // Where it is aimed at somebody what that one has seen is to come again, while its keys are what they were
    sigkill: roles =>
      roles === undefined
        ? to(anybody, 'SIGKILL', killed, rogueNeighbours())
        : to(roles, 'SIGKILL', name => killed(name, shortDeadMs), rogueNeighbours(), 'first'),
    sigstop: () => to(anybody, 'SIGSTOP for 10 s', name => stopped(name, stoppedMs)),
    sleep: () => {
      const { least, most } = sleptEpochs
      const ms = Math.round((least + ((most - least) * below(random, 1000)) / 1000) * plan.options.epochMs)
      return to(['authority'], `sleeps for ${(ms / second).toFixed(1)} s`, name => stopped(name, ms))
    },
    slow: () => to(servers, 'slow links for 10 s', name => underWeather(name, 'slow')),
    lossy: () => to(servers, 'lossy links for 10 s', name => underWeather(name, 'lossy')),
    disk: (roles = anybody) => to(roles, 'a full disk for 8 s', fillDisk),
    flood: async () => {
      tell('a client floods its gateway')
      return order('flooder', { order: 'flood', ms: burstMs, perSecond: cellsPerSecond })
    },
    garbage: () => to(['mix', 'gateway'], 'a neighbour sends it garbage', litter, rogueNeighbours(), 'only'),
    replay: async () => {
      tell('a node replays')
      return order('rogue', { order: 'replay' })
    },
  }

  /** Sends garbage to one whom nothing else befalls meanwhile: it has to count what comes. */
  async function litter(name: string): Promise<void> {
    const target = watch.last(name)
    if (target === undefined || !('id' in target)) return
    littered.add(name)
    order('rogue', { order: 'garbage', ms: garbageMs, to: target.id })
    await wait(garbageMs)
  }

  async function underWeather(name: string, weather: 'slow' | 'lossy'): Promise<void> {
    links.set(name, weather)
    try {
      await wait(badWeatherMs)
    } finally {
      links.set(name, 'fair')
    }
  }

  async function fillDisk(name: string): Promise<void> {
    if (ownDisks) {
      const ballast = join(
        (plan.processes.find(of => of.name === name) as PlannedProcess).folder,
        'data',
        'ballast',
      )
      try {
        fill(ballast)
        await wait(fullMs)
      } finally {
        rmSync(ballast, { force: true })
      }
      return
    }
    processes.tell(name, { order: 'disk', full: true } satisfies Order)
    try {
      await wait(fullMs)
    } finally {
      processes.tell(name, { order: 'disk', full: false } satisfies Order)
    }
  }

  return {
    counts,
    littered,
    async cause(ms) {
      const until = Date.now() + ms
      const under: Promise<void>[] = []
      let turn = 0
      // All of them, in an order that the seed draws, before any comes again.
      for (let deck: FaultKind[] = []; Date.now() < until; ) {
        if (deck.length === 0) deck = shuffle(random, [...faultKinds, 'sigkill', 'sigkill', 'sigstop'])
        const aimed = turn++ % 2 === 0 ? aim : undefined
        const kind = aimed?.kind ?? (deck.pop() as FaultKind)
        under.push(
          acts[kind](aimed?.roles).then(
            done => {
              if (done) counts[kind]++
            },
            error => {
              if (!signal.aborted) throw error
            },
          ),
        )
        await wait(betweenMs.least + below(random, betweenMs.most - betweenMs.least))
      }
      await Promise.all(under)
    },
  }
}

/** Takes all the room that is left. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (let block = ballastBlock; block > 0; ) {
      try {
        writeSync(file, new Uint8Array(block))
      } catch {
        block = Math.floor(block / 2)
      }
    }
  } finally {
    closeSync(file)
  }
}

// A network of real processes with a proxy on every link, in which some clients write to each other and others do
// nothing: what somebody on the links of clients sees of it.

import { setMaxListeners } from 'node:events'
import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { CoverLevel } from '../../client/outgoing/cover.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { epochFor, slowness } from '../../simulator/processes/machine.ts'
import { type Observer, observe } from '../../simulator/processes/observer.ts'
import { usualOptions } from '../../simulator/processes/options.ts'
import {
  type Plan,
  type PlannedProcess,
  planNetwork,
  remoteOf,
  tapsOf,
} from '../../simulator/processes/plan.ts'
import { compiled, supervisor } from '../../simulator/processes/process.ts'
import { largeUserBytes } from '../../simulator/processes/rates.ts'
import { newRecord, startAll } from '../../simulator/processes/run.ts'
import { watchNetwork } from '../../simulator/processes/watch.ts'
import { type Random, seededRandom, shuffle } from '../../world/random.ts'
import { minute, second } from '../../world/units.ts'
import { pester, talk } from './talk.ts'
import type { Chunk } from './windows.ts'

/** Half of a run, as seen on the links of its four clients. */
export interface Half {
  /** When talking has reached its pace, milliseconds since 1970-01-01 UTC. */
  readonly from: number
  /** Chunks on the links of the two who write to each other. */
  readonly talking: readonly (readonly Chunk[])[]
  readonly silent: readonly (readonly Chunk[])[]
}

/**
 * In its second half those talk who were silent in the first: what is a client's own, its gateway and its place on the
 * machine, is on both sides.
 */
export interface WatchedRun {
  readonly seed: number
  readonly halves: readonly Half[]
}

const clientsPerRun = 4
const usualEpochMs = minute
/** Until talking has reached its pace. */
const warmUpMs = 10_000
/** Until what was written before has arrived, or a reply that waits for blocks has failed with the last of them. */
const quietEpochs = 4
const endWithinMs = 15_000
const mostSightings = 5_000_000

/** The clients of a run. */
interface Group {
  readonly seed: number
  readonly random: Random
  /** Those who talk in the first half, and those who do in the second. */
  readonly pairs: readonly [Pair, Pair]
  /** Writes to all of them, where one does. */
  readonly hostile: PlannedProcess | undefined
}

type Pair = readonly PlannedProcess[]

/**
 * One network with the clients of all these runs.
 *
 * @param seeds one for each run: who talks, when and how much
 * @param halfMs how long a half of a run is watched
 * @param hostile has one more client of each run make work for its four
 * @throws CommandError FAILED when it does not start, and when messages are under way for too long
 * @throws Error when a process ends
 */
export async function watchTalk(
  cover: CoverLevel,
  seeds: readonly number[],
  halfMs: number,
  hostile = false,
): Promise<WatchedRun[]> {
  const perRun = clientsPerRun + (hostile ? 1 : 0)
  // Clients of a machine that is slow now send less, and its rounds take longer
  const slow = await slowness()
  const epochMs = epochFor(usualEpochMs, slow)
  const options = {
    ...usualOptions,
    clients: perRun * seeds.length,
    messages: 0,
    kill: [],
    epochMs,
    slow,
    // As `npm start` has them: forty clients with smaller ones send fewer than they have to say
    userBytes: largeUserBytes,
    cover,
    seed: seeds[0] as number,
    observe: true,
  }
  const plan = await planNetwork(options, Date.now())
  const failed: string[] = []
  const processes = supervisor(({ name }, lastLines) => failed.push(`${name} ended: ${lastLines}`), compiled)
  const abandon = (): void => processes.abandon()
  process.once('exit', abandon)
  const observer = await observeClients(plan)
  try {
    const record = newRecord(plan)
    const watch = watchNetwork(plan, processes, record, Date.now)
    const { signal } = new AbortController()
    await startAll({ plan, processes, watch, record, now: Date.now, tell: () => {}, signal })
    const clients = plan.processes.filter(({ role }) => role === 'client')
    const groups = seeds.map((seed, run): Group => {
      const random = seededRandom(seed)
      const [first, ...rest] = clients.slice(perRun * run, perRun * (run + 1))
      const own = shuffle(random, hostile ? rest : [first as PlannedProcess, ...rest])
      return { seed, random, pairs: [own.slice(0, 2), own.slice(2)], hostile: hostile ? first : undefined }
    })
    const begins: number[] = []
    for (const half of [0, 1] as const) {
      await untilQuiet(clients, quietEpochs * epochMs)
      begins.push(await talkFor(groups, half, halfMs))
      if (failed.length > 0) throw new Error(failed.join('\n'))
    }
    if (observer.overflow > 0) throw new Error(`${observer.overflow} sightings more than fit were not kept`)
    const links = linksOf(observer, clients)
    const seen = (pair: Pair): Half['talking'] => pair.map(({ name }) => links.get(name) ?? [])
    return groups.map(({ seed, pairs: [first, second] }) => ({
      seed,
      halves: begins.map((from, half) => ({
        from,
        talking: seen(half === 0 ? first : second),
        silent: seen(half === 0 ? second : first),
      })),
    }))
  } finally {
    await processes.stopAll(endWithinMs)
    await observer.close()
    process.off('exit', abandon)
    rmSync(plan.folder, { recursive: true, force: true })
  }
}

/** Has one pair of each run talk. @returns when it had reached its pace, milliseconds since 1970-01-01 UTC */
async function talkFor(groups: readonly Group[], half: 0 | 1, ms: number): Promise<number> {
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const talking = Promise.all(
    groups.flatMap(group => [
      talk(group.pairs[half].map(remoteOf), group.random, Date.now, stop.signal),
      pesterAll(group, stop.signal),
    ]),
  )
  await Promise.race([talking, pause(warmUpMs)])
  const from = Date.now()
  await Promise.race([talking, pause(ms)])
  stop.abort()
  await talking
  return from
}

/** Each of the four writes to the hostile one, so that it has their reply blocks; then it makes work for them. */
async function pesterAll({ pairs, hostile, random }: Group, signal: AbortSignal): Promise<void> {
  if (hostile === undefined) return
  const victims = pairs.flat().map(remoteOf)
  const { address } = await remoteOf(hostile).status()
  await Promise.all(victims.map(victim => victim.send(address, random(100), { replies: true })))
  const them = await Promise.all(victims.map(async victim => (await victim.status()).address))
  await pester(remoteOf(hostile), them, random, signal)
}

/** Until nothing that was written waits or is under way. @throws CommandError FAILED when that takes too long */
async function untilQuiet(clients: readonly PlannedProcess[], withinMs: number): Promise<void> {
  let busy: string[] = []
  for (const until = Date.now() + withinMs; Date.now() < until; await pause(500)) {
    const statuses = await Promise.all(clients.map(client => remoteOf(client).status()))
    busy = statuses.flatMap(({ queue }, i) => (queue === 0 ? [] : [`${clients[i]?.name}: ${queue}`]))
    if (busy.length === 0) return
  }
  const waited = `${withinMs / second} s after the last was written`
  throw new CommandError(
    'FAILED',
    `messages were under way ${waited} (${busy.join(', ')})`,
    'try again on a machine that does less',
  )
}

/** A proxy before every port; clients are told apart by the address that they dial from. */
function observeClients({ processes }: Plan): Promise<Observer> {
  const names = new Map(processes.map(({ name, dialFrom }) => [dialFrom, name]))
  const taps = tapsOf(processes)
  return observe(taps, address => names.get(address) ?? 'somebody', Date.now, mostSightings)
}

function linksOf({ sightings }: Observer, clients: readonly PlannedProcess[]): Map<string, Chunk[]> {
  const links = new Map<string, Chunk[]>(clients.map(({ name }) => [name, []]))
  for (const { at, from, to, bytes } of sightings) {
    links.get(from)?.push({ at, up: true, bytes })
    links.get(to)?.push({ at, up: false, bytes })
  }
  return links
}

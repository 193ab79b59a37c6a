// The network of `npm run chaos -- client`: real nodes and clients on the in-memory link and one virtual clock, each of
// which can be killed and started again on what it had written.

import { type Client, type ClientOptions, openClient } from '../../client/index.ts'
import type { Network } from '../../directory/documents/network.ts'
import { publicKeyOf } from '../../link/identity.ts'
import type { Host } from '../../link/link.ts'
import { type MemoryNetwork, memoryNetwork } from '../../link/memory/memory.ts'
import { type Files, memoryFiles } from '../../node/files.ts'
import { startNode } from '../../node/node.ts'
import { admission } from '../../node/routes.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { type Clock, type VirtualClock, virtualClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { type Random, seededRandom } from '../../world/random.ts'
import { memoryStore, type Store } from '../../world/store.ts'
import { second } from '../../world/units.ts'
import { type Life, life } from './life.ts'
import { mixes, type Plan, type Victim } from './plan.ts'
import { type NodeDraft, publisher, type Views } from './views.ts'

/** The parts that a process is handed, for a defect to change. */
export interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
}

/** A planted defect: other parts for a client or a gateway. */
export type Plant = {
  readonly client?: (parts: Parts) => Parts
  readonly gateway?: (parts: Parts) => Parts
  /** Other options for a client. */
  readonly options?: Partial<ClientOptions>
}

export interface Process {
  readonly victim: Victim
  readonly id: Uint8Array
  /** undefined while it is dead. */
  readonly life: Life | undefined
  readonly link: Host | undefined
  /** The client, while it is open. */
  readonly client: Client | undefined
  /** Holds what is on its disk. */
  readonly disk: Store
  start(): Promise<void>
}

export interface World {
  readonly clock: VirtualClock
  readonly links: MemoryNetwork
  readonly network: Network
  readonly processes: readonly Process[]
  find(victim: Victim): Process
  /** Tells when what a process has written does not open; it stays dead. */
  onFault(handler: (process: Process, error: unknown) => void): void
}

export async function chaosWorld(plan: Plan, plant: Plant): Promise<World> {
  const random = seededRandom(plan.seed ^ 0x5eed)
  const epochMs = 60 * second
  const clock = virtualClock(1_700_000_000_000)
  const network: Network = {
    name: 'chaos',
    genesis: clock.now() - Math.floor(plan.phase * epochMs),
    epochMs,
    authorities: [],
    threshold: 1,
    suite: 'x25519',
    hops: 3,
    userBytes: 800,
    topology: 'stratified',
    layers: 1,
    minimum: { mixes, gateways: 1 },
  }
  const { latencyMs, loss } = plan
  const links = memoryNetwork({ clock, random, latencyMs, loss })
  const nodes: NodeDraft[] = []
  const views = publisher(network, nodes, clock)
  const processes: Process[] = []
  const gateways = (): Uint8Array[] =>
    processes.filter(({ victim }) => victim.kind === 'gateway').map(({ id }) => id)
  let fault: (process: Process, error: unknown) => void = (_, error) => {
    throw error
  }
  const onFault = (process: Process, error: unknown): void => fault(process, error)
  const given = { network, clock, links, plant, views, plan, gateways, onFault }
  const add = (victim: Victim): void => {
    const skewMs = plan.skewMs[processes.length] ?? 0
    const seed = random(32)
    if (victim.kind === 'client') processes.push(clientProcess(given, victim, seed, skewMs))
    else {
      const files = memoryFiles()
      nodes.push({ id: publicKeyOf(seed), victim, files })
      processes.push(nodeProcess(given, victim, seed, skewMs, files))
    }
  }
  // Where there are attacks one more: a stranger to all
  const strangers = plan.attacks.length > 0 ? 1 : 0
  for (let number = 0; number < plan.clients + strangers; number++) add({ kind: 'client', number })
  for (let number = 0; number < plan.gateways; number++) add({ kind: 'gateway', number })
  for (let number = 0; number < mixes; number++) add({ kind: 'mix', number })
  const find = (victim: Victim): Process =>
    processes.find(
      ({ victim: { kind, number } }) => kind === victim.kind && number === victim.number,
    ) as Process
  // Nodes first: their keys are what a consensus names.
  for (const process of processes) if (process.victim.kind !== 'client') await process.start()
  await views.publish()
  // A disk takes time, which passes only once somebody lets it
  for (const process of processes) if (process.victim.kind === 'client') void process.start()
  return {
    clock,
    links,
    network,
    processes,
    find,
    onFault(handler) {
      fault = handler
    },
  }
}

interface Given {
  readonly network: Network
  readonly clock: VirtualClock
  readonly links: MemoryNetwork
  readonly plant: Plant
  readonly views: Views
  readonly plan: Plan
  /** The ids of all gateways. */
  readonly gateways: () => Uint8Array[]
  /** Hears that what a process has written does not open. */
  readonly onFault: (process: Process, error: unknown) => void
}

function clientProcess(
  { network, clock, links, plant, views, plan, gateways, onFault }: Given,
  victim: Victim,
  seed: Uint8Array,
  skewMs: number,
): Process {
  const disk = memoryStore()
  const { packetBytes } = geometry(network)
  let lives = 0
  const here: { -readonly [key in keyof Process]: Process[key] } = {
    victim,
    id: publicKeyOf(seed),
    life: undefined,
    link: undefined,
    client: undefined,
    disk,
    async start() {
      const link = links.host({ cellBytes: packetBytes, admits: () => false, role: 'client' })
      const mine = life(clock, skewMs, plan.syncMs, () => {
        links.kill(link.id)
        if (here.life === mine) Object.assign(here, { life: undefined, link: undefined, client: undefined })
      })
      Object.assign(here, { life: mine, link })
      const own = new Uint8Array([...seed.subarray(0, 31), ++lives])
      const parts = { store: mine.store(disk), clock: mine.clock, random: seededRandom(own) }
      try {
        const client = await openClient({
          network,
          link,
          directory: views.directory(mine),
          limits: { tellReadMs: second },
          ...(plan.everywhere ? { gateways: gateways() } : {}),
          ...plant.options,
          ...(plant.client?.(parts) ?? parts),
        })
        if (here.life === mine) here.client = client
      } catch (error) {
        mine.end()
        onFault(here, error)
      }
    },
  }
  return here
}

function nodeProcess(
  { network, clock, links, plant, views }: Given,
  victim: Victim,
  seed: Uint8Array,
  skewMs: number,
  files: Files,
): Process {
  const disk = memoryStore()
  const { packetBytes } = geometry(network)
  const role = victim.kind === 'gateway' ? 'gateway' : 'mix'
  let lives = 0
  const here: { -readonly [key in keyof Process]: Process[key] } = {
    victim,
    id: publicKeyOf(seed),
    life: undefined,
    link: undefined,
    client: undefined,
    disk,
    async start() {
      const gate = admission(role)
      const link = links.host({ seed, cellBytes: packetBytes, admits: gate.admits, role: 'node' })
      const mine = life(clock, skewMs, 0, () => {
        links.kill(link.id)
        if (here.life === mine) Object.assign(here, { life: undefined, link: undefined })
      })
      Object.assign(here, { life: mine, link })
      const own = new Uint8Array([...seed.subarray(0, 31), ++lives])
      const parts = { store: mine.store(disk), clock: mine.clock, random: seededRandom(own) }
      await startNode({
        role,
        network,
        link,
        admission: gate,
        seed,
        family: '',
        directory: views.directory(mine),
        files: mine.files(files),
        log: silent,
        ...(role === 'gateway' ? (plant.gateway?.(parts) ?? parts) : parts),
      })
    },
  }
  return here
}

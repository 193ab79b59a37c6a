// The network of `npm run chaos -- client`: real nodes and clients on the in-memory link and one virtual clock, each of
// which can be killed and started again on what it had written.

import type { Network } from '../../directory/documents/network.ts'
import type { View } from '../../directory/documents/view.ts'
import type { Peer } from '../../link/link.ts'
import { type MemoryNetwork, memoryNetwork } from '../../link/memory/memory.ts'
import { type VirtualClock, virtualClock } from '../../world/clock.ts'
import { seededRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import { mixes, type Plan, type Victim } from './plan.ts'
import { clientProcess, nodeProcess, type Plant, type Process } from './processes.ts'
import { type NodeDraft, publisher } from './views.ts'

export interface World {
  readonly clock: VirtualClock
  readonly links: MemoryNetwork
  readonly network: Network
  readonly processes: readonly Process[]
  /** The documents that there are, by epoch. */
  readonly views: ReadonlyMap<number, View>
  find(victim: Victim): Process
  /** Has the stranger send copies of packets that others sent, the last ones, several for each of so many. */
  replay(many: number): void
  /** Tells when what a process has written does not open; it stays dead. */
  onFault(handler: (process: Process, error: unknown) => void): void
}

const epochMs = 60 * second
/** Somebody on the wire keeps so many packets. */
const mostSeen = 128
const copiesEach = 8

export async function chaosWorld(plan: Plan, plant: Plant): Promise<World> {
  const random = seededRandom(plan.seed ^ 0x5eed)
  const clock = virtualClock(1_700_000_000_000)
  const network = networkFrom(clock.now() - Math.floor(plan.phase * epochMs))
  const { latencyMs, loss } = plan
  const links = memoryNetwork({ clock, random, latencyMs, loss })
  const nodes: NodeDraft[] = []
  const views = publisher(network, nodes, clock)
  const processes: Process[] = []
  const gateways = (): Uint8Array[] =>
    processes
      .filter(({ victim: { kind, number } }) => kind === 'gateway' && number < plan.gateways)
      .map(({ id }) => id)
  const seen: (readonly [Peer, Uint8Array])[] = []
  const saw = (to: Peer, cell: Uint8Array): void => {
    seen.push([to, cell.slice()])
    if (seen.length > mostSeen) seen.shift()
  }
  let fault: (process: Process, error: unknown) => void = (_, error) => {
    throw error
  }
  const onFault = (process: Process, error: unknown): void => fault(process, error)
  const given = { network, clock, links, plant, views, plan, gateways, onFault, saw }
  const add = (victim: Victim): void => {
    const skewMs = plan.skewMs[processes.length] ?? 0
    const seed = random(32)
    if (victim.kind === 'client') processes.push(clientProcess(given, victim, seed, skewMs))
    else {
      const { process, files } = nodeProcess(given, victim, seed, skewMs)
      nodes.push({ id: process.id, victim, files })
      processes.push(process)
    }
  }
  // Where there are attacks one more: a stranger to all
  const strangers = plan.attacks.length > 0 ? 1 : 0
  for (let number = 0; number < plan.clients + strangers; number++) add({ kind: 'client', number })
  const late = plan.comes === undefined ? 0 : 1
  for (let number = 0; number < plan.gateways + late; number++) add({ kind: 'gateway', number })
  for (let number = 0; number < mixes; number++) add({ kind: 'mix', number })
  const find = (victim: Victim): Process =>
    processes.find(
      ({ victim: { kind, number } }) => kind === victim.kind && number === victim.number,
    ) as Process
  const comesLater = ({ kind, number }: Victim): boolean => kind === 'gateway' && number >= plan.gateways
  // Nodes first: their keys are what a consensus names.
  for (const process of processes)
    if (process.victim.kind !== 'client' && !comesLater(process.victim)) await process.start()
  await views.publish()
  // A disk takes time, which passes only once somebody lets it
  for (const process of processes) if (process.victim.kind === 'client') void process.start()
  return {
    clock,
    links,
    network,
    processes,
    views: views.all,
    find,
    replay(many) {
      const { link } = find({ kind: 'client', number: plan.clients })
      for (const [to, cell] of seen.slice(-many * copiesEach)) link?.send(to, cell)
    },
    onFault(handler) {
      fault = handler
    },
  }
}

/** Short paths: what a client keeps does not depend on their length. */
function networkFrom(genesis: number): Network {
  return {
    name: 'chaos',
    genesis,
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
}

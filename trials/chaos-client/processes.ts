// The processes of `npm run chaos -- client`: real clients and nodes on the in-memory link, each of which can be killed
// and started again on what its disk has.

import { checkedValues } from '../../client/folder/checked-values.ts'
import { openKept } from '../../client/folder/kept-disk.ts'
import type { KeptDisk } from '../../client/folder/kept-face.ts'
import { type Client, type ClientOptions, openClient } from '../../client/index.ts'
import type { Network } from '../../directory/documents/network.ts'
import { same } from '../../encoding/bytes.ts'
import { publicKeyOf } from '../../link/identity.ts'
import type { Host, Peer } from '../../link/link.ts'
import type { MemoryNetwork } from '../../link/memory/memory.ts'
import { startNode } from '../../node/node.ts'
import { admission } from '../../node/routes.ts'
import { geometry } from '../../sphinx/geometry.ts'
import type { Clock, VirtualClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { type Random, seededRandom } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { second } from '../../world/units.ts'
import { folderDisk, levelDisk, type NodeDisk, nodeDisk } from './disk.ts'
import { type Lie, lyingSealing } from './lies.ts'
import { type Life, life } from './life.ts'
import type { Harm, Plan, Victim } from './plan.ts'
import type { Views } from './views.ts'

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
  /** Another disk for a client's store to stand on. */
  readonly disk?: (disk: KeptDisk) => KeptDisk
  /** Other options for a client. */
  readonly options?: Partial<ClientOptions>
  /** People do not say who they are: what is lost of their reply blocks is made up for by nothing. */
  readonly anonymous?: boolean
  /** Changes the store of a client that is told its gateways before it opens it. */
  readonly moved?: (store: Store, gateways: readonly Uint8Array[]) => Promise<void>
}

export interface Process {
  readonly victim: Victim
  readonly id: Uint8Array
  /** undefined while it is dead. */
  readonly life: Life | undefined
  readonly link: Host | undefined
  /** The client, while it is open. */
  readonly client: Client | undefined
  /** Counts how often a client's owner began anew with its identity alone, since its store was damaged. */
  readonly renewals: number
  /** Lists what its client says that is not so: the stranger's alone. */
  readonly lies: Set<Lie>
  /** @param wrongMs by so much its clock is ahead besides, behind where negative */
  start(wrongMs?: number): Promise<void>
  /** Harms its disk before it starts again. */
  harm(harm: Harm): void
  /** Goes on with this gateway, 32 bytes, alone or in front of those that it has, when it starts again. */
  move(gateway: Uint8Array, isAlone: boolean): void
  /** Its owner has been told that the store is damaged: all but the identity goes, as the error says. */
  renew(): Promise<void>
}

export interface Given {
  readonly network: Network
  readonly clock: VirtualClock
  readonly links: MemoryNetwork
  readonly plant: Plant
  readonly views: Views
  readonly plan: Plan
  /** The ids of all gateways that there are from the start. */
  readonly gateways: () => readonly Uint8Array[]
  /** Somebody on the wire sees what a client sends. */
  readonly saw: (to: Peer, cell: Uint8Array) => void
  /** Hears that what a process has written does not open. */
  readonly onFault: (process: Process, error: unknown) => void
}

const mostGateways = 3

type Draft = { -readonly [key in keyof Process]: Process[key] }

export function clientProcess(given: Given, victim: Victim, seed: Uint8Array, skewMs: number): Process {
  const { network, clock, links, plant, views, plan, gateways, onFault, saw } = given
  const disk = folderDisk(seededRandom(seed))
  const { packetBytes } = geometry(network)
  const place = { level: '', beside: 'kept', named: `client ${victim.number}` }
  const harms: Harm[] = []
  let moved: readonly Uint8Array[] | undefined
  /** The gateways that it is told; they are known once all processes are there. */
  const told = (): readonly Uint8Array[] | undefined =>
    moved ?? (plan.everywhere ? gateways().slice(0, mostGateways) : undefined)
  let isDamaged = false
  let lives = 0
  const here: Draft = {
    victim,
    id: publicKeyOf(seed),
    life: undefined,
    link: undefined,
    client: undefined,
    renewals: 0,
    lies: new Set(),
    harm: harm => void harms.push(harm),
    move(gateway, isAlone) {
      moved = isAlone ? [gateway] : inFront(gateway, here.client?.gateways ?? [])
    },
    async renew() {
      here.life?.end()
      disk.keepIdentity()
      here.renewals++
      isDamaged = false
      await here.start()
    },
    async start(wrongMs = 0) {
      const link = links.host({ cellBytes: packetBytes, admits: () => false, role: 'client' })
      const mine = life(clock, skewMs + wrongMs, plan.syncMs, () => {
        links.kill(link.id)
        if (here.life === mine) Object.assign(here, { life: undefined, link: undefined, client: undefined })
      })
      Object.assign(here, { life: mine, link })
      isDamaged ||= harms.some(harm => harm !== 'cut')
      for (const harm of harms.splice(0)) await harmFolder(disk, harm)
      const own = new Uint8Array([...seed.subarray(0, 31), ++lives])
      try {
        const kept = mine.kept(disk)
        const store = await openKept(place, checkedValues, plant.disk?.(kept) ?? kept)
        const homes = told()
        if (homes !== undefined) await plant.moved?.(store, homes)
        const parts = { store, clock: mine.clock, random: seededRandom(own) }
        const client = await openClient({
          network,
          link: seen(link, saw),
          directory: views.directory(mine),
          limits: { tellReadMs: second },
          ...(victim.number < plan.clients ? {} : { sealing: lyingSealing(seededRandom(seed), here.lies) }),
          ...(homes === undefined ? {} : { gateways: homes }),
          ...plant.options,
          ...(plant.client?.(parts) ?? parts),
        })
        if (here.life === mine) here.client = client
      } catch (error) {
        mine.end()
        if (isDamaged && isDamage(error)) await here.renew()
        else onFault(here, error)
      }
    },
  }
  return here
}

function inFront(gateway: Uint8Array, before: readonly Uint8Array[]): Uint8Array[] {
  return [gateway, ...before.filter(id => !same(id, gateway))].slice(0, mostGateways)
}

/** The same link, with somebody on the wire. */
function seen(link: Host, saw: Given['saw']): Host {
  return new Proxy(link, {
    get(_, name) {
      if (name === 'send')
        return (to: Peer, cell: Uint8Array) => {
          saw(to, cell)
          return link.send(to, cell)
        }
      const value = Reflect.get(link, name, link) as unknown
      return typeof value === 'function' ? (value.bind(link) as unknown) : value
    },
  })
}

/** Tells whether a client says that its store is damaged. */
export function isDamage(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'STORE_DAMAGED'
}

async function harmFolder({ level, flipBeside }: ReturnType<typeof folderDisk>, harm: Harm): Promise<void> {
  if (harm === 'cut') await level.cut()
  else if (harm === 'lose-block') await level.loseBlock()
  else if (harm === 'flip-bit') await level.flipBit()
  else flipBeside()
}

export function nodeProcess(
  { network, clock, links, plant, views, onFault }: Given,
  victim: Victim,
  seed: Uint8Array,
  skewMs: number,
): { readonly process: Process; readonly files: NodeDisk } {
  const level = levelDisk(seededRandom(seed))
  const files = nodeDisk(seededRandom(seed))
  const { packetBytes } = geometry(network)
  const role = victim.kind === 'gateway' ? 'gateway' : 'mix'
  let lives = 0
  let isCut = false
  const here: Draft = {
    victim,
    id: publicKeyOf(seed),
    life: undefined,
    link: undefined,
    client: undefined,
    renewals: 0,
    lies: new Set(),
    // A node that was cut off opens nothing for up to two epochs: there is always another
    harm(harm) {
      isCut ||= harm === 'cut' && victim.number === 0
    },
    move: () => {},
    renew: async () => {},
    async start() {
      const gate = admission(role)
      const link = links.host({ seed, cellBytes: packetBytes, admits: gate.admits, role: 'node' })
      const mine = life(clock, skewMs, 0, () => {
        links.kill(link.id)
        if (here.life === mine) Object.assign(here, { life: undefined, link: undefined })
      })
      Object.assign(here, { life: mine, link })
      if (isCut) {
        await level.cut()
        await files.cut()
        isCut = false
      }
      const own = new Uint8Array([...seed.subarray(0, 31), ++lives])
      const parts = { store: mine.store(level.store), clock: mine.clock, random: seededRandom(own) }
      try {
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
      } catch (error) {
        mine.end()
        onFault(here, error)
      }
    },
  }
  return { process: here, files }
}

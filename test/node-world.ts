// A small network for the tests of nodes: mixes and gateways on the in-memory link, a directory that is simply
// told its views, a virtual clock and a seed. Not a test itself.

import type { Network } from '../directory/documents/network.ts'
import { epochAt } from '../directory/documents/network.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import {
  type Directory,
  healthy,
  type Parameters,
  type RelayRole,
  type View,
} from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import type { LinkLimits } from '../link/limits.ts'
import type { Host, Link } from '../link/link.ts'
import { type MemoryNetwork, memoryNetwork } from '../link/memory/memory.ts'
import { type Files, memoryFiles } from '../node/files.ts'
import type { NodeLimits } from '../node/limits.ts'
import { type RunningNode, startNode } from '../node/node.ts'
import { admission } from '../node/routes.ts'
import { paperKeys, paperNetwork, paperNode, paperView } from '../simulator/paper.ts'
import { type Geometry, geometry } from '../sphinx/geometry.ts'
import type { Hop } from '../sphinx/wrap.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { type Log, silent } from '../world/log.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'

export interface Place {
  readonly role: RelayRole
  readonly layer: number
  readonly seed: Uint8Array
  readonly files: Files
  readonly store: Store
  link: Host
  node: RunningNode
}

export interface World {
  readonly network: Network
  readonly geometry: Geometry
  readonly clock: VirtualClock
  readonly random: Random
  readonly links: MemoryNetwork
  readonly places: readonly Place[]
  readonly directory: Directory
  /** A host that is no node. */
  client(): Link
  /**
   * The path through these places, each with the key of the epoch in which a packet sent `startIn` ms from now arrives.
   */
  path(places: readonly Place[], delaysMs: readonly number[], startIn?: number): Hop[]
  kill(place: Place): void
  restart(place: Place, limits?: Partial<NodeLimits>): Promise<void>
  /** Tells everybody a document of this epoch, though it be not its time. */
  publish(epoch: number): Promise<void>
  /** Every node's counters add up. */
  sums(): readonly { readonly received: number; readonly ends: number }[]
  close(): Promise<void>
}

export interface WorldOptions {
  readonly seed?: number
  readonly epochMs?: number
  readonly parameters?: Partial<Parameters>
  readonly limits?: Partial<NodeLimits>
  /** The files of each node, and the log of all; default: in memory, and none. */
  readonly files?: () => Files
  readonly log?: Log
  /** Limits of the links of nodes. */
  readonly linkLimits?: Partial<LinkLimits>
  readonly layers?: number
  readonly userBytes?: number
  readonly perLayer?: number
  readonly gateways?: number
  /** The strategy that an epoch's consensus names; default: poisson in all. */
  readonly mixing?: (epoch: number) => string
}

export async function world(options: WorldOptions = {}): Promise<World> {
  const clock = virtualClock(1_000_000)
  const random = seededRandom(options.seed ?? 1)
  const layers = options.layers ?? 3
  const network = paperNetwork({
    name: 'test',
    genesis: 1_000_000,
    epochMs: options.epochMs ?? 20_000,
    userBytes: options.userBytes ?? 200,
    layers,
    minimum: { mixes: layers, gateways: 1 },
  })
  const parameters = { ...defaultParameters, nodeLoopPerMinute: 0, ...options.parameters }
  const g = geometry({ suite: 'x25519', hops: network.hops, userBytes: network.userBytes })
  // what is set is the clock of the nodes; these links are their surroundings
  const unset = { ...clock, now: clock.elapsed }
  const links = memoryNetwork({ clock: unset, random, latencyMs: { min: 1, max: 1 } })
  const drafts: Omit<Place, 'node'>[] = []
  const add = (role: RelayRole, layer: number): void => {
    const seed = random(32)
    drafts.push({
      role,
      layer,
      seed,
      files: options.files?.() ?? memoryFiles(),
      store: memoryStore(),
      link: undefined as never,
    })
  }
  for (let layer = 0; layer < layers; layer++)
    for (let i = 0; i < (options.perLayer ?? 1); i++) add('mix', layer)
  for (let i = 0; i < (options.gateways ?? 2); i++) add('gateway', -1)

  const viewOf = async (epoch: number): Promise<View> => {
    const entries = await Promise.all(
      drafts.map(async ({ link, layer, files }) => ({
        ...paperNode(link, layer),
        packetKeys: await paperKeys(files, epoch),
      })),
    )
    const mixing = options.mixing?.(epoch) ?? 'poisson'
    return paperView(network, entries, { epoch, hash: new Uint8Array(32).fill(epoch), parameters, mixing })
  }

  const views = new Map<number, View>()
  const handlers = new Set<(view: View) => void>()
  const directory: Directory = {
    current: () => views.get(epochAt(network, clock.now())),
    view: epoch => views.get(epoch),
    onView(handler) {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    health: () => healthy,
    ready: async () => views.get(0) as View,
    close: async () => {},
  }

  const begin = async (draft: Omit<Place, 'node'>, limits = options.limits): Promise<RunningNode> => {
    const gate = admission(draft.role)
    draft.link = links.host({
      seed: draft.seed,
      cellBytes: g.packetBytes,
      admits: gate.admits,
      role: 'node',
      limits: options.linkLimits ?? {},
    })
    return startNode({
      role: draft.role,
      network,
      link: draft.link,
      admission: gate,
      seed: draft.seed,
      family: '',
      directory,
      files: draft.files,
      store: draft.store,
      clock,
      random,
      log: options.log ?? silent,
      ...(limits ? { limits } : {}),
    })
  }

  const places: Place[] = []
  for (const draft of drafts) places.push(Object.assign(draft, { node: await begin(draft) }))
  const publish = async (epoch: number): Promise<void> => {
    const view = await viewOf(epoch)
    views.set(epoch, view)
    for (const handler of handlers) handler(view)
  }
  await publish(0)
  await publish(1)
  const publishLater = (ms: number): void => {
    clock.after(ms, () => {
      // by the time of the world, whatever the clocks of nodes are set to
      void publish(epochAt(network, clock.elapsed()) + 1)
      publishLater(network.epochMs)
    })
  }
  // from the next epoch on, in its middle
  publishLater(network.epochMs * 1.5)

  return {
    network,
    geometry: g,
    clock,
    random,
    links,
    places,
    directory,
    client: () => links.host({ cellBytes: g.packetBytes, admits: () => false, role: 'client' }),
    path(through, delaysMs, startIn = 0) {
      let arrival = clock.now() + startIn
      return through.map((place, i) => {
        const view = directory.current() as View
        const key = view.nodes.get(hex(place.link.id))?.packetKeys.get(epochAt(network, arrival))
        const delayMs = delaysMs[i] ?? 0
        arrival += delayMs
        return { id: place.link.id, key: key as Uint8Array, delayMs }
      })
    },
    kill: place => links.kill(place.link.id),
    async restart(place, limits) {
      place.node = await begin(place, limits ?? options.limits)
    },
    publish,
    sums: () =>
      places.map(({ node }) => {
        const { received, forwarded, stored, served, dropped, held } = node.status().packets
        const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
        return { received, ends: forwarded + stored + served + lost + held }
      }),
    async close() {
      for (const { node, link } of places) {
        await node.close()
        await (link as Link).close()
      }
    },
  }
}

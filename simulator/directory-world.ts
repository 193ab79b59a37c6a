// A group of authorities with nodes and clients on the in-memory link, for tests of the directory.

import { ed25519Sign, x25519PublicKey } from '#crypto'
import { type Authority, startAuthority } from '../directory/authority/authority.ts'
import { authorityEntry } from '../directory/authority/keys.ts'
import type { AuthorityOptions } from '../directory/authority/options.ts'
import type { AuthorityEntry, Network } from '../directory/documents/network.ts'
import type { Role } from '../directory/documents/view.ts'
import { type FollowedDirectory, type FollowOptions, followDirectory } from '../directory/follow/follow.ts'
import type { JoinOptions, NodeDescription } from '../directory/join/description.ts'
import { type JoinedDirectory, joinDirectory } from '../directory/join/join.ts'
import type { SecretSharing } from '../directory/randomness/sharing.ts'
import { digest } from '../directory/statement.ts'
import type { Link, NodeLink, Peer } from '../link/link.ts'
import { type MemoryNetwork, memoryNetwork } from '../link/memory/memory.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { cheapSharing } from './cheap-sharing.ts'

export interface WorldOptions {
  readonly seed?: number
  readonly authorities?: number
  readonly threshold?: number
  readonly mixes?: number
  readonly gateways?: number
  readonly layers?: number
  readonly epochMs?: number
  readonly latencyMs?: { min: number; max: number }
  readonly network?: Partial<Network>
  /** The IP addresses for which names in addresses stand. */
  readonly names?: ReadonlyMap<string, Uint8Array>
  /** Default: one that costs little. */
  readonly sharing?: SecretSharing
}

/** The 32-byte seed of a member: `authority 0`, `node 3`. */
export function seedOf(name: string): Uint8Array {
  return digest(new TextEncoder().encode(`directory test: ${name}`))
}

/** Made once: deriving a sharing key takes a millisecond. */
const entries = new Map<number, AuthorityEntry>()

/** Authority number `i`, whether the network begins with it or not. */
export function entryOf(i: number): AuthorityEntry {
  const entry = entries.get(i) ?? authorityEntry(seedOf(`authority ${i}`), [`/memory/authority-${i}`])
  entries.set(i, entry)
  return entry
}

export function networkOf(options: WorldOptions = {}): Network {
  const n = options.authorities ?? 3
  const layers = options.layers ?? 3
  return {
    name: 'test',
    genesis: 1_000_000,
    epochMs: options.epochMs ?? 20_000,
    authorities: Array.from({ length: n }, (_, i) => entryOf(i)),
    threshold: options.threshold ?? Math.floor(n / 2) + 1,
    suite: 'x25519',
    hops: layers + 2,
    userBytes: 2000,
    topology: 'stratified',
    layers,
    minimum: { mixes: options.mixes ?? 6, gateways: options.gateways ?? 2 },
    ...options.network,
  }
}

/** The packet key of a node for an epoch, as tests need it: 32 bytes. */
export function packetKeyOf(node: string, epoch: number): Uint8Array {
  return x25519PublicKey(digest(new TextEncoder().encode(`${node} ${epoch}`)))
}

export function describeNode(name: string, role: Role, link: Link): (epoch: number) => NodeDescription {
  return epoch => ({
    role,
    addresses: link.addresses,
    packetKeys: [epoch, epoch + 1, epoch + 2].map(e => packetKeyOf(name, e)),
    software: '0.1.0',
  })
}

/** Makes a clock of one host that is wrong by `offMs`, and by more when it is set; its time goes by as the world's. */
export function wrongClock(clock: VirtualClock, offMs = 0): VirtualClock {
  let off = offMs
  return {
    ...clock,
    now: () => clock.now() + off,
    set: ms => {
      off += ms
    },
    pending: 0,
  }
}

export interface Member {
  readonly name: string
  link: Link
}

export interface NodeMember extends Member {
  readonly role: Role
  directory: JoinedDirectory
}

export class DirectoryWorld {
  readonly network: Network
  readonly clock: VirtualClock
  readonly random: Random
  readonly links: MemoryNetwork
  readonly sharing: SecretSharing
  readonly authorities: (Authority | undefined)[] = []
  readonly authorityLinks: Link[] = []
  readonly stores: Store[] = []
  readonly nodes: NodeMember[] = []
  readonly clients: FollowedDirectory[] = []

  constructor(options: WorldOptions = {}) {
    this.network = networkOf(options)
    this.clock = virtualClock(this.network.genesis)
    this.random = seededRandom(options.seed ?? 1)
    this.sharing = options.sharing ?? cheapSharing
    const latencyMs = options.latencyMs ?? { min: 1, max: 20 }
    const { names } = options
    this.links = memoryNetwork({
      ...{ clock: this.clock, random: this.random, latencyMs },
      ...(names === undefined ? {} : { names }),
    })
  }

  async startAuthority(i: number, options: Partial<AuthorityOptions> = {}): Promise<Authority> {
    const { network, clock, random, sharing } = this
    const link = options.link ?? this.host(`authority ${i}`, 'authority', [`/memory/authority-${i}`])
    const store = this.stores[i] ?? memoryStore()
    this.stores[i] = store
    this.authorityLinks[i] = link
    const authority = await startAuthority({
      network,
      seed: seedOf(`authority ${i}`),
      link,
      clock,
      random,
      log: silent,
      store,
      sharing,
      ...options,
    })
    this.authorities[i] = authority
    return authority
  }

  async startAuthorities(): Promise<void> {
    for (let i = 0; i < this.network.authorities.length; i++) await this.startAuthority(i)
  }

  /** As `kill -9`: the store stays. */
  async killAuthority(i: number): Promise<void> {
    this.links.kill(this.authorityLinks[i]?.id as Uint8Array)
    await this.authorities[i]?.close()
    this.authorities[i] = undefined
  }

  /**
   * @param says what the node says about itself, where that is not the usual
   * @param counts what its loops counted, as `joinDirectory` asks for it
   */
  async startNode(
    name: string,
    role: Role,
    says: Partial<NodeDescription> = {},
    counts?: JoinOptions['counts'],
  ): Promise<NodeMember> {
    const { network, clock, random } = this
    const link = this.host(name, 'node')
    const usual = describeNode(name, role, link)
    const directory = await joinDirectory({
      network,
      link,
      clock,
      random,
      log: silent,
      describe: epoch => ({ ...usual(epoch), ...says }),
      sign: message => ed25519Sign(seedOf(name), message),
      counts,
    })
    const member = { name, role, link, directory }
    this.nodes.push(member)
    return member
  }

  async startNodes(
    mixes: number = this.network.minimum.mixes,
    gateways: number = this.network.minimum.gateways,
  ): Promise<void> {
    for (let i = 0; i < mixes; i++) await this.startNode(`mix ${i}`, 'mix')
    for (let i = 0; i < gateways; i++) await this.startNode(`gateway ${i}`, 'gateway')
  }

  async killNode(node: NodeMember): Promise<void> {
    this.links.kill(node.link.id)
    await node.directory.close()
    this.nodes.splice(this.nodes.indexOf(node), 1)
  }

  async startClient(options: Partial<FollowOptions> = {}): Promise<FollowedDirectory> {
    const { network, clock, random } = this
    const link = this.links.host({ cellBytes: 100, admits: () => false, role: 'client' })
    const client = await followDirectory({ network, link, clock, random, log: silent, ...options })
    this.clients.push(client)
    return client
  }

  host(name: string, role: 'node' | 'authority' | 'client', addresses?: readonly string[]): NodeLink {
    return this.links.host({
      seed: seedOf(name),
      cellBytes: 100,
      admits: () => false,
      role,
      ...(addresses === undefined ? {} : { addresses }),
    })
  }

  peer(node: NodeMember): Peer {
    return { id: node.link.id, addresses: node.link.addresses }
  }

  /** Until the middle of an epoch, or another place in it. */
  async advanceTo(epoch: number, fraction = 0.5): Promise<void> {
    const { genesis, epochMs } = this.network
    await this.clock.advance(genesis + (epoch + fraction) * epochMs - this.clock.now())
  }

  async close(): Promise<void> {
    for (const client of this.clients) await client.close()
    for (const { directory } of this.nodes) await directory.close()
    for (const authority of this.authorities) await authority?.close()
    // Messages on their way arrive.
    await this.clock.advance(50)
  }
}

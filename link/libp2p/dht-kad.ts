// The table over libp2p: @libp2p/kad-dht behind parts of our own. It gets a store that forgets and refuses, an
// address book that takes nobody's word against the consensus, and streams that end when they carry too much.
// libp2p's own peer store stays empty, and a client, which serves nothing, leaves nothing in anybody's.

import type { Libp2p, PeerDiscoveryEvents, PeerId, Startable, TypedEventTarget } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { hex } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import { within } from '../../world/wait.ts'
import {
  AddressBook,
  askedAtOnce,
  Checks,
  type Dht,
  type DhtCheck,
  type DhtOptions,
  replicas,
} from '../dht.ts'
import { publicKeyOf } from '../identity.ts'
import type { Peer } from '../link.ts'
import type { RankOf } from '../shares.ts'
import { type Connections, idOf, peerIdOf } from './connections.ts'
import { addressesOf, kadParts, Records } from './dht-parts.ts'
import { privateKeyOf } from './private-key.ts'

/** The thing that kadDHT() makes. */
type Table = KadDHT &
  Startable &
  TypedEventTarget<PeerDiscoveryEvents> & {
    readonly routingTable: { add(peer: PeerId): Promise<void>; remove(peer: PeerId): Promise<void> }
  }

export const dhtProtocol = '/chaffinch/kad/1.0.0'

/** The table's own timers are put off for so long: whom to ask is known from the consensus. */
const never = 2 ** 31 - 1

export interface KadInit {
  readonly libp2p: Libp2p
  readonly clock: Clock
  /** 32 bytes */
  readonly seed: Uint8Array
  readonly connections: Connections
  readonly rankOf: RankOf
  /** A client asks and answers nothing. */
  readonly serves: boolean
}

const utf8 = new TextEncoder()

export class KadTable implements Dht {
  readonly #init: KadInit
  readonly #checks = new Checks()
  readonly #book = new AddressBook(hex)
  readonly #records = new Records(peer => this.#mayProvide(peer))
  #kad: Promise<Table> | undefined
  #kept: readonly Peer[] = []
  #closed = false

  constructor(init: KadInit) {
    this.#init = init
  }

  accept(kind: string, check: DhtCheck): void {
    this.#checks.set(kind, check)
    if (this.#init.serves || this.#kad !== undefined) {
      this.#start().then(
        kad => this.#validate(kad, kind),
        () => {},
      )
    }
  }

  keep(others: readonly Peer[], closed: boolean): void {
    const own = hex(publicKeyOf(this.#init.seed))
    const peers = others.filter(({ id }) => hex(id) !== own)
    const left = this.#kept.filter(({ id }) => !peers.some(peer => hex(peer.id) === hex(id)))
    this.#kept = peers
    this.#book.keep(peers, closed)
    if (closed) this.#records.turn()
    if (this.#kad === undefined) return
    this.#kad = this.#kad.then(async kad => {
      await Promise.allSettled(left.map(async ({ id }) => kad.routingTable.remove(peerIdOf(id))))
      return await meet(kad, peers)
    })
    this.#kad.catch(() => {})
  }

  async put(key: string, value: Uint8Array, options: DhtOptions): Promise<number> {
    if (!this.#checks.passes(key, value)) return 0
    let took = 0
    await this.#run(async (kad, signal) => {
      for await (const event of kad.put(utf8.encode(key), value, { signal })) {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') took++
      }
    }, options)
    return took
  }

  /** The check decides, not the record: upstream holds a value to the key that the answer names, not to ours. */
  async get(key: string, options: DhtOptions): Promise<Uint8Array | undefined> {
    let found: Uint8Array | undefined
    await this.#run(async (kad, signal) => {
      for await (const event of kad.get(utf8.encode(key), { signal })) {
        const value =
          event.name === 'VALUE'
            ? event.value
            : event.name === 'PEER_RESPONSE'
              ? event.record?.value
              : undefined
        if (value === undefined || !this.#checks.passes(key, value)) continue
        found = Uint8Array.from(value)
        return
      }
    }, options)
    return found
  }

  async provide(name: Uint8Array, options: DhtOptions): Promise<void> {
    const cid = await providerKey(name)
    await this.#run(async (kad, signal) => {
      for await (const _ of kad.provide(cid, { signal })) if (signal.aborted) return
    }, options)
  }

  async providers(name: Uint8Array, options: DhtOptions): Promise<readonly Peer[]> {
    const cid = await providerKey(name)
    const found = new Map<string, Peer>()
    await this.#run(async (kad, signal) => {
      for await (const event of kad.findProviders(cid, { signal })) {
        if (event.name !== 'PROVIDER') continue
        for (const { id, multiaddrs } of event.providers) {
          const raw = idOf(id)
          if (raw === undefined || !this.#book.believes(raw)) continue
          const said = { id: raw, addresses: addressesOf(multiaddrs) }
          found.set(hex(raw), this.#book.get(raw) ?? said)
        }
        if (found.size >= replicas) return
      }
    }, options)
    return [...found.values()]
  }

  async close(): Promise<void> {
    this.#closed = true
    await (await this.#kad?.catch(() => undefined))?.stop()
  }

  /** Runs a search within its time; one that fails has found what it had found. */
  async #run(
    search: (kad: KadDHT, signal: AbortSignal) => Promise<void>,
    options: DhtOptions,
  ): Promise<void> {
    if (this.#closed) return
    try {
      await within(this.#init.clock, options.timeoutMs, [options.signal], async signal =>
        search(await this.#start(), signal),
      )
    } catch {
      // Out of time, nobody there, or closed meanwhile.
    }
  }

  #mayProvide(peer: PeerId): boolean {
    const id = idOf(peer)
    return peer.equals(this.#init.libp2p.peerId) || (id !== undefined && this.#book.believes(id))
  }

  #start(): Promise<Table> {
    this.#kad ??= this.#make()
    return this.#kad
  }

  async #make(): Promise<Table> {
    const { libp2p, serves, connections, rankOf, seed } = this.#init
    const { kadDHT } = await import('@libp2p/kad-dht')
    const parts = kadParts({
      libp2p,
      privateKey: privateKeyOf(seed),
      book: this.#book,
      records: this.#records,
      connections,
      rankOf,
    })
    const kad = kadDHT({
      protocol: dhtProtocol,
      clientMode: !serves,
      kBucketSize: replicas,
      alpha: askedAtOnce,
      disjointPaths: askedAtOnce,
      allowQueryWithZeroPeers: true,
      initialQuerySelfInterval: never,
      querySelfInterval: never,
      reprovide: { interval: never },
      maxInboundStreams: 8,
      // Upstream would let anybody store any number of public keys.
      validators: { pk: refuse },
      peerInfoMapper: peer => peer,
    })(parts) as Table
    for (const kind of this.#checks.kinds) this.#validate(kad, kind)
    kad.addEventListener('peer', ({ detail: { id, multiaddrs } }) => {
      const raw = idOf(id)
      if (raw !== undefined) this.#book.hear({ id: raw, addresses: addressesOf(multiaddrs) })
    })
    await kad.start()
    return await meet(kad, this.#kept)
  }

  #validate(kad: KadDHT, kind: string): void {
    kad.validators[kind] = (key, value) => {
      if (!this.#checks.passes(new TextDecoder().decode(key), value)) refuse()
    }
  }
}

async function meet(kad: Table, peers: readonly Peer[]): Promise<Table> {
  // An id that is no key is nobody's.
  await Promise.allSettled(peers.map(async ({ id }) => kad.routingTable.add(peerIdOf(id))))
  return kad
}

/** Upstream reads the key of a provider record as a content id, and knows a bare digest only where it is a SHA-256. */
async function providerKey(name: Uint8Array): Promise<CID> {
  return CID.createV0(await sha256.digest(name))
}

function refuse(): never {
  throw new Error('not for this table')
}

// The parts that kad-dht is given in place of libp2p's own parts (docs/spec/link.md 5).

import type { Libp2p, PeerId, PrivateKey, Stream, StreamHandler } from '@libp2p/interface'
import { NotFoundError } from '@libp2p/interface'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { hex } from '../../encoding/bytes.ts'
import { type AddressBook, Shelf } from '../dht.ts'
import type { Peer } from '../link.ts'
import { type RankOf, Shares } from '../shares.ts'
import { originOf } from './arrivals.ts'
import { type Connections, idOf } from './connections.ts'
import { mute } from './libp2p.ts'
import { because } from './streams.ts'

export interface KadPartsInit {
  readonly libp2p: Libp2p
  readonly privateKey: PrivateKey
  readonly book: AddressBook
  readonly records: Records
  readonly connections: Connections
  readonly rankOf: RankOf
}

/** One stream carries so many bytes at most: one value and the addresses of a few peers. */
const streamBytes = 64 * 1024
/** Streams under way of one peer and of all. */
const underWay = { perPeer: 4, total: 64 } as const

/** Keeps eight addresses of 128 bytes at most of a peer that another one tells of. */
export function addressesOf(multiaddrs: readonly { toString(): string }[]): string[] {
  return multiaddrs
    .slice(0, 8)
    .map(address => address.toString().replace(/\/p2p\/\w+$/, ''))
    .filter(address => address.length <= 128)
}

/** The components of kad-dht, as far as it uses them. */
export function kadParts(init: KadPartsInit): KadDHTComponents {
  const { libp2p, privateKey, book, records, connections } = init
  const shares = new Shares({ ...underWay, perNetwork: underWay.total })
  const parts = {
    peerId: libp2p.peerId,
    privateKey,
    logger: { forComponent: () => mute },
    events: new EventTarget(),
    addressManager: { getAddresses: () => libp2p.getMultiaddrs() },
    // Who is in the consensus is there; a search finds out who does not answer.
    ping: { ping: async () => 0 },
    datastore: records,
    peerStore: {
      get: async (peer: PeerId) => {
        const addresses = multiaddrsOf(book, peer).map(found => ({ multiaddr: found, isCertified: false }))
        return { id: peer, addresses, protocols: [], metadata: new Map(), tags: new Map() }
      },
      getInfo: async (peer: PeerId) => ({ id: peer, multiaddrs: multiaddrsOf(book, peer) }),
      // Nobody's word about itself is taken, and tags are for libp2p's own pruning.
      merge: async () => {},
      all: async () => [],
    },
    connectionManager: {
      isDialable: async () => true,
      openStream: async (peer: PeerId, protocol: string, options: { signal?: AbortSignal } = {}) => {
        const known = knownAs(book, peer)
        if (known === undefined) throw new NotFoundError()
        const signal = options.signal ?? AbortSignal.timeout(10_000)
        const { stream } = await connections.stream(known, protocol, signal)
        bound(stream)
        return stream
      },
    },
    registrar: {
      handle: (protocol: string, handler: StreamHandler, options: { maxInboundStreams?: number }) =>
        libp2p.handle(protocol, guarded(handler, shares, init.rankOf), options),
      unhandle: (protocol: string) => libp2p.unhandle(protocol),
      // libp2p would tell of peers that identify has found; here the consensus does.
      register: async () => 'table',
      unregister: () => {},
    },
  }
  return parts as unknown as KadDHTComponents
}

/** @throws NotFoundError, as libp2p's peer store */
function multiaddrsOf(book: AddressBook, peer: PeerId): Multiaddr[] {
  const known = knownAs(book, peer)
  if (known === undefined) throw new NotFoundError()
  return known.addresses.flatMap(address => {
    try {
      return [multiaddr(address)]
    } catch {
      return []
    }
  })
}

function knownAs(book: AddressBook, peer: PeerId): Peer | undefined {
  const id = idOf(peer)
  return id === undefined ? undefined : book.get(id)
}

/** Few at a time, little on each, and no fault of a peer's message reaches anybody else. */
function guarded(handler: StreamHandler, shares: Shares, rankOf: RankOf): StreamHandler {
  return async (stream, connection) => {
    const from = idOf(connection.remotePeer)
    if (from === undefined) return stream.abort(because('no Ed25519 key'))
    const network = originOf(connection.remoteAddr.toString())?.network
    const holder = { peer: hex(from), network, rank: rankOf(from) }
    const place = shares.enter(holder, 1, () => stream.abort(because('too many')))
    if (place === undefined) return stream.abort(because('too many'))
    bound(stream)
    try {
      await handler(stream, connection)
    } catch (error) {
      stream.abort(error as Error)
    } finally {
      place.leave()
    }
  }
}

function bound(stream: Stream): void {
  let received = 0
  stream.addEventListener('message', ({ data }) => {
    received += data.byteLength
    if (received > streamBytes) stream.abort(because('too much'))
  })
}

/** Values and provider records in memory, of each so many; the oldest gives way. */
export class Records {
  readonly #mayProvide: (peer: PeerId) => boolean
  readonly #values = new Shelf<Entry>()
  readonly #providers = new Shelf<Entry>()

  constructor(mayProvide: (peer: PeerId) => boolean) {
    this.#mayProvide = mayProvide
  }

  async put(key: Key, value: Uint8Array): Promise<Key> {
    const name = key.toString()
    const provider = providerIn(name)
    if (provider !== undefined && !this.#mayProvide(provider)) throw because('not for this table')
    this.#shelf(name).set(name, { key, value })
    return key
  }

  async get(key: Key): Promise<Uint8Array> {
    const found = this.#shelf(key.toString()).get(key.toString())
    if (found === undefined) throw new NotFoundError()
    return found.value
  }

  async delete(key: Key): Promise<void> {
    this.#shelf(key.toString()).delete(key.toString())
  }

  async *query({ prefix }: { prefix: string }): AsyncGenerator<Entry> {
    yield* this.#providers.find(prefix)
  }

  /** A new set of peers: what has not been put again for long goes. */
  turn(): void {
    this.#values.turn()
    this.#providers.turn()
  }

  #shelf(name: string): Shelf<Entry> {
    return name.startsWith(providerPrefix) ? this.#providers : this.#values
  }
}

interface Key {
  toString(): string
}

interface Entry {
  readonly key: Key
  readonly value: Uint8Array
}

const providerPrefix = '/dht/provider/'

/** `/dht/provider/<digest>/<peer>` */
function providerIn(name: string): PeerId | undefined {
  if (!name.startsWith(providerPrefix)) return undefined
  return peerIdFromString(name.slice(name.lastIndexOf('/') + 1))
}

// Connections of the libp2p host: found or dialled, hung up when nothing uses them, and heard of when they end.

import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { lookUpAddresses, lookUpName } from '#sockets'
import { hex } from '../../encoding/bytes.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Ms } from '../../world/units.ts'
import type { LinkLimits } from '../limits.ts'
import type { Peer } from '../link.ts'
import { LinkError } from '../link.ts'
import { isVouched, type Place, type Rank, type RankOf, type Shares } from '../shares.ts'
import { type Dialled, Dialling, isDialled, type ReachingHost } from './dialling.ts'
import { because } from './streams.ts'

/** A side that was dialled keeps an idle connection this many times as long as the side that dialled. */
const patience = 4

/** @returns 32 bytes, the raw Ed25519 key, or undefined for a peer with another kind of key */
export function idOf(peer: PeerId): Uint8Array | undefined {
  return peer.type === 'Ed25519' ? peer.publicKey.raw : undefined
}

/** Gives the connections what they are open on. */
export interface ConnectionsInit {
  readonly host: ReachingHost
  readonly clock: Clock
  readonly limits: LinkLimits
  /** Says whether a peer is shut out: it is not dialled. */
  readonly isOut: (id: Uint8Array) => boolean
  readonly places: {
    readonly shares: Shares
    readonly rankOf: RankOf
    /** Names the network whose share a connection from this multiaddr takes. */
    readonly networkOf: (address: string) => string | undefined
  }
}

interface Open {
  /** It was first seen without a stream then. */
  idleSince: Ms | undefined
  readonly place: Place
}

export class Connections {
  readonly #host: ReachingHost
  readonly #dialling: Dialling
  readonly #clock: Clock
  readonly #limits: LinkLimits
  readonly #open = new Map<Connection, Open>()
  readonly #ofPeer = new Map<string, Connection[]>()
  readonly #suspects = new WeakSet<Connection>()
  readonly #isOut: (id: Uint8Array) => boolean
  readonly #onGone: (id: Uint8Array) => void
  readonly #places: ConnectionsInit['places']
  #sweep: Timer

  /** @param onGone hears when the last connection to a peer has closed */
  constructor({ host, clock, limits, isOut, places }: ConnectionsInit, onGone: (id: Uint8Array) => void) {
    this.#host = host
    this.#places = places
    this.#dialling = new Dialling({
      reach: host.services.reach,
      lookUp: lookUpName,
      lookUpAddresses,
      clock,
      limits,
    })
    this.#clock = clock
    this.#limits = limits
    this.#isOut = isOut
    this.#onGone = onGone
    host.addEventListener('connection:open', ({ detail }) => this.#opened(detail))
    host.addEventListener('connection:close', ({ detail }) => this.#ended(detail))
    this.#sweep = this.#sweepLater()
  }

  get count(): number {
    return this.#open.size
  }

  /** Makes room for one more with this peer: past its number the oldest ends, which may be dead since a restart. */
  makeRoom(peer: Uint8Array): void {
    const all = this.#ofPeer.get(hex(peer)) ?? []
    if (all.length >= this.#limits.connectionsPerPeer) all[0]?.abort(because('too many connections'))
  }

  /** Says whether there is a connection with a peer. */
  has(id: Uint8Array): boolean {
    return this.#ofPeer.has(hex(id))
  }

  /** Streams of all connections, whoever opened them. */
  get streams(): number {
    let streams = 0
    for (const connection of this.#open.keys()) streams += connection.streams.length
    return streams
  }

  /** Counts addresses that are being dialled. */
  get dials(): number {
    return this.#dialling.pending
  }

  /** Counts listeners of the host's events, and of its connections' and streams'. */
  get listeners(): number {
    let listeners = countListeners(this.#host)
    for (const connection of this.#open.keys()) {
      listeners += countListeners(connection)
      for (const stream of connection.streams) listeners += countListeners(stream)
    }
    return listeners
  }

  /**
   * A new stream to a peer, on the connection there is or on a new one.
   *
   * @param anew dials in any case, and says at which address
   * @throws LinkError UNREACHABLE, REFUSED (it does not speak the protocol)
   */
  async stream(
    to: Peer,
    protocol: string,
    signal: AbortSignal,
    anew = false,
  ): Promise<{ stream: Stream; on: Connection; at?: string }> {
    const found = anew ? undefined : this.#find(to.id)
    const dialled = found === undefined ? await this.#dial(to, signal, anew) : undefined
    const on = (found ?? dialled?.connection) as Connection
    try {
      const stream = await on.newStream(protocol, { signal })
      return { stream, on, ...(dialled === undefined ? {} : { at: dialled.address }) }
    } catch (error) {
      if ((error as Error).name === 'UnsupportedProtocolError') {
        throw new LinkError('REFUSED', `the peer does not speak ${protocol}`)
      }
      // One that was there is just ending: nothing has been said yet, so a new one is tried. One that was new
      // is not: a peer that does not let us in ends it at once, after the dial has succeeded.
      if (
        found !== undefined &&
        found.status !== 'open' &&
        !signal.aborted &&
        this.#find(to.id) === undefined
      ) {
        return this.stream(to, protocol, signal)
      }
      throw new LinkError('UNREACHABLE', `no stream: ${(error as Error).message}`)
    }
  }

  /**
   * The connection there is, or a new one.
   *
   * @throws LinkError UNREACHABLE
   */
  async connect(to: Peer, signal: AbortSignal): Promise<Connection> {
    return this.#find(to.id) ?? (await this.#dial(to, signal)).connection
  }

  /** Ends all streams of these protocols that there are with a peer. */
  abort(id: Uint8Array, protocols: readonly string[], reason: string): void {
    for (const connection of this.#ofPeer.get(hex(id)) ?? []) {
      for (const stream of connection.streams) {
        if (protocols.includes(stream.protocol)) stream.abort(because(reason))
      }
    }
  }

  /** Ends every connection with a peer at once. */
  cut(id: Uint8Array): void {
    for (const connection of this.#ofPeer.get(hex(id)) ?? []) connection.abort(because('shut out'))
  }

  /** Somebody waited in vain: what comes next gets a connection of its own, and this one ends when it is idle. */
  suspect(id: Uint8Array): void {
    this.#dialling.doubt(id)
    for (const connection of this.#ofPeer.get(hex(id)) ?? []) this.#suspects.add(connection)
  }

  /** Ends the watch and every stream but those on which this side still has to hand over what it wrote. */
  close(writing: string): void {
    this.#sweep.cancel()
    this.#dialling.close()
    for (const stream of [...this.#open.keys()].flatMap(connection => [...connection.streams])) {
      if (stream.direction === 'inbound' || stream.protocol !== writing) stream.abort(because('closing'))
    }
  }

  #find(id: Uint8Array): Connection | undefined {
    const usable = (connection: Connection): boolean =>
      connection.status === 'open' && !this.#suspects.has(connection)
    return this.#ofPeer.get(hex(id))?.findLast(usable)
  }

  async #dial(to: Peer, signal: AbortSignal, anew = false): Promise<Dialled> {
    let peer: PeerId
    try {
      peer = peerIdOf(to.id)
    } catch {
      throw new LinkError('UNREACHABLE', 'the peer id is no Ed25519 key')
    }
    if (this.#isOut(to.id)) throw new LinkError('UNREACHABLE', 'the peer is shut out')
    if (!to.addresses.some(isDialled)) throw new LinkError('UNREACHABLE', 'the peer has no address')
    try {
      return await this.#dialling.dial(to, peer, signal, anew)
    } catch (error) {
      throw new LinkError('UNREACHABLE', `no connection: ${(error as Error).name}`)
    }
  }

  #opened(connection: Connection): void {
    const id = idOf(connection.remotePeer)
    // One that closed while it was being set up has had its `close` already.
    if (id === undefined || connection.status !== 'open') return
    const key = hex(id)
    const place = this.#placeFor(connection, id)
    if (place === undefined) {
      connection.abort(because('too many connections'))
    } else {
      this.#open.set(connection, { idleSince: undefined, place })
      this.#ofPeer.set(key, [...(this.#ofPeer.get(key) ?? []), connection])
    }
  }

  /** For which another one may have to end: a stranger's, of the network that has most of them. */
  #placeFor(connection: Connection, id: Uint8Array): Place | undefined {
    const { shares, networkOf } = this.#places
    if (shares.inside >= this.#limits.connections) this.#rankAnew()
    const inbound = connection.direction === 'inbound'
    const network = inbound ? networkOf(connection.remoteAddr.toString()) : undefined
    const holder = { peer: hex(id), network, rank: this.#rankOf(connection, id) }
    return shares.enter(holder, 1, () => connection.abort(because("the place is another peer's")))
  }

  /** Peers prove what they are after they have connected, and the consensus changes. */
  #rankAnew(): void {
    for (const [connection, { place }] of this.#open) {
      const id = idOf(connection.remotePeer)
      if (id !== undefined) place.rankAs(this.#rankOf(connection, id))
    }
  }

  /** Ranks a connection: those whom this host dials itself it needs as it needs nodes. */
  #rankOf({ direction }: Connection, id: Uint8Array): Rank {
    const rank = this.#places.rankOf(id)
    return direction === 'outbound' && !isVouched(rank) ? 'node' : rank
  }

  #ended(connection: Connection): void {
    const id = idOf(connection.remotePeer)
    const open = this.#open.get(connection)
    if (id === undefined || open === undefined) return
    this.#open.delete(connection)
    open.place.leave()
    const key = hex(id)
    const left = this.#ofPeer.get(key)?.filter(other => other !== connection) ?? []
    if (left.length > 0) {
      this.#ofPeer.set(key, left)
    } else {
      this.#ofPeer.delete(key)
      this.#onGone(id)
    }
  }

  #sweepLater(): Timer {
    return this.#clock.after(this.#limits.connectionIdleMs / 2, () => {
      const now = this.#clock.elapsed()
      for (const [connection, seen] of this.#open) {
        if (connection.streams.length > 0) seen.idleSince = undefined
        else seen.idleSince ??= now
        const outbound = connection.direction === 'outbound'
        const allowed = this.#limits.connectionIdleMs * (outbound ? 1 : patience)
        if (seen.idleSince !== undefined && now - seen.idleSince >= allowed) hangUp(connection)
      }
      this.#sweep = this.#sweepLater()
    })
  }
}

export function peerIdOf(id: Uint8Array): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(id))
}

function hangUp(connection: Connection): void {
  connection.close().catch((error: unknown) => connection.abort(error as Error))
}

/** All that libp2p, its connections and its streams tell those who listen. */
const events = [
  'connection:open',
  'connection:close',
  'peer:connect',
  'peer:disconnect',
  'peer:identify',
  'peer:update',
  'self:peer:update',
  'close',
  'message',
  'drain',
  'idle',
  'remoteCloseWrite',
  'remoteCloseRead',
]

function countListeners(target: { listenerCount(type: string): number }): number {
  return events.reduce((sum, event) => sum + target.listenerCount(event), 0)
}

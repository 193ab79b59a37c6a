// How a peer is dialled: at all of its addresses, each beginning a little after the one before, until one answers
// (docs/spec/link.md 1.1). None of them can use up the time of the others. In place of libp2p's queue of dials, which
// tries one address after the other, and lets whoever dials the same peer meanwhile share in what comes of it: one
// address would be proven by another one's answer.

import type { Connection, Libp2p, PeerId } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { isWithinReach, manyListeners } from '#machine'
import { hex } from '../../encoding/bytes.ts'
import { addressAt, type HostAddress, readMultiaddr } from '../../encoding/multiaddr.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import { wait } from '../../world/wait.ts'
import { DialOrder, headStart } from '../dial-order.ts'
import type { LinkLimits } from '../limits.ts'
import type { Peer } from '../peer.ts'
import type { LookUp, LookUpAddresses, NameKind } from './look-up.ts'
import { because } from './streams.ts'

/** Says how one address is dialled. */
export interface ReachOptions {
  readonly signal: AbortSignal
  /** The name that the address was looked up by, which a WebSocket's server is asked for. */
  readonly name?: string
}

/** Makes a connection to one address, or rejects; ends what it has begun when the signal aborts. */
export type Reach = (to: Multiaddr, options: ReachOptions) => Promise<Connection>

/** A host of libp2p that can be told to dial one address. */
export type ReachingHost = Libp2p<{ reach: Reach }>

export interface DiallingParts {
  readonly reach: Reach
  /** Undefined where addresses are dialled by their names. */
  readonly lookUp: LookUp | undefined
  readonly lookUpAddresses: LookUpAddresses
  readonly clock: Clock
  readonly limits: Pick<LinkLimits, 'dialMs' | 'dials' | 'dialsAnew'>
}

/** An address that is tried. */
interface Candidate {
  /** As the peer announces it. */
  readonly announced: string
  readonly address: string
  readonly name?: string
}

/** A connection, and the address that it was made to: without a name, and without `/p2p`. */
export interface Dialled {
  readonly connection: Connection
  readonly address: string
}

/** One dial that several wait for. */
interface Shared {
  readonly calledOff: AbortController
  readonly dialled: Promise<Dialled>
  waiting: number
}

export class Dialling {
  readonly #parts: DiallingParts
  readonly #order = new DialOrder()
  readonly #shared = new Map<string, Shared>()
  /** Calls each dial off that is under way. */
  readonly #stops = new Set<() => void>()
  #closed = false
  readonly #places: Places
  readonly #placesAnew: Places

  constructor(parts: DiallingParts) {
    this.#parts = parts
    this.#places = new Places(parts.limits.dials)
    this.#placesAnew = new Places(parts.limits.dialsAnew)
  }

  /** Addresses that are being tried, or wait for it. */
  get pending(): number {
    return this.#places.count + this.#placesAnew.count
  }

  /**
   * Dials a peer. Who dials it at the same addresses meanwhile waits for the same connection.
   *
   * @param anew makes one of its own: its answer proves one of these addresses
   * @throws Error when none answers within `dialMs`; the signal's reason
   */
  async dial(to: Peer, peer: PeerId, signal: AbortSignal, anew = false): Promise<Dialled> {
    signal.throwIfAborted()
    const name = hex(to.id)
    if (anew) return await this.#race(name, to.addresses, peer, signal, this.#placesAnew)
    const key = `${name} ${to.addresses.join(' ')}`
    const shared = this.#shared.get(key) ?? this.#share(key, name, to.addresses, peer)
    shared.waiting++
    try {
      return await wait<Dialled>({ signal }, ({ resolve, reject }) => {
        shared.dialled.then(resolve, reject)
        return undefined
      })
    } finally {
      shared.waiting--
      if (shared.waiting === 0) shared.calledOff.abort(because('called off'))
    }
  }

  /** A peer that was reached has not answered: its addresses are tried in another order. */
  doubt(id: Uint8Array): void {
    this.#order.doubt(hex(id))
  }

  close(): void {
    this.#closed = true
    for (const stop of [...this.#stops]) stop()
  }

  #share(key: string, name: string, addresses: readonly string[], peer: PeerId): Shared {
    const calledOff = new AbortController()
    const dialled = this.#race(name, addresses, peer, calledOff.signal, this.#places)
    const shared = { calledOff, dialled, waiting: 0 }
    const over = (): void => {
      if (this.#shared.get(key) === shared) this.#shared.delete(key)
    }
    dialled.then(over, over)
    calledOff.signal.addEventListener('abort', over, { once: true })
    this.#shared.set(key, shared)
    return shared
  }

  async #race(
    name: string,
    addresses: readonly string[],
    peer: PeerId,
    signal: AbortSignal,
    places: Places,
  ): Promise<Dialled> {
    const { clock, limits } = this.#parts
    const order = this.#order.of(name, addresses.filter(isDialled))
    const candidates = order.map(announced => ({ announced, address: announced }))
    const over = new AbortController()
    const stop = (): void => over.abort(because('called off'))
    const late = clock.after(limits.dialMs, stop)
    signal.addEventListener('abort', stop, { once: true })
    this.#stops.add(stop)
    if (signal.aborted || this.#closed) stop()
    try {
      const [dialled, announced] = await this.#first(candidates, peer, over.signal, places)
      this.#order.worked(name, announced)
      return dialled
    } catch (error) {
      this.#order.failed(name)
      throw error
    } finally {
      late.cancel()
      signal.removeEventListener('abort', stop)
      this.#stops.delete(stop)
    }
  }

  /** The first candidate that answers; the others are called off. */
  #first(
    candidates: Candidate[],
    peer: PeerId,
    signal: AbortSignal,
    places: Places,
  ): Promise<[Dialled, announced: string]> {
    const { clock, limits } = this.#parts
    const half = clock.elapsed() + limits.dialMs / 2
    return wait<[Dialled, string]>({ signal }, ({ resolve, reject }) => {
      const others = new AbortController()
      // two of each candidate, of which there are few
      manyListeners(others.signal)
      let [running, isOver]: [number, boolean] = [0, false]
      let next: Timer | undefined
      const begin = (): void => {
        next?.cancel()
        const candidate = candidates.shift()
        if (candidate === undefined) {
          if (running === 0) reject(new Error('no address answered'))
          return
        }
        running++
        const gap = headStart(candidates.length, half - clock.elapsed())
        next = clock.after(gap, () => candidates.length > 0 && begin())
        this.#try(candidate, peer, others.signal, places).then(
          found => {
            running--
            if ('connection' in found) {
              if (isOver) found.connection.abort(because('another address was faster'))
              else resolve([found, candidate.announced])
            } else if (!isOver) {
              candidates.unshift(...found.candidates)
              begin()
            }
          },
          () => {
            running--
            if (!isOver) begin()
          },
        )
      }
      begin()
      return () => {
        isOver = true
        next?.cancel()
        others.abort(because('another address was faster'))
      }
    })
  }

  /** @returns a connection, or of a name what it stands for */
  async #try(
    { announced, address, name }: Candidate,
    peer: PeerId,
    signal: AbortSignal,
    places: Places,
  ): Promise<Dialled | { readonly candidates: readonly Candidate[] }> {
    const leave = await places.enter(signal)
    // A socket listens to its signal for as long as it lives, so that the signal of one that has won must never abort.
    const own = new AbortController()
    const stop = (): void => own.abort(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      const read = readMultiaddr(address)
      if (read?.kind === 'dnsaddr') {
        const found = await this.#parts.lookUpAddresses(read.host, peer.toString(), own.signal)
        return { candidates: found.map(each => ({ announced, address: each })) }
      }
      const { lookUp } = this.#parts
      if (lookUp !== undefined && read !== undefined && isNamed(read)) {
        const ips = await lookUp(read.kind, read.host, own.signal)
        return {
          candidates: ips.map(ip => ({ announced, address: addressAt(address, ip), name: read.host })),
        }
      }
      const to = multiaddr(address).encapsulate(`/p2p/${peer.toString()}`)
      const connection = await this.#parts.reach(to, {
        signal: own.signal,
        ...(name === undefined ? {} : { name }),
      })
      if (connection.status !== 'open') throw new Error('the other side has ended it')
      return { connection, address }
    } finally {
      signal.removeEventListener('abort', stop)
      leave()
    }
  }
}

function isNamed(read: HostAddress): read is HostAddress & { readonly kind: NameKind } {
  return read.ip === undefined && read.kind !== 'dnsaddr'
}

/**
 * Tells whether an address is dialled at all. Directory entries are written by others: what is none is passed over, and
 * so is what would reach into this machine, and in browsers what is no WebSocket.
 */
export function isDialled(address: string): boolean {
  const read = readMultiaddr(address)
  return read !== undefined && (read.port > 0 || read.kind === 'dnsaddr') && isWithinReach(address)
}

/** Places for what is being tried; who comes when all are taken waits. */
class Places {
  #free: number
  readonly #waiting = new Set<() => void>()
  readonly #all: number

  constructor(places: number) {
    this.#free = places
    this.#all = places
  }

  /** Taken, and waited for. */
  get count(): number {
    return this.#all - this.#free + this.#waiting.size
  }

  /** @returns what to call when it is over */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#free > 0) this.#free--
    else
      await wait<void>({ signal }, ({ resolve }) => {
        const take = (): void => resolve()
        this.#waiting.add(take)
        return () => this.#waiting.delete(take)
      })
    return () => {
      const [first] = this.#waiting
      if (first === undefined) this.#free++
      else {
        this.#waiting.delete(first)
        first()
      }
    }
  }
}

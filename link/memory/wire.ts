// The wires between the hosts of the in-memory link: connections, latency, loss, partitions. What travels is a
// function that runs at the other end.

import { hex } from '../../encoding/bytes.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Ms } from '../../world/units.ts'
import type { Peer } from '../link.ts'
import type { Traffic } from '../traffic.ts'

/** A thing that somebody who watches every link sees. */
export interface Sight {
  /** Milliseconds since 1970-01-01 UTC, when it left. */
  readonly time: Ms
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly bytes: number
  readonly what: 'cells' | 'request' | 'answer' | 'gossip'
}

export interface WireInit {
  readonly clock: Clock
  readonly random: (length: number) => Uint8Array
  /** One way, drawn evenly between the two; default 0. */
  readonly latencyMs?: { readonly min: number; readonly max: number }
  /** The chance of each cell to be lost on the way; default 0. */
  readonly loss?: number
}

/** An end of a wire. */
export interface End {
  readonly id: Uint8Array
  readonly addresses: readonly string[]
  /** Counts what is carried. */
  readonly traffic: Traffic
  gone(id: Uint8Array): void
  /** Says whether it has connections with this one at all. */
  lets(peer: Uint8Array): boolean
}

/** One connection between two ends; what one end sends arrives in order. */
export class Connection<E extends End> {
  readonly #wire: Wire<E>
  readonly #ends: readonly [E, E]
  /** The time when the last thing that each end sent arrives, `elapsed()` of the clock. */
  readonly #lastDue: [Ms, Ms] = [0, 0]
  readonly #watchers: [Set<() => void>, Set<() => void>] = [new Set(), new Set()]
  open = true

  constructor(wire: Wire<E>, a: E, b: E) {
    this.#wire = wire
    this.#ends = [a, b]
  }

  other(end: E): E {
    return this.#ends[0] === end ? this.#ends[1] : this.#ends[0]
  }

  /** Carries something to the other end, where `arrive` runs a latency later unless the connection broke. */
  carry(from: E, what: Sight['what'] | undefined, bytes: number, arrive: (at: E) => void): void {
    if (!this.open) return
    const side = this.#side(from)
    const to = this.#ends[1 - side] as E
    const { clock } = this.#wire
    const local = to === from
    const counts = what !== undefined && !local
    if (counts) {
      this.#wire.see(from, to, bytes, what)
      from.traffic.bytesOut += bytes
    }
    const now = clock.elapsed()
    const due = Math.max(this.#lastDue[side], now + (local ? 0 : this.#wire.latency()))
    this.#lastDue[side] = due
    clock.after(due - now, () => {
      if (!this.open) return
      if (counts) to.traffic.bytesIn += bytes
      arrive(to)
    })
  }

  /** `run` is called when this end learns that the connection broke; the function it returns calls that off. */
  onBroken(end: E, run: () => void): () => void {
    const watchers = this.#watchers[this.#side(end)]
    watchers.add(run)
    return () => watchers.delete(run)
  }

  /** Ends it; the ends that live learn of it a latency later. */
  break(living: readonly E[]): void {
    this.open = false
    for (const end of living) {
      this.#wire.clock.after(this.#wire.latency(), () => {
        for (const run of [...this.#watchers[this.#side(end)]]) run()
        this.#wire.forget(this, end)
      })
    }
  }

  #side(end: E): 0 | 1 {
    return this.#ends[0] === end ? 0 : 1
  }
}

export class Wire<E extends End> {
  readonly clock: Clock
  readonly stats: { cells: number; lost: number; requests: number } = { cells: 0, lost: 0, requests: 0 }
  readonly #init: WireInit
  readonly #ends = new Map<string, E>()
  /** The connections of each end, by the other's id. */
  readonly #connections = new Map<E, Map<string, Connection<E>>>()
  readonly #taps = new Set<(sight: Sight) => void>()
  #groups = new Map<string, number>()

  constructor(init: WireInit) {
    this.#init = init
    this.clock = init.clock
  }

  find(id: Uint8Array): E | undefined {
    return this.#ends.get(hex(id))
  }

  add(end: E): void {
    this.#ends.set(hex(end.id), end)
    this.#connections.set(end, new Map())
  }

  remove(end: E): void {
    this.#ends.delete(hex(end.id))
    for (const connection of this.#connections.get(end)?.values() ?? []) {
      if (connection.open) connection.break([connection.other(end)].filter(other => other !== end))
    }
    this.#connections.delete(end)
  }

  /**
   * A connection: the one there is, or a new one after a round trip.
   *
   * @param done gets undefined when the peer is not there (a round trip later) or cut off (after `timeoutMs`)
   * @param anew wants the peer to be at one of the addresses, also where there is a connection
   * @returns gives up
   */
  connect(
    from: E,
    to: Peer,
    timeoutMs: number,
    done: (connection: Connection<E> | undefined) => void,
    anew = false,
  ): () => void {
    const key = hex(to.id)
    const existing = (): Connection<E> | undefined => this.#connections.get(from)?.get(key)
    const target = this.#ends.get(key)
    const cut = target !== undefined && !this.#together(from, target)
    const roundTrip = existing()?.open && !anew ? 0 : this.latency() + this.latency()
    const timer: Timer = this.clock.after(cut ? timeoutMs : roundTrip, () => {
      const connection = existing()
      if (connection?.open && !anew) return done(connection)
      const end = this.#ends.get(key)
      if (end === undefined || !this.#connections.has(from)) return done(undefined)
      const known = end === from || to.addresses.some(address => end.addresses.includes(address))
      if (!known || !this.#together(from, end) || !letsIn(from, end)) return done(undefined)
      done(connection?.open ? connection : this.#join(from, end))
    })
    return () => timer.cancel()
  }

  /** One end hangs up. */
  cut(end: E, peer: Uint8Array): void {
    const connection = this.#connections.get(end)?.get(hex(peer))
    if (connection?.open) connection.break([end, connection.other(end)])
  }

  /** This end knows that the connection is over; it was the last one to that peer. */
  forget(connection: Connection<E>, end: E): void {
    const others = this.#connections.get(end)
    const peer = connection.other(end)
    const key = hex(peer.id)
    if (others?.get(key) !== connection) return
    others.delete(key)
    end.gone(peer.id)
  }

  /** Says whether an end has a connection with this peer, as far as it knows. */
  isConnected(end: E, peer: Uint8Array): boolean {
    return this.#connections.get(end)?.has(hex(peer)) === true
  }

  /** Counts the connections of an end. */
  connections(end: E): number {
    return this.#connections.get(end)?.size ?? 0
  }

  partition(groups: readonly (readonly Uint8Array[])[]): void {
    this.#groups = new Map(groups.flatMap((ids, group) => ids.map(id => [hex(id), group] as const)))
    for (const [end, connections] of this.#connections) {
      for (const connection of connections.values()) {
        const other = connection.other(end)
        if (connection.open && !this.#together(end, other)) connection.break([end, other])
      }
    }
  }

  tap(handler: (sight: Sight) => void): () => void {
    this.#taps.add(handler)
    return () => this.#taps.delete(handler)
  }

  see(from: E, to: E, bytes: number, what: Sight['what']): void {
    if (what === 'request') this.stats.requests++
    for (const tap of this.#taps) tap({ time: this.clock.now(), from: from.id, to: to.id, bytes, what })
  }

  /** One way, milliseconds. */
  latency(): number {
    const { min, max } = this.#init.latencyMs ?? { min: 0, max: 0 }
    return max > min ? min + (max - min) * this.#fraction() : min
  }

  /** The cells that arrive. */
  lose(cells: readonly Uint8Array[]): readonly Uint8Array[] {
    const loss = this.#init.loss ?? 0
    const arriving = loss > 0 ? cells.filter(() => this.#fraction() >= loss) : cells
    this.stats.cells += cells.length
    this.stats.lost += cells.length - arriving.length
    return arriving
  }

  #join(a: E, b: E): Connection<E> {
    const connection = new Connection(this, a, b)
    this.#connections.get(a)?.set(hex(b.id), connection)
    this.#connections.get(b)?.set(hex(a.id), connection)
    return connection
  }

  #together(a: E, b: E): boolean {
    return this.#groups.get(hex(a.id)) === this.#groups.get(hex(b.id))
  }

  /** A number in [0, 1), 48 random bits. */
  #fraction(): number {
    return this.#init.random(6).reduce((number, byte) => number * 256 + byte, 0) / 2 ** 48
  }
}

/** Neither of the two keeps the other out. */
function letsIn(a: End, b: End): boolean {
  return a.lets(b.id) && b.lets(a.id)
}

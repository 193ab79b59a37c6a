// Gossip in memory: every message goes to all neighbours that have not sent it. The wire says what arrives, and how
// late.

import { createHash } from 'node:crypto'
import { hex } from '../../encoding/bytes.ts'
import type { Timer } from '../../world/clock.ts'
import {
  frameCost,
  type Gossip,
  type GossipInit,
  gossipBeatMs,
  largestGossip,
  messageCost,
  Standing,
  type Verdict,
} from '../gossip.ts'
import type { Connection, End, Wire } from './wire.ts'

/** A host as gossip sees it. */
export interface GossipEnd extends End {
  /** Undefined while it takes no part. */
  readonly gossiping: MemoryGossip<GossipEnd> | undefined
}

/** Messages that are known again. */
const mostSeen = 16_384
/** Bytes that a protocol adds to a message, about. */
const overheadBytes = 64

export class MemoryGossip<E extends GossipEnd> implements Gossip {
  readonly #init: GossipInit
  readonly #end: E
  readonly #wire: Wire<E>
  readonly #dialMs: number
  readonly #standing: Standing
  readonly #neighbours = new Map<
    string,
    { readonly id: Uint8Array; readonly on: Connection<E>; off(): void }
  >()
  readonly #dialling = new Set<string>()
  readonly #seen = new Set<string>()
  #topics = new Set<string>()
  #beat: Timer
  #stopped = false

  constructor(init: GossipInit, end: E, wire: Wire<E>, dialMs: number) {
    this.#init = init
    this.#end = end
    this.#wire = wire
    this.#dialMs = dialMs
    this.#standing = new Standing(wire.clock, id => this.#leave(hex(id)))
    this.#beat = wire.clock.after(0, () => this.#connect())
  }

  get peers(): readonly Uint8Array[] {
    return [...this.#neighbours.values()].map(({ id }) => id)
  }

  get counters(): Readonly<Record<Verdict | 'expelled', number>> {
    return this.#standing.counters
  }

  follow(topics: readonly string[]): void {
    this.#topics = new Set(topics)
  }

  publish(topic: string, message: Uint8Array): void {
    if (this.#stopped || message.length > largestGossip) return
    this.#isNew(topic, message)
    this.#pass(topic, message.slice(), undefined)
  }

  stop(): void {
    this.#stopped = true
    this.#beat.cancel()
    for (const name of [...this.#neighbours.keys()]) this.#leave(name)
  }

  /** Another host wants to be a neighbour, or agrees to be one. */
  meet(other: E, on: Connection<E>): boolean {
    const name = hex(other.id)
    if (this.#stopped || !this.#init.admits(other.id) || this.#standing.isExpelled(other.id)) return false
    if (this.#neighbours.get(name)?.on === on) return true
    this.#leave(name)
    this.#neighbours.set(name, { id: other.id, on, off: on.onBroken(this.#end, () => this.#leave(name)) })
    return true
  }

  /** A neighbour passes something on. */
  hear(from: E, topic: string, message: Uint8Array): void {
    if (this.#stopped || !this.#neighbours.has(hex(from.id))) return
    if (!this.#standing.spend(from.id, message.length + frameCost + messageCost)) return
    if (!this.#topics.has(topic) || message.length > largestGossip || !this.#isNew(topic, message)) return
    const verdict = this.#init.judge(from.id, topic, message.slice())
    this.#standing.note(from.id, verdict)
    if (verdict === 'accept') this.#pass(topic, message, from)
  }

  #pass(topic: string, message: Uint8Array, from: E | undefined): void {
    for (const { id, on } of this.#neighbours.values()) {
      if (from !== undefined && hex(id) === hex(from.id)) continue
      on.carry(this.#end, 'gossip', overheadBytes + message.length, other =>
        other.gossiping?.hear(this.#end, topic, message),
      )
    }
  }

  #isNew(topic: string, message: Uint8Array): boolean {
    const id = createHash('sha256').update(topic).update(message).digest('base64')
    if (this.#seen.has(id)) return false
    this.#seen.add(id)
    if (this.#seen.size > mostSeen) this.#seen.delete(this.#seen.values().next().value as string)
    return true
  }

  #connect(): void {
    if (this.#stopped) return
    this.#beat = this.#wire.clock.after(gossipBeatMs, () => this.#connect())
    for (const peer of this.#init.peers()) {
      const name = hex(peer.id)
      if (this.#neighbours.has(name) || this.#dialling.has(name) || this.#standing.isExpelled(peer.id))
        continue
      this.#dialling.add(name)
      this.#wire.connect(this.#end, peer, this.#dialMs, connection => {
        this.#dialling.delete(name)
        if (connection !== undefined) this.#invite(connection)
      })
    }
  }

  /** Both sides must want it. */
  #invite(on: Connection<E>): void {
    on.carry(this.#end, undefined, 0, other => {
      const agreed = other.gossiping?.meet(this.#end, on) === true
      on.carry(other, undefined, 0, () => {
        if (agreed) this.meet(other, on)
      })
    })
  }

  #leave(name: string): void {
    this.#neighbours.get(name)?.off()
    this.#neighbours.delete(name)
  }
}

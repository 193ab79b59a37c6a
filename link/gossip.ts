// Gossip among nodes (docs/spec/bulletin.md 5): whoever gets a message for the first time judges it, and passes on what
// it accepts. Two versions: gossipsub over libp2p (gossip-libp2p.ts) and memory with a virtual clock
// (gossip-memory.ts). Clients take no part.

import { hex } from '../encoding/bytes.ts'
import type { Clock } from '../world/clock.ts'
import { type Bucket, fullBucket, type Rate, takeTokens } from '../world/rates.ts'
import { MiB, type Ms, minute } from '../world/units.ts'
import type { Peer } from './peer.ts'

/**
 * `accept`: is passed on. `ignore`: is not, and nobody is to blame. `reject`: is not, and whoever passed it on breaks
 * the rules.
 */
export type Verdict = 'accept' | 'ignore' | 'reject'

export interface GossipInit {
  /** Names those to be connected to; asked again and again. Others may connect to this host as well. */
  readonly peers: () => readonly Peer[]
  /** Says whether a host may take part. */
  readonly admits: (id: Uint8Array) => boolean
  /** Looks at a message when it comes for the first time. @param from who passed it on */
  readonly judge: (from: Uint8Array, topic: string, message: Uint8Array) => Verdict
}

export interface Gossip {
  /** Takes part in these topics from now on, and in no others. */
  follow(topics: readonly string[]): void
  /** Hands a message to the others; it is not judged here. At most `largestGossip` bytes. */
  publish(topic: string, message: Uint8Array): void
  /** Hosts that it passes messages on to. */
  readonly peers: readonly Uint8Array[]
  readonly counters: Readonly<Record<Verdict | 'expelled', number>>
  /** Leaves. */
  stop(): void
}

/** For links that reach nobody. */
export const noGossip: Gossip = {
  follow: () => {},
  publish: () => {},
  peers: [],
  counters: { accept: 0, ignore: 0, reject: 0, expelled: 0 },
  stop: () => {},
}

/** Bytes of one message. */
export const largestGossip: number = 32 * 1024
/** Besides its bytes a frame costs so much of its peer's budget, and each message in it. */
export const frameCost = 1024
export const messageCost = 1024
/** Between two looks at whom to be connected to, milliseconds. */
export const gossipBeatMs = 2000

/** So many rejected messages within a minute, and the peer that passed them on is expelled, ... */
export const mostRejected = 16
/** ... for this long, milliseconds. */
export const expelledMs: number = 10 * minute

/** The times are of `elapsed()`. */
interface Misdeeds {
  rejected: number
  since: Ms
  expelledUntil: Ms
}

/**
 * A peer may send as many bytes, what frames and messages cost besides included. All nodes of a network together may
 * publish a small part of that a minute.
 */
const budget: Rate = { perMinute: 8 * MiB, burst: 8 * MiB }
/** Peers whose budgets are remembered. */
const mostBudgets = 4096

/** Keeps account of who has passed on what it should not have, or more than it may. */
export class Standing {
  readonly #clock: Clock
  readonly #records = new Map<string, Misdeeds>()
  readonly #budgets = new Map<string, Bucket>()
  readonly #onExpelled: (id: Uint8Array) => void
  readonly counters: Record<Verdict | 'expelled', number> = { accept: 0, ignore: 0, reject: 0, expelled: 0 }

  /** @param onExpelled ends its part in the gossip */
  constructor(clock: Clock, onExpelled: (id: Uint8Array) => void) {
    this.#clock = clock
    this.#onExpelled = onExpelled
  }

  /** Takes down a verdict about what a peer passed on. */
  note(from: Uint8Array, verdict: Verdict): void {
    this.counters[verdict]++
    if (verdict !== 'reject') return
    const now = this.#clock.elapsed()
    this.#forget(now)
    const name = hex(from)
    const record = this.#records.get(name) ?? { rejected: 0, since: now, expelledUntil: now }
    if (now - record.since > minute) Object.assign(record, { rejected: 0, since: now })
    record.rejected++
    this.#records.set(name, record)
    if (record.rejected >= mostRejected) this.#expel(from, record)
  }

  /**
   * Takes down what a peer has sent, before it is looked at. One that has sent more than its budget is expelled.
   *
   * @param cost bytes
   */
  spend(from: Uint8Array, cost: number): boolean {
    const [now, name] = [this.#clock.elapsed(), hex(from)]
    const bucket = this.#budgets.get(name) ?? fullBucket(budget, now)
    this.#budgets.delete(name)
    this.#budgets.set(name, bucket)
    if (this.#budgets.size > mostBudgets) this.#budgets.delete(this.#budgets.keys().next().value as string)
    if (takeTokens(bucket, budget, cost, now) === cost) return true
    const record = this.#records.get(name) ?? { rejected: 0, since: now, expelledUntil: now }
    this.#records.set(name, record)
    this.#expel(from, record)
    return false
  }

  #expel(from: Uint8Array, record: Misdeeds): void {
    const now = this.#clock.elapsed()
    if (record.expelledUntil > now) return
    record.expelledUntil = now + expelledMs
    this.counters.expelled++
    this.#onExpelled(from)
  }

  isExpelled(id: Uint8Array): boolean {
    const record = this.#records.get(hex(id))
    return record !== undefined && record.expelledUntil > this.#clock.elapsed()
  }

  /** Only peers that take part have records, so there are few. */
  #forget(now: Ms): void {
    for (const [name, { since, expelledUntil }] of this.#records) {
      if (now - since > minute && expelledUntil <= now) this.#records.delete(name)
    }
  }
}

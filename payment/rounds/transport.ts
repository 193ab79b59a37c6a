// Carries messages over a topic of the bulletin: those of rounds over `payments`, heads of ledgers over `heads`. What
// is published goes there again and again, the same bytes, until it is there; what others published comes from it.
// docs/spec/payments-rounds.md 4.10.

import { sha256 } from '@noble/hashes/sha2.js'
import type { BulletinTopic } from '../../client/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Store } from '../../world/store.ts'
import type { Ms } from '../../world/units.ts'
import { sleep } from '../../world/wait.ts'
import { codeOf } from '../error.ts'
import { Reader } from '../reader.ts'

/** `client.bulletin(…)`, or what stands for it in another process. */
export type Topic = Pick<BulletinTopic, 'name' | 'publish' | 'entries'>

/** The topic, and what is done with what comes. */
export interface TransportInit {
  readonly topic: Topic
  /** Keeps where the reading goes on after a restart. */
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Takes a message of somebody else. */
  readonly receive: (message: Uint8Array) => void
  /** Milliseconds after which a message is of no use any more: what is not published by then is given up. */
  readonly giveUpMs: Ms
}

/** Messages on their way; further ones are dropped, and counted. */
const mostUnderWay = 256
/** Own messages that are known again when they come back. */
const mostOwn = 1024
const firstWaitMs = 2000
const longestWaitMs = 30_000
/** No later try can mend these. */
const hopeless: ReadonlySet<string> = new Set(['BAD_ENTRY', 'TOO_LARGE', 'NO_TOPIC', 'CLOSED', 'ABORTED'])

/** Carries messages over a topic of the bulletin: publishes until they are there, and reads others'. */
export class RoundTransport {
  readonly #init: TransportInit
  readonly #closing = new AbortController()
  readonly #own = new Set<string>()
  readonly #reading: Promise<void>
  #underWay = 0
  readonly counters: Record<'published' | 'repeated' | 'failed' | 'received', number> = {
    published: 0,
    repeated: 0,
    failed: 0,
    received: 0,
  }

  private constructor(init: TransportInit, after: number) {
    this.#init = init
    this.#reading = this.#read(after)
  }

  /** Goes on reading where an earlier one stopped. */
  static async open(init: TransportInit): Promise<RoundTransport> {
    const kept = await init.store.get(cursorKey(init.topic))
    return new RoundTransport(init, kept === undefined ? -1 : readCursor(kept))
  }

  /** Publishes a message of this peer; returns at once. */
  publish(message: Uint8Array): void {
    const bytes = message.slice()
    if (this.#underWay >= mostUnderWay || this.#closing.signal.aborted) {
      this.counters.failed++
      return
    }
    this.#own.add(nameOf(bytes))
    if (this.#own.size > mostOwn) this.#own.delete(this.#own.values().next().value as string)
    this.#underWay++
    const until = this.#init.clock.elapsed() + this.#init.giveUpMs
    void this.#publish(bytes, until).finally(() => this.#underWay--)
  }

  /** Stops at once; what was not published is not. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#reading
  }

  /** Another message in its place would be equivocation, so it is these bytes or none. Never rejects. */
  async #publish(bytes: Uint8Array, until: number): Promise<void> {
    const { topic, clock, log } = this.#init
    const { signal } = this.#closing
    for (let wait = firstWaitMs; !signal.aborted; wait = Math.min(longestWaitMs, 2 * wait)) {
      try {
        await topic.publish(bytes, { signal })
        this.counters.published++
        return
      } catch (error) {
        const code = codeOf(error)
        if (signal.aborted) return
        if (hopeless.has(code) || clock.elapsed() + wait > until) {
          this.counters.failed++
          log.warn({ code }, 'payment: a message could not be published')
          return
        }
      }
      this.counters.repeated++
      await this.#pause(wait)
    }
  }

  /** Never rejects. */
  async #read(after: number): Promise<void> {
    const { topic, store, receive, log } = this.#init
    const { signal } = this.#closing
    let cursor = after
    while (!signal.aborted) {
      try {
        for await (const { seq, bytes } of topic.entries({ after: cursor, signal })) {
          if (!this.#own.has(nameOf(bytes))) {
            this.counters.received++
            receive(new Uint8Array(bytes))
          }
          cursor = seq
          await store.put(cursorKey(topic), write({ after: cursor }))
        }
        // the client has closed
        return
      } catch (error) {
        if (signal.aborted) return
        log.warn({ code: codeOf(error) }, 'payment: the bulletin cannot be read')
        await this.#pause(firstWaitMs)
      }
    }
  }

  /** Waits; closing ends it early. Never rejects. */
  async #pause(ms: Ms): Promise<void> {
    await sleep(this.#init.clock, ms, this.#closing.signal).catch(() => {})
  }
}

/** The place in the store that says where the reading of a topic stands. */
function cursorKey({ name }: Topic): string {
  return `transport/${name}`
}

function readCursor(bytes: Uint8Array): number {
  const read = new Reader(bytes, 'cursor', 64)
  read.map(1)
  const after = read.key('after').uint()
  read.end()
  return after
}

function nameOf(bytes: Uint8Array): string {
  return hex(sha256(bytes))
}

// What a client tells of itself to whoever wrote to it (docs/spec/client-contacts.md 17.3): that it has all of a
// message, and that its owner has read it. Both are owed on disk until they have left.

import * as v from 'valibot'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { exponential, type Random } from '../../world/random.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import type { Ms } from '../../world/units.ts'
import { del, type Operation, putRecord, readRecord, time } from '../folder/schema.ts'
import { type PeriodKey, writeReceived } from '../packets/content.ts'
import type { Acknowledge } from './choices.ts'
import type { Contact } from './contacts.ts'

type Word = 'received' | 'read'

interface Owed {
  readonly id: string
  readonly word: Word
  /** Milliseconds since 1970-01-01 UTC. */
  readonly dueAt: Ms
  /** The content that is on its way with it. */
  under: string | undefined
}

/** The time that is drawn for `read` is at most so many times its mean. */
const mostMeans = 6
/** Bounds what is owed: of more, the oldest is not told. */
const mostOwed = 4096
const schema = v.strictObject({ dueAt: time })

export interface AcknowledgingInit {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** `read` is told after an exponential time with this mean, so that it does not show when somebody reads. */
  readonly tellReadMs: Ms
  /** Counts the reply blocks that are left of a message. */
  readonly left: (id: string) => number
  /** Gives the keys that correspondents are told. */
  readonly keys: () => readonly PeriodKey[]
  /** Sends a content over the blocks of a message; returns the id it travels under, or undefined when it may not. */
  readonly post: (word: Word, id: string, content: Uint8Array) => string | undefined
}

/** Describes who asks to be told. */
export interface Asking {
  readonly id: string
  readonly wantsReceived: boolean
  readonly blocks: number
  /** Undefined for a stranger. */
  readonly contact: Contact | undefined
}

export class Acknowledging {
  readonly #init: AcknowledgingInit
  readonly #owed = new Map<string, Owed>()
  level: Acknowledge

  private constructor(init: AcknowledgingInit, level: Acknowledge) {
    this.#init = init
    this.level = level
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(init: AcknowledgingInit, level: Acknowledge): Promise<Acknowledging> {
    const acknowledging = new Acknowledging(init, level)
    for (const [key, value] of await entriesUnder(init.store, 'owed/')) {
      const [, id, word] = key.split('/') as [string, string, Word]
      const { dueAt } = readRecord(key, value, schema)
      acknowledging.#owed.set(key, { id, word, dueAt, under: undefined })
    }
    return acknowledging
  }

  /** Prepares to tell that all of a message has come, where its writer asks for it and may know. */
  arrived({ id, wantsReceived, blocks, contact }: Asking): { operations: Operation[]; commit(): void } {
    const may =
      this.level === 'everyone' || (this.level === 'contacts' && contact !== undefined && contact.received)
    if (!wantsReceived || blocks === 0 || !may) return { operations: [], commit: () => {} }
    return this.#owe(id, 'received', this.#init.clock.now())
  }

  /** The owner has read a message: its writer is told after a while, where that was allowed of this one. */
  async read(id: string, wantsRead: boolean, contact: Contact | undefined): Promise<void> {
    if (!wantsRead || contact?.read !== true || this.#init.left(id) === 0) return
    const { random, clock, store, tellReadMs } = this.#init
    const { operations, commit } = this.#owe(
      id,
      'read',
      clock.now() + Math.min(mostMeans * tellReadMs, exponential(random, tellReadMs)),
    )
    await store.batch(operations)
    commit()
  }

  #owe(id: string, word: Word, dueAt: Ms): { operations: Operation[]; commit(): void } {
    const key = `owed/${id}/${word}`
    const [oldest] = this.#owed.keys()
    const gone = this.#owed.size >= mostOwed && oldest !== undefined ? [oldest] : []
    return {
      operations: [...gone.map(del), putRecord(key, { dueAt })],
      commit: () => {
        for (const each of gone) this.#owed.delete(each)
        this.#owed.set(key, { id, word, dueAt, under: undefined })
      },
    }
  }

  /** Hands over what is due: behind what people wrote. Never rejects. */
  async tell(): Promise<void> {
    const now = this.#init.clock.now()
    const over: string[] = []
    for (const [key, owed] of this.#owed) {
      // A clock that was put back makes nothing wait for longer than was drawn
      const isLater = owed.dueAt > now && owed.dueAt <= now + mostMeans * this.#init.tellReadMs
      if (owed.under !== undefined || isLater) continue
      if (this.#init.left(owed.id) === 0) over.push(key)
      else owed.under = this.#post(owed)
    }
    await this.#forget(over)
  }

  #post({ word, id }: Owed): string | undefined {
    const content = word === 'received' ? writeReceived(this.#init.keys()) : new Uint8Array(0)
    // Over a second block too where there are enough: nobody sends it again
    const under = this.#init.post(word, id, content)
    if (under !== undefined && this.#init.left(id) >= 4) this.#init.post(word, id, content)
    return under
  }

  /** Forgets what travels under this id: it has left, or could not. Never rejects. */
  async over(under: string): Promise<void> {
    const found = [...this.#owed].find(([, owed]) => owed.under === under)
    if (found !== undefined) await this.#forget([found[0]])
  }

  async #forget(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return
    for (const key of keys) this.#owed.delete(key)
    await this.#init.store
      .batch(keys.map(del))
      .catch(() => this.#init.log.error({}, 'an acknowledgement could not be noted as sent'))
  }
}

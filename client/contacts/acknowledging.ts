// What a client tells of itself to whoever wrote to it (docs/spec/client-contacts.md 17.3): that it has all of a
// message, and that its owner has read it. Both are owed on disk until they have left.

import * as v from 'valibot'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { exponential, type Random } from '../../world/random.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import { type Ms, second } from '../../world/units.ts'
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
/** A message that comes again is acknowledged again so often, ... */
const mostAgain = 3
/** With so many reply blocks left a word goes over two of them. */
const spareBlocks = 8
/** ... and no sooner than this after the last time. */
const againMs: Ms = 10 * second
/** Messages of which it is remembered; of more, the one that was told longest ago is not acknowledged again. */
const mostTold = 4096
const toldSchema = v.strictObject({
  again: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(mostAgain)),
})

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
  /** By message whose writer was told that it has come: how often they may be told again, and since when. */
  readonly #told = new Map<string, { readonly again: number; readonly from: Ms }>()
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
    for (const [key, value] of await entriesUnder(init.store, 'told/'))
      acknowledging.#told.set(key.slice('told/'.length), {
        again: readRecord(key, value, toldSchema).again,
        from: init.clock.elapsed(),
      })
    return acknowledging
  }

  /** Prepares to tell that all of a message has come, where its writer asks for it and may know. */
  arrived({ id, wantsReceived, blocks, contact }: Asking): { operations: Operation[]; commit(): void } {
    const may =
      this.level === 'everyone' || (this.level === 'contacts' && contact !== undefined && contact.received)
    if (!wantsReceived || blocks === 0 || !may) return { operations: [], commit: () => {} }
    return this.#owe(id, 'received', this.#init.clock.now())
  }

  /**
   * A message has come again: what its writer was told may be lost, and they are told again, so often and no more.
   * Where they were never told, or may not be any more, nothing happens. Never rejects.
   */
  async again(id: string): Promise<void> {
    const { clock, store, left, log } = this.#init
    const told = this.#told.get(id)
    if (told === undefined || told.again === 0 || clock.elapsed() < told.from + againMs) return
    if (left(id) === 0 || this.#owed.has(`owed/${id}/received`)) return
    const { operations, commit } = this.#owe(id, 'received', clock.now())
    const noted = { again: told.again - 1, from: clock.elapsed() }
    this.#told.set(id, noted)
    try {
      await store.batch([...operations, putRecord(`told/${id}`, { again: noted.again })])
      commit()
    } catch {
      log.error({}, 'that an acknowledgement is owed again could not be noted')
    }
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
    if (under !== undefined && this.#init.left(id) >= spareBlocks) this.#init.post(word, id, content)
    return under
  }

  /** Forgets what travels under this id: it has left, or could not. Never rejects. */
  async over(under: string): Promise<void> {
    const found = [...this.#owed].find(([, owed]) => owed.under === under)
    if (found === undefined) return
    const [key, { id, word }] = found
    await this.#forget([key], word === 'received' ? this.#tellable(id) : [])
  }

  /** Remembers that the writer of a message was told, so that they can be told again. */
  #tellable(id: string): Operation[] {
    const { again = mostAgain } = this.#told.get(id) ?? {}
    this.#told.delete(id)
    this.#told.set(id, { again, from: this.#init.clock.elapsed() })
    const [oldest] = this.#told.keys()
    const gone = this.#told.size > mostTold && oldest !== undefined ? [oldest] : []
    for (const each of gone) this.#told.delete(each)
    return [putRecord(`told/${id}`, { again }), ...gone.map(each => del(`told/${each}`))]
  }

  async #forget(keys: readonly string[], also: readonly Operation[] = []): Promise<void> {
    if (keys.length === 0) return
    for (const key of keys) this.#owed.delete(key)
    await this.#init.store
      .batch([...keys.map(del), ...also])
      .catch(() => this.#init.log.error({}, 'an acknowledgement could not be noted as sent'))
  }
}

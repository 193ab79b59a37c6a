// Reply blocks that went out with this client's messages: the secrets that open what comes back over them
// (docs/spec/client-replies.md 7).

import * as v from 'valibot'
import { hex } from '../../encoding/bytes.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import { type ReplySecret, readReplySecret, writeReplySecret } from '../../sphinx/reply.ts'
import { entriesUnder, keysUnder, type Store } from '../../world/store.ts'
import { ClientError } from '../error.ts'
import { del, type Operation, put, putRecord, readRecord, time } from '../folder/schema.ts'
import type { OwnBlock } from '../packets/packets.ts'
import { Reader } from '../reader.ts'

/** A message of ours that asked for replies. */
export interface Asked {
  /** Lowercase hex of the message's id: the name of the conversation. */
  readonly id: string
  /** The address that the message went to. */
  readonly to: string
  /** Blocks made for it so far. */
  readonly made: number
  /** When the last reply can have been fetched, milliseconds since 1970-01-01 UTC. */
  readonly until: number
}

export interface OwnBlocksLimits {
  /** Blocks of one conversation: the longest reply, and what is sent again. */
  readonly perMessage: number
  /** Secrets that are kept. */
  readonly secrets: number
}

/** One correspondent can ask for one in so many of the secrets that are kept. */
const mostPart = 16

const schema: v.GenericSchema<unknown, Omit<Asked, 'id'>> = v.strictObject({
  to: v.string(),
  made: time,
  until: time,
})

interface Kept {
  readonly asked: string
  /** drawnMs 4, then the secret as `writeReplySecret` writes it */
  readonly record: Uint8Array
}

export class OwnBlocks {
  readonly #store: Store
  readonly #limits: OwnBlocksLimits
  readonly #asked = new Map<string, Asked>()
  /** By the lowercase hex of the reply id. */
  readonly #secrets = new Map<string, Kept>()
  /** By address: secrets of blocks that went there. */
  readonly #out = new Map<string, number>()

  private constructor(store: Store, limits: OwnBlocksLimits) {
    this.#store = store
    this.#limits = limits
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(store: Store, limits: OwnBlocksLimits): Promise<OwnBlocks> {
    const own = new OwnBlocks(store, limits)
    for (const [key, value] of await entriesUnder(store, 'asked/')) {
      const id = key.slice('asked/'.length)
      own.#asked.set(id, { id, ...readRecord(key, value, schema) })
    }
    for (const [key, record] of await entriesUnder(store, 'secret/')) {
      const [, asked, replyId] = key.split('/') as [string, string, string]
      own.#keep(replyId, { asked, record })
    }
    return own
  }

  /**
   * Prepares to remember blocks; they count from `commit` on, when the operations are on disk.
   *
   * @throws ClientError QUEUE_FULL, TOO_LARGE (more for one conversation than is allowed)
   */
  add(
    conversation: { readonly id: string; readonly to: string; readonly until: number },
    blocks: readonly OwnBlock[],
  ): { operations: Operation[]; commit(): void } {
    const { perMessage, secrets } = this.#limits
    const made = (this.#asked.get(conversation.id)?.made ?? 0) + blocks.length
    if (made > perMessage)
      throw new ClientError('TOO_LARGE', `reply blocks: at most ${perMessage} for a message`)
    if (this.#secrets.size + blocks.length > secrets)
      throw new ClientError(
        'QUEUE_FULL',
        `reply blocks: ${secrets} are out; try again when some have expired`,
      )
    const { id, to, until } = conversation
    const asked: Asked = { id, to, made, until: Math.max(until, this.#asked.get(id)?.until ?? 0) }
    const kept = blocks.map(({ replyId, drawnMs, secret }) => {
      const bytes = writeReplySecret(secret)
      return {
        replyId: hex(replyId),
        record: new FieldWriter(4 + bytes.length).u32(drawnMs).put(bytes).bytes,
      }
    })
    const operations = [
      putRecord(`asked/${id}`, { to, made, until: asked.until }),
      ...kept.map(({ replyId, record }) => put(`secret/${id}/${replyId}`, record)),
    ]
    const commit = (): void => {
      this.#asked.set(id, asked)
      for (const { replyId, record } of kept) this.#keep(replyId, { asked: id, record })
    }
    return { operations, commit }
  }

  /**
   * Finds the message to which something belongs that came back under this reply id, what opens it, and the delays it
   * was made with.
   */
  find(
    replyId: string,
  ): { readonly asked: Asked; readonly secret: ReplySecret; readonly drawnMs: number } | undefined {
    const found = this.#secrets.get(replyId)
    const asked = this.#asked.get(found?.asked ?? '')
    if (found === undefined || asked === undefined) return undefined
    const read = new Reader(found.record, 'store: reply secret', 'STORE_DAMAGED')
    const drawnMs = read.u32('drawn delays')
    return { asked, drawnMs, secret: readReplySecret(read.take(read.left, 'secret')) }
  }

  /** A block works once: its secret goes together with the page on which the reply came, then `forget` it. */
  spend(replyId: string): Operation[] {
    const found = this.#secrets.get(replyId)
    return found === undefined ? [] : [del(`secret/${found.asked}/${replyId}`)]
  }

  forget(replyId: string): void {
    const found = this.#secrets.get(replyId)
    if (found === undefined) return
    this.#secrets.delete(replyId)
    this.#count(found.asked, -1)
  }

  #keep(replyId: string, kept: Kept): void {
    this.#secrets.set(replyId, kept)
    this.#count(kept.asked, 1)
  }

  #count(asked: string, by: number): void {
    const to = this.#asked.get(asked)?.to
    if (to === undefined) return
    const out = (this.#out.get(to) ?? 0) + by
    if (out > 0) this.#out.set(to, out)
    else this.#out.delete(to)
  }

  /**
   * Tells whether so many more blocks may be made because a correspondent asks for them: of all secrets half are
   * for what this client sends of its own accord, and one address has a sixteenth at most.
   */
  mayFollow(to: string, blocks: number): boolean {
    const { secrets } = this.#limits
    return (
      this.#secrets.size + blocks <= secrets / 2 && (this.#out.get(to) ?? 0) + blocks <= secrets / mostPart
    )
  }

  /** Nothing more is expected of a conversation: what is sent again may come until then, milliseconds since 1970. */
  async over(id: string, until: number): Promise<void> {
    const asked = this.#asked.get(id)
    if (asked === undefined || asked.until <= until) return
    this.#asked.set(id, { ...asked, until })
    await this.#store.batch([putRecord(`asked/${id}`, { to: asked.to, made: asked.made, until })])
  }

  asked(id: string): Asked | undefined {
    return this.#asked.get(id)
  }

  /** Lists the conversations of which blocks are out, those last made for at the end. */
  get open(): readonly Asked[] {
    const ids = new Set([...this.#secrets.values()].map(({ asked }) => asked))
    return [...ids].flatMap(id => this.#asked.get(id) ?? [])
  }

  /** Forgets conversations whose last reply can have been fetched. */
  async expire(now: number): Promise<void> {
    for (const { id, until } of [...this.#asked.values()]) {
      if (until > now) continue
      const secrets = await keysUnder(this.#store, `secret/${id}/`)
      for (const key of secrets) this.forget(key.slice(`secret/${id}/`.length))
      this.#asked.delete(id)
      await this.#store.batch([del(`asked/${id}`), ...secrets.map(del)])
    }
  }
}

// What a person does by hand: look into the queue, tidy up, make and use reply blocks (docs/spec/client-sdk.md 13.1).
// Reached as `client.chores`.

import { hex } from '../encoding/bytes.ts'
import type { Engine } from './engine.ts'
import type { EngineInit } from './engine-init.ts'
import { ClientError, type ClientErrorCode } from './error.ts'
import { onDisk } from './folder/disk-full.ts'
import { maxReplyBytes } from './limits.ts'
import { progressOf } from './message.ts'
import type { Outgoing } from './outgoing/outbox.ts'
import type { MessageState } from './outgoing/queue-state.ts'
import { writeReply } from './packets/content.ts'
import { messageIdBytes } from './packets/fragments.ts'
import { readSurbs, writeSurbs } from './packets/surb.ts'
import { answersApp } from './requests.ts'

/** A message of the client's own, as the queue lists it. */
export interface Queued {
  /** Lowercase hex, 32 digits. */
  readonly id: string
  /** Larger for what was accepted later; a cursor for `queue`. */
  readonly seq: number
  /** The address that it goes to; null for a reply. */
  readonly to: string | null
  /** The name of the contact whose address that is now; null for a stranger, and for a reply. */
  readonly contact: string | null
  /** The id of the message that a reply answers; null for a message. */
  readonly inReplyTo: string | null
  readonly app: string
  readonly kind: 'message' | 'reply'
  readonly state: MessageState
  readonly reason: ClientErrorCode | null
  readonly bytes: number
  readonly fragments: number
  /** Counts those that a gateway is known to hold. */
  readonly arrived: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly acceptedAt: number
  readonly deadline: number
}

/** A message that came, as the inbox lists it. */
export interface Listed {
  readonly id: string
  readonly seq: number
  /** When it was whole, milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly app: string
  readonly inReplyTo: string | null
  /** The address of whoever wrote it, checked; null when it does not say. */
  readonly from: string | null
  /** The name of the contact who wrote it; null for a stranger, and for a reply. */
  readonly contact: string | null
  readonly canReply: boolean
  readonly bytes: number
  /** True once an app, or its owner, has taken it. */
  readonly read: boolean
}

/** A part of a list. */
export interface Span {
  /** The `seq` of the last one that is known; default -1: from the beginning. */
  readonly after?: number | undefined
  /** Default: all. */
  readonly most?: number | undefined
}

/** Describes reply blocks that somebody handed over, without using one. */
export interface SurbSummary {
  /** Lowercase hex: what is sent with them arrives as a reply to this. */
  readonly conversation: string
  /** The epoch in which each of them works. */
  readonly epochs: readonly number[]
}

/**
 * Does what a person asks for by hand, and an app seldom: the queue, cleaning up, reply blocks as text. It is
 * `client.chores`.
 */
export class Chores {
  readonly #init: EngineInit
  readonly #engine: Engine

  constructor(init: EngineInit, engine: Engine) {
    this.#init = init
    this.#engine = engine
  }

  /**
   * Messages and replies that were accepted, oldest first.
   *
   * @param all those that are over too
   * @param page behind which of them, and how many; default: all
   */
  queue(all = false, { after = -1, most }: Span = {}): Queued[] {
    const messages = all ? [...this.#engine.outbox.all()] : this.#engine.outbox.unfinished()
    return messages
      .filter(({ seq, kind, app }) => seq > after && isOwn(kind) && app !== answersApp)
      .slice(0, most)
      .map(message => this.#queued(message))
  }

  #queued(message: Outgoing): Queued {
    const { id, seq, app, state, reason = null, bytes, acceptedAt, deadline } = message
    const isReply = message.kind === 'reply'
    return {
      id,
      seq,
      to: isReply ? null : message.to,
      contact: isReply ? null : (this.#engine.contacts.find(message.to)?.name ?? null),
      inReplyTo: isReply ? message.to : null,
      app,
      kind: isReply ? 'reply' : 'message',
      state,
      reason,
      bytes,
      ...progressOf(message, this.#engine.dispatch.left(id)),
      acceptedAt,
      deadline,
    }
  }

  /** Gives the copy that was kept of what was handed over; undefined where none was wanted, or it made room. */
  async sent(id: string): Promise<Uint8Array | undefined> {
    return await this.#engine.outbox.copy(id)
  }

  /**
   * Lists what came and is kept, oldest first. Nothing counts as read for it.
   *
   * @param app of this one only
   * @param page behind which of them, and how many; default: all
   */
  inbox(app?: string, { after = -1, most }: Span = {}): Listed[] {
    return this.#engine.inbox
      .after(after, app)
      .filter(entry => entry.app !== answersApp)
      .slice(0, most)
      .map(entry => {
        const { id, seq, at, app, inReplyTo = null, from = null, length, read } = entry
        const canReply = this.#engine.canAnswer(entry)
        const contact = this.#engine.contactOf(entry)?.name ?? null
        return { id, seq, at, app, inReplyTo, from, contact, canReply, bytes: length, read }
      })
  }

  /**
   * Forgets messages that are over, and received ones that were read, from before so long ago.
   *
   * @returns how many went
   */
  async clean(olderThanMs: number): Promise<{ readonly sent: number; readonly received: number }> {
    const before = this.#init.clock.now() - olderThanMs
    return { sent: await this.#engine.outbox.clean(before), received: await this.#engine.inbox.clean(before) }
  }

  /**
   * Reply blocks to hand over by hand. Whoever has them can send to this client without learning who it is; they
   * enter at the gateways of an address, that of whoever is to use them.
   *
   * @param user the address of whoever uses them
   * @param wanted 1 to 64
   * @throws ClientError BAD_ADDRESS, WRONG_NETWORK, WRONG_VERSION, BAD_OPTION, NO_CONSENSUS, NO_GATEWAY, NO_PATH,
   *   QUEUE_FULL
   */
  async makeSurbs(user: string, wanted: number): Promise<string> {
    const { random, g, network, store } = this.#init
    if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= 64))
      throw new ClientError('BAD_OPTION', `surbs: ${wanted}: want 1 to 64`)
    const conversation = random(messageIdBytes)
    const made = this.#engine.replies.make(hex(conversation), user, wanted)
    await onDisk(() => store.batch([...made.operations]))
    made.commit()
    return writeSurbs(g, { conversation, blocks: made.blocks }, network.name)
  }

  /**
   * Describes reply blocks that were handed over as text, without using one.
   *
   * @throws ClientError BAD_SURB, WRONG_NETWORK, WRONG_VERSION
   */
  inspectSurbs(text: string): SurbSummary {
    const { g, network } = this.#init
    const { conversation, blocks } = readSurbs(g, text, network.name)
    return { conversation: hex(conversation), epochs: blocks.map(({ epoch }) => epoch) }
  }

  /**
   * Sends with reply blocks that somebody handed over. A second call with the same goes on with those that are left.
   *
   * @param bytes at most 1 MiB; more than the blocks carry asks their maker for more
   * @returns the id of the message
   * @throws ClientError BAD_SURB, WRONG_NETWORK, WRONG_VERSION, TOO_LARGE, QUEUE_FULL, REPLY_EXPIRED (used up,
   * over, or
   *   made for somebody at other gateways)
   */
  async useSurbs(text: string, bytes: Uint8Array, app: string): Promise<string> {
    const { g, network, clock, store, random, limits } = this.#init
    const { conversation, blocks } = readSurbs(g, text, network.name)
    if (bytes.length > maxReplyBytes)
      throw new ClientError('TOO_LARGE', `surb: ${bytes.length} bytes, at most ${maxReplyBytes}: split it`)
    const to = hex(conversation)
    const { replies, theirs } = this.#engine
    if (!theirs.knows(to)) {
      const taken = replies.received(to, blocks)
      await onDisk(() => store.batch([...taken.operations]))
      taken.commit()
    }
    if (theirs.left(to) === 0)
      throw new ClientError(
        'REPLY_EXPIRED',
        'surb: none of its blocks works here now: used up, over, or made for somebody at other gateways',
      )
    const id = hex(random(messageIdBytes))
    const deadline = clock.now() + limits.lifetimeMs
    const message = { id, kind: 'reply', to, wantsRead: false, bytes: bytes.length, app, deadline } as const
    // Whoever made the blocks need not know whose hands they are in
    await this.#engine.parcels.accept(message, writeReply({ keys: [], bytes }), [])
    return id
  }
}

/** Tells what an app handed over from what the client sends by itself. */
function isOwn(kind: Outgoing['kind']): boolean {
  return kind === 'message' || kind === 'reply'
}

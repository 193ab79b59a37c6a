// What an app hands over, checked and accepted: messages and replies (docs/spec/client-delivery.md 5.1,
// docs/spec/client-replies.md 7.2).

import { hex } from '../../encoding/bytes.ts'
import type { MessageId } from '../../encoding/ids.ts'
import { noApp } from '../app-name.ts'
import { checkContent } from '../checked-options.ts'
import { markedId, prove } from '../contacts/sender.ts'
import type { Engine } from '../engine.ts'
import type { EngineInit } from '../engine-init.ts'
import { ClientError } from '../error.ts'
import type { Operation } from '../folder/schema.ts'
import { maxReplyBytes } from '../limits.ts'
import type { Handles, Message } from '../message.ts'
import { blocksWanted, checkSend, type SendOptions, wantsReceived } from '../options.ts'
import { readAddress } from '../packets/address.ts'
import { writeMessage, writeReply } from '../packets/content.ts'
import { maxMessageBytes, messageIdBytes } from '../packets/fragments.ts'
import { checkWayTo } from '../packets/pattern.ts'
import { utf8Of } from '../packets/utf8.ts'
import type { Outgoing } from './outbox.ts'

/** Reply blocks that go with a message: their secrets are written together with it. */
interface Blocks {
  readonly operations: readonly Operation[]
  commit(): void
}

const noBlocks: Blocks & { readonly blocks: [] } = { blocks: [], operations: [], commit: () => {} }

export class Composer {
  readonly #init: EngineInit
  readonly #engine: Engine
  readonly #handles: Handles
  /** By message that is not over: ends listening to its signal. */
  readonly #signals = new Map<MessageId, () => void>()
  #closed = false

  constructor(init: EngineInit, engine: Engine, handles: Handles) {
    this.#init = init
    this.#engine = engine
    this.#handles = handles
  }

  /**
   * @param inbox where replies will lie
   * @throws ClientError as Client.send
   */
  async send(
    to: string,
    content: Uint8Array | string,
    options: SendOptions,
    inbox: string,
  ): Promise<Message> {
    this.#check(options)
    checkContent('send', content)
    const { network, g, random, sealing } = this.#init
    if (typeof to !== 'string')
      throw new ClientError('BAD_ADDRESS', `send: address: want text, have ${typeof to}`)
    const address = readAddress(to, network.name)
    if (options.way !== undefined) checkWayTo(options.way, address, g.hops - 2)
    // A key of low order cannot be sealed to: better found now than at every attempt
    sealing.seal(address.sealingKey, new Uint8Array(0), random)
    const bytes = bytesOf(content, maxMessageBytes, 'message')
    this.#engine.outbox.reserve(bytes.length)
    const pair = options.from === true ? this.#engine.people.pairWith(address.sealingKey) : undefined
    const idBytes = pair === undefined ? random(messageIdBytes) : markedId(pair, random)
    const id = hex(idBytes)
    const wanted = blocksWanted(options)
    const made = wanted === 0 ? noBlocks : this.#engine.replies.make(id, to, wanted)
    const asks = { wantsRead: options.receipt === true, wantsReceived: wantsReceived(options) }
    const { app = noApp, priority, way } = options
    const from = pair && this.#engine.people.from(this.#engine.identity.gateways)
    const whole = writeMessage(g, { ...asks, from, app, blocks: made.blocks, bytes })
    if (pair !== undefined) prove(pair, idBytes, whole)
    return await this.#accept(
      { id, kind: 'message', to, ...asks, bytes: bytes.length, app: inbox, priority, way },
      whole,
      options,
      made,
      bytes,
    )
  }

  /**
   * @param to the id of the message that is answered
   * @throws ClientError as Client.reply
   */
  async reply(to: string, content: Uint8Array | string, options: SendOptions): Promise<Message> {
    this.#check(options)
    checkContent('reply', content)
    const entry = this.#engine.inbox.find(to)
    if (entry === undefined) throw new ClientError('UNKNOWN_MESSAGE', `reply: no message ${to} is kept here`)
    if (entry.blocks === 0)
      throw new ClientError(
        'NO_REPLY',
        'reply: the message brought no reply block: its sender wants no reply',
      )
    if (!this.#engine.canAnswer(entry))
      throw new ClientError(
        'REPLY_EXPIRED',
        'reply: no reply block of the message is left, and it does not say who wrote it: they were over when it came, or are spent',
      )
    const bytes = bytesOf(content, maxReplyBytes, 'reply')
    const id = hex(this.#init.random(messageIdBytes))
    const { app } = entry
    const { priority } = options
    const writer = entry.from
    const message = {
      ...({ id, kind: 'reply', to, writer, wantsRead: false } as const),
      ...{ bytes: bytes.length, app, priority },
    }
    const keys = this.#engine.people.keysFor(bytes.length)
    return await this.#accept(message, writeReply({ keys, bytes }), options, noBlocks, bytes)
  }

  /** A message is over: nobody needs to listen for its signal any more. */
  over(id: MessageId): void {
    this.#signals.get(id)?.()
    this.#signals.delete(id)
  }

  /** Takes nothing more. */
  close(): void {
    this.#closed = true
    for (const stop of this.#signals.values()) stop()
    this.#signals.clear()
  }

  #check(options: SendOptions): void {
    if (this.#closed) throw new ClientError('CLOSED', 'client: closed')
    checkSend(options)
  }

  async #accept(
    message: Pick<
      Outgoing,
      'id' | 'kind' | 'to' | 'writer' | 'bytes' | 'wantsRead' | 'wantsReceived' | 'way' | 'app' | 'priority'
    >,
    content: Uint8Array,
    { signal, deadlineMs, keep = false }: SendOptions,
    blocks: Blocks,
    bytes: Uint8Array,
  ): Promise<Message> {
    const { clock, limits } = this.#init
    const deadline = clock.now() + Math.min(deadlineMs ?? limits.lifetimeMs, limits.lifetimeMs)
    const { parcels } = this.#engine
    const copy = keep ? bytes : undefined
    const accepted = await parcels.accept({ ...message, deadline }, content, blocks.operations, copy)
    blocks.commit()
    const { id } = accepted
    // Nobody waits for this, and it takes effect in the turn in which the signal aborts
    if (signal?.aborted) this.#engine.parcels.fail(id, 'ABORTED')
    else if (signal !== undefined) {
      const abort = (): void => this.#engine.parcels.fail(id, 'ABORTED')
      signal.addEventListener('abort', abort, { once: true })
      this.#signals.set(id, () => signal.removeEventListener('abort', abort))
    }
    return this.#handles.handle(accepted)
  }
}

/** @throws ClientError TOO_LARGE, BAD_TEXT */
function bytesOf(content: Uint8Array | string, most: number, what: string): Uint8Array {
  const bytes = typeof content === 'string' ? utf8Of(content, 'content') : content
  if (bytes.length > most)
    throw new ClientError('TOO_LARGE', `${what}: ${bytes.length} bytes, at most ${most}: split it`)
  return bytes
}

// Messages that were accepted, on disk until they are over; then only what became of them
// (docs/spec/client-store.md 11).

import * as v from 'valibot'
import { entriesUnder, type Store } from '../../world/store.ts'
import { noApp } from '../app-name.ts'
import { ClientError, type ClientErrorCode } from '../error.ts'
import { del, type Operation, put, putRecord, readRecord, sequence, time } from '../folder/schema.ts'
import type { Kind } from '../packets/fragments.ts'
import { type Way, waySchema } from '../packets/pattern.ts'
import { KeptCopies } from './kept-copies.ts'
import { type MessageState, mayFollow, type Priority, priorities } from './queue-state.ts'

/** A message on its way out. */
export interface Outgoing {
  readonly seq: number
  /** Lowercase hex of the message id, 16 bytes. */
  readonly id: string
  readonly kind: Kind
  /** An address, or for what travels over reply blocks the id of the message it answers. */
  readonly to: string
  /** Names whoever wrote what a reply answers, by address, where they say who they are. */
  readonly writer?: string | undefined
  /** Lowercase hex of the id of the message that carries it to that address, once no reply block is left. */
  readonly carrier?: string | undefined
  /** Fragments. */
  readonly count: number
  /** Bytes that the app handed over. */
  readonly bytes: number
  readonly acceptedAt: number
  readonly deadline: number
  /** It asked to be told when it is read. */
  readonly wantsRead: boolean
  /** It asked to be told when the receiver's client has it. */
  readonly wantsReceived?: boolean | undefined
  /** Whose message it is: in its inbox the replies arrive. */
  readonly app: string
  readonly priority?: Priority | undefined
  readonly state: MessageState
  readonly reason?: ClientErrorCode | undefined
  /** Rules that its sender asked for, for its packets' paths. */
  readonly way?: Way | undefined
}

export interface OutboxLimits {
  /** Messages that are not over. */
  readonly messages: number
  /** Their bytes together. */
  readonly bytes: number
  /** Messages that are over and still listed. */
  readonly finished: number
  /** Bytes of the copies that are kept of what was sent. */
  readonly copies: number
}

const schema: v.GenericSchema<unknown, Omit<Outgoing, 'seq'>> = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  kind: v.picklist(['message', 'blocks', 'receipt', 'reply', 'read', 'refill', 'received']),
  to: v.string(),
  writer: v.optional(v.string()),
  carrier: v.optional(v.string()),
  count: v.pipe(v.number(), v.integer(), v.minValue(1)),
  bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
  acceptedAt: time,
  deadline: time,
  wantsRead: v.boolean(),
  wantsReceived: v.optional(v.boolean()),
  app: v.optional(v.string(), noApp),
  priority: v.optional(v.picklist(priorities)),
  state: v.picklist(['queued', 'sent', 'stored', 'received', 'read', 'failed']),
  reason: v.optional(v.custom<ClientErrorCode>(value => typeof value === 'string')),
  way: v.optional(waySchema),
})

const finished = new Set<MessageState>(['stored', 'received', 'read', 'failed'])

export class Outbox {
  readonly #store: Store
  readonly #limits: OutboxLimits
  readonly #messages = new Map<string, Outgoing>()
  /** Contents of what is not over: a fragment must be at hand at the tick of a clock. */
  readonly #contents = new Map<string, Uint8Array>()
  readonly #finished: string[] = []
  readonly #copies: KeptCopies
  #nextSeq = 0
  #bytes = 0

  private constructor(store: Store, limits: OutboxLimits, copies: KeptCopies) {
    this.#store = store
    this.#limits = limits
    this.#copies = copies
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(store: Store, limits: OutboxLimits): Promise<Outbox> {
    const records = (await entriesUnder(store, 'out/')).map(([key, value]) => {
      const seq = Number(key.slice('out/'.length))
      return { key, message: { ...readRecord(key, value, schema), seq } }
    })
    const sizes = new Map(records.map(({ message: { seq, bytes } }) => [seq, bytes]))
    const copies = await KeptCopies.open(store, limits.copies, seq => sizes.get(seq))
    const outbox = new Outbox(store, limits, copies)
    for (const { key, message } of records) {
      const { seq } = message
      outbox.#nextSeq = seq + 1
      outbox.#messages.set(message.id, message)
      if (finished.has(message.state)) {
        outbox.#finished.push(message.id)
        continue
      }
      const content = await store.get(`out-content/${sequence(seq)}`)
      if (content === undefined) throw new ClientError('STORE_DAMAGED', `store: ${key} has lost its content`)
      outbox.#keep(message.id, content)
    }
    return outbox
  }

  /**
   * Checks that a message of this many bytes may be added.
   *
   * @throws ClientError QUEUE_FULL
   */
  reserve(bytes: number): void {
    const { messages, bytes: most } = this.#limits
    if (this.#contents.size >= messages)
      throw new ClientError('QUEUE_FULL', `queue: ${messages} messages wait; try again when some have left`)
    if (this.#bytes + bytes > most)
      throw new ClientError(
        'QUEUE_FULL',
        `queue: ${this.#bytes} bytes wait, at most ${most}; try again later`,
      )
  }

  /**
   * Writes a message and what belongs to it in one go; resolves when it outlives the process.
   *
   * @param copy what is kept of it for its sender, also when it is over
   * @throws ClientError QUEUE_FULL, and what the disk says
   */
  async add(
    message: Omit<Outgoing, 'seq' | 'state'>,
    content: Uint8Array,
    also: readonly Operation[],
    copy?: Uint8Array,
  ): Promise<Outgoing> {
    this.reserve(content.length)
    const added: Outgoing = { ...message, seq: this.#nextSeq++, state: 'queued' }
    this.#keep(added.id, content)
    try {
      const at = sequence(added.seq)
      const kept = copy === undefined ? [] : this.#copies.add(added.seq, copy)
      await this.#store.batch([write(added), put(`out-content/${at}`, content), ...kept, ...also])
    } catch (error) {
      this.#forget(added.id)
      this.#copies.drop(added.seq)
      throw error
    }
    this.#messages.set(added.id, added)
    return added
  }

  get(id: string): Outgoing | undefined {
    return this.#messages.get(id)
  }

  content(id: string): Uint8Array | undefined {
    return this.#contents.get(id)
  }

  /** Gives the copy that is kept of what was handed over. */
  async copy(id: string): Promise<Uint8Array | undefined> {
    const message = this.#messages.get(id)
    return message === undefined ? undefined : await this.#copies.get(message.seq)
  }

  /** Every message that is kept, oldest first. */
  all(): Iterable<Outgoing> {
    return this.#messages.values()
  }

  /** Those that are not over. */
  unfinished(): Outgoing[] {
    return [...this.#messages.values()].filter(message => !finished.has(message.state))
  }

  /** Tells whether a reply to this message is not over. */
  answers(conversation: string): boolean {
    return this.unfinished().some(({ kind, to }) => kind === 'reply' && to === conversation)
  }

  /**
   * Moves a message's state forward. What is over loses its content.
   *
   * @returns the message as it is now, and when that is on disk; undefined when the state does not follow
   */
  move(
    id: string,
    state: MessageState,
    reason: ClientErrorCode | undefined,
  ): { message: Outgoing; written: Promise<void> } | undefined {
    const before = this.#messages.get(id)
    if (before === undefined || !mayFollow(before.state, state)) return undefined
    const message: Outgoing = { ...before, state, reason }
    this.#messages.set(id, message)
    const operations = [write(message)]
    if (finished.has(state) && !finished.has(before.state)) {
      const at = sequence(message.seq)
      operations.push(del(`out-content/${at}`), del(`out-progress/${at}`))
      this.#forget(id)
      operations.push(...this.#retire(id))
    }
    return { message, written: this.#store.batch(operations) }
  }

  /**
   * Has another message carry one that is not over; resolves when that is on disk.
   *
   * @throws what the disk says; nothing has changed then
   */
  async redirect(
    id: string,
    { carrier, count, content }: Required<Pick<Outgoing, 'carrier' | 'count'>> & { content: Uint8Array },
  ): Promise<void> {
    const before = this.#messages.get(id)
    if (before === undefined || finished.has(before.state)) return
    const at = sequence(before.seq)
    const record = write({ ...before, carrier, count })
    await this.#store.batch([record, put(`out-content/${at}`, content), del(`out-progress/${at}`)])
    // It may be over meanwhile
    const now = this.#messages.get(id)
    if (now === undefined || finished.has(now.state)) return
    this.#messages.set(id, { ...now, carrier, count })
    this.#forget(id)
    this.#keep(id, content)
  }

  /** Remembers which fragments are acknowledged, so that a restarted client sends only the others. */
  async saveProgress(progress: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const operations: Operation[] = []
    for (const [id, acknowledged] of progress) {
      const message = this.#messages.get(id)
      if (message === undefined || finished.has(message.state)) continue
      operations.push(put(`out-progress/${sequence(message.seq)}`, acknowledged))
    }
    if (operations.length > 0) await this.#store.batch(operations)
  }

  async progress(message: Outgoing): Promise<Uint8Array | undefined> {
    const found = await this.#store.get(`out-progress/${sequence(message.seq)}`)
    return found?.length === Math.ceil(message.count / 8) ? found : undefined
  }

  /** Forgets what is over and was accepted before a time. Resolves with how many, when that is on disk. */
  async clean(before: number): Promise<number> {
    const old = [...this.#messages.values()].filter(
      ({ state, acceptedAt }) => finished.has(state) && acceptedAt < before,
    )
    await this.#store.batch(
      old.flatMap(({ seq }) => [del(`out/${sequence(seq)}`), ...this.#copies.drop(seq)]),
    )
    for (const { id } of old) {
      this.#messages.delete(id)
      this.#finished.splice(this.#finished.indexOf(id), 1)
    }
    return old.length
  }

  #keep(id: string, content: Uint8Array): void {
    this.#contents.set(id, content)
    this.#bytes += content.length
  }

  #forget(id: string): void {
    this.#bytes -= this.#contents.get(id)?.length ?? 0
    this.#contents.delete(id)
  }

  /** The oldest of what is over makes room. */
  #retire(id: string): Operation[] {
    this.#finished.push(id)
    if (this.#finished.length <= this.#limits.finished) return []
    const oldest = this.#messages.get(this.#finished.shift() as string) as Outgoing
    this.#messages.delete(oldest.id)
    return [del(`out/${sequence(oldest.seq)}`), ...this.#copies.drop(oldest.seq)]
  }
}

function write({ seq, ...record }: Outgoing): Operation {
  return putRecord(`out/${sequence(seq)}`, record)
}

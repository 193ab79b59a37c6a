// Contents of a client on their way out: handed over to dispatch, and what becomes of them noted
// (docs/spec/client-delivery.md 5.1).

import { epochAt, type Network } from '../../directory/documents/network.ts'
import { hex } from '../../encoding/bytes.ts'
import type { MessageId } from '../../encoding/ids.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import { type Ms, minute, second } from '../../world/units.ts'
import type { Bulletin } from '../bulletin/bulletin.ts'
import type { Diary } from '../diary.ts'
import { ClientError, type ClientErrorCode } from '../error.ts'
import { onDisk } from '../folder/disk-full.ts'
import type { Operation } from '../folder/schema.ts'
import { fragmentBytes, fragmentCount, type Kind, laneOf, messageIdBytes } from '../packets/fragments.ts'
import type { Sealing } from '../packets/sealing.ts'
import { countBits } from './bitmap.ts'
import type { Stranded } from './by-address.ts'
import type { Dispatch, Parcel } from './dispatch.ts'
import type { Outbox, Outgoing } from './outbox.ts'
import type { Asked, OwnBlocks } from './own-blocks.ts'
import { OwnTraffic } from './own-traffic.ts'
import type { Accepted, MessageState } from './queue-state.ts'
import type { Replies } from './replies.ts'

export interface ParcelsInit {
  readonly network: Network
  readonly g: Geometry
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly sealing: Sealing
  /** Bounds how long a message is tried without a deadline of its own. */
  readonly lifetimeMs: Ms
  readonly outbox: Outbox
  readonly own: OwnBlocks
  readonly diary: Diary
  readonly bulletin: Bulletin
  readonly dispatch: Dispatch
  readonly replies: Replies
  /** Makes the message that carries a reply to an address. @throws ClientError */
  readonly carry: (reply: Stranded) => { readonly carrier: string; readonly content: Uint8Array }
  /** A message that is kept has changed its state. */
  readonly onState: (message: Outgoing) => void
  /** Something of the client's own is over: it has left, or could not. */
  readonly onPosted: (id: string, state: MessageState) => void
}

/** After this time what the client itself sends (receipts, blocks) is of no use. */
const ownLifetimeMs = 5 * minute
/** The blocks of a message are for so many epochs. */
const epochsOfBlocks = 3
/** Messages after which blocks follow when a node fails. */
const mostFreshened = 16
/** From one time that blocks follow after such messages to the next, at least. */
const freshenPauseMs = 10 * second
/** Contents of the client's own under way. */
const mostPosted = 512

export class Parcels {
  readonly #init: ParcelsInit
  readonly ownTraffic: OwnTraffic = new OwnTraffic()
  /** Messages that `post` has under way. */
  readonly #posted = new Set<MessageId>()
  /** Replies that are written anew, to go to an address. */
  readonly #redirected = new Set<MessageId>()
  /** When a node failed last, milliseconds since 1970-01-01 UTC. */
  #failedAt = Number.NEGATIVE_INFINITY
  /** Says that blocks are to follow, and from when on they may, by elapsed time. */
  #isStale = false
  #freshenAt: Ms = Number.NEGATIVE_INFINITY
  /** State changes on their way to the disk. */
  readonly #writes = new Set<Promise<void>>()

  constructor(init: ParcelsInit) {
    this.#init = init
  }

  /** Fragments of a content of this kind. @throws ClientError TOO_LARGE */
  #count(kind: Kind, contentBytes: number): number {
    const { g, sealing } = this.#init
    return fragmentCount(contentBytes, fragmentBytes(g, laneOf(kind), sealing.overhead))
  }

  /**
   * Takes a message over: it is on disk when this resolves.
   *
   * @param also what must be on disk together with it
   * @throws ClientError QUEUE_FULL, DISK_FULL; and what the disk says besides
   */
  async accept(
    message: Pick<
      Outgoing,
      | 'id'
      | 'kind'
      | 'to'
      | 'writer'
      | 'bytes'
      | 'wantsRead'
      | 'wantsReceived'
      | 'deadline'
      | 'way'
      | 'app'
      | 'priority'
    >,
    content: Uint8Array,
    also: readonly Operation[],
    copy?: Uint8Array,
  ): Promise<Outgoing> {
    const count = this.#count(message.kind, content.length)
    const acceptedAt = this.#init.clock.now()
    const accepted = await onDisk(() =>
      this.#init.outbox.add({ ...message, count, acceptedAt }, content, also, copy),
    )
    const { id, deadline } = accepted
    this.#init.diary.add({ at: acceptedAt, event: 'accepted', id, count })
    const parcel = parcelOf(accepted, content)
    this.#init.dispatch.accept(parcel, {
      by: acknowledgedBy(parcel.kind),
      deadline,
      ...queuedAs(accepted),
    })
    return accepted
  }

  /**
   * Takes what a content of the client's own costs off the budget of whose doing it is.
   *
   * @param bytes of the content
   * @returns false when that is spent, or too much of the client's own is under way
   */
  mayPost(kind: Kind, to: string, bytes: number): boolean {
    if (this.#posted.size >= mostPosted) return false
    return this.ownTraffic.take(to, this.#count(kind, bytes), this.#init.clock.elapsed())
  }

  /**
   * Sends something of the client's own where `mayPost` lets it; it does not survive a restart, and need not: whoever
   * misses it asks again.
   *
   * @returns the id it travels under; undefined when it does not
   */
  post(kind: Kind, to: string, content: Uint8Array): string | undefined {
    return this.mayPost(kind, to, content.length) ? this.carry(kind, to, content) : undefined
  }

  /** Sends what `mayPost` was asked for. */
  carry(kind: Kind, to: string, content: Uint8Array): string {
    const { random, clock, log } = this.#init
    const id = hex(random(messageIdBytes))
    const giveUpAt = clock.elapsed() + ownLifetimeMs
    try {
      const count = this.#count(kind, content.length)
      this.#posted.add(id)
      this.#init.dispatch.accept(
        { id, kind, to, content, count },
        { by: acknowledgedBy(kind), dueTo: to, giveUpAt },
      )
    } catch (error) {
      this.#posted.delete(id)
      log.warn({ reason: error instanceof ClientError ? error.code : 'FAULT' }, 'an answer could not be sent')
    }
    return id
  }

  /** Calls a message off. */
  fail(id: string, reason: ClientErrorCode): void {
    this.#init.dispatch.apply({ type: 'failed', id, reason })
  }

  /** Goes on with the messages that were under way when the client stopped. */
  async resume(): Promise<void> {
    for (const message of this.#init.outbox.unfinished()) {
      const { id, count, deadline, state } = message
      const content = this.#init.outbox.content(id)
      const acknowledged = (await this.#init.outbox.progress(message)) ?? new Uint8Array(Math.ceil(count / 8))
      if (content === undefined || (state !== 'queued' && state !== 'sent')) continue
      const parcel = parcelOf(message, content)
      const how: Omit<Accepted, 'id' | 'count'> = {
        by: acknowledgedBy(parcel.kind),
        deadline,
        ...queuedAs(message),
        resume: { state, acknowledged },
      }
      if (parcel.kind === 'reply') this.#init.replies.resume(parcel.to)
      try {
        this.#init.dispatch.accept(parcel, how)
      } catch (error) {
        // The network of the configuration is another one now
        this.moved(id, 'failed', error instanceof ClientError ? error.code : 'BAD_ADDRESS')
      }
    }
  }

  /** A message of ours has changed its state. */
  moved(id: string, state: MessageState, reason: ClientErrorCode | undefined): void {
    const { log, clock } = this.#init
    const deadlineSet = (message: Outgoing): boolean =>
      message.deadline - message.acceptedAt < this.#init.lifetimeMs
    const before = this.#init.outbox.get(id)
    if (before === undefined) {
      const isOver = state !== 'queued' && !this.#init.dispatch.carries(id)
      if (isOver && this.#posted.delete(id)) this.#init.onPosted(id, state)
      this.#init.bulletin.moved(id, state)
      return
    }
    const why = reason === 'EXPIRED' && deadlineSet(before) ? 'DEADLINE' : reason
    const moved = this.#init.outbox.move(id, state, why)
    if (moved === undefined) return
    this.#init.diary.add({ at: clock.now(), event: 'state', id, state, reason: why })
    const written = moved.written
      .catch((error: unknown) => {
        log.error({ reason: error instanceof Error ? error.name : 'unknown' }, 'a state could not be written')
      })
      .finally(() => this.#writes.delete(written))
    this.#writes.add(written)
    this.#init.onState(moved.message)
    if (state === 'stored') this.#freshen(moved.message)
  }

  /** The home has failed, where most blocks end that are out, or a node by which many of them go. */
  nodeFailed(): void {
    this.#failedAt = this.#init.clock.now()
    this.#isStale = true
  }

  /**
   * Blocks are broken that are out: others follow to those who may still answer, to the last few messages that have
   * arrived. Those under way are followed when they have.
   */
  async freshenAll(): Promise<void> {
    const { network, clock, own, outbox } = this.#init
    if (!this.#isStale || clock.elapsed() < this.#freshenAt) return
    this.#isStale = false
    this.#freshenAt = clock.elapsed() + freshenPauseMs
    const oldest = epochAt(network, clock.now()) - epochsOfBlocks
    const awaited = own.open.filter(({ id }) => {
      const message = outbox.get(id)
      if (message === undefined || message.state === 'queued' || message.state === 'sent') return false
      return epochAt(network, message.acceptedAt) > oldest && message.acceptedAt <= this.#failedAt
    })
    for (const asked of awaited.slice(-mostFreshened)) await this.#follow(asked)
  }

  /**
   * Sends more blocks after a message that arrived so late that the epochs of most of its blocks are over, or of which
   * something was lost, as then is what goes by its blocks, or when a node has failed since they were made.
   */
  #freshen({ id, acceptedAt }: Outgoing): void {
    const { network, clock } = this.#init
    const asked = this.#init.own.asked(id)
    const isLate = epochAt(network, clock.now()) >= epochAt(network, acceptedAt) + epochsOfBlocks - 1
    const isBroken = acceptedAt <= this.#failedAt || this.#init.dispatch.lostSome(id)
    if (asked !== undefined && (isLate || isBroken)) void this.#follow(asked)
  }

  /** Never rejects. */
  async #follow(asked: Asked): Promise<void> {
    try {
      await this.#init.replies.freshen(asked)
    } catch (error) {
      const reason = error instanceof ClientError ? error.code : 'FAULT'
      this.#init.log.debug({ reason }, 'no blocks could follow')
    }
  }

  /** Notes that the other side's client, or app, has a message of ours: it says so, or it has answered. */
  reached(id: string, state: 'received' | 'read'): void {
    if (this.#init.dispatch.carries(id)) this.#init.dispatch.apply({ type: state, id })
    else this.moved(id, state, undefined)
  }

  /** The other side's client tells which fragments of a reply it has. */
  receipt(id: string, count: number, have: Uint8Array): void {
    const { dispatch, outbox } = this.#init
    if (dispatch.receipt(id, count, have)) return
    const message = outbox.get(id)
    // One that a message carries is acknowledged as that, and receipted when it has come
    if (message?.carrier !== undefined && message.count === count && countBits(have) === count)
      this.reached(id, 'received')
  }

  /**
   * Has a reply go to the address of whoever wrote what it answers: no block is left for it. It leaves when that is
   * on disk.
   *
   * @returns false where they do not say who they are, or it goes there already
   */
  redirect(id: string): boolean {
    const message = this.#init.outbox.get(id)
    if (message?.writer === undefined || message.carrier !== undefined) return false
    if (this.#redirected.has(id)) return true
    this.#redirected.add(id)
    const written = this.#redirect(message, message.writer)
      .catch((error: unknown) => {
        const reason = error instanceof ClientError ? error.code : 'FAULT'
        this.#init.log.warn({ reason }, 'a reply could not be written anew')
      })
      .finally(() => {
        this.#redirected.delete(id)
        this.#writes.delete(written)
      })
    this.#writes.add(written)
    return true
  }

  async #redirect({ id, to }: Outgoing, writer: string): Promise<void> {
    const { outbox, dispatch, carry } = this.#init
    const reply = outbox.content(id)
    if (reply === undefined) return
    const { carrier, content } = carry({ id, conversation: to, writer, content: reply })
    await outbox.redirect(id, { carrier, content, count: this.#count('message', content.length) })
    const message = outbox.get(id)
    if (message?.carrier !== undefined) dispatch.reroute(parcelOf(message, content), 'gateway')
  }

  /** Writes down which fragments are acknowledged, so that a restart sends only the others. */
  async saveProgress(): Promise<void> {
    const { outbox, dispatch } = this.#init
    await outbox.saveProgress(dispatch.takeProgress())
  }

  /** Resolves when every change of a state is on disk. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#writes)
  }
}

/** Tells what of a message travels: a reply over blocks, or in a message to an address. */
function parcelOf({ id, kind, to, writer, carrier, count, way }: Outgoing, content: Uint8Array): Parcel {
  if (carrier === undefined || writer === undefined) return { id, kind, to, content, count, way }
  return { id, under: carrier, kind: 'message', to: writer, content, count, way }
}

/** Says how the queue treats a message among the others. */
function queuedAs({ app, priority, way }: Outgoing): Pick<Accepted, 'app' | 'priority' | 'copies'> {
  return { app, priority, copies: way?.copies }
}

function acknowledgedBy(kind: Kind): Accepted['by'] {
  if (laneOf(kind) === 'forward') return 'gateway'
  return kind === 'reply' ? 'peer' : 'none'
}

// What arrives in a client's mailbox: acknowledgements and loops, sealed fragments, replies
// (docs/spec/client-store.md 10). Anybody can send anything to a mailbox: what does not open, fit or make sense is
// counted and dropped.

import { fromHex, hex } from '../../encoding/bytes.ts'
import type { MessageId } from '../../encoding/ids.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import type { MailboxEntry } from '../../link/protocol/mailbox.ts'
import { readBody } from '../../sphinx/body.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { openReply } from '../../sphinx/reply.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import { type Turns, turns } from '../../world/turns.ts'
import { type Ms, second } from '../../world/units.ts'
import { noApp } from '../app-name.ts'
import type { People } from '../contacts/people.ts'
import type { Diary } from '../diary.ts'
import { ClientError } from '../error.ts'
import { type Operation, put } from '../folder/schema.ts'
import type { Arrivals } from '../outgoing/arrivals.ts'
import { countBits, emptyBitmap, setBit } from '../outgoing/bitmap.ts'
import type { Dispatch } from '../outgoing/dispatch.ts'
import type { OwnBlocks } from '../outgoing/own-blocks.ts'
import type { Replies } from '../outgoing/replies.ts'
import { carriedSecret, openAnswer } from '../packets/answers.ts'
import {
  type AnswerTo,
  type From,
  readBlocks,
  readMessage,
  readReceipt,
  readReceived,
  readRefill,
  readReply,
  writeReceipt,
} from '../packets/content.ts'
import { fragmentBytes, fragmentHeadBytes, maxMessageBytes, readFragment } from '../packets/fragments.ts'
import type { Sealing, SealingKey } from '../packets/sealing.ts'
import { Reader } from '../reader.ts'
import type { Arriving, ForApp, InboxEntry, Whole } from './arrivals.ts'
import type { ArrivalEnd, Inbox } from './inbox.ts'

export interface ReceiverInit {
  readonly clock: Clock
  readonly log: Log
  readonly g: Geometry
  readonly sealing: Sealing
  readonly sealingKey: SealingKey
  /** Knows whom this client's owner does, and what it is told and tells because of a message. */
  readonly people: People
  readonly inbox: Inbox
  readonly own: OwnBlocks
  readonly arrivals: Arrivals
  /** Tells whether this gateway (lowercase hex) is the home that acknowledgements come to. */
  readonly isHome: (gateway: string) => boolean
  readonly replies: Replies
  readonly dispatch: Dispatch
  readonly diary: Diary
  /** Sends a receipt to an address; returns the id it travels under, or undefined when it does not. */
  readonly post: (kind: 'receipt', to: string, content: Uint8Array) => string | undefined
  /** Whose a message of ours was. */
  readonly appOf: (id: string) => string
  /** The address that a message of ours went to, as far as is known. */
  readonly askedOf: (id: string) => string | undefined
  /** The other side's client tells which fragments of a reply of ours it has. */
  readonly onReceipt: (id: string, count: number, have: Uint8Array) => void
  /** The other side's client, or app, has a message of ours. */
  readonly onReached: (id: string, state: 'received' | 'read') => void
  /** A message for the app is on disk. */
  readonly onMessage: (entry: InboxEntry) => void
}

/** Names what became of an entry of a mailbox. */
export type EntryEnd = 'returned' | 'own' | 'unreadable' | ArrivalEnd

/** A reply that is not whole is receipted when nothing more of it has come for this long. */
const quietMs = 2 * second
/** Replies to one message of ours that came in messages of their own, and lie in the room for replies. */
const mostCarried = 64
/** Replies whose receipt is remembered. */
const mostReceipts = 1024
/** More than the largest content: a message with its reply blocks. */
const mostContentBytes = maxMessageBytes + 1024 * 1024

export class Receiver {
  readonly #init: ReceiverInit
  /** The last cursor of each gateway that is safe here. */
  readonly #cursors = new Map<string, number>()
  /** Replies that are not whole: the conversation, and when a receipt was sent last, by elapsed time. */
  readonly #partial = new Map<MessageId, { readonly conversation: MessageId; receiptedAt: Ms }>()
  /** The receipt that is under way for a reply. */
  readonly #receipts = new Map<string, { readonly under: string; readonly whole: boolean }>()
  readonly #inTurn: Turns = turns()
  readonly counters: Record<EntryEnd | 'givenUp' | 'badContent', number> = {
    returned: 0,
    own: 0,
    unreadable: 0,
    kept: 0,
    complete: 0,
    duplicate: 0,
    conflict: 0,
    refused: 0,
    seen: 0,
    givenUp: 0,
    badContent: 0,
  }

  constructor(init: ReceiverInit, cursors: ReadonlyMap<string, number>) {
    this.#init = init
    for (const [gateway, cursor] of cursors) this.#cursors.set(gateway, cursor)
  }

  cursor(gateway: string): number {
    return this.#cursors.get(gateway) ?? 0
  }

  /**
   * Takes the entries of a page, one page after the other. Resolves when they are on disk.
   *
   * @param behind the cursor that the first of them follows: where that is not on disk, since the page before was not
   *   kept, this one is not kept either
   * @throws what the disk says; the page will come again
   */
  take(gateway: string, entries: readonly MailboxEntry[], behind: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.cursor(gateway) >= behind) await this.#take(gateway, entries)
    })
  }

  /** Ends what was whole and not settled when the process last ended. */
  async resume(): Promise<void> {
    for (const whole of await this.#init.inbox.unsettled()) await this.#settle(whole)
  }

  /** Resolves when no page is in work. */
  idle(): Promise<void> {
    return this.#inTurn(async () => {})
  }

  /** Tells repliers what is missing, when nothing more comes by itself. */
  remind(): void {
    const { clock, inbox } = this.#init
    const now = clock.elapsed()
    for (const [id, partial] of this.#partial) {
      const progress = inbox.progress(id)
      if (progress === undefined) {
        this.#partial.delete(id)
        continue
      }
      if (progress.touchedAt + quietMs > now || progress.touchedAt <= partial.receiptedAt) continue
      partial.receiptedAt = now
      this.#receipt(id, partial.conversation, progress.count, progress.have)
    }
  }

  async #take(gateway: string, entries: readonly MailboxEntry[]): Promise<void> {
    const { clock, inbox, own, diary } = this.#init
    const page: Arriving[] = []
    const spent: string[] = []
    for (const entry of entries) {
      const arriving = this.#open(entry, spent, gateway)
      if (arriving !== undefined) page.push(arriving)
    }
    const cursor = entries.at(-1)?.cursor ?? this.cursor(gateway)
    const also = [putCursor(gateway, cursor), ...spent.flatMap(replyId => own.spend(replyId))]
    const result = await inbox.takePage(page, also, clock.elapsed())
    this.#cursors.set(gateway, cursor)
    for (const replyId of spent) own.forget(replyId)
    this.counters.givenUp += result.givenUp
    const again = new Map<string, { conversation: string; count: number }>()
    const cameAgain = new Set<string>()
    for (const [i, end] of result.ends.entries()) {
      this.counters[end]++
      const { kind, id, conversation, count } = page[i] as Arriving
      if (kind === 'message' && end === 'seen') cameAgain.add(hex(id))
      if (kind !== 'reply' || conversation === undefined) continue
      if (end === 'kept' && !this.#partial.has(hex(id))) {
        this.#partial.set(hex(id), { conversation, receiptedAt: Number.NEGATIVE_INFINITY })
      }
      if (end === 'seen') again.set(hex(id), { conversation, count })
    }
    for (const id of cameAgain) await this.#init.people.metAgain(id)
    // They were sent again: the receipt was lost, or is late
    for (const [id, { conversation, count }] of again) this.#receipt(id, conversation, count, allOf(count))
    for (const whole of result.whole) {
      const { index: fragment, attempt } = whole.last
      const { id, conversation: inReplyTo } = whole
      const last = page.find(each => hex(each.id) === id && each.index === fragment)
      diary.add({
        at: clock.now(),
        event: 'received',
        id,
        fragment,
        attempt,
        inReplyTo,
        drawnMs: last?.drawnMs,
      })
      await this.#settle(whole)
    }
  }

  /** The fragment in an entry, if there is one that opens. */
  #open(entry: MailboxEntry, spent: string[], gateway: string): Arriving | undefined {
    const { dispatch, own, isHome } = this.#init
    const replyId = hex(entry.replyId)
    try {
      if (dispatch.returned(replyId) !== undefined) {
        this.counters.returned++
        return undefined
      }
      const { g, arrivals } = this.#init
      const mark = arrivals.own(entry.payload)
      if (mark !== undefined) {
        this.counters.own++
        dispatch.returned(mark)
        return undefined
      }
      const found = own.find(replyId)
      if (found === undefined) {
        arrivals.came(isHome(gateway) ? 'message' : 'aside')
        return this.#openSealed(entry.payload)
      }
      arrivals.came(isHome(gateway) ? 'answer' : 'aside')
      spent.push(replyId)
      const { user } = readBody(g, openReply(g, carriedSecret(found.secret), entry.payload))
      const size = fragmentBytes(g, 'reply', 0)
      const fragment = this.#checked(readFragment(openAnswer(g, found.secret, user), 'reply', size), size)
      return { ...fragment, conversation: found.asked.id, drawnMs: found.drawnMs }
    } catch {
      // Whatever it is: a page that could not be taken would come again for ever
      this.counters.unreadable++
      return undefined
    }
  }

  #openSealed(payload: Uint8Array): Arriving {
    const { g, sealing, sealingKey, people } = this.#init
    const size = fragmentBytes(g, 'forward', sealing.overhead)
    const plain = openWith(sealing, [...people.receivingKeys(), sealingKey], payload.subarray(0, g.userBytes))
    return this.#checked(readFragment(plain, 'forward', size), size)
  }

  #checked(fragment: Arriving, size: number): Arriving {
    if (fragment.count * (size - fragmentHeadBytes) > mostContentBytes + size)
      throw new ClientError('BAD_FRAGMENT', `fragment: count: ${fragment.count} make too large a message`)
    return fragment
  }

  /** A whole content: what its kind means. Whatever it holds, it is over afterwards. */
  async #settle(whole: Whole): Promise<void> {
    const { inbox, clock, log } = this.#init
    this.#partial.delete(whole.id)
    // What came with it was the same reply, by address
    if (inbox.has(whole.id)) return
    let meaning: Meaning
    try {
      meaning = this.#read(whole, clock.now())
    } catch {
      this.counters.badContent++
      await inbox.settle(whole, undefined, [])
      return
    }
    const entry = await inbox.settle(whole, meaning.forApp, meaning.operations ?? [])
    if (entry === 'refused') {
      this.counters.refused++
      log.warn({}, 'a message had no room in its part of the inbox: see full in the status')
      return
    }
    meaning.commit?.()
    if (entry !== undefined) this.#init.onMessage(entry)
    try {
      await meaning.afterwards?.()
    } catch (error) {
      log.warn({ reason: error instanceof ClientError ? error.code : 'FAULT' }, 'an answer could not be made')
    }
  }

  #read(whole: Whole, now: number): Meaning {
    const { g, replies, own, onReached, people } = this.#init
    const { id, content, conversation } = whole
    switch (whole.kind) {
      case 'message': {
        const { wantsRead, wantsReceived, from, answers, app, blocks, bytes } = readMessage(g, content)
        const kept = replies.received(id, blocks)
        const met = people.met({ id, content, from, wantsReceived, blocks: blocks.length })
        const answer = this.#answerOf(from, answers)
        if (answer !== undefined)
          return { ...met, ...this.#carried(whole, answer, { bytes, from: met.from, now }) }
        return {
          forApp: { app, bytes, wantsRead, from: met.from, blocks: blocks.length, at: now },
          operations: [...kept.operations, ...met.operations],
          commit: () => {
            kept.commit()
            met.commit()
          },
        }
      }
      case 'reply': {
        const { keys, bytes } = readReply(content)
        const learnt = people.learn(own.asked(conversation ?? '')?.to, keys)
        const afterwards = async (): Promise<void> => {
          this.#receipt(id, conversation, whole.count, allOf(whole.count))
          if (conversation !== undefined) onReached(conversation, 'read')
        }
        const app = conversation === undefined ? noApp : this.#init.appOf(conversation)
        return { forApp: { app, bytes, wantsRead: false, blocks: 0, at: now }, afterwards, ...learnt }
      }
      case 'blocks': {
        const { conversation: about, blocks } = readBlocks(g, content)
        const answered = hex(about)
        const asked = replies.asksFor(answered)
        const afterwards = async (): Promise<void> => {
          if (!asked) this.#init.dispatch.supplied(answered)
        }
        return { ...replies.more(answered, blocks), afterwards }
      }
      case 'receipt': {
        const { reply, count, have } = readReceipt(content)
        this.#init.onReceipt(hex(reply), count, have)
        return {}
      }
      case 'moved':
        return people.moved(content)
      case 'received': {
        const keys = readReceived(content)
        if (conversation !== undefined) onReached(conversation, 'received')
        return people.learn(own.asked(conversation ?? '')?.to, keys)
      }
      case 'read':
        if (conversation !== undefined) onReached(conversation, 'read')
        return {}
      case 'refill': {
        const wanted = readRefill(content)
        const asked = own.asked(conversation ?? '')
        return asked === undefined ? {} : { afterwards: () => replies.answerRefill(asked, wanted) }
      }
    }
  }

  /** The reply that a message carries: to a message of ours, by whom that went to; undefined for any other. */
  #answerOf(from: From | undefined, answers: AnswerTo | undefined): Answer | undefined {
    if (from === undefined || answers === undefined) return undefined
    const { people, askedOf, inbox } = this.#init
    const conversation = hex(answers.conversation)
    if (!people.hasWritten(from, askedOf(conversation))) return undefined
    // Of more they are messages like any other, with the room of those
    if (inbox.carriedReplies(conversation) >= mostCarried) return undefined
    return { conversation, reply: hex(answers.reply) }
  }

  /** A reply that a message carries; it may have come over reply blocks before, and then it is no other. */
  #carried(
    { count }: Whole,
    answers: Answer,
    { bytes, from, now }: { bytes: Uint8Array; from: string | undefined; now: number },
  ): Meaning {
    const { inbox, appOf, onReached } = this.#init
    const { conversation, reply } = answers
    const afterwards = async (): Promise<void> => {
      this.#partial.delete(reply)
      this.#receipt(reply, conversation, count, allOf(count))
      onReached(conversation, 'read')
    }
    if (inbox.has(reply)) return { afterwards }
    const forApp = { app: appOf(conversation), bytes, wantsRead: false, from, blocks: 0, at: now, answers }
    return { forApp, afterwards }
  }

  /** One receipt of a reply is under way at a time; one that says more takes the place of one that said less. */
  #receipt(id: string, conversation: string | undefined, count: number, have: Uint8Array): void {
    const { askedOf, dispatch, post } = this.#init
    const to = askedOf(conversation ?? '')
    if (to === undefined) return
    const before = this.#receipts.get(id)
    if (before !== undefined && dispatch.carries(before.under)) {
      if (before.whole) return
      dispatch.apply({ type: 'failed', id: before.under, reason: 'ABORTED' })
    }
    const under = post('receipt', to, writeReceipt({ reply: fromHex(id), count, have }))
    this.#receipts.delete(id)
    if (under === undefined) return
    this.#receipts.set(id, { under, whole: countBits(have) === count })
    const [oldest] = this.#receipts.keys()
    if (this.#receipts.size > mostReceipts) this.#receipts.delete(oldest as string)
  }
}

/** Lowercase hex: our message that is answered, and the id of the reply. */
type Answer = NonNullable<ForApp['answers']>

interface Meaning {
  readonly forApp?: ForApp
  readonly operations?: readonly Operation[]
  readonly commit?: () => void
  readonly afterwards?: () => Promise<void>
}

/** Opens with the first key that fits. @throws ClientError BAD_SEAL */
function openWith(sealing: Sealing, keys: readonly SealingKey[], sealed: Uint8Array): Uint8Array {
  let last: unknown
  for (const key of keys) {
    try {
      return sealing.open(key, sealed)
    } catch (error) {
      last = error
    }
  }
  throw last
}

function allOf(count: number): Uint8Array {
  const bitmap = emptyBitmap(count)
  for (let index = 0; index < count; index++) setBit(bitmap, index)
  return bitmap
}

function putCursor(gateway: string, cursor: number): Operation {
  const bytes = new FieldWriter(8).u32(Math.floor(cursor / 2 ** 32)).u32(cursor >>> 0).bytes
  return put(`cursor/${gateway}`, bytes)
}

/** The cursors that `putCursor` wrote, by gateway. */
export async function readCursors(store: Store): Promise<Map<string, number>> {
  const cursors = new Map<string, number>()
  for (const [key, value] of await entriesUnder(store, 'cursor/')) {
    const read = new Reader(value, `store: ${key}`, 'STORE_DAMAGED')
    cursors.set(key.slice('cursor/'.length), read.u32('high') * 2 ** 32 + read.u32('low'))
  }
  return cursors
}

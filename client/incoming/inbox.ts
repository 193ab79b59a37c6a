// Messages that arrived: fragments until they are whole, then the message until it makes room
// (docs/spec/client-store.md 10, 11). One page of a mailbox is one write, cursor included, so that nothing is lost or
// doubled whenever the process ends.

import { concat, fromHex, hex } from '../../encoding/bytes.ts'
import { entriesUnder, keysUnder, type Store } from '../../world/store.ts'
import { del, type Operation, put, readRecord, sequence } from '../folder/schema.ts'
import { type Kind, type Lane, laneOf } from '../packets/fragments.ts'
import {
  type Arriving,
  claimOf,
  entrySchema,
  type ForApp,
  type InboxEntry,
  partHeadBytes,
  partKey,
  readPart,
  type Whole,
  writeEntry,
  writePart,
} from './arrivals.ts'
import { type Claim, Reassembly, type ReassemblyLimits, Seen, type Verdict } from './reassembly.ts'
import { type Share, Shares } from './shares.ts'

export interface InboxLimits {
  readonly partial: ReassemblyLimits
  /** Ids of complete messages that are remembered. */
  readonly seen: number
  /** Messages kept for apps, divided into shares (shares.ts); in each the oldest that were read make room. */
  readonly messages: number
  readonly bytes: number
}

export type ArrivalEnd = Verdict | 'seen'

export interface PageResult {
  readonly ends: readonly ArrivalEnd[]
  readonly whole: readonly Whole[]
  /** Unfinished messages that had to go: limits or age. */
  readonly givenUp: number
}

/** Tells whom an inbox's owner knows. */
export interface Acquaintance {
  /** Finds whose message an id of 16 bytes names; undefined for a stranger's. */
  readonly ofMessage: (id: Uint8Array) => string | undefined
  /** Tells whether an address is a contact's. */
  readonly isKnown: (from: string) => boolean
}

const nobody: Acquaintance = { ofMessage: () => undefined, isKnown: () => false }

export class Inbox {
  readonly #store: Store
  readonly #limits: InboxLimits
  readonly #people: Acquaintance
  /**
   * Holds apart what came over reply blocks of ours, which strangers have not; what contacts write, whose ids only they
   * can draw; and what strangers write.
   */
  #partial: Readonly<Record<Lane | 'known', Reassembly>>
  /** A write has failed: what is in memory may be ahead of the disk. */
  #torn = false
  #seen: Seen
  /** Sequence number of each remembered id, to delete its record by. */
  readonly #seenSeq = new Map<string, number>()
  readonly #entries = new Map<number, InboxEntry>()
  #shares: Shares
  #nextSeq = 0
  #nextSeen = 0

  private constructor(store: Store, limits: InboxLimits, people: Acquaintance) {
    this.#store = store
    this.#limits = limits
    this.#people = people
    this.#partial = noPartial(limits.partial)
    this.#shares = new Shares(limits, people.isKnown)
    this.#seen = new Seen(limits.seen)
  }

  /** @param now elapsed time. @throws ClientError STORE_DAMAGED */
  static async open(
    store: Store,
    limits: InboxLimits,
    now: number,
    people: Acquaintance = nobody,
  ): Promise<Inbox> {
    const inbox = new Inbox(store, limits, people)
    await inbox.#restore(now)
    return inbox
  }

  /**
   * Takes the fragments of one page.
   *
   * @param now elapsed time, by which what is not whole grows old
   * @param also what must be on disk together with them
   * @returns when all is on disk: what became of each, and the messages that are whole now. A whole message stays
   *   on disk as fragments until `settle`, and comes out again after a restart.
   */
  async takePage(page: readonly Arriving[], also: readonly Operation[], now: number): Promise<PageResult> {
    const left = await this.#mend(now)
    const operations = [...also]
    const ends: ArrivalEnd[] = []
    const complete = new Map<string, Arriving>()
    const gone = Object.values(this.#partial).flatMap(partial => partial.expire(now))
    for (const fragment of page) {
      const id = hex(fragment.id)
      if (this.#seen.has(id) || complete.has(id)) {
        ends.push('seen')
        continue
      }
      const claim = claimOf(fragment)
      const { verdict, evicted } = this.#offer(
        claim,
        fragment.kind,
        fragment.index,
        fragment.data.length,
        now,
      )
      ends.push(verdict)
      gone.push(...evicted)
      if (verdict === 'duplicate' || verdict === 'conflict' || verdict === 'refused') continue
      operations.push(writePart(id, fragment))
      if (verdict === 'kept') continue
      complete.set(id, fragment)
      // Out of the reach of limits: it is about to be settled
      this.#drop(id)
    }
    for (const id of gone) operations.push(...(await this.#deleteParts(id)))
    await this.#write(operations)
    const whole = [...left]
    for (const fragment of complete.values()) whole.push(await this.#join(fragment))
    return { ends, whole, givenUp: gone.length }
  }

  /** Messages that were whole when the process ended, before they were settled. */
  async unsettled(): Promise<Whole[]> {
    const out: Whole[] = []
    const ids = new Set((await keysUnder(this.#store, 'part/')).map(key => key.split('/')[1] as string))
    for (const id of ids) {
      const partial = this.progress(id)
      if (partial === undefined) continue
      const parts = await entriesUnder(this.#store, `part/${id}/`)
      if (parts.length < partial.count) continue
      const [, first] = parts[0] as [string, Uint8Array]
      const { kind, count, conversation } = readPart(first)
      const index = count - 1
      const data = new Uint8Array(0)
      const last: Arriving = { kind, id: fromHex(id), index, count, attempt: 1, data }
      out.push(await this.#join(conversation === undefined ? last : { ...last, conversation }))
    }
    return out
  }

  /**
   * Ends a whole message, in one write: its id is remembered, its fragments go, and what it means to the app or
   * to the client (`also`) comes.
   *
   * @param forApp undefined when it is not for the app
   * @returns its entry if it is for the app; `refused` when its share of the inbox has no room, and nothing of it
   * is kept
   */
  async settle(
    whole: Whole,
    forApp: ForApp | undefined,
    also: readonly Operation[],
  ): Promise<InboxEntry | 'refused' | undefined> {
    const parts = Array.from({ length: whole.count }, (_, index) => del(partKey(whole.id, index)))
    const { conversation: inReplyTo = whole.conversation, reply } = forApp?.answers ?? {}
    const coming = forApp && { ...forApp, inReplyTo, length: forApp.bytes.length }
    const room = coming === undefined ? [] : this.#makeRoom(coming)
    if (room === undefined) {
      // Its id is not remembered: sent again when there is room, it is taken
      await this.#write(parts)
      this.#drop(whole.id)
      return 'refused'
    }
    // What has come of it over reply blocks goes, and what still comes is known
    const late = reply === undefined ? [] : await this.#deleteParts(reply)
    const ids = reply === undefined ? [whole.id] : [whole.id, reply]
    const operations = [
      ...also,
      ...room,
      ...parts,
      ...late,
      ...ids.map((id, i) => put(`seen/${sequence(this.#nextSeen + i)}`, fromHex(id))),
    ]
    const entry: InboxEntry | undefined = forApp && {
      seq: this.#nextSeq++,
      id: reply ?? whole.id,
      inReplyTo,
      app: forApp.app,
      at: forApp.at,
      length: forApp.bytes.length,
      read: false,
      wantsRead: forApp.wantsRead,
      from: forApp.from,
      blocks: forApp.blocks,
    }
    if (forApp !== undefined && entry !== undefined) {
      operations.push(writeEntry(entry), put(`in-bytes/${sequence(entry.seq)}`, forApp.bytes))
    }
    for (const id of ids) {
      const forgotten = this.#remember(id)
      if (forgotten !== undefined) operations.push(del(`seen/${sequence(forgotten)}`))
    }
    await this.#write(operations)
    for (const id of ids) this.#drop(id)
    if (entry !== undefined) this.#keep(entry)
    return entry
  }

  /** Somebody here asks for an app's messages: from now on it has shares of its own, also after a restart. */
  async know(app: string): Promise<void> {
    if (!this.#shares.know(app)) return
    this.#shares.count(this.#entries.values())
    await this.#store.batch([put(`app/${app}`, new Uint8Array(0))])
  }

  /** The shares that have no room: `to APP`, `re APP` (replies), `*` (names that nobody here has asked for). */
  get full(): readonly Share[] {
    return this.#shares.full()
  }

  /** Tells whether something whole has come under this id, as far as is remembered. */
  has(id: string): boolean {
    return this.#seen.has(id)
  }

  /** Counts the replies to a message of ours that lie here and came in messages of their own. */
  carriedReplies(conversation: string): number {
    let count = 0
    for (const { inReplyTo, from } of this.#entries.values())
      if (from !== undefined && inReplyTo === conversation) count++
    return count
  }

  /** The app has it. */
  async markRead(seq: number): Promise<void> {
    const entry = this.#entries.get(seq)
    if (entry === undefined || entry.read) return
    const read = { ...entry, read: true }
    this.#entries.set(seq, read)
    await this.#store.batch([writeEntry(read)])
  }

  async bytes(seq: number): Promise<Uint8Array | undefined> {
    const found = await this.#store.get(`in-bytes/${sequence(seq)}`)
    // A store may hand out its own kind of Uint8Array
    return found && new Uint8Array(found.buffer, found.byteOffset, found.length)
  }

  /** Messages behind a sequence number, oldest first: of one app, or of all. */
  after(seq: number, app?: string): InboxEntry[] {
    const out: InboxEntry[] = []
    for (const entry of this.#entries.values())
      if (entry.seq > seq && (app === undefined || entry.app === app)) out.push(entry)
    return out
  }

  find(id: string): InboxEntry | undefined {
    for (const entry of this.#entries.values()) if (entry.id === id) return entry
    return undefined
  }

  /**
   * When a message came that is kept here and brought reply blocks, usable or not, milliseconds since 1970-01-01 UTC.
   */
  askedAt(id: string): number | undefined {
    const entry = this.find(id)
    return entry !== undefined && entry.blocks > 0 ? entry.at : undefined
  }

  /** Forgets what was read and came before a time. Resolves with how many, when that is on disk. */
  async clean(before: number): Promise<number> {
    const old = [...this.#entries.values()].filter(({ read, at }) => read && at < before)
    await this.#store.batch(
      old.flatMap(({ seq }) => [del(`in/${sequence(seq)}`), del(`in-bytes/${sequence(seq)}`)]),
    )
    for (const entry of old) this.#forget(entry)
    return old.length
  }

  /** Counts how far a message has come that is not whole. */
  progress(
    id: string,
  ): { readonly count: number; readonly have: Uint8Array; readonly touchedAt: number } | undefined {
    return this.#partial.forward.get(id) ?? this.#partial.known.get(id) ?? this.#partial.reply.get(id)
  }

  #drop(id: string): void {
    for (const partial of Object.values(this.#partial)) partial.drop(id)
  }

  /** Goes on with what has begun among strangers' there, also when its writer has become known meanwhile. */
  #offer(
    claim: Claim,
    kind: Kind,
    index: number,
    bytes: number,
    now: number,
  ): ReturnType<Reassembly['offer']> {
    const lane = laneOf(kind)
    if (lane === 'reply' || this.#partial.forward.get(claim.id) !== undefined)
      return this.#partial[lane].offer(claim, index, bytes, now)
    const owner = this.#partial.known.get(claim.id)?.owner ?? this.#people.ofMessage(fromHex(claim.id))
    return this.#partial[owner === undefined ? 'forward' : 'known'].offer(
      { ...claim, owner },
      index,
      bytes,
      now,
    )
  }

  /** Somebody has become a contact, or is none any more: whose share their messages take changes. */
  recount(): void {
    this.#shares.count(this.#entries.values())
  }

  #keep(entry: InboxEntry): void {
    this.#entries.set(entry.seq, entry)
    this.#shares.take(this.#shares.of(entry), entry.length)
  }

  #forget(entry: InboxEntry): void {
    if (this.#entries.delete(entry.seq)) this.#shares.give(this.#shares.of(entry), entry.length)
  }

  /** @returns the sequence number of the id that is forgotten for it */
  #remember(id: string): number | undefined {
    this.#seenSeq.set(id, this.#nextSeen++)
    const forgotten = this.#seen.add(id)
    if (forgotten === undefined) return undefined
    const seq = this.#seenSeq.get(forgotten)
    this.#seenSeq.delete(forgotten)
    return seq
  }

  async #write(operations: Operation[]): Promise<void> {
    if (operations.length === 0) return
    try {
      await this.#store.batch(operations)
    } catch (error) {
      this.#torn = true
      throw error
    }
  }

  /** After a failed write: back to what the disk says. Returns what is whole there and was not settled. */
  async #mend(now: number): Promise<Whole[]> {
    if (!this.#torn) return []
    await this.#restore(now)
    this.#torn = false
    return await this.unsettled()
  }

  async #restore(now: number): Promise<void> {
    this.#seen = new Seen(this.#limits.seen)
    this.#seenSeq.clear()
    for (const [key, value] of await entriesUnder(this.#store, 'seen/')) {
      this.#nextSeen = Number(key.slice('seen/'.length))
      this.#remember(hex(value))
    }
    this.#entries.clear()
    this.#shares = new Shares(this.#limits, this.#people.isKnown)
    for (const key of await keysUnder(this.#store, 'app/')) this.#shares.know(key.slice('app/'.length))
    for (const [key, value] of await entriesUnder(this.#store, 'in/')) {
      const seq = Number(key.slice('in/'.length))
      const entry = { ...readRecord(key, value, entrySchema), seq }
      this.#nextSeq = seq + 1
      this.#keep(entry)
    }
    this.#partial = noPartial(this.#limits.partial)
    const gone: string[] = []
    for (const [key, value] of await entriesUnder(this.#store, 'part/')) {
      const [, id, index] = key.split('/') as [string, string, string]
      const { kind, count, conversation, data } = readPart(value)
      const claim = { id, origin: `${kind} ${conversation ?? ''}`, count }
      const { verdict, evicted } = this.#offer(claim, kind, Number(index), data.length, now)
      gone.push(...evicted, ...(verdict === 'refused' ? [id] : []))
    }
    for (const id of gone) await this.#store.batch(await this.#deleteParts(id))
  }

  /** Lets go: of the same share the oldest that were read go, if that makes room; undefined when it does not. */
  #makeRoom(coming: Pick<InboxEntry, 'app' | 'inReplyTo' | 'from' | 'length'>): Operation[] | undefined {
    const share = this.#shares.of(coming)
    if (this.#shares.fits(share, coming.length)) return []
    const going: InboxEntry[] = []
    let bytes = 0
    for (const entry of this.#entries.values()) {
      if (!entry.read || this.#shares.of(entry) !== share) continue
      going.push(entry)
      bytes += entry.length
      if (this.#shares.fits(share, coming.length, { messages: going.length, bytes })) break
    }
    if (!this.#shares.fits(share, coming.length, { messages: going.length, bytes })) return undefined
    for (const entry of going) this.#forget(entry)
    return going.flatMap(({ seq }) => [del(`in/${sequence(seq)}`), del(`in-bytes/${sequence(seq)}`)])
  }

  async #deleteParts(id: string): Promise<Operation[]> {
    return (await keysUnder(this.#store, `part/${id}/`)).map(del)
  }

  async #join(last: Arriving): Promise<Whole> {
    const id = hex(last.id)
    const parts = await entriesUnder(this.#store, `part/${id}/`)
    return {
      kind: last.kind,
      id,
      conversation: last.conversation,
      count: last.count,
      content: concat(parts.map(([, value]) => value.subarray(partHeadBytes))),
      last: { index: last.index, attempt: last.attempt },
    }
  }
}

function noPartial(limits: ReassemblyLimits): Record<Lane | 'known', Reassembly> {
  return {
    forward: new Reassembly(limits),
    known: new Reassembly(limits),
    reply: new Reassembly(limits),
  }
}

// A ledger that runs elsewhere, followed: its log is read stretch by stretch, from it or any of its mirrors, at times
// that have nothing to do with what its reader does; all that a wallet or a round wants to know it finds here, on its
// own disk. docs/spec/payments-ledger.md 3.7.

import { concat, same } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { below, type Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { guardedClock, Timers } from '../../world/timers.ts'
import { turns } from '../../world/turns.ts'
import { type Ms, minute } from '../../world/units.ts'
import { codeOf, PaymentError } from '../error.ts'
import { type Book, openBook } from './book.ts'
import type { Cursor, Genesis, Ledger, NoteState, Position } from './ledger.ts'
import { readHead, type SignedHead, writeGenesis, writeHead } from './log.ts'
import { readReceiptOf, type Served, stretchQuestion, submitQuestion, wantAnswer } from './service.ts'
import { entriesIn, isUnder, readStretch, type Stretch, stretchBytes } from './stretches.ts'
import { readTransaction } from './transaction.ts'

/** Carries a question and its answer back; rejects when none comes. */
export type Ask = (question: Uint8Array) => Promise<Uint8Array>

/** Says which ledger is followed, and how it is asked. */
export interface FollowedInit {
  readonly genesis: Genesis
  /** Keeps the log. What lies in it is public. */
  readonly store: Store
  /** Asks the ledger: transactions go there alone. */
  readonly ledger: Ask
  /** Ask those who have its log too. */
  readonly mirrors?: readonly Ask[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** From one stretch to the next, milliseconds: the same whatever the wallet does. */
  readonly everyMs: Ms
  /** Is shown every head that comes with an answer, for heads.ts. */
  readonly onHead?: (head: SignedHead) => void
  /** Is told that the ledger has signed a log that does not hold, and what is wrong with it. */
  readonly onInvalid?: (error: PaymentError) => void
}

/** Questions at once: some while others get no answer, or while there is much to read. */
const mostOpen = 8
/** A question from before the log was read to its end waits so long for that. */
const patienceMs: Ms = 2 * minute
/** The shortest entry, to reckon how much is left: one with a mint of one note. */
const leastEntry = 256

/** A ledger whose log is followed. Made by `FollowedLedger.open`; ends with `close`. */
export class FollowedLedger implements Ledger {
  readonly id: Uint8Array
  readonly #init: FollowedInit
  readonly #book: Book
  readonly #timers: Timers
  readonly #inTurn = turns()
  readonly #listeners = new Set<() => void>()
  /** The stream behind the last whole entry, as far as it is here. */
  #tail: Uint8Array = new Uint8Array(0)
  /** Stretches that came before their turn. */
  readonly #ahead = new Map<number, Stretch>()
  readonly #open = new Set<number>()
  #isWhole = false
  #invalid: PaymentError | undefined

  private constructor(init: FollowedInit, book: Book) {
    this.#init = init
    this.#book = book
    this.id = book.id
    this.#timers = new Timers(init.clock)
  }

  /** Follows from what is on its disk. @throws PaymentError DAMAGED when that is not what was written */
  static async open(given: FollowedInit): Promise<FollowedLedger> {
    const init = { ...given, clock: guardedClock(given.clock, given.log, 'ledger') }
    const { store, genesis } = init
    const followed = new FollowedLedger(init, await openBook({ store, genesis, isOwn: false }))
    followed.#look()
    followed.#timers.every(init.everyMs, () => followed.#look())
    return followed
  }

  /** Gives the newest head of which all entries are here. @throws PaymentError BUSY before there is one */
  get head(): SignedHead {
    const head = this.#book.newest
    if (head === undefined) throw new PaymentError('BUSY', 'ledger: its log has not been read to an end yet')
    return head
  }

  /** Counts the entries that are here. */
  get size(): number {
    return this.#book.size
  }

  /** Says whether `close` was called. */
  get isClosed(): boolean {
    return this.#timers.isClosed
  }

  /** Tells why nothing is believed of this ledger any more; undefined while its log holds. */
  get invalid(): PaymentError | undefined {
    return this.#invalid
  }

  /** Resolves once the log was read to its end, as it was then. @throws PaymentError BUSY when that takes long */
  async ready(): Promise<void> {
    await this.#until(() => this.#isWhole)
  }

  /** Calls `tell` when there is more of the log; returns how to stop. */
  onGrowth(tell: () => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }

  /** The note of this id (32 bytes), as of the newest head that is here. */
  async note(id: Uint8Array): Promise<NoteState | null> {
    await this.ready()
    return await this.#book.note(id)
  }

  /**
   * The note that somebody names, with the head under which they have seen it.
   *
   * @throws PaymentError BUSY while the log is not here that far, and what readHead throws
   */
  async noteAt(id: Uint8Array, evidence: Uint8Array): Promise<NoteState | null> {
    const head = readHead(evidence, this.#init.genesis)
    this.#init.onHead?.(head)
    const note = await this.#book.note(id)
    if (note === null && this.#book.size < head.size)
      throw new PaymentError('BUSY', `ledger: ${this.#book.size} of ${head.size} entries are here`)
    return note
  }

  /** The head over a note of one's own, for `noteAt` at others. @throws PaymentError BUSY when it does not come */
  async evidence(note: Uint8Array): Promise<Uint8Array> {
    await this.#until(async () => this.#isWhole && (await this.#book.note(note)) !== null)
    return writeHead(this.head)
  }

  /** A page of the notes of this owner (32 bytes), at most 64, the largest first. */
  async notesOwnedBy(owner: Uint8Array, after?: Cursor): Promise<NoteState[]> {
    await this.ready()
    return await this.#book.notesOwnedBy(owner, after)
  }

  /** The transaction that made a note (32 bytes); null when there is no such note. */
  async originOf(note: Uint8Array): Promise<Position | null> {
    await this.ready()
    return await this.#book.originOf(note)
  }

  /** Tells where the transaction stands in the log; null when it does not. */
  async positionOf(transaction: Uint8Array): Promise<Position | null> {
    await this.ready()
    return await this.#book.positionOf(transaction)
  }

  /** It costs nothing. */
  async feeTooLow(): Promise<null> {
    return null
  }

  /**
   * Hands a transaction to the ledger.
   *
   * @throws PaymentError why the ledger takes it not, FORKED when its log does not hold, and what `ledger` throws
   */
  async submit(transaction: Uint8Array): Promise<Position> {
    const { genesis, ledger, onHead } = this.#init
    if (this.#invalid !== undefined)
      throw new PaymentError(
        'FORKED',
        `ledger: it has signed a log that does not hold: ${this.#invalid.message}`,
      )
    const { id } = readTransaction(this.id, transaction)
    const { position, head } = readReceiptOf(id, await ledger(submitQuestion(transaction)), genesis)
    onHead?.(head)
    return position
  }

  /** Entries as they were hashed, from `from` on, at most `most`. */
  async entries(from: number, most: number): Promise<Uint8Array[]> {
    return await this.#book.entries(from, most)
  }

  /** Proves that one tree continues another (RFC 6962, 2.1.2). @throws RangeError beyond what is here */
  consistency(first: number, second: number): Uint8Array[] {
    return this.#book.consistency(first, second)
  }

  /** Serves others the log, as far as it is here. It takes no transactions. */
  mirror(): Served {
    const headOf = (): SignedHead => this.head
    return {
      get head() {
        return headOf()
      },
      entries: (from, most) => this.#book.entries(from, most),
      inclusion: (index, size) => this.#book.inclusion(index, size),
      stretch: number => this.#book.stretch(number),
    }
  }

  /** Ends it; what was read stays on its disk. */
  close(): void {
    this.#timers.close()
    this.#grew()
  }

  /** Waits for something that more of the log may bring. */
  async #until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const until = this.#init.clock.elapsed() + patienceMs
    while (!(await isSo())) {
      const left = until - this.#init.clock.elapsed()
      if (this.#timers.isClosed) throw new PaymentError('WRONG_STATE', 'ledger: it is closed')
      if (left <= 0) throw new PaymentError('BUSY', 'ledger: its log could not be read to its end yet')
      await new Promise<void>(resolve => {
        const timer = this.#timers.after(left, () => done())
        const stop = this.onGrowth(() => done())
        const done = (): void => {
          timer.cancel()
          stop()
          resolve()
        }
      })
    }
  }

  /** The stretch that follows what is here. */
  get #next(): number {
    return Math.floor((this.#book.end + this.#tail.length) / stretchBytes)
  }

  /** Asks for what follows; again for what has had no answer, as another may give it. */
  #look(): void {
    if (this.#timers.isClosed || this.#invalid !== undefined) return
    void this.#read(this.#next)
  }

  /** Never rejects. */
  async #read(number: number): Promise<void> {
    if (this.#open.size >= mostOpen || this.#open.has(number) || this.#ahead.has(number)) return
    const { log, genesis, everyMs, onHead } = this.#init
    this.#open.add(number)
    // A question that has no answer for long does not keep the next one back
    const late = this.#timers.after(Math.max(everyMs, patienceMs / mostOpen), () => this.#open.delete(number))
    try {
      const answer = await this.#source()(stretchQuestion(number))
      if (this.#timers.isClosed) return
      wantAnswer(answer)
      const stretch = readStretch(answer, genesis)
      if (stretch.number !== number)
        throw new PaymentError('BAD_DOCUMENT', `stretch: want number ${number}, have ${stretch.number}`)
      onHead?.(stretch.head)
      await this.#inTurn(() => this.#take(stretch))
    } catch (error) {
      if (codeOf(error) !== 'NO_STRETCH')
        log.warn(
          { code: codeOf(error) },
          'payment ledger: a stretch of its log could not be read; it is asked again',
        )
    } finally {
      late.cancel()
      this.#open.delete(number)
    }
  }

  #source(): Ask {
    const { ledger, mirrors = [], random } = this.#init
    const all = [ledger, ...mirrors]
    return all[below(random, all.length)] as Ask
  }

  async #take(stretch: Stretch): Promise<void> {
    const isMore = await this.#append(stretch)
    for (const [number, ahead] of [...this.#ahead].sort(([a], [b]) => a - b)) {
      if (number > this.#next) continue
      this.#ahead.delete(number)
      await this.#append(ahead)
    }
    if (isMore) for (let i = 0; i < this.#leftIn(stretch); i++) void this.#read(this.#next + i)
  }

  /** Reckons how many more stretches are worth asking for now. */
  #leftIn({ head }: Stretch): number {
    const entries = head.size - this.#book.size
    return entries <= 0 ? 0 : Math.min(mostOpen, 1 + Math.floor((entries * leastEntry) / stretchBytes))
  }

  /** @returns whether the log goes on behind it */
  async #append(stretch: Stretch): Promise<boolean> {
    const book = this.#book
    if (this.#invalid !== undefined || this.#timers.isClosed) return false
    const from = stretch.number * stretchBytes
    const have = book.end + this.#tail.length
    if (from > have) {
      if (this.#ahead.size < mostOpen) this.#ahead.set(stretch.number, stretch)
      return false
    }
    if (from + stretch.bytes.length < have) return false
    const piece =
      from <= book.end
        ? stretch.bytes.slice(book.end - from)
        : concat([this.#tail.slice(0, from - book.end), stretch.bytes])
    const { entries, length } = entriesIn(piece)
    const size = book.size + entries.length
    if (!isUnder(stretch, size, book.rootWith(entries)))
      throw new PaymentError('BAD_DOCUMENT', 'stretch: its entries are not under its head')
    const isFirst = !this.#isWhole
    await this.#enter(entries, stretch.head.size === size ? stretch.head : undefined)
    this.#tail = piece.slice(length)
    if (entries.length > 0 || (isFirst && this.#isWhole)) this.#grew()
    return stretch.bytes.length === stretchBytes
  }

  /** Nothing is believed because the ledger signed it: every entry is checked as the ledger should have. */
  async #enter(entries: readonly Uint8Array[], head: SignedHead | undefined): Promise<void> {
    const book = this.#book
    for (const bytes of entries) {
      if (book.size === 0) {
        if (!isGenesis(bytes, this.#init.genesis))
          throw new PaymentError('WRONG_LEDGER', 'log: of another genesis')
        await book.begin()
        continue
      }
      let entered: Awaited<ReturnType<Book['checked']>>
      try {
        entered = await book.checked(bytes)
      } catch (error) {
        if (error instanceof PaymentError)
          this.#caught(new PaymentError(error.code, `entry ${book.size}: ${error.message}`))
        throw error
      }
      await book.append(entered)
    }
    if (head === undefined) return
    if (head.size > (book.newest?.size ?? 0)) await book.raise(head)
    this.#isWhole = true
  }

  #caught(error: PaymentError): void {
    this.#invalid = error
    this.#init.onInvalid?.(error)
  }

  #grew(): void {
    for (const tell of [...this.#listeners]) tell()
  }
}

function isGenesis(bytes: Uint8Array, genesis: Genesis): boolean {
  return same(writeGenesis(genesis), bytes)
}

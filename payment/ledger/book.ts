// The log on a store, and what follows from it: which notes there are, who owned them, who spent them. The ledger keeps
// it, and so does everybody who follows the ledger; so nobody has to ask. docs/spec/payments-ledger.md 3.5, 3.7.

import { hex, same } from '../../encoding/bytes.ts'
import { leafHash, MerkleTree } from '../../encoding/merkle.ts'
import { type Store, under } from '../../world/store.ts'
import type { Ms } from '../../world/units.ts'
import { PaymentError } from '../error.ts'
import { type Cursor, check, type Genesis, mostOnPage, type NoteState, type Position } from './ledger.ts'
import { type Entry, ledgerId, readEntry, readHead, type SignedHead, writeGenesis, writeHead } from './log.ts'
import {
  changes,
  keys,
  type Making,
  making,
  mostMoves,
  place,
  positionIn,
  put,
  readIndex,
  readMade,
  rested,
  type Write,
} from './made.ts'
import { type Stretch, stretchBytes, stretchIn } from './stretches.ts'
import { notesOf, type Output, readTransaction, type SignedTransaction } from './transaction.ts'

/** Parts of a whole number of moves add up to a little less than it. */
const rounding = 1e-9
/** classic-level then waits until the disk has it; memory-level knows no such option. */
const durable = { sync: true, keyEncoding: 'utf8' } as const
const nothing: Uint8Array = new Uint8Array(0)

export interface BookInit {
  readonly store: Store
  readonly genesis: Genesis
  /** True for the ledger's own: its head is over all its entries, and what it says is on the disk before it says it. */
  readonly isOwn: boolean
}

/** An entry that stands in the book, or is about to. */
export interface Entered {
  readonly index: number
  readonly bytes: Uint8Array
  readonly entry: Entry
  readonly signed: SignedTransaction
  /** The notes that it spends, as they were before. */
  readonly spent: readonly NoteState[]
}

/**
 * Reads what a store has of a log; what an empty store has is none of it.
 *
 * @throws PaymentError DAMAGED when the entries are not those of their head, or of another genesis
 */
export async function openBook(init: BookInit): Promise<Book> {
  const bytes = await init.store.get(keys.head)
  const head = bytes === undefined ? undefined : readHead(bytes, init.genesis)
  const read: LogRead = { tree: new MerkleTree(), ends: [], last: nothing }
  if ((await init.store.get(keys.entry(0))) !== undefined) await readLog(init, read, head)
  const isWhole = head === undefined ? read.tree.size === 0 || !init.isOwn : isOf(head, read.tree, init.isOwn)
  if (!isWhole) throw damaged('head')
  return new Book(init, read, head)
}

function isOf({ size, root }: SignedHead, tree: MerkleTree, isOwn: boolean): boolean {
  return (isOwn ? tree.size === size : tree.size >= size) && same(tree.root(size), root)
}

interface LogRead {
  readonly tree: MerkleTree
  /** Where each entry ends in the stream (stretches.ts). */
  readonly ends: number[]
  /** leafHash of the last entry. */
  last: Uint8Array
}

/** Reads the whole log: its chain must be that of its genesis. */
async function readLog({ store, genesis }: BookInit, log: LogRead, head?: SignedHead): Promise<void> {
  const isOld = head !== undefined && (await store.get(keys.origins)) === undefined
  const { gt, lt } = under('entry/')
  for await (const [key, entry] of store.iterator({ gt, lt })) {
    const { tree } = log
    const expected =
      tree.size === 0 ? same(entry, writeGenesis(genesis)) : same(readEntry(entry).previous, log.last)
    if (key !== keys.entry(tree.size) || !expected) throw damaged(`entry ${tree.size}`)
    if (isOld && tree.size > 0) await store.batch(madeIn(ledgerId(genesis), entry, tree.size), durable)
    take(log, entry)
  }
  if (isOld) await store.put(keys.origins, nothing)
}

function take(log: LogRead, entry: Uint8Array): void {
  log.last = leafHash(entry)
  log.tree.append(log.last)
  log.ends.push((log.ends.at(-1) ?? 0) + 4 + entry.length)
}

/** Writes what a store of before does not have: where notes come from, and their order among their owner's. */
function madeIn(ledger: Uint8Array, entry: Uint8Array, index: number): Write[] {
  const { time, transaction } = readEntry(entry)
  const { id, transaction: made } = readTransaction(ledger, transaction)
  return making(notesOf(id, made), { index, left: mostMoves, since: time })
}

function damaged(what: string): PaymentError {
  return new PaymentError('DAMAGED', `ledger: the store's ${what} is not what was written`)
}

/** The log of a ledger and what follows from it, in one store. Made by `openBook`. */
export class Book {
  readonly id: Uint8Array
  readonly genesis: Genesis
  readonly #store: Store
  readonly #isOwn: boolean
  readonly #log: LogRead
  #head: SignedHead | undefined

  /** Use openBook. */
  constructor({ store, genesis, isOwn }: BookInit, log: LogRead, head: SignedHead | undefined) {
    this.id = ledgerId(genesis)
    this.genesis = genesis
    this.#store = store
    this.#isOwn = isOwn
    this.#log = log
    this.#head = head
  }

  /** Counts the entries, the genesis among them. */
  get size(): number {
    return this.#log.tree.size
  }

  /** Gives the newest head of which all entries are here; undefined before there is one. */
  get newest(): SignedHead | undefined {
    return this.#head
  }

  /** Says where the entries end in the stream, bytes. */
  get end(): number {
    return this.#log.ends.at(-1) ?? 0
  }

  /** leafHash of the last entry, 32 bytes; empty before there is one. */
  get last(): Uint8Array {
    return this.#log.last
  }

  /** MTH of the first `size` entries, 32 bytes. @throws RangeError beyond the log's size */
  root(size: number = this.size): Uint8Array {
    return this.#log.tree.root(size)
  }

  /** The root if these entries were appended, and all of them were whole. */
  rootWith(entries: readonly Uint8Array[]): Uint8Array {
    return this.#log.tree.rootWith(...entries.map(leafHash))
  }

  /**
   * Proves that an entry is among the first `size` (RFC 6962, 2.1.1), 32 bytes a step.
   *
   * @throws RangeError beyond the log
   */
  inclusion(index: number, size: number): Uint8Array[] {
    return this.#log.tree.inclusion(index, size)
  }

  /**
   * Proves that the tree of the first `second` entries continues that of the first `first` (RFC 6962, 2.1.2), 32 bytes
   * a step.
   *
   * @throws RangeError unless 0 < first <= second <= the log's size
   */
  consistency(first: number, second: number): Uint8Array[] {
    return this.#log.tree.consistency(first, second)
  }

  /** Entries as they were hashed, from `from` on, at most `most`. */
  async entries(from: number, most: number): Promise<Uint8Array[]> {
    const entries: Uint8Array[] = []
    const range = { gte: keys.entry(from), lt: keys.entry(this.size), limit: most }
    for await (const entry of this.#store.values(range)) entries.push(new Uint8Array(entry))
    return entries
  }

  /**
   * A stretch of the stream of entries, under the newest head. docs/spec/payments-ledger.md 3.7.
   *
   * @throws RangeError when the log ends before it, or there is no head yet
   */
  async stretch(number: number): Promise<Stretch> {
    const head = this.#head
    const { ends, tree } = this.#log
    if (head === undefined) throw new RangeError('book: no head yet')
    const [from, end] = [number * stretchBytes, ends[head.size - 1] as number]
    if (from > end) throw new RangeError(`book: stretch ${number} is beyond its end`)
    const to = Math.min(from + stretchBytes, end)
    const first = firstAbove(ends, from)
    const whole = Math.min(firstAbove(ends, to), head.size)
    const entries = await this.entries(first, Math.min(whole + 1, head.size) - first)
    const start = first === 0 ? 0 : (ends[first - 1] as number)
    return {
      number,
      bytes: stretchIn(entries, from - start, to - start),
      path: whole === 0 ? [] : tree.consistency(whole, head.size),
      head,
    }
  }

  /** The note of this id (32 bytes); null when there is none. */
  async note(id: Uint8Array): Promise<NoteState | null> {
    const bytes = await this.#store.get(keys.note(id))
    return bytes === undefined ? null : await this.#stateOf(id, readMade(bytes))
  }

  async #stateOf(id: Uint8Array, { denomination, owner }: Output): Promise<NoteState> {
    const by = await this.#store.get(keys.spent(id))
    return { id, denomination, owner, spentBy: by === undefined ? null : new Uint8Array(by) }
  }

  /** A page of the notes of this owner (32 bytes), at most 64, the largest first. */
  async notesOwnedBy(owner: Uint8Array, after?: Cursor): Promise<NoteState[]> {
    const prefix = keys.owned(owner)
    const { gt, lt } = under(prefix)
    const range = { gt: after === undefined ? gt : prefix + place(after), lt }
    const ids = await this.#store.values({ ...range, limit: mostOnPage }).all()
    const found = await Promise.all(ids.map(id => this.note(new Uint8Array(id))))
    return found.filter(note => note !== null)
  }

  /** The transaction that made a note (32 bytes); null when there is no such note. */
  async originOf(note: Uint8Array): Promise<Position | null> {
    const bytes = await this.#store.get(keys.note(note))
    return bytes === undefined ? null : await this.#positionAt(readMade(bytes).index)
  }

  /** Tells where the transaction stands in the log; null when it does not. */
  async positionOf(transaction: Uint8Array): Promise<Position | null> {
    const bytes = await this.#store.get(keys.transaction(transaction))
    return bytes === undefined ? null : await this.#positionAt(readIndex(bytes))
  }

  async #positionAt(index: number): Promise<Position> {
    const [entry] = await this.entries(index, 1)
    if (entry === undefined) throw damaged(`entry ${index}`)
    return positionIn(readTransaction(this.id, readEntry(entry).transaction), index)
  }

  /**
   * Checks an entry as the next one.
   *
   * @throws PaymentError DAMAGED when it does not follow the last, and those of readTransaction and check
   */
  async checked(bytes: Uint8Array): Promise<Entered> {
    const entry = readEntry(bytes)
    if (!same(entry.previous, this.#log.last))
      throw new PaymentError('DAMAGED', `log: entry ${this.size} does not follow the one before`)
    const signed = readTransaction(this.id, entry.transaction)
    return { index: this.size, bytes, entry, signed, spent: await this.spentBy(signed) }
  }

  /**
   * Gives the notes that a transaction spends, when it may stand in the log.
   *
   * @throws PaymentError those of check
   */
  async spentBy(signed: SignedTransaction): Promise<readonly NoteState[]> {
    return check(signed, {
      notes: await this.#notesIn(signed),
      isNonceUsed: await this.#isNonceUsed(signed),
      mintKey: this.genesis.mintKey,
    })
  }

  /** Begins the log: its genesis, and the first head where it is the ledger's own. */
  async begin(head?: SignedHead): Promise<void> {
    const first = writeGenesis(this.genesis)
    const writes = [put(keys.entry(0), first), put(keys.origins, nothing)]
    await this.#write(head === undefined ? writes : [...writes, put(keys.head, writeHead(head))])
    take(this.#log, first)
    this.#head = head
  }

  /**
   * Appends an entry that was checked: what it makes and spends, and a head that is signed over it, are one batch.
   */
  async append({ index, bytes, entry, signed, spent }: Entered, head?: SignedHead): Promise<void> {
    const left = await this.movesLeft(spent, entry.time)
    const origin = { index, left: Math.max(0, left - 1), since: entry.time }
    const writes = [put(keys.entry(index), bytes), ...changes(signed, spent, origin)]
    await this.#write(head === undefined ? writes : [...writes, put(keys.head, writeHead(head))])
    take(this.#log, bytes)
    if (head !== undefined) this.#head = head
  }

  /** Takes up a head of which all entries are here. */
  async raise(head: SignedHead): Promise<void> {
    await this.#write([put(keys.head, writeHead(head))])
    this.#head = head
  }

  async #write(writes: readonly Write[]): Promise<void> {
    // What a follower loses in a crash of the machine, it reads again
    await this.#store.batch([...writes], this.#isOwn ? durable : { keyEncoding: 'utf8' })
  }

  /** Counts how often what a transaction spends can move now; a mint spends nothing, and its notes can move at once. */
  async movesLeft(spent: readonly NoteState[], now: Ms): Promise<number> {
    if (spent.length === 0) return mostMoves + 1
    const made = await Promise.all(
      spent.map(async ({ id }) => readMade((await this.#store.get(keys.note(id))) ?? nothing)),
    )
    // By their worth, so that no transaction makes moves: who is put together with tired notes shares with them
    const worth = spent.reduce((sum, { denomination }) => sum + denomination, 0)
    const left = spent.map(({ denomination }, i) => (denomination / worth) * rested(made[i] as Making, now))
    return Math.floor(left.reduce((sum, one) => sum + one, 0) + rounding)
  }

  async #notesIn({ transaction }: SignedTransaction): Promise<Map<string, NoteState>> {
    const inputs = transaction.kind === 'transfer' ? transaction.inputs : []
    const notes = await Promise.all(inputs.map(id => this.note(id)))
    return new Map(notes.filter(note => note !== null).map(note => [hex(note.id), note]))
  }

  async #isNonceUsed({ transaction }: SignedTransaction): Promise<boolean> {
    if (transaction.kind !== 'mint') return false
    return (await this.#store.get(keys.nonce(transaction.nonce))) !== undefined
  }
}

/** The first entry that ends beyond this place; as many as there are where none does. */
function firstAbove(ends: readonly number[], place: number): number {
  let [low, high] = [0, ends.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ends[middle] as number) > place) high = middle
    else low = middle + 1
  }
  return low
}

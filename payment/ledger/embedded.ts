// The embedded ledger: the one writer of a log. An entry, the notes that it makes and spends, and the new signed head
// are one atomic batch (book.ts), so that a crash leaves either all of it or nothing. docs/spec/payments-ledger.md 3.5.

import { ed25519PublicKey } from '#crypto'
import { same } from '../../encoding/bytes.ts'
import { leafHash, MerkleTree } from '../../encoding/merkle.ts'
import type { Store } from '../../world/store.ts'
import { turns } from '../../world/turns.ts'
import { PaymentError } from '../error.ts'
import { type Book, openBook } from './book.ts'
import type { Cursor, Genesis, Ledger, NoteState, Position } from './ledger.ts'
import { type SignedHead, signHead, writeEntry, writeGenesis, writeHead } from './log.ts'
import { mostMoves, positionIn } from './made.ts'
import type { Stretch } from './stretches.ts'
import { readTransaction, type SignedTransaction } from './transaction.ts'

/** Holds what an embedded ledger is made of. */
export interface EmbeddedLedgerInit {
  readonly store: Store
  readonly genesis: Genesis
  /** The Ed25519 seed of genesis.ledgerKey, 32 bytes. */
  readonly ledgerSeed: Uint8Array
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number
}

/** Transactions that may wait for the disk; more are refused. */
const mostWaiting = 256

/**
 * Opens the ledger on its store, and begins it when the store is empty.
 *
 * @throws PaymentError WRONG_LEDGER when the store or the seed belong to another genesis, DAMAGED when the log is not
 * what its head says
 */
export async function openLedger(init: EmbeddedLedgerInit): Promise<EmbeddedLedger> {
  const { store, genesis, ledgerSeed, now } = init
  if (!same(ed25519PublicKey(ledgerSeed), genesis.ledgerKey)) {
    throw new PaymentError('WRONG_LEDGER', 'ledger: the seed is not that of its key')
  }
  const book = await openBook({ store, genesis, isOwn: true })
  if (book.size === 0) {
    const tree = new MerkleTree()
    tree.append(leafHash(writeGenesis(genesis)))
    await book.begin(signHead({ ledger: book.id, size: 1, root: tree.root(), time: now() }, ledgerSeed))
  }
  return new EmbeddedLedger(init, book)
}

/** A ledger in one store: a log of transactions under a Merkle tree. Made by `openLedger`. */
export class EmbeddedLedger implements Ledger {
  readonly id: Uint8Array
  readonly #init: EmbeddedLedgerInit
  readonly #book: Book
  readonly #inTurn = turns()
  #waiting = 0

  /** Use openLedger. */
  constructor(init: EmbeddedLedgerInit, book: Book) {
    this.#init = init
    this.#book = book
    this.id = book.id
  }

  /** Gives the head that gossip carries. */
  get head(): SignedHead {
    return this.#book.newest as SignedHead
  }

  /** Gives what shows everybody that a note stands in the log: the head that is over it. */
  evidence(): Uint8Array {
    return writeHead(this.head)
  }

  /**
   * Proves that an entry is among the first `size` (RFC 6962, 2.1.1), 32 bytes a step.
   *
   * @throws RangeError beyond the log
   */
  inclusion(index: number, size: number): Uint8Array[] {
    return this.#book.inclusion(index, size)
  }

  /**
   * Proves that the tree of the first `second` entries continues that of the first `first` (RFC 6962, 2.1.2), 32 bytes
   * a step.
   *
   * @throws RangeError unless 0 < first <= second <= the log's size
   */
  consistency(first: number, second: number): Uint8Array[] {
    return this.#book.consistency(first, second)
  }

  /** Entries as they were hashed, from `from` on, at most `most`. */
  async entries(from: number, most: number): Promise<Uint8Array[]> {
    return await this.#book.entries(from, most)
  }

  /** A stretch of the stream of entries. @throws RangeError when the log ends before it */
  async stretch(number: number): Promise<Stretch> {
    return await this.#book.stretch(number)
  }

  /** The note of this id (32 bytes); null when there is none. */
  async note(id: Uint8Array): Promise<NoteState | null> {
    return await this.#book.note(id)
  }

  /** A page of the notes of this owner (32 bytes), at most 64, the largest first. */
  async notesOwnedBy(owner: Uint8Array, after?: Cursor): Promise<NoteState[]> {
    return await this.#book.notesOwnedBy(owner, after)
  }

  /** The transaction that made a note (32 bytes); null when there is no such note. */
  async originOf(note: Uint8Array): Promise<Position | null> {
    return await this.#book.originOf(note)
  }

  /** It costs nothing. */
  async feeTooLow(): Promise<null> {
    return null
  }

  /** Tells where the transaction stands in the log; null when it does not. */
  async positionOf(transaction: Uint8Array): Promise<Position | null> {
    return await this.#book.positionOf(transaction)
  }

  /**
   * Checks a transaction and appends it; resolves when it is on disk. The same one again gets the same receipt.
   *
   * @throws PaymentError of readTransaction and check; BUSY when too many transactions wait, or its notes have to rest
   */
  async submit(bytes: Uint8Array): Promise<Position> {
    const signed = readTransaction(this.id, bytes)
    if (this.#waiting >= mostWaiting) throw new PaymentError('BUSY', 'ledger: too many transactions wait')
    this.#waiting++
    try {
      return await this.#inTurn(() => this.#enter(signed, bytes))
    } finally {
      this.#waiting--
    }
  }

  async #enter(signed: SignedTransaction, transaction: Uint8Array): Promise<Position> {
    const book = this.#book
    const before = await book.positionOf(signed.id)
    if (before !== null) return before
    const spent = await book.spentBy(signed)
    const { ledgerSeed, now } = this.#init
    const time = now()
    if ((await book.movesLeft(spent, time)) < 1) {
      throw new PaymentError(
        'BUSY',
        `transfer: its notes have moved ${mostMoves} times in a row and rest for a minute`,
      )
    }
    const index = book.size
    const entry = { previous: book.last, time, transaction }
    const bytes = writeEntry(entry)
    const root = book.rootWith([bytes])
    const head = signHead({ ledger: this.id, size: index + 1, root, time }, ledgerSeed)
    await book.append({ index, bytes, entry, signed, spent }, head)
    return positionIn(signed, index)
  }
}

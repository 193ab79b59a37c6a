// Says what payments want of a ledger, and checks what a transaction must be to stand in one.
// docs/spec/payments-ledger.md 3.

import { hex, same } from '../../encoding/bytes.ts'
import { PaymentError } from '../error.ts'
import { isSigned, type Note, type SignedTransaction } from './transaction.ts'

/** Stands for the transaction that spent a note, where a ledger knows only that one did; no transaction has this id. */
export const unknownSpender: Uint8Array = new Uint8Array(32)

/** A note as the ledger has it. */
export interface NoteState extends Note {
  /** The id of the transaction that spent it, 32 bytes; null while it can be spent. */
  readonly spentBy: Uint8Array | null
}

/** Says where a transaction stands. */
export interface Position {
  /** 32 bytes. */
  readonly transaction: Uint8Array
  /** The number of its entry in the log; on Bitcoin its block's height, 0 while it waits for one. */
  readonly index: number
  /** Confirmations so far: 0 while it waits for a block, 1 for an entry of a log. Absent: 1. */
  readonly depth?: number
  /** The ids of the notes that it spends, and the notes that it makes; absent where the ledger does not show them. */
  readonly spends?: readonly Uint8Array[]
  readonly makes?: readonly Note[]
}

/** Says after which note of an owner a page goes on: they stand from the largest denomination down, then by id. */
export interface Cursor {
  readonly denomination: number
  /** The id of the last note of the page before, 32 bytes; all zeros begin with the first note of the denomination. */
  readonly id: Uint8Array
}

/** Notes of one owner on a page. */
export const mostOnPage = 64

/** A ledger as payments use it; the embedded one is embedded.ts. */
export interface Ledger {
  /** 32 bytes. */
  readonly id: Uint8Array
  /** Confirmations of the transaction that spends a note, before its key may go. Default 1. */
  readonly confirmations?: number
  /** null says in so many words that there is no such note; a ledger that does not know now rejects. */
  note(id: Uint8Array): Promise<NoteState | null>
  /**
   * Makes what a request to join is accompanied by: it shows every peer how far a log must be read to see this note.
   * Absent where each peer's own node shows it.
   */
  evidence?(note: Uint8Array): Promise<Uint8Array> | Uint8Array
  /**
   * Looks for a note that somebody else names; null says in so many words that there is no such note.
   * Absent: as `note`.
   *
   * @throws PaymentError for evidence that is none, BUSY while it cannot be told yet
   */
  noteAt?(id: Uint8Array, evidence: Uint8Array): Promise<NoteState | null>
  /** Calls `tell` when there is more to be seen; returns how to stop. */
  onGrowth?(tell: () => void): () => void
  /**
   * A page of at most 64 notes, from the largest denomination down, so that dust hides nothing. Also those that are
   * spent: an owner's key is used once.
   */
  notesOwnedBy(owner: Uint8Array, after?: Cursor): Promise<NoteState[]>
  /** So many transactions are followed back to see what strikes a note carries. Default 128. */
  readonly looksBack?: number
  /** The transaction that made a note (its id), with the proof that a position has; null when there is no such note. */
  originOf?(note: Uint8Array): Promise<Position | null>
  /**
   * Enters a signed transaction. The same one again gives the same receipt.
   *
   * @throws PaymentError for a transaction that cannot stand in the ledger
   */
  submit(transaction: Uint8Array): Promise<Position>
  /** Looks for who spent a note, where `note` knows only that somebody did; null when it is not found. */
  spenderOf?(note: Uint8Array): Promise<Uint8Array | null>
  /** null says in so many words that there is no such transaction; a ledger that does not know now rejects. */
  positionOf(transaction: Uint8Array): Promise<Position | null>
  /**
   * Tells people why a join of so many peers pays too little to be entered soon; null where it pays enough or costs
   * nothing.
   */
  feeTooLow(peers: number): Promise<string | null>
}

/** Says whether a position shows that its transaction spends this note. */
export function isSpending(position: Position | null, note: Uint8Array): boolean {
  return position?.spends?.some(id => same(id, note)) ?? false
}

/** Holds what the ledger already has of the things that a transaction touches. */
export interface Touched {
  /** By the hex of their ids. */
  readonly notes: ReadonlyMap<string, NoteState>
  readonly isNonceUsed: boolean
  /** Ed25519, 32 bytes. */
  readonly mintKey: Uint8Array
}

/**
 * @returns the notes that it spends
 * @throws PaymentError NO_NOTE, DOUBLE_SPEND, BAD_SIGNATURE, BAD_TRANSACTION (its sums), NONCE_USED
 */
export function check(signed: SignedTransaction, touched: Touched): readonly NoteState[] {
  const { transaction, id, signatures } = signed
  if (transaction.kind === 'mint') {
    if (touched.isNonceUsed) throw new PaymentError('NONCE_USED', 'mint: its nonce was used before')
    wantSignature(id, touched.mintKey, signatures[0], 'mint')
    return []
  }
  const spent = transaction.inputs.map(input => {
    const note = touched.notes.get(hex(input))
    if (note === undefined) throw new PaymentError('NO_NOTE', `transfer: no note ${hex(input)}`)
    if (note.spentBy !== null) throw new PaymentError('DOUBLE_SPEND', `transfer: note ${hex(input)} is spent`)
    return note
  })
  for (const [i, note] of spent.entries())
    wantSignature(id, note.owner, signatures[i], `transfer: input ${i}`)
  const [into, out] = [sum(spent), sum(transaction.outputs)]
  if (into !== out) throw new PaymentError('BAD_TRANSACTION', `transfer: spends ${into}, makes ${out}`)
  return spent
}

function wantSignature(
  id: Uint8Array,
  key: Uint8Array,
  signature: Uint8Array | undefined,
  what: string,
): void {
  if (signature !== undefined && isSigned(id, key, signature)) return
  throw new PaymentError('BAD_SIGNATURE', `${what}: not signed by its key`)
}

function sum(notes: readonly { readonly denomination: number }[]): number {
  return notes.reduce((total, note) => total + note.denomination, 0)
}

/** The ledger's constitution: its first entry, pinned in the configuration. */
export interface Genesis {
  readonly name: string
  /** Ed25519 keys of 32 bytes: who signs the log's heads, and who may mint. */
  readonly ledgerKey: Uint8Array
  readonly mintKey: Uint8Array
}

export function sameGenesis(a: Genesis, b: Genesis): boolean {
  return a.name === b.name && same(a.ledgerKey, b.ledgerKey) && same(a.mintKey, b.mintKey)
}

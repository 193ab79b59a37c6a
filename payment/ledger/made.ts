// How a log's notes and transactions lie in its store (book.ts), and how often a note can move: what made it says so.
// docs/spec/payments-ledger.md 3.5, 3.9.

import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { type Ms, minute } from '../../world/units.ts'
import { Reader } from '../reader.ts'
import type { Cursor, NoteState, Position } from './ledger.ts'
import { type Note, notesOf, type Output, type SignedTransaction } from './transaction.ts'

/** A note can move so many times in a row, and once a minute from then on: docs/spec/payments-ledger.md 3.9. */
export const mostMoves = 16
export const moveEvery: Ms = minute

/** Names the records. */
export const keys = {
  head: 'head',
  entry: (index: number): string => `entry/${String(index).padStart(16, '0')}`,
  note: (id: Uint8Array): string => `note/${hex(id)}`,
  spent: (id: Uint8Array): string => `spent/${hex(id)}`,
  owned: (owner: Uint8Array): string => `owned/${hex(owner)}/`,
  /** Marks a store whose notes say where they come from. */
  origins: 'origins',
  nonce: (nonce: Uint8Array): string => `nonce/${hex(nonce)}`,
  transaction: (id: Uint8Array): string => `transaction/${hex(id)}`,
}

export type Write = { type: 'put'; key: string; value: Uint8Array }

/** Says where a note comes from, and how often it could move when it was made. */
export interface Making {
  /** The number of the entry that made it. */
  readonly index: number
  readonly left: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly since: Ms
}

/** Counts how often a note can move now. A clock that was put back makes nobody wait. */
export function rested({ left, since }: Making, now: Ms): number {
  return now < since ? mostMoves : Math.min(mostMoves, left + Math.floor((now - since) / moveEvery))
}

/** Says what a transaction does, and where it stands. */
export function positionIn({ id, transaction }: SignedTransaction, index: number): Position {
  const spends = transaction.kind === 'transfer' ? transaction.inputs : []
  return { transaction: id, index, depth: 1, spends, makes: notesOf(id, transaction) }
}

/** Gives what a transaction changes beside the log. */
export function changes(
  { transaction, id }: SignedTransaction,
  spent: readonly NoteState[],
  origin: Making,
): Write[] {
  const gone = spent.map(note => put(keys.spent(note.id), id))
  const nonce = transaction.kind === 'mint' ? [put(keys.nonce(transaction.nonce), id)] : []
  const entered = put(keys.transaction(id), write({ index: origin.index }))
  return [...making(notesOf(id, transaction), origin), ...gone, ...nonce, entered]
}

/** Gives what notes change: where each comes from, and its place among its owner's. */
export function making(notes: readonly Note[], { index, left, since }: Making): Write[] {
  return notes.flatMap(({ id, denomination, owner }) => [
    put(keys.note(id), write({ left, index, owner, since, denomination })),
    put(keys.owned(owner) + place({ denomination, id }), id),
  ])
}

/** Sorts the largest denomination first. */
export function place({ denomination, id }: Cursor): string {
  return `${String(Number.MAX_SAFE_INTEGER - denomination).padStart(16, '0')}${hex(id)}`
}

/** Reads a record of a note. */
export function readMade(bytes: Uint8Array): Output & Making {
  const read = new Reader(bytes, 'note', 256)
  read.map(5)
  const left = read.key('left').uint()
  const index = read.key('index').uint()
  const owner = read.key('owner').bytes(32)
  const since = read.key('since').uint()
  const denomination = read.key('denomination').uint()
  read.end()
  return { denomination, owner, index, left, since }
}

/** Reads in which entry a transaction stands. */
export function readIndex(bytes: Uint8Array): number {
  const read = new Reader(bytes, 'receipt', 64)
  read.map(1)
  const index = read.key('index').uint()
  read.end()
  return index
}

/** Makes a write of a batch. */
export function put(key: string, value: Uint8Array): Write {
  return { type: 'put', key, value }
}

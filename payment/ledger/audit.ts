// Reads a whole log of the embedded ledger as anybody can: its chain, its root, every signature and every sum.
// docs/spec/payments-ledger.md 3.4.

import { hex, same } from '../../encoding/bytes.ts'
import { leafHash, MerkleTree } from '../../encoding/merkle.ts'
import { PaymentError } from '../error.ts'
import { check, type Genesis, type NoteState } from './ledger.ts'
import { ledgerId, readEntry, writeGenesis } from './log.ts'
import { notesOf, readTransaction, type SignedTransaction } from './transaction.ts'

/** Says what `audit` found a log to be. */
export interface Audit {
  /** Entries read, the genesis counted. */
  readonly size: number
  /** MTH of the entries, 32 bytes. */
  readonly root: Uint8Array
  /** So much was minted; as much is in the notes that are not spent. */
  readonly minted: number
  /** All notes ever made, by the hex of their ids. */
  readonly notes: ReadonlyMap<string, NoteState>
  /** The transactions, in order; entry i + 1 holds transaction i. */
  readonly transactions: readonly SignedTransaction[]
}

/**
 * Reads a whole log as anybody can, and checks every entry as the ledger should have.
 *
 * @param entries all of them, the genesis first
 * @throws PaymentError naming the first thing that is wrong: DAMAGED for the chain, and those of readTransaction and
 * check
 */
export function audit(genesis: Genesis, entries: Iterable<Uint8Array>): Audit {
  const ledger = ledgerId(genesis)
  const tree = new MerkleTree()
  const notes = new Map<string, NoteState>()
  const nonces = new Set<string>()
  const transactions: SignedTransaction[] = []
  let minted = 0
  let last: Uint8Array = new Uint8Array(0)
  for (const bytes of entries) {
    if (tree.size === 0) {
      if (!same(bytes, writeGenesis(genesis))) throw broken(0)
    } else {
      const entry = readEntry(bytes)
      if (!same(entry.previous, last)) throw broken(tree.size)
      const signed = readTransaction(ledger, entry.transaction)
      minted += enter(signed, genesis.mintKey, notes, nonces)
      transactions.push(signed)
    }
    last = leafHash(bytes)
    tree.append(last)
  }
  return { size: tree.size, root: tree.root(), minted, notes, transactions }
}

/** @returns what it mints */
function enter(
  signed: SignedTransaction,
  mintKey: Uint8Array,
  notes: Map<string, NoteState>,
  nonces: Set<string>,
): number {
  const { transaction, id } = signed
  const nonce = transaction.kind === 'mint' ? hex(transaction.nonce) : null
  const spent = check(signed, { notes, isNonceUsed: nonce !== null && nonces.has(nonce), mintKey })
  for (const note of spent) notes.set(hex(note.id), { ...note, spentBy: id })
  for (const note of notesOf(id, transaction)) notes.set(hex(note.id), { ...note, spentBy: null })
  if (nonce === null) return 0
  nonces.add(nonce)
  return transaction.outputs.reduce((sum, output) => sum + output.denomination, 0)
}

function broken(index: number): PaymentError {
  return new PaymentError('DAMAGED', `log: entry ${index} does not follow the one before`)
}

// Entries of a ledger's log: notes that a mint makes, a theft, and a log that the ledger's key has signed whatever
// stands in it. Not a test itself.

import { leafHash, MerkleTree } from '../encoding/merkle.ts'
import type { EmbeddedLedger } from '../payment/ledger/embedded.ts'
import { signHead, writeEntry } from '../payment/ledger/log.ts'
import type { Served } from '../payment/ledger/service.ts'
import { stretchBytes, stretchIn } from '../payment/ledger/stretches.ts'
import {
  type Note,
  notesOf,
  type Output,
  ownerOf,
  readTransaction,
  signMint,
  signTransfer,
  transfer,
} from '../payment/ledger/transaction.ts'
import { ledgerSeed, mintSeed } from './payment-room.ts'

/** Has the ledger take a mint. @param nonce 32 bytes */
export async function mintNotes(
  ledger: EmbeddedLedger,
  nonce: Uint8Array,
  outputs: readonly Output[],
): Promise<Note[]> {
  const bytes = signMint(ledger.id, nonce, outputs, mintSeed)
  await ledger.submit(bytes)
  const { id, transaction } = readTransaction(ledger.id, bytes)
  return notesOf(id, transaction)
}

/** Moves a note by a key that is not its owner's: no ledger takes it. */
export function theftOf(ledger: Uint8Array, note: Note): Uint8Array {
  const secretKey = new Uint8Array(32).fill(7)
  const outputs = [{ denomination: note.denomination, owner: ownerOf(secretKey) }]
  return signTransfer(ledger, transfer([note.id], outputs), [{ note, secretKey }])
}

/** Lengthens a log by a transaction, as a ledger does that does not check it. */
export function withEntry(
  entries: readonly Uint8Array[],
  transaction: Uint8Array,
  time: number,
): Uint8Array[] {
  return [...entries, writeEntry({ previous: leafHash(entries.at(-1) as Uint8Array), time, transaction })]
}

/** Serves these entries under a head that the ledger's key has signed. */
export function signing(entries: readonly Uint8Array[]): Served {
  const tree = new MerkleTree()
  for (const entry of entries) tree.append(leafHash(entry))
  const of = { ledger: leafHash(entries[0] as Uint8Array), size: tree.size, root: tree.root(), time: 1 }
  const head = signHead(of, ledgerSeed)
  const bytes = stretchIn(entries, 0, stretchBytes)
  return {
    head,
    entries: async (from, most) => entries.slice(from, from + most),
    inclusion: (index, size) => tree.inclusion(index, size),
    stretch: async number => ({ number, bytes, path: [], head }),
  }
}

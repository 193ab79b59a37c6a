// Builds and signs a ledger's joins. Rounds know no ledger; they are handed one of these.
// docs/spec/payments-rounds.md 4.1.

import { ed25519Sign, ed25519Verify } from '#crypto'
import { compare } from '../../encoding/bytes.ts'
import {
  isSigned,
  type Note,
  ownerOf,
  sign,
  signTransfer,
  transactionId,
  transfer,
  writeTransaction,
} from '../ledger/transaction.ts'

/** A transaction that spends the notes of all peers and pays all their outputs. */
export interface Join {
  /** 32 bytes. */
  readonly id: Uint8Array
  /** In the order of their signatures. */
  readonly notes: readonly Note[]
  /** As they came out of the net, ascending. */
  readonly outputs: readonly Uint8Array[]
}

/** Knows how a ledger joins payments: what outputs and proofs are there. */
export interface JoinScheme {
  /** The ledger's id, 32 bytes. */
  readonly ledger: Uint8Array
  /** Gives what the net carries (32 bytes) so that the owner of the secret (32 bytes) is paid. */
  outputOf(secret: Uint8Array): Uint8Array
  /** Says whether these 32 bytes can be paid. */
  isOutput(output: Uint8Array): boolean
  /** The signature of a note's owner, 64 bytes. */
  prove(statement: Uint8Array, secret: Uint8Array): Uint8Array
  isProof(note: Note, statement: Uint8Array, proof: Uint8Array): boolean
  join(notes: readonly Note[], outputs: readonly Uint8Array[]): Join
  /** The signature of a note's owner under the join, 64 bytes. */
  sign(join: Join, secret: Uint8Array): Uint8Array
  isSigned(join: Join, note: Note, signature: Uint8Array): boolean
  /** A transaction that pays a note to another output, and needs nobody else. */
  move(note: Note, secret: Uint8Array, output: Uint8Array): Uint8Array
  /** The transaction to submit. @param signatures in the order of join.notes */
  complete(join: Join, signatures: readonly Uint8Array[]): Uint8Array
}

/** Joins of the embedded ledger. @param ledger its id, 32 bytes */
export function embeddedJoins(ledger: Uint8Array): JoinScheme {
  const unsigned = ({ notes, outputs }: Omit<Join, 'id'>) =>
    transfer(
      notes.map(note => note.id),
      outputs.map(owner => ({ denomination: notes[0]?.denomination ?? 0, owner })),
    )
  return {
    ledger,
    outputOf: ownerOf,
    isOutput: output => output.some(byte => byte !== 0),
    prove: (statement, secret) => ed25519Sign(secret, statement),
    isProof: (note, statement, proof) => ed25519Verify(note.owner, statement, proof),
    join(notes, outputs) {
      const parts = {
        notes: [...notes].sort((a, b) => compare(a.id, b.id)),
        outputs: [...outputs].sort(compare),
      }
      return { id: transactionId(ledger, unsigned(parts)), ...parts }
    },
    sign: (join, secret) => sign(join.id, secret),
    isSigned: (join, note, signature) => isSigned(join.id, note.owner, signature),
    move(note, secretKey, owner) {
      const { denomination } = note
      return signTransfer(ledger, transfer([note.id], [{ denomination, owner }]), [{ note, secretKey }])
    },
    complete: (join, signatures) => writeTransaction({ transaction: unsigned(join), signatures }),
  }
}

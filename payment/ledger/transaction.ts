// Transactions of the embedded ledger: notes are spent and made, or minted. docs/spec/payments-ledger.md 3.3.

import { sha256 } from '@noble/hashes/sha2.js'
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from '#crypto'
import { compare, hex, same } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { isDenomination } from '../denominations.ts'
import { PaymentError } from '../error.ts'
import { Reader } from '../reader.ts'
import { tagged } from '../tagged.ts'

/** Says what a note is worth, and which Ed25519 public key spends it. */
export interface Output {
  readonly denomination: number
  readonly owner: Uint8Array
}

/** A note of a ledger. Its id has 32 bytes; on Bitcoin it is an outpoint, and has 36. */
export interface Note extends Output {
  readonly id: Uint8Array
}

/** Spends notes and makes others of the same sum. */
export interface Transfer {
  readonly kind: 'transfer'
  /** Ids of notes, ascending, no two equal. */
  readonly inputs: readonly Uint8Array[]
  readonly outputs: readonly Output[]
}

/** Makes notes out of nothing; only the key pinned for it can. */
export interface Mint {
  readonly kind: 'mint'
  /** 32 bytes that no other mint of the ledger has. */
  readonly nonce: Uint8Array
  readonly outputs: readonly Output[]
}

export type Transaction = Transfer | Mint

/** A transaction with its id and the signatures under it. */
export interface SignedTransaction {
  readonly transaction: Transaction
  /** 32 bytes. */
  readonly id: Uint8Array
  /** A transfer's: one an input, in their order. A mint's: one. 64 bytes each. */
  readonly signatures: readonly Uint8Array[]
}

export const mostInputs = 128
export const mostOutputs = 256
/** Bytes of a signed transaction. */
export const longestTransaction = 65_536

/** The id of a transaction: SHA-256 over a label, the ledger's id and its canonical bytes. */
export function transactionId(ledger: Uint8Array, transaction: Transaction): Uint8Array {
  return sha256(tagged('chaffinch/transaction/v1', ledger, write(body(transaction))))
}

/** The notes that a transaction makes, in its order. */
export function notesOf(id: Uint8Array, transaction: Transaction): Note[] {
  return transaction.outputs.map((output, index) => ({ ...output, id: noteId(id, index) }))
}

function noteId(transaction: Uint8Array, index: number): Uint8Array {
  const at = new Uint8Array(4)
  new DataView(at.buffer).setUint32(0, index)
  return sha256(tagged('chaffinch/note/v1', transaction, at))
}

/** A transfer with its inputs in order. */
export function transfer(inputs: readonly Uint8Array[], outputs: readonly Output[]): Transfer {
  return { kind: 'transfer', inputs: [...inputs].sort(compare), outputs }
}

/** Signs for one note, or for a mint. @param secretKey an Ed25519 seed, 32 bytes */
export function sign(id: Uint8Array, secretKey: Uint8Array): Uint8Array {
  return ed25519Sign(secretKey, tagged('chaffinch/sign/v1', id))
}

/** Says whether the owner of this key signed the transaction. Never throws. */
export function isSigned(id: Uint8Array, owner: Uint8Array, signature: Uint8Array): boolean {
  return ed25519Verify(owner, tagged('chaffinch/sign/v1', id), signature)
}

/**
 * Signs a transfer with the keys (32 bytes each) of its notes, whichever order they come in.
 *
 * @returns the transaction, to be submitted
 * @throws PaymentError BAD_TRANSACTION when a note has no key
 */
export function signTransfer(
  ledger: Uint8Array,
  unsigned: Transfer,
  notes: readonly { readonly note: Note; readonly secretKey: Uint8Array }[],
): Uint8Array {
  const id = transactionId(ledger, unsigned)
  const signatures = unsigned.inputs.map(input => {
    const found = notes.find(({ note }) => same(note.id, input))
    if (found === undefined) throw new PaymentError('BAD_TRANSACTION', `no key for note ${hex(input)}`)
    return sign(id, found.secretKey)
  })
  return writeTransaction({ transaction: unsigned, signatures })
}

/** A signed mint. @param mintKey an Ed25519 seed, 32 bytes */
export function signMint(
  ledger: Uint8Array,
  nonce: Uint8Array,
  outputs: readonly Output[],
  mintKey: Uint8Array,
): Uint8Array {
  const transaction: Mint = { kind: 'mint', nonce, outputs }
  return writeTransaction({ transaction, signatures: [sign(transactionId(ledger, transaction), mintKey)] })
}

/** The key that can spend what is paid to it. @param secretKey an Ed25519 seed, 32 bytes */
export function ownerOf(secretKey: Uint8Array): Uint8Array {
  return ed25519PublicKey(secretKey)
}

export function writeTransaction(signed: Omit<SignedTransaction, 'id'>): Uint8Array {
  return write({ ...body(signed.transaction), signatures: signed.signatures })
}

/**
 * A transaction as far as its bytes tell: its form and its sums. Notes, keys and signatures are the ledger's to check.
 *
 * @param ledger 32 bytes, the id of the ledger it is for; it enters the transaction's id
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, BAD_TRANSACTION
 */
export function readTransaction(ledger: Uint8Array, bytes: Uint8Array): SignedTransaction {
  const read = new Reader(bytes, 'transaction', longestTransaction)
  read.map(4)
  const transaction = readUnsigned(read)
  const want = transaction.kind === 'mint' ? 1 : transaction.inputs.length
  const signatures = read.items('signatures', mostInputs, () => read.bytes(64))
  read.end()
  if (signatures.length !== want) {
    throw read.item('signatures').fail('BAD_DOCUMENT', `want ${want}, have ${signatures.length}`)
  }
  return { transaction, id: transactionId(ledger, transaction), signatures }
}

function readUnsigned(read: Reader): Transaction {
  const kind = read.key('kind').oneOf('transfer', 'mint')
  return kind === 'mint'
    ? { kind, nonce: read.key('nonce').bytes(32), outputs: readOutputs(read) }
    : { kind, inputs: readInputs(read), outputs: readOutputs(read) }
}

/** Reads a note of whichever ledger: its id has 32 bytes, or 36 on Bitcoin. */
export function readNote(read: Reader): Note {
  read.map(3)
  const id = read.key('id').bytes(32, 36)
  const owner = read.key('owner').bytes(32)
  const denomination = read.key('denomination').uint()
  return { id, denomination, owner }
}

function readInputs(read: Reader): Uint8Array[] {
  const inputs = read.ascending('inputs', mostInputs)
  if (inputs.length === 0) throw read.fail('BAD_DOCUMENT', 'want one at least')
  return inputs
}

function readOutputs(read: Reader): Output[] {
  const outputs = read.items('outputs', mostOutputs, () => readOutput(read))
  if (outputs.length === 0) throw read.fail('BAD_DOCUMENT', 'want one at least')
  return outputs
}

function readOutput(read: Reader): Output {
  read.map(2)
  const owner = read.key('owner').bytes(32)
  const denomination = read.key('denomination').uint()
  if (!isDenomination(denomination)) throw read.fail('BAD_DOCUMENT', 'want 1, 2 or 5 times a power of 10')
  return { denomination, owner }
}

function body(transaction: Transaction): { [key: string]: Cbor } {
  const outputs = transaction.outputs.map(({ denomination, owner }) => ({ denomination, owner }))
  if (transaction.kind === 'mint') return { kind: transaction.kind, nonce: transaction.nonce, outputs }
  return { kind: transaction.kind, inputs: transaction.inputs, outputs }
}

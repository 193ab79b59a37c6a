// Writes and reads what a receiver asks for, and what both sides keep in case of a dispute. Both travel inside the
// mixnet and lie with payer and receiver only. docs/spec/payments-paymix.md 5.2, 5.5.

import { sha256 } from '@noble/hashes/sha2.js'
import { ed25519Sign, ed25519Verify } from '#crypto'
import { same } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { split } from '../denominations.ts'
import { PaymentError } from '../error.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Note, ownerOf } from '../ledger/transaction.ts'
import { Reader } from '../reader.ts'
import { tagged } from '../tagged.ts'

/** Keys of a request: the pieces of the largest amount. */
export const mostPieces = 32
export const longestRequest = 4096
const longestMemo = 256
const longestAddress = 512

/** A request to be paid an amount in standard pieces, each to a key that is used once. */
export interface PaymentRequest {
  /** The ledger's id, 32 bytes. */
  readonly ledger: Uint8Array
  readonly amount: number
  /** One Ed25519 public key for each denomination of `split(amount)`, in that order. */
  readonly owners: readonly Uint8Array[]
  /** Milliseconds since 1970-01-01 UTC: the receiver counts on nothing that comes later. */
  readonly deadline: number
  /** Says what it is for; at most 256 UTF-16 code units. */
  readonly memo: string
  /** The payer may ask for a receipt at this address of the mixnet (docs/spec/client.md 1); '' for none. */
  readonly receipts: string
  /** The key that signs this request and its receipt, made for it. */
  readonly key: Uint8Array
}

/** A request with its payee's signature, 64 bytes. */
export interface SignedRequest extends PaymentRequest {
  readonly signature: Uint8Array
  /** SHA-256 over label and bytes: what a receipt names. */
  readonly hash: Uint8Array
}

/** The receiver's word that it was paid. */
export interface PaymentReceipt {
  /** The hash of the request, 32 bytes. */
  readonly request: Uint8Array
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly signature: Uint8Array
}

/** Spends what a receiver is paid, and signs its receipt; 32 bytes each. */
export interface RequestSecrets {
  readonly key: Uint8Array
  readonly owners: readonly Uint8Array[]
}

/** Gives the secrets of a request, 32 bytes each time. */
export interface FreshKeys {
  /** One for each note that it asks for. */
  readonly owner: () => Uint8Array
  /** The one that signs it. */
  readonly key: () => Uint8Array
}

/**
 * A request for an amount, with fresh keys.
 *
 * @param fresh gives them; or dice
 * @throws PaymentError BAD_AMOUNT
 */
export function makeRequest(
  wants: Pick<PaymentRequest, 'ledger' | 'amount' | 'deadline' | 'memo' | 'receipts'>,
  fresh: ((length: number) => Uint8Array) | FreshKeys,
): { request: Uint8Array; secrets: RequestSecrets } {
  const { key, owner } =
    typeof fresh === 'function' ? { key: () => fresh(32), owner: () => fresh(32) } : fresh
  const secrets = { key: key(), owners: split(wants.amount, mostPieces).map(owner) }
  const unsigned: PaymentRequest = {
    ...wants,
    owners: secrets.owners.map(ownerOf),
    key: ownerOf(secrets.key),
  }
  const signature = ed25519Sign(secrets.key, tagged('chaffinch/request/v1', write(toValue(unsigned))))
  return { request: write({ ...toValue(unsigned), signature }), secrets }
}

function toValue({ ledger, amount, owners, deadline, memo, receipts, key }: PaymentRequest): {
  [field: string]: Cbor
} {
  return { ledger, amount, owners, deadline, memo, receipts, key }
}

/**
 * Reads a request and checks its signature.
 *
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, BAD_AMOUNT, BAD_SIGNATURE
 */
export function readRequest(bytes: Uint8Array): SignedRequest {
  const read = new Reader(bytes, 'request', longestRequest)
  read.map(8)
  const key = read.key('key').bytes(32)
  const memo = read.key('memo').characters(longestMemo)
  const amount = read.key('amount').uint()
  const ledger = read.key('ledger').bytes(32)
  const owners = read.items('owners', mostPieces, () => read.bytes(32))
  const deadline = read.key('deadline').uint()
  const receipts = read.key('receipts').characters(longestAddress)
  const signature = read.key('signature').bytes(64)
  read.end()
  const request: PaymentRequest = { ledger, amount, owners, deadline, memo, receipts, key }
  wantKeys(request, read.item('owners'))
  const signed = tagged('chaffinch/request/v1', write(toValue(request)))
  if (!ed25519Verify(request.key, signed, signature)) {
    throw new PaymentError('BAD_SIGNATURE', 'request: not signed by its key')
  }
  return { ...request, signature, hash: sha256(signed) }
}

function wantKeys({ amount, owners }: PaymentRequest, read: Reader): void {
  const pieces = split(amount, mostPieces).length
  if (owners.length !== pieces) throw read.fail('BAD_DOCUMENT', `want ${pieces}, have ${owners.length}`)
  const isTwice = owners.some((owner, i) => owners.slice(0, i).some(other => same(owner, other)))
  if (isTwice) throw read.fail('BAD_DOCUMENT', 'a key stands there twice')
}

/**
 * Says that a request was paid.
 *
 * @param at when, milliseconds since 1970-01-01 UTC
 * @param key the seed (32 bytes) that the request was signed with
 * @returns the signed receipt, for `readReceipt`
 */
export function makeReceipt(request: SignedRequest, at: number, key: Uint8Array): Uint8Array {
  const signature = ed25519Sign(key, statement(request.hash, at))
  return write({ request: request.hash, at, signature })
}

/**
 * Reads a receipt, and checks that it is of this request and signed by who made that.
 *
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, BAD_SIGNATURE when it is no receipt for this request
 */
export function readReceipt(bytes: Uint8Array, request: SignedRequest): PaymentReceipt {
  const read = new Reader(bytes, 'receipt', 256)
  read.map(3)
  const at = read.key('at').uint()
  const receipt: PaymentReceipt = {
    request: read.key('request').bytes(32),
    at,
    signature: read.key('signature').bytes(64),
  }
  read.end()
  const isFor = same(receipt.request, request.hash)
  if (!isFor || !ed25519Verify(request.key, statement(request.hash, receipt.at), receipt.signature)) {
    throw new PaymentError('BAD_SIGNATURE', 'receipt: not signed by the key of this request')
  }
  return receipt
}

function statement(request: Uint8Array, at: number): Uint8Array {
  return tagged('chaffinch/receipt/v1', request, write(at))
}

/** Says which pieces of a request the ledger shows as paid. Whoever is shown the request can ask. */
export interface Dispute {
  readonly isPaid: boolean
  /** One for each key of the request, in its order. */
  readonly pieces: readonly { readonly denomination: number; readonly isPaid: boolean }[]
}

/** Notes of one piece whose proofs are asked for. */
const mostProofs = 4

/**
 * Asks the ledger which pieces of a request were paid, as a third party would: for each the proof of the transaction
 * that paid it. A ledger's word alone pays nothing.
 *
 * @throws what the ledger throws
 */
export async function settleDispute(request: SignedRequest, ledger: Ledger): Promise<Dispute> {
  const pieces = await Promise.all(
    split(request.amount, mostPieces).map(async (denomination, i) => {
      const owner = request.owners[i] as Uint8Array
      const notes = await ledger.notesOwnedBy(owner, { denomination, id: new Uint8Array(32) })
      const paying = notes.filter(note => note.denomination === denomination).slice(0, mostProofs)
      for (const { id } of paying)
        if (await isMade({ id, denomination, owner }, ledger)) return { denomination, isPaid: true }
      return { denomination, isPaid: false }
    }),
  )
  return { isPaid: pieces.every(({ isPaid }) => isPaid), pieces }
}

/** Says whether the ledger proves that there is such a note. @throws what the ledger throws when it does not answer */
async function isMade({ id, denomination, owner }: Note, ledger: Ledger): Promise<boolean> {
  try {
    const origin = (await ledger.originOf?.(id)) ?? null
    const made = origin?.makes?.find(note => same(note.id, id))
    return made !== undefined && made.denomination === denomination && same(made.owner, owner)
  } catch (error) {
    // An answer that proves nothing
    if (error instanceof PaymentError && error.code === 'BAD_DOCUMENT') return false
    throw error
  }
}

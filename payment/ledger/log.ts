// The log of the embedded ledger: entries, each with the hash of the one before, and signed heads of its tree.
// docs/spec/payments-ledger.md 3.4.

import { ed25519Sign, ed25519Verify } from '#crypto'
import { same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { hashBytes, leafHash } from '../../encoding/merkle.ts'
import { PaymentError } from '../error.ts'
import { Reader } from '../reader.ts'
import { tagged } from '../tagged.ts'
import type { Genesis } from './ledger.ts'
import { longestTransaction } from './transaction.ts'

export interface Entry {
  /** leafHash of the entry before, 32 bytes. */
  readonly previous: Uint8Array
  /** Milliseconds since 1970-01-01 UTC, by the ledger's clock. */
  readonly time: number
  /** A signed transaction. */
  readonly transaction: Uint8Array
}

/** Says what the ledger's log is, by the ledger's word. */
export interface Head {
  /** The ledger's id, 32 bytes. */
  readonly ledger: Uint8Array
  /** Entries, the first one counted. */
  readonly size: number
  /** MTH of the entries, 32 bytes. */
  readonly root: Uint8Array
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number
}

/** A head of the log with the ledger's signature, 64 bytes. */
export interface SignedHead extends Head {
  readonly signature: Uint8Array
}

const longestGenesis = 512
export const longestEntry: number = longestTransaction + 256
export const longestHead = 512

/** The ledger's first entry. */
export function writeGenesis({ name, ledgerKey, mintKey }: Genesis): Uint8Array {
  return write({ name, ledgerKey, mintKey })
}

/**
 * Reads the entry that a log begins with.
 *
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT
 */
export function readGenesis(bytes: Uint8Array): Genesis {
  const read = new Reader(bytes, 'genesis', longestGenesis)
  read.map(3)
  const name = read.key('name').characters(64)
  const mintKey = read.key('mintKey').bytes(32)
  const ledgerKey = read.key('ledgerKey').bytes(32)
  read.end()
  return { name, ledgerKey, mintKey }
}

/** A ledger's id: the leaf hash of its first entry. */
export function ledgerId(genesis: Genesis): Uint8Array {
  return leafHash(writeGenesis(genesis))
}

export function writeEntry({ previous, time, transaction }: Entry): Uint8Array {
  return write({ previous, time, transaction })
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
export function readEntry(bytes: Uint8Array): Entry {
  const read = new Reader(bytes, 'entry', longestEntry)
  read.map(3)
  const time = read.key('time').uint()
  const previous = read.key('previous').bytes(hashBytes)
  const transaction = read.key('transaction').bytesUpTo(longestTransaction)
  read.end()
  return { previous, time, transaction }
}

/** @param ledgerSeed an Ed25519 seed, 32 bytes */
export function signHead(head: Head, ledgerSeed: Uint8Array): SignedHead {
  return { ...head, signature: ed25519Sign(ledgerSeed, signed(head)) }
}

/** Writes a signed head for `readHead`. */
export function writeHead({ ledger, size, root, time, signature }: SignedHead): Uint8Array {
  return write({ ledger, size, root, time, signature })
}

/**
 * A head that the ledger's key signed.
 *
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, WRONG_LEDGER, BAD_SIGNATURE
 */
export function readHead(bytes: Uint8Array, genesis: Genesis): SignedHead {
  const read = new Reader(bytes, 'head', longestHead)
  read.map(5)
  const root = read.key('root').bytes(hashBytes)
  const size = read.key('size').uint()
  const time = read.key('time').uint()
  const ledger = read.key('ledger').bytes(32)
  const signature = read.key('signature').bytes(64)
  read.end()
  const head = { ledger, size, root, time, signature }
  if (!same(ledgerId(genesis), ledger)) {
    throw new PaymentError('WRONG_LEDGER', 'head: of another ledger')
  }
  if (!ed25519Verify(genesis.ledgerKey, signed(head), head.signature)) {
    throw new PaymentError('BAD_SIGNATURE', "head: not signed by the ledger's key")
  }
  return head
}

function signed({ ledger, size, root, time }: Head): Uint8Array {
  return tagged('chaffinch/head/v1', write({ ledger, size, root, time }))
}

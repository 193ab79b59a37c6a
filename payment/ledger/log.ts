// The log of the embedded ledger: entries, each with the hash of the one before, and signed heads of its tree.
// docs/payments.md 3.4.

import { ed25519Sign, ed25519Verify } from '#crypto'
import { labelled, read, write } from '../document.ts'
import { PaymentError } from '../error.ts'
import type { Genesis } from './ledger.ts'
import { hashBytes, leafHash } from './merkle.ts'
import { longestTransaction } from './transaction.ts'

export interface Entry {
  /** leafHash of the entry before, 32 bytes. */
  readonly previous: Uint8Array
  /** Milliseconds since 1970-01-01 UTC, by the ledger's clock. */
  readonly time: number
  /** A signed transaction. */
  readonly transaction: Uint8Array
}

/** What the ledger says its log is. */
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
const longestEntry = longestTransaction + 256
const longestHead = 512

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
  const fields = read(bytes, 'genesis', longestGenesis)
  const genesis = {
    name: fields.text('name', 64),
    ledgerKey: fields.bytes('ledgerKey', 32),
    mintKey: fields.bytes('mintKey', 32),
  }
  fields.end()
  return genesis
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
  const fields = read(bytes, 'entry', longestEntry)
  const entry = {
    previous: fields.bytes('previous', hashBytes),
    time: fields.uint('time'),
    transaction: fields.bytesUpTo('transaction', longestTransaction),
  }
  fields.end()
  return entry
}

/** @param ledgerSeed an Ed25519 seed, 32 bytes */
export function signHead(head: Head, ledgerSeed: Uint8Array): SignedHead {
  return { ...head, signature: ed25519Sign(ledgerSeed, signed(head)) }
}

export function writeHead({ ledger, size, root, time, signature }: SignedHead): Uint8Array {
  return write({ ledger, size, root, time, signature })
}

/**
 * A head that the ledger's key signed.
 *
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, WRONG_LEDGER, BAD_SIGNATURE
 */
export function readHead(bytes: Uint8Array, genesis: Genesis): SignedHead {
  const fields = read(bytes, 'head', longestHead)
  const head = {
    ledger: fields.bytes('ledger', 32),
    size: fields.uint('size'),
    root: fields.bytes('root', hashBytes),
    time: fields.uint('time'),
    signature: fields.bytes('signature', 64),
  }
  fields.end()
  if (!ledgerId(genesis).every((byte, i) => byte === head.ledger[i])) {
    throw new PaymentError('WRONG_LEDGER', 'head: of another ledger')
  }
  if (!ed25519Verify(genesis.ledgerKey, signed(head), head.signature)) {
    throw new PaymentError('BAD_SIGNATURE', "head: not signed by the ledger's key")
  }
  return head
}

function signed({ ledger, size, root, time }: Head): Uint8Array {
  return labelled('chaffinch/head/v1', write({ ledger, size, root, time }))
}

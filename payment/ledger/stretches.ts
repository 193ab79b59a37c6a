// The log as a stream that is read in stretches of one length: whoever follows a ledger asks for the next number, and
// every answer has as many bytes as any other. docs/spec/payments-ledger.md 3.7.

import { write } from '../../encoding/cbor.ts'
import { hashBytes, verifyConsistency } from '../../encoding/merkle.ts'
import { PaymentError } from '../error.ts'
import { Reader } from '../reader.ts'
import type { Genesis } from './ledger.ts'
import { longestEntry, longestHead, readHead, type SignedHead, writeHead } from './log.ts'

/** Bytes of the stream in a stretch. */
export const stretchBytes = 4096
/** Bytes of every answer that carries one. */
export const stretchAnswerBytes = 5632
/** Before each entry stands its length. */
const lengthBytes = 4
/** Hashes of a proof: a log of 2^27 entries has that many at most. */
const mostHashes = 28

/** A part of the stream, and what shows that it is the ledger's. */
export interface Stretch {
  /** It begins at this many times `stretchBytes`. */
  readonly number: number
  /** Fewer than `stretchBytes` at the end of the log alone. */
  readonly bytes: Uint8Array
  /** The tree of the entries that end in it or before it is a beginning of the head's (RFC 6962, 2.1.2). */
  readonly path: readonly Uint8Array[]
  readonly head: SignedHead
}

/** The bytes of a stream of these entries, from one place to another. */
export function stretchIn(entries: readonly Uint8Array[], from: number, to: number): Uint8Array {
  const stream = new Uint8Array(entries.reduce((sum, { length }) => sum + lengthBytes + length, 0))
  const view = new DataView(stream.buffer)
  let at = 0
  for (const entry of entries) {
    view.setUint32(at, entry.length)
    stream.set(entry, at + lengthBytes)
    at += lengthBytes + entry.length
  }
  return stream.slice(from, to)
}

/**
 * The entries that are whole in a piece of the stream that begins with one, and how many bytes they take.
 *
 * @throws PaymentError BAD_DOCUMENT when a length is beyond that of an entry
 */
export function entriesIn(stream: Uint8Array): {
  readonly entries: Uint8Array[]
  readonly length: number
} {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length)
  const entries: Uint8Array[] = []
  let at = 0
  while (at + lengthBytes <= stream.length) {
    const length = view.getUint32(at)
    if (length === 0 || length > longestEntry)
      throw new PaymentError('BAD_DOCUMENT', `stretch: no entry has ${length} bytes`)
    if (at + lengthBytes + length > stream.length) break
    entries.push(stream.slice(at + lengthBytes, at + lengthBytes + length))
    at += lengthBytes + length
  }
  return { entries, length: at }
}

/** Writes an answer of `stretchAnswerBytes`, whatever it holds. */
export function writeStretch({ number, bytes, path, head }: Stretch): Uint8Array {
  const answer = (fill: number): Uint8Array =>
    write({
      is: 'stretch',
      fill: new Uint8Array(fill),
      head: writeHead(head),
      path,
      bytes,
      number,
    })
  // A fill of 256 bytes or more writes its length in as many bytes as a longer one
  return answer(256 + stretchAnswerBytes - answer(256).length)
}

/**
 * Reads an answer, and checks the head's signature.
 *
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, WRONG_LEDGER, BAD_SIGNATURE
 */
export function readStretch(answer: Uint8Array, genesis: Genesis): Stretch {
  const read = new Reader(answer, 'stretch', stretchAnswerBytes)
  read.map(6)
  read.key('is').oneOf('stretch')
  const fill = read.key('fill').bytesUpTo(stretchAnswerBytes)
  const head = read.key('head').bytesUpTo(longestHead)
  const path = read.items('path', mostHashes, () => read.bytes(hashBytes))
  const bytes = read.key('bytes').bytesUpTo(stretchBytes)
  const number = read.key('number').uint()
  read.end()
  if (answer.length !== stretchAnswerBytes || fill.some(byte => byte !== 0))
    throw new PaymentError('BAD_DOCUMENT', `stretch: want ${stretchAnswerBytes} bytes, filled with zeros`)
  return { number, bytes, path, head: readHead(head, genesis) }
}

/**
 * Says whether a log that ends with a stretch's last whole entry is a beginning of what the ledger signed. Never
 * throws.
 *
 * @param size the entries up to there, and the root of their tree
 */
export function isUnder({ path, head }: Stretch, size: number, root: Uint8Array): boolean {
  return verifyConsistency(size, head.size, path, root, head.root)
}

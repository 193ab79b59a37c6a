// What a ledger and its mirrors answer, to people whom they do not know: the log, stretch by stretch, and what becomes
// of a transaction that is handed in. Nothing else can be asked, so that no question names a note, a key or a join.
// docs/spec/payments-ledger.md 3.7.

import { same } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { hashBytes, leafHash, verifyInclusion } from '../../encoding/merkle.ts'
import { PaymentError, type PaymentErrorCode } from '../error.ts'
import { Reader } from '../reader.ts'
import type { Genesis, Position } from './ledger.ts'
import {
  ledgerId,
  longestEntry,
  longestHead,
  readEntry,
  readHead,
  type SignedHead,
  writeHead,
} from './log.ts'
import { positionIn } from './made.ts'
import { type Stretch, writeStretch } from './stretches.ts'
import { longestTransaction, readTransaction } from './transaction.ts'

/** The name that a ledger serves as (docs/spec/client-sdk.md 14). */
export const ledgerService = 'ledger'

/** Bytes of the longest question: a transaction. */
export const longestQuestion: number = longestTransaction + 256
/** Bytes of the longest answer: the entry that holds a transaction, and its proof. */
export const longestAnswer: number = longestTransaction + 8192
/** Hashes of an inclusion proof. */
const mostHashes = 64

type Question =
  | { readonly ask: 'stretch'; readonly number: number }
  | { readonly ask: 'submit'; readonly transaction: Uint8Array }

/** Whoever serves a log: the ledger, or a mirror of it, which takes no transactions. */
export interface Served {
  /** @throws RangeError when the log ends before it */
  stretch(number: number): Promise<Stretch>
  submit?(transaction: Uint8Array): Promise<Position>
  entries(from: number, most: number): Promise<Uint8Array[]>
  inclusion(index: number, size: number): Uint8Array[]
  readonly head: SignedHead
}

export function stretchQuestion(number: number): Uint8Array {
  return write({ ask: 'stretch', number })
}

export function submitQuestion(transaction: Uint8Array): Uint8Array {
  return write({ ask: 'submit', transaction })
}

/**
 * Answers a question for a ledger or a mirror. Never rejects: what it cannot do, it says.
 *
 * @param bytes a question, from anybody
 * @param refused hears the code of what it could not do
 */
export async function answerQuestion(
  served: Served,
  bytes: Uint8Array,
  refused: (code: PaymentErrorCode) => void = () => {},
): Promise<Uint8Array> {
  try {
    return await answer(served, readQuestion(bytes))
  } catch (error) {
    const [code, why] = told(error)
    refused(code)
    return write({ is: 'refused', code, why: why.slice(0, 200) })
  }
}

function told(error: unknown): [PaymentErrorCode, string] {
  if (error instanceof PaymentError) return [error.code, error.message]
  if (error instanceof RangeError) return ['NO_STRETCH', 'ledger: its log ends before that']
  return ['DAMAGED', 'ledger: it cannot be read or written now']
}

async function answer(served: Served, question: Question): Promise<Uint8Array> {
  if (question.ask === 'stretch') return writeStretch(await served.stretch(question.number))
  if (served.submit === undefined)
    throw new PaymentError('BUSY', 'mirror: it takes no transactions: hand them to the ledger')
  return write(await proved(served, await served.submit(question.transaction)))
}

/** A receipt that its owner can check: the entry, and how it stands in the tree of a signed head. */
async function proved(served: Served, { index }: Position): Promise<Cbor> {
  const { head } = served
  const [entry] = await served.entries(index, 1)
  if (entry === undefined) throw new PaymentError('DAMAGED', `ledger: entry ${index} is missing`)
  return { is: 'receipt', index, entry, path: served.inclusion(index, head.size), head: writeHead(head) }
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
function readQuestion(bytes: Uint8Array): Question {
  const read = new Reader(bytes, 'question', longestQuestion)
  read.map(2)
  const ask = read.key('ask').oneOf('stretch', 'submit')
  const question: Question =
    ask === 'stretch'
      ? { ask, number: read.key('number').uint() }
      : { ask, transaction: read.key('transaction').bytesUpTo(longestTransaction) }
  read.end()
  return question
}

/** The codes that a ledger may refuse with; anything else from it is BAD_DOCUMENT. */
const refusals: readonly PaymentErrorCode[] = [
  'BAD_DOCUMENT',
  'BAD_SIGNATURE',
  'BAD_TRANSACTION',
  'BUSY',
  'DAMAGED',
  'DOUBLE_SPEND',
  'NONCE_USED',
  'NO_NOTE',
  'NO_STRETCH',
  'TOO_LARGE',
]

/**
 * Throws what an answer refuses; leaves any other answer alone.
 *
 * @throws PaymentError with the ledger's code
 */
export function wantAnswer(answer: Uint8Array): void {
  const read = new Reader(answer, 'answer', longestAnswer)
  const fields = read.openMap(6)
  if (read.key('is').oneOf('refused', 'receipt', 'stretch') !== 'refused') return
  if (fields !== 3) throw read.fail('BAD_DOCUMENT', `want 3 fields, have ${fields}`)
  const why = read.key('why').characters(200)
  const code = read.key('code').oneOf(...refusals)
  read.end()
  throw new PaymentError(code, `the ledger refuses: ${why}`)
}

/**
 * Reads the receipt of a transaction that was handed in, and checks its proof.
 *
 * @param transaction the id of that whose receipt it must be, 32 bytes
 * @throws PaymentError what the ledger refuses, BAD_DOCUMENT, BAD_SIGNATURE
 */
export function readReceiptOf(
  transaction: Uint8Array,
  answer: Uint8Array,
  genesis: Genesis,
): { readonly position: Position; readonly head: SignedHead } {
  wantAnswer(answer)
  const read = new Reader(answer, 'receipt', longestAnswer)
  read.map(5)
  read.key('is').oneOf('receipt')
  const head = readHead(read.key('head').bytesUpTo(longestHead), genesis)
  const path = read.items('path', mostHashes, () => read.bytes(hashBytes))
  const entry = read.key('entry').bytesUpTo(longestEntry)
  const index = read.key('index').uint()
  read.end()
  const isIn = verifyInclusion(index, head.size, leafHash(entry), path, head.root)
  const signed = readTransaction(ledgerId(genesis), readEntry(entry).transaction)
  if (!isIn || !same(signed.id, transaction))
    throw new PaymentError('BAD_DOCUMENT', 'receipt: a proof that proves something else')
  return { position: positionIn(signed, index), head }
}

// Receipts: what the receiver of a payment says when it is content. It gives them at the address in its request, to
// whoever names the request, and only the two sides can. docs/spec/payments-paymix.md 5.5.

import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Store } from '../../world/store.ts'
import { Reader } from '../reader.ts'
import { readReceipt, type SignedRequest } from './request.ts'

/** The name that receivers serve as (docs/spec/client-sdk.md 14). */
export const receiptService = 'receipts'

const hashBytes = 32
const longestReceipt = 256
const longestAnswer = 512

/**
 * Keeps receipts of one's own requests and of those that one has paid, by the requests' hashes.
 *
 * @param store one that seals its values
 */
export function receiptsIn(store: Store): {
  save: (hash: Uint8Array, receipt: Uint8Array) => Promise<void>
  find: (hash: Uint8Array) => Promise<Uint8Array | null>
} {
  const keyOf = (hash: Uint8Array): string => `receipt/${hex(hash)}`
  return {
    save: async (hash, receipt) => await store.put(keyOf(hash), receipt),
    find: async hash => (await store.get(keyOf(hash))) ?? null,
  }
}

/** Writes what a payer asks. @param hash of the request, 32 bytes */
export function receiptQuestion(hash: Uint8Array): Uint8Array {
  return write({ ask: 'receipt', request: hash })
}

/**
 * The receiver's answer. Never throws: what is no question is answered like a request that nobody knows.
 *
 * @param receiptOf of a request of one's own that is paid; null for any other
 */
export async function answerReceipt(
  question: Uint8Array,
  receiptOf: (hash: Uint8Array) => Promise<Uint8Array | null>,
): Promise<Uint8Array> {
  try {
    const read = new Reader(question, 'question', 64)
    read.map(2)
    read.key('ask').oneOf('receipt')
    const hash = read.key('request').bytes(hashBytes)
    read.end()
    return write({ receipt: await receiptOf(hash) })
  } catch {
    return write({ receipt: null })
  }
}

/**
 * The receipt in an answer; null when the receiver has not been paid, as far as it knows.
 *
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, BAD_SIGNATURE when it is no receipt for this request
 */
export function readReceiptAnswer(answer: Uint8Array, request: SignedRequest): Uint8Array | null {
  const read = new Reader(answer, 'answer', longestAnswer)
  read.map(1)
  const receipt = read.key('receipt').nothing() ? null : read.bytesUpTo(longestReceipt)
  read.end()
  if (receipt === null) return null
  readReceipt(receipt, request)
  return receipt
}

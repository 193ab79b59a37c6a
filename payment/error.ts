// Names what can be wrong with a payment, a round or a ledger.

/**
 * | code | meaning | what the caller does |
 * |---|---|---|
 * | BAD_AMOUNT | an amount that is none, or needs too many notes | corrects it |
 * | BAD_CASE | a transaction to be measured that is none: the message names the field | corrects it |
 * | BAD_DOCUMENT | a field is missing, of another type or out of range, or the bytes are not canonical | discards it |
 * | BAD_KEY | a public key of low order | blames the peer |
 * | BAD_OPTION | an option that there is not: the message says which may have been meant | corrects it |
 * | BAD_SIGNATURE | a signature does not verify | discards it |
 * | BAD_TRANSACTION | it spends another sum than it makes, or a key to sign it with is missing | discards it |
 * | BAD_VECTOR | a peer's part of a round that has not its length, or holds a number out of range | blames the peer |
 * | BUSY | too many transactions wait for the ledger | sends it again later |
 * | DAMAGED | a store holds something else than what was written to it | restores it from a copy |
 * | DOUBLE_SPEND | a note that is spent already | discards it |
 * | FORKED | the ledger was caught with two histories, or does not prove that it has one | pays nothing with it |
 * | NODE | a Bitcoin node does not answer, or refuses what it was asked | looks after the node |
 * | NONCE_USED | a mint that was entered before, or that repeats its nonce | discards it |
 * | NO_QUOTE | a quote that there is not: it was signed, or is too old | asks for another one |
 * | NO_NOTE | a note that the ledger does not know | discards it, or waits |
 * | NO_LEDGER | this client was told of no ledger | names one (docs/spec/payments-paymix.md 5.9) |
 * | NO_STRETCH | a stretch of a log that ends before it | asks again later |
 * | NO_SLOTS | the sum of all parts is not that of different slot numbers | asks everyone for their secrets |
 * | TOO_LARGE | more than its limit, refused before anything was allocated | sends less |
 * | WRONG_LEDGER | it belongs to another ledger than the pinned one | compares configurations |
 * | WRONG_STATE | what was asked for does not fit the state it is in | mends its own order of steps |
 */
export type PaymentErrorCode =
  | 'BAD_AMOUNT'
  | 'BAD_CASE'
  | 'BAD_DOCUMENT'
  | 'BAD_KEY'
  | 'BAD_OPTION'
  | 'BAD_SIGNATURE'
  | 'BAD_TRANSACTION'
  | 'BAD_VECTOR'
  | 'BUSY'
  | 'DAMAGED'
  | 'DOUBLE_SPEND'
  | 'FORKED'
  | 'NODE'
  | 'NONCE_USED'
  | 'NO_LEDGER'
  | 'NO_NOTE'
  | 'NO_QUOTE'
  | 'NO_SLOTS'
  | 'NO_STRETCH'
  | 'TOO_LARGE'
  | 'WRONG_LEDGER'
  | 'WRONG_STATE'

/** Everything that fails with payments; the message says what, and what to do. */
export class PaymentError extends Error {
  readonly code: PaymentErrorCode

  constructor(code: PaymentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PaymentError'
    this.code = code
  }
}

/** Names what went wrong in a log: the error's code, `unknown` where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

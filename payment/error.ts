// What can be wrong with a payment, a round or a ledger.

/**
 * | code | meaning | what the caller does |
 * |---|---|---|
 * | BAD_CASE | a transaction to be measured that is none: the message names the field | corrects it |
 * | BAD_KEY | a public key of low order | blames the peer |
 * | BAD_VECTOR | a peer's part of a round that has not its length, or holds a number out of range | blames the peer |
 * | NO_SLOTS | the sum of all parts is not that of different slot numbers | asks everyone for their secrets |
 * | TOO_LARGE | more than its limit, refused before anything was allocated | sends less |
 */
export type PaymentErrorCode = 'BAD_CASE' | 'BAD_KEY' | 'BAD_VECTOR' | 'NO_SLOTS' | 'TOO_LARGE'

export class PaymentError extends Error {
  readonly code: PaymentErrorCode

  constructor(code: PaymentErrorCode, message: string) {
    super(message)
    this.name = 'PaymentError'
    this.code = code
  }
}

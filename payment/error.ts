// What can be wrong with a payment, a round or a ledger.

/**
 * | code | meaning | what the caller does |
 * |---|---|---|
 * | BAD_CASE | a transaction to be measured that is none: the message names the field | corrects it |
 * | TOO_LARGE | more than its limit, refused before anything was allocated | sends less |
 */
export type PaymentErrorCode = 'BAD_CASE' | 'TOO_LARGE'

export class PaymentError extends Error {
  readonly code: PaymentErrorCode

  constructor(code: PaymentErrorCode, message: string) {
    super(message)
    this.name = 'PaymentError'
    this.code = code
  }
}

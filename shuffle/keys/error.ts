// Who did what it must not, among those who make a key together.

/** Names what is wrong with a trustee's part. */
export type DealingErrorCode =
  /** A commitment that is no point, or not as many as the threshold. */
  | 'BAD_COMMITMENT'
  /** The dealer does not know the secret of what it has dealt, or dealt for another session. */
  | 'BAD_PROOF'
  /** A share that does not open: its dealer's doing, or its carrier's, which nobody else can tell. */
  | 'BAD_SEAL'
  /** A share that is not on the committed polynomial. */
  | 'BAD_SHARE'
  /** A signature that is not this trustee's, or is of another transcript. */
  | 'BAD_SIGNATURE'

/** Names the trustee whose part in a key is wrong. */
export class DealingError extends Error {
  readonly code: DealingErrorCode
  /** The trustee's number, 1 to n. */
  readonly trustee: number

  constructor(code: DealingErrorCode, trustee: number, message: string) {
    super(`${code} trustee ${trustee}: ${message}`)
    this.name = 'DealingError'
    this.code = code
    this.trustee = trustee
  }
}

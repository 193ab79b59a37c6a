// Errors of the cascade's room.

/** Tells the caller what to do: mend the request, wait, or ask for something else. */
export type CascadeErrorCode =
  | 'BAD_REQUEST' // of another shape than docs/spec/cascade.md says
  | 'BAD_SIGNATURE' // of somebody else, or of something else
  | 'REPLAYED' // has been said before, or something later has
  | 'UNKNOWN' // is about what is not there
  | 'FORBIDDEN' // its signer may not do this, or not alone
  | 'WRONG_STATE' // comes too early or too late
  | 'FULL' // beyond a bound

/** Says why a request is not accepted. */
export class CascadeError extends Error {
  readonly code: CascadeErrorCode
  /** Holds the message without the code. */
  readonly detail: string

  constructor(code: CascadeErrorCode, detail: string) {
    super(`${code} ${detail}`)
    this.detail = detail
    this.name = 'CascadeError'
    this.code = code
  }
}

// Why a public page refuses something, by a code for which its texts have words.

/** `OTHER` is what the server gives for another thing than the one that was asked for. */
export type FailureCode = 'UNREACHABLE' | 'UNKNOWN' | 'OTHER' | 'LIED' | 'CAST_TOO' | 'HOLLOW' | 'REFUSED'

export class Failure extends Error {
  readonly code: FailureCode
  readonly detail: string

  constructor(code: FailureCode, detail: string) {
    super(`${code} ${detail}`)
    this.code = code
    this.detail = detail
  }
}

// Errors of the elections' room.

/** Tells the caller what is wrong: the election's definition, an answer, a code, or a public folder. */
export type VotingErrorCode =
  | 'BAD_DEFINITION' // of another shape than docs/spec/voting.md 2 says
  | 'BAD_ANSWER' // one that its question does not allow
  | 'BAD_CODE' // no voter's code: mistyped, most likely
  | 'BAD_VOTERS' // a list of voters that cannot be read
  | 'BAD_FOLDER' // a public folder, or a receipt, that is not what it should be
  | 'NOT_OPEN' // it takes no ballots now
  | 'NOT_TAKEN' // a ballot was handed in, and there is no receipt for it

/** Says why something of an election cannot be taken. */
export class VotingError extends Error {
  readonly code: VotingErrorCode
  /** Holds the message without the code. */
  readonly detail: string

  constructor(code: VotingErrorCode, detail: string) {
    super(`${code} ${detail}`)
    this.detail = detail
    this.name = 'VotingError'
    this.code = code
  }
}

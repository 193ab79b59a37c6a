// Errors of the shuffle's room.

/** Names what is wrong with bytes that were handed in. */
export type ShuffleErrorCode = 'BAD_LENGTH' | 'BAD_POINT' | 'BAD_SCALAR' | 'BAD_PERMUTATION'

/** Says that what a caller handed in cannot be computed with. */
export class ShuffleError extends Error {
  readonly code: ShuffleErrorCode

  constructor(code: ShuffleErrorCode, message: string) {
    super(`${code} ${message}`)
    this.name = 'ShuffleError'
    this.code = code
  }
}

// What can go wrong with a request through the crowd, each with a code that tells the caller what to do.

/**
 * `NOT_READY`: no document lists this member yet; later. `UNKNOWN_DESTINATION`, `DESTINATION_FAILED`: asking again is
 * of no use, or of little. `BROKEN`: a member on the path went away; the path has been mended, but whether the request
 * was carried out nobody knows. `FULL`: a member has no room for another path.
 */
export type CrowdsErrorCode =
  | 'BAD_MESSAGE'
  | 'BAD_OPTION'
  | 'TOO_LARGE'
  | 'NOT_READY'
  | 'FULL'
  | 'BROKEN'
  | 'UNKNOWN_DESTINATION'
  | 'DESTINATION_FAILED'

/** Everything that fails in a crowd. */
export class CrowdsError extends Error {
  readonly code: CrowdsErrorCode
  constructor(code: CrowdsErrorCode, message: string) {
    super(message)
    this.name = 'CrowdsError'
    this.code = code
  }
}

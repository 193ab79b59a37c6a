// All that can be wrong with a packet, a path or a reply block.

/**
 * | code | meaning |
 * |---|---|
 * | BAD_LENGTH | a field or the whole has not the length that the geometry gives it |
 * | BAD_AD | another version, suite or geometry |
 * | BAD_POINT | a key or ciphertext that is malformed or of low order |
 * | BAD_MAC | the header was changed, or was made for another key |
 * | REPLAY | the packet was here before |
 * | BAD_COMMAND | an authentic header says something that the grammar does not allow |
 * | BAD_PAYLOAD | the payload was changed on its way |
 * | BAD_REPLY_BLOCK | not a reply block of this network, or not the secret of one |
 * | BAD_PATH | the caller's path: too long, empty, or a delay out of range |
 */
export type SphinxErrorCode =
  | 'BAD_LENGTH'
  | 'BAD_AD'
  | 'BAD_POINT'
  | 'BAD_MAC'
  | 'REPLAY'
  | 'BAD_COMMAND'
  | 'BAD_PAYLOAD'
  | 'BAD_REPLY_BLOCK'
  | 'BAD_PATH'

/** A hop drops the packet, counts the code and tells nobody; a sender has a mistake to correct. */
export class SphinxError extends Error {
  readonly code: SphinxErrorCode

  constructor(code: SphinxErrorCode, message: string) {
    super(message)
    this.name = 'SphinxError'
    this.code = code
  }
}

// Names what can be wrong with a configuration, a document, a vote or a message of the directory.

const codes = [
  'BAD_NETWORK',
  'BAD_DOCUMENT',
  'NOT_CANONICAL',
  'TOO_LARGE',
  'WRONG_NETWORK',
  'WRONG_GEOMETRY',
  'WRONG_AUTHORITIES',
  'TOO_FEW_SIGNATURES',
  'BAD_SIGNATURE',
  'BAD_PROOF',
  'TOO_FEW_SHARES',
  'OLD_EPOCH',
  'FUTURE_EPOCH',
  'NOT_ADMITTED',
  'JOIN_FIRST',
  'NO_ANSWER',
  'NETWORK_FULL',
  'BUSY',
  'UNKNOWN_AUTHORITY',
  'WRONG_STATE',
  'LATE',
  'CONFLICT',
  'UNAVAILABLE',
  'CLOSED',
] as const

/**
 * | code | meaning | what the caller does |
 * |---|---|---|
 * | BAD_NETWORK | the pinned configuration contradicts itself; the message names the field | corrects it |
 * | BAD_DOCUMENT | a field is missing, of another type, out of range or contradicts another | discards it |
 * | NOT_CANONICAL | the bytes are not the one canonical encoding of what they say | discards it |
 * | TOO_LARGE | a length beyond its limit, refused before anything was allocated | discards it |
 * | WRONG_NETWORK | it belongs to a network of another name | asks elsewhere |
 * | WRONG_GEOMETRY | suite, hops, user data, layers, topology, genesis or epoch are not the pinned ones | compares configurations |
 * | WRONG_AUTHORITIES | the authorities or the threshold are not the pinned ones | compares configurations |
 * | TOO_FEW_SIGNATURES | fewer than the threshold of valid signatures by known authorities | asks elsewhere, or waits |
 * | BAD_SIGNATURE | a signature does not verify | discards it |
 * | BAD_PROOF | a dealing, an opening or a share is not what it is proven to be | discards it |
 * | TOO_FEW_SHARES | fewer shares than the threshold | waits for more |
 * | OLD_EPOCH | it is of an epoch that is over | asks elsewhere |
 * | FUTURE_EPOCH | it is of an epoch too far ahead | compares clocks |
 * | NOT_ADMITTED | the authority's policy refuses this node | asks the authority |
 * | JOIN_FIRST | the authority does not know this node, or not as it is now | asks to join, then again |
 * | NO_ANSWER | nobody answered at the address that the node announces | opens the port, or corrects the address |
 * | NETWORK_FULL | as many nodes as may be are in the network of that address | asks from another network |
 * | BUSY | too many requests at once | asks again in some seconds |
 * | UNKNOWN_AUTHORITY | the sender is no authority of this network | |
 * | WRONG_STATE | a message of a phase that has not begun | sends it again later |
 * | LATE | a message of a phase that is over | gives up |
 * | CONFLICT | two different statements of one signer where there may be one | keeps both as a proof |
 * | UNAVAILABLE | nobody who was asked had it | asks again later |
 * | CLOSED | the directory was closed | |
 */
export type DirectoryErrorCode = (typeof codes)[number]

export function isDirectoryErrorCode(text: string): text is DirectoryErrorCode {
  return codes.some(code => code === text)
}

/** Everything that fails in the directory; the message names the field, and what is wanted there. */
export class DirectoryError extends Error {
  readonly code: DirectoryErrorCode

  constructor(code: DirectoryErrorCode, message: string) {
    super(message)
    this.name = 'DirectoryError'
    this.code = code
  }
}

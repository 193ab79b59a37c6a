// What can go wrong in a client, each with a code that tells the app what to do.

/**
 * | code | what to do |
 * |---|---|
 * | BAD_ADDRESS | ask for the address again: a character is wrong or missing |
 * | BAD_SURB | ask for the reply blocks again: a character is wrong or missing |
 * | WRONG_NETWORK | the address belongs to another network |
 * | WRONG_VERSION | the address was made by a newer Chaffinch: update this one |
 * | TOO_LARGE | split the message, or leave something out |
 * | QUEUE_FULL | wait until messages have left, or cancel some |
 * | NO_CONSENSUS | check the clock and the connection to the authorities; it resolves by itself when they answer |
 * | NO_GATEWAY | none of this client's gateways is in the network: wait, or name others |
 * | NO_PATH | the network has too few mixes that run and belong to different families and networks: wait |
 * | NO_REPLY | the message carried no reply blocks: its sender wants no reply |
 * | REPLY_EXPIRED | the keys of the reply blocks are over; only the other side can write again |
 * | REPLY_EXHAUSTED | every reply block is used up and the other side sent no more |
 * | NO_SERVICE | no gateway announces a service of this name, or several do: the message says which |
 * | SERVICE_BUSY | the service has too many requests: try again later |
 * | SERVICE_REFUSED | the request is longer than the service takes |
 * | SERVICE_FAILED | the service failed over this request: ask whoever runs it |
 * | EXPIRED | nobody acknowledged the message for as long as it was to live |
 * | ABORTED | the caller's signal called it off |
 * | DEADLINE | the caller's deadline passed first |
 * | CLOSED | the client is closed |
 * | STORE_NEWER | the folder was written by a newer Chaffinch: update this one; nothing was changed |
 * | STORE_DAMAGED | a record in the folder cannot be read; restore it from a copy |
 * | LOCKED | the folder is locked, and this does not open it (or it is not locked): give its passphrase or key |
 * | NO_IDENTITY | there is no identity of this name, or none yet: `chaffinch identity list`; start the client once |
 * | BAD_OPTION | an option is out of its range |
 * | UNKNOWN_MESSAGE | no message with this id is kept here |
 * | NO_TOPIC | the network has no such topic: the message names it |
 * | BAD_ENTRY | the bytes are not what the topic wants |
 * | NOT_PUBLISHED | it did not turn up on the board: publish it again, or name another gateway |
 * | WRONG_STATE | a fault in this program: an event that does not fit; please report it |
 * | BAD_FRAGMENT | bytes from the network that are no fragment; counted and dropped |
 * | BAD_CONTENT | fragments that make no message; counted and dropped |
 * | BAD_SEAL | bytes from the network that were not sealed to this client; counted and dropped |
 */
export type ClientErrorCode =
  | 'BAD_ADDRESS'
  | 'BAD_SURB'
  | 'WRONG_NETWORK'
  | 'WRONG_VERSION'
  | 'TOO_LARGE'
  | 'QUEUE_FULL'
  | 'NO_CONSENSUS'
  | 'NO_GATEWAY'
  | 'NO_PATH'
  | 'NO_REPLY'
  | 'REPLY_EXPIRED'
  | 'REPLY_EXHAUSTED'
  | 'NO_SERVICE'
  | 'SERVICE_BUSY'
  | 'SERVICE_REFUSED'
  | 'SERVICE_FAILED'
  | 'EXPIRED'
  | 'ABORTED'
  | 'DEADLINE'
  | 'CLOSED'
  | 'STORE_NEWER'
  | 'STORE_DAMAGED'
  | 'LOCKED'
  | 'NO_IDENTITY'
  | 'BAD_OPTION'
  | 'UNKNOWN_MESSAGE'
  | 'NO_TOPIC'
  | 'BAD_ENTRY'
  | 'NOT_PUBLISHED'
  | 'WRONG_STATE'
  | 'BAD_FRAGMENT'
  | 'BAD_CONTENT'
  | 'BAD_SEAL'

/** Everything that fails in a client; the message says what happened and what to do, for people. */
export class ClientError extends Error {
  readonly code: ClientErrorCode

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ClientError'
    this.code = code
  }
}

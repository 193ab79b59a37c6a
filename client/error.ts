// What can go wrong in a client, each with a code that tells the app what to do.

/** `client/advice.ts` says for each what happened and what to do. */
export type ClientErrorCode =
  | 'BAD_ADDRESS'
  | 'BAD_SURB'
  | 'WRONG_NETWORK'
  | 'WRONG_VERSION'
  | 'TOO_LARGE'
  | 'QUEUE_FULL'
  | 'DISK_FULL'
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
  | 'IN_USE'
  | 'NO_FOLDER'
  | 'NO_IDENTITY'
  | 'NO_CONTACT'
  | 'BAD_OPTION'
  | 'BAD_TEXT'
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

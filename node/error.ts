// The errors of a node's own folder and settings. What peers send never becomes one of these: it is
// a counted drop (relay.ts).

/**
 * `FOLDER`: the disk refused, the message names file and reason · `BAD_FILE`: a file of ours is damaged ·
 * `NEWER_FORMAT`: a newer version wrote this folder; run that version · `NO_KEY`: the packet keys of the
 * epochs asked for are not made yet, or wiped · `THREAD`: a thread for peeling does not start, the message says why ·
 * `WRONG_STATE`: an event that does not fit: a mistake of ours.
 */
export type NodeErrorCode = 'FOLDER' | 'BAD_FILE' | 'NEWER_FORMAT' | 'NO_KEY' | 'THREAD' | 'WRONG_STATE'

/** Everything that fails in a node; the message names what, and what to do. */
export class NodeError extends Error {
  readonly code: NodeErrorCode
  constructor(code: NodeErrorCode, message: string) {
    super(message)
    this.name = 'NodeError'
    this.code = code
  }
}

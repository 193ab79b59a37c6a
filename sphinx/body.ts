// The body of a forward packet: docs/spec/sphinx.md 2.2.

import { SphinxError } from './error.ts'
import { flagsBytes, type Geometry } from './geometry.ts'
import { Reader } from './reader.ts'

/** The content that a forward packet carries to its last hop. Lengths are in bytes, of the network's geometry g. */
export interface Body {
  /** 0 to 255: bits for the last hop. */
  readonly flags: number
  /** g.replyBlockBytes: the reply block that the last hop acknowledges with. */
  readonly ack: Uint8Array
  /** g.userBytes: for the receiver. */
  readonly user: Uint8Array
}

/**
 * Joins the parts of a body.
 *
 * @returns g.bodyBytes
 * @throws SphinxError BAD_LENGTH
 */
export function body(g: Geometry, { flags, ack, user }: Body): Uint8Array {
  if (!(Number.isInteger(flags) && flags >= 0 && flags <= 255))
    throw new SphinxError('BAD_LENGTH', `sphinx body: flags: want 0 to 255, have ${flags}`)
  if (ack.length !== g.replyBlockBytes)
    throw new SphinxError(
      'BAD_LENGTH',
      `sphinx body: ack: want ${g.replyBlockBytes} bytes, have ${ack.length}`,
    )
  if (user.length !== g.userBytes)
    throw new SphinxError('BAD_LENGTH', `sphinx body: user: want ${g.userBytes} bytes, have ${user.length}`)
  const out = new Uint8Array(g.bodyBytes)
  out[0] = flags
  out.set(ack, flagsBytes)
  out.set(user, flagsBytes + g.replyBlockBytes)
  return out
}

/**
 * The parts of a body, as views of it.
 *
 * @throws SphinxError BAD_LENGTH
 */
export function readBody(g: Geometry, bytes: Uint8Array): Body {
  const read = new Reader(bytes, 'body')
  const flags = read.u8('flags')
  const ack = read.take(g.replyBlockBytes, 'ack')
  const user = read.take(g.userBytes, 'user')
  read.end()
  return { flags, ack, user }
}

// A forward packet: docs/spec/sphinx.md 6.

import type { Random } from '../world/random.ts'
import { SphinxError } from './error.ts'
import { type Geometry, recipientBytes, suiteOf, zeroBytes } from './geometry.ts'
import { type Destination, type Step, withHeader } from './header.ts'
import type { Suite } from './suite.ts'

/** One hop of a path. */
export interface Hop {
  /** 32 bytes: the node's id. */
  readonly id: Uint8Array
  /** 32 bytes: the node's packet public key of the epoch in which the packet arrives there. */
  readonly key: Uint8Array
  /** The time for which it holds the packet; at the last hop until it sends the acknowledgement. Whole milliseconds. */
  readonly delayMs: number
}

/**
 * Wraps a body for a path. Reads one hop after the other: the packet goes to `path[0]`.
 *
 * @param path 1 to g.hops hops
 * @param to 32 bytes: the recipient at the last hop, or `DROP_RECIPIENT`
 * @param body g.bodyBytes, made by `body`
 * @returns g.packetBytes
 * @throws SphinxError BAD_LENGTH (to, body), BAD_PATH, BAD_POINT (a hop's key)
 */
export function wrap(
  g: Geometry,
  path: readonly Hop[],
  to: Uint8Array,
  body: Uint8Array,
  random: Random,
  suite: Suite = suiteOf(g),
): Uint8Array {
  if (to.length !== recipientBytes)
    throw new SphinxError('BAD_LENGTH', `sphinx recipient: want ${recipientBytes} bytes, have ${to.length}`)
  return wrapSteps(suite, g, path, { recipient: to }, body, random)
}

/** Wraps as `wrap` does, for steps that need not name a delay. */
export function wrapSteps(
  suite: Suite,
  g: Geometry,
  path: readonly Step[],
  destination: Destination,
  body: Uint8Array,
  random: Random,
): Uint8Array {
  checkBody(g, body)
  return withHeader(suite, g, path, destination, random, 'wrapping', ({ header, payloadKeys }) => {
    const packet = new Uint8Array(g.packetBytes)
    packet.set(header)
    packet.set(body, g.headerBytes + zeroBytes)
    const payload = packet.subarray(g.headerBytes)
    for (let i = payloadKeys.length - 1; i >= 0; i--)
      suite.payloadEncrypt(payloadKeys[i] as Uint8Array, payload)
    return packet
  })
}

/** @throws SphinxError BAD_LENGTH */
export function checkBody(g: Geometry, body: Uint8Array): void {
  if (body.length !== g.bodyBytes)
    throw new SphinxError('BAD_LENGTH', `sphinx body: want ${g.bodyBytes} bytes, have ${body.length}`)
}

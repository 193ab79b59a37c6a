// Every size in a packet, computed here and nowhere else. docs/spec/sphinx.md 2, prints the same table.

import * as backend from '#crypto'
import type { Suite } from './suite.ts'
import type { SuiteName } from './suite-names.ts'
import { x25519Suite } from './suite-x25519.ts'
import { x25519Suite2 } from './suite-x25519-2.ts'

const suites: Readonly<Record<SuiteName, Suite>> = {
  x25519: x25519Suite(backend),
  'x25519-2': x25519Suite2(backend),
}

/** A node id: the raw Ed25519 public key of its libp2p identity. */
export const nodeIdBytes = 32
/** The recipient that the last hop delivers to: a mailbox, a service, itself. */
export const recipientBytes = 32
/** Names a reply to the client that made its reply block. */
export const replyIdBytes = 16
/** The zeros in front of a body, by which its reader notices damage. */
export const zeroBytes = 32
/** The flags of a forward packet's body. */
export const flagsBytes = 1

/** The longest path that a geometry can have. */
export const maxHops = 32
const maxUserBytes = 1 << 20

/** The sizes of a network's packets and of their parts, in bytes (docs/spec/sphinx.md). */
export interface Geometry {
  /** The suite's name. */
  readonly suite: string
  /** The longest path. */
  readonly hops: number
  /** The bytes that a forward packet carries for its receiver. */
  readonly userBytes: number
  readonly adBytes: number
  readonly kemBytes: number
  readonly commandBytes: number
  /** One hop's part of the routing field: its commands, then the next hop's ciphertext. */
  readonly slotBytes: number
  readonly routingBytes: number
  readonly macBytes: number
  readonly headerBytes: number
  readonly bodyBytes: number
  readonly payloadBytes: number
  readonly packetBytes: number
  readonly replyBlockBytes: number
}

/**
 * The sizes of a network's packets. The body of a forward packet is flags (1), an acknowledgement block (a reply
 * block) and the user data.
 *
 * @param options.hops the longest path, 1 to 32
 * @param options.userBytes 1 to 2^20
 * @throws RangeError when a number is outside these ranges or the suite is unknown
 */
export function geometry(options: { suite: SuiteName; hops: number; userBytes: number }): Geometry {
  const { hops, userBytes } = options
  const suite = suiteNamed(options.suite)
  if (!(Number.isInteger(userBytes) && userBytes >= 1 && userBytes <= maxUserBytes))
    throw new RangeError(`sphinx geometry: userBytes: want 1 to ${maxUserBytes}, have ${userBytes}`)
  const { replyBlockBytes } = layout(suite, hops, userBytes)
  return { ...layout(suite, hops, flagsBytes + replyBlockBytes + userBytes), userBytes }
}

/** The sizes for a suite and a body of any length: what `geometry` does, without the parts of the body. */
export function layout(suite: Suite, hops: number, bodyBytes: number): Geometry {
  if (!(Number.isInteger(hops) && hops >= 1 && hops <= maxHops))
    throw new RangeError(`sphinx geometry: hops: want 1 to ${maxHops}, have ${hops}`)
  const slotBytes = suite.commandBytes + suite.kemBytes
  const routingBytes = hops * slotBytes
  const headerBytes = suite.ad.length + suite.kemBytes + routingBytes + suite.macBytes
  const payloadBytes = zeroBytes + bodyBytes
  return {
    suite: suite.name,
    hops,
    userBytes: bodyBytes,
    adBytes: suite.ad.length,
    kemBytes: suite.kemBytes,
    commandBytes: suite.commandBytes,
    slotBytes,
    routingBytes,
    macBytes: suite.macBytes,
    headerBytes,
    bodyBytes,
    payloadBytes,
    packetBytes: headerBytes + payloadBytes,
    replyBlockBytes: headerBytes + nodeIdBytes + suite.seedBytes,
  }
}

/** The suite of a geometry, over the backend of this platform. Throws RangeError for a name it does not know. */
export function suiteOf({ suite }: Geometry): Suite {
  return suiteNamed(suite)
}

function suiteNamed(name: string): Suite {
  if (!Object.hasOwn(suites, name)) throw new RangeError(`sphinx geometry: suite: no suite ${name}`)
  return suites[name as SuiteName]
}

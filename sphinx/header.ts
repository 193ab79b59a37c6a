// Builds a header: docs/spec/sphinx.md 5. Notation as there: N slots of S bytes, n hops numbered from 0.

import type { Random } from '../world/random.ts'
import { type Commands, writeCommands } from './commands.ts'
import { SphinxError } from './error.ts'
import { type Geometry, nodeIdBytes } from './geometry.ts'
import { type HopKeys, newKeys, type Suite } from './suite.ts'

/** One hop of a path, for `buildHeader`. */
export interface Step {
  /** 32 bytes. */
  readonly id: Uint8Array
  /** The hop's packet public key. */
  readonly key: Uint8Array
  readonly delayMs?: number
}

/** Tells the last hop what to do. */
export interface Destination {
  readonly recipient: Uint8Array
  readonly replyId?: Uint8Array
}

export interface Header {
  readonly header: Uint8Array
  /** The hops' payload keys, first hop first. The caller wipes them. */
  readonly payloadKeys: readonly Uint8Array[]
  /** The hops' shared secrets, first hop first. The caller wipes them. */
  readonly shared: readonly Uint8Array[]
}

/**
 * A header that takes a payload along a path. Takes from `random`, in this order: what the KEM wants for each hop;
 * (N - n) * S bytes for the slots that no hop has; one ciphertext's length for the last hop's unused ciphertext.
 *
 * @throws SphinxError BAD_PATH (no hop, too many, a wrong length, a delay out of range), BAD_POINT (a key that no
 *   honest hop has)
 */
export function buildHeader(
  suite: Suite,
  g: Geometry,
  path: readonly Step[],
  destination: Destination,
  random: Random,
): Header {
  checkPath(suite, g, path)
  const hops: KeyedStep[] = []
  try {
    // 5.1: a key exchange with each hop
    for (const step of path) {
      const { ciphertext, shared } = suite.encapsulate(step.key, random)
      const keys = newKeys(suite)
      hops.push({ ...step, ciphertext, shared, keys })
      suite.deriveKeys(shared, keys)
    }
    const header = assemble(suite, g, hops, destination, random)
    for (const { keys } of hops) for (const key of [keys.mac, keys.header, keys.tag]) suite.wipe(key)
    return { header, payloadKeys: hops.map(hop => hop.keys.payload), shared: hops.map(hop => hop.shared) }
  } catch (error) {
    for (const { keys, shared } of hops) for (const secret of [keys.all, shared]) suite.wipe(secret)
    throw error
  }
}

interface KeyedStep extends Step {
  readonly ciphertext: Uint8Array
  readonly shared: Uint8Array
  readonly keys: HopKeys
}

function assemble(
  suite: Suite,
  g: Geometry,
  hops: readonly KeyedStep[],
  destination: Destination,
  random: Random,
): Uint8Array {
  const fillers = fillersOf(suite, g, hops)
  const header = new Uint8Array(g.headerBytes)
  const kemAt = g.adBytes
  const routingAt = kemAt + g.kemBytes
  const macAt = routingAt + g.routingBytes
  const routing = header.subarray(routingAt, macAt)
  header.set(suite.ad)
  routing.set(random((g.hops - hops.length) * g.slotBytes))
  let nextCiphertext = random(g.kemBytes)
  let mac: Uint8Array = new Uint8Array(0)
  for (let i = hops.length - 1; i >= 0; i--) {
    const { ciphertext, keys, delayMs } = hops[i] as KeyedStep
    const next = hops[i + 1]
    const delay = delayMs === undefined ? {} : { delayMs }
    const commands: Commands =
      next === undefined
        ? { to: 'recipient', ...delay, ...destination }
        : { to: 'next', ...delay, next: next.id, mac }
    // 5.3: the slot in front, everything behind it one slot further back, then one layer of encryption
    routing.copyWithin(g.slotBytes, 0)
    writeCommands(commands, routing.subarray(0, g.commandBytes))
    routing.set(nextCiphertext, g.commandBytes)
    const filler = fillers[i] as Uint8Array
    const fillerAt = g.routingBytes - filler.length
    suite.headerXor(keys.header, routing.subarray(0, fillerAt))
    // 5.4: the MAC covers the header as the hop will see it, so with the filler that grew on the way
    routing.set(filler, fillerAt)
    header.set(ciphertext, kemAt)
    mac = new Uint8Array(g.macBytes)
    suite.mac(keys.mac, header.subarray(0, macAt), mac)
    nextCiphertext = ciphertext
  }
  header.set(mac, macAt)
  return header
}

/**
 * 5.2: what stands at the end of the routing field when hop i gets it: i slots, made of the zeros that the hops
 * before it appended and of their key streams.
 */
function fillersOf(suite: Suite, g: Geometry, hops: readonly KeyedStep[]): Uint8Array[] {
  const fillers: Uint8Array[] = []
  let filler: Uint8Array = new Uint8Array(0)
  for (const { keys } of hops) {
    fillers.push(filler)
    const field = new Uint8Array(g.routingBytes + g.slotBytes)
    const at = g.routingBytes - filler.length
    field.set(filler, at)
    suite.headerXor(keys.header, field)
    filler = field.subarray(at)
  }
  return fillers
}

function checkPath(suite: Suite, g: Geometry, path: readonly Step[]): void {
  if (path.length < 1 || path.length > g.hops)
    throw new SphinxError('BAD_PATH', `sphinx path: want 1 to ${g.hops} hops, have ${path.length}`)
  for (const [i, { id, key }] of path.entries()) {
    if (id.length !== nodeIdBytes)
      throw new SphinxError(
        'BAD_PATH',
        `sphinx path: hop ${i}: id: want ${nodeIdBytes} bytes, have ${id.length}`,
      )
    if (key.length !== suite.publicKeyBytes)
      throw new SphinxError(
        'BAD_PATH',
        `sphinx path: hop ${i}: key: want ${suite.publicKeyBytes} bytes, have ${key.length}`,
      )
  }
}

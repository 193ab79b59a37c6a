// Builds a header: docs/spec/sphinx.md 5. Notation as there: N slots of S bytes, n hops numbered from 0.

import type { Random } from '../world/random.ts'
import { writeCommands } from './commands.ts'
import { SphinxError } from './error.ts'
import { type Geometry, nodeIdBytes } from './geometry.ts'
import { type HopKeys, hopKeyBytes, hopKeysIn, type Suite } from './suite.ts'

/** One hop of a path, for `withHeader`. */
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

/** The header that was built, and secrets of its hops: views into rooms that are wiped when whoever asked is done. */
export interface Header {
  /** g.headerBytes */
  readonly header: Uint8Array
  /** The hops' payload keys, first hop first; zeros where they were not asked for. */
  readonly payloadKeys: readonly Uint8Array[]
  /** The hops' shared secrets, first hop first. */
  readonly shared: readonly Uint8Array[]
}

/**
 * Builds a header that takes a payload along a path, hands it to `use`, and wipes its secrets. Takes from `random`, in
 * this order: what the KEM wants for each hop; (N - n) * S bytes for the slots that no hop has; one ciphertext's
 * length for the last hop's unused ciphertext.
 *
 * @param wanted `wrapping` when `use` needs the payload keys, `header` when it does not
 * @returns what `use` returns
 * @throws SphinxError BAD_PATH (no hop, too many, a wrong length, a delay out of range), BAD_POINT (a key that no
 *   honest hop has)
 */
export function withHeader<T>(
  suite: Suite,
  g: Geometry,
  path: readonly Step[],
  destination: Destination,
  random: Random,
  wanted: 'wrapping' | 'header',
  use: (header: Header) => T,
): T {
  checkPath(suite, g, path)
  const room = takeRoom(suite, g)
  const hops = room.hops.slice(0, path.length)
  try {
    // 5.1: a key exchange with each hop
    for (let i = 0; i < hops.length; i++) {
      const hop = hops[i] as HopRoom
      const { ciphertext, shared } = suite.encapsulate((path[i] as Step).key, random)
      hop.ciphertext.set(ciphertext)
      hop.shared.set(shared)
      suite.wipe(shared)
      suite.deriveKeys(hop.shared, hop.keys, wanted)
    }
    const header = assemble(suite, g, room, path, destination, random)
    return use({
      header,
      payloadKeys: hops.map(hop => hop.keys.payload),
      shared: hops.map(hop => hop.shared),
    })
  } finally {
    giveBack(room)
  }
}

/** Room for the headers of one geometry and suite, made once for many, since a view costs more than what it shows. */
interface Room {
  readonly suite: Suite
  readonly geometry: Geometry
  /** As many as the geometry has. */
  readonly hops: readonly HopRoom[]
  /** All secrets of the hops, behind one another. */
  readonly secrets: Uint8Array
  readonly header: Uint8Array
  readonly kem: Uint8Array
  /** All that the MAC is about. */
  readonly authentic: Uint8Array
  readonly mac: Uint8Array
  readonly routing: Uint8Array
  readonly commands: Uint8Array
  /** The routing field with one more slot: what a hop's key stream is as long as. */
  readonly field: Uint8Array
}

interface HopRoom {
  readonly ciphertext: Uint8Array
  readonly shared: Uint8Array
  readonly keys: HopKeys
  /** 5.2: what stands at the end of the routing field when this hop, i, gets it: i slots. */
  readonly filler: Uint8Array
  /** The routing field before the filler. */
  readonly encrypted: Uint8Array
  /** The MAC of the header that this hop gets. */
  readonly mac: Uint8Array
}

/** Wiped, by geometry and for one suite each; as many as were in use at once. */
const spares = new WeakMap<Geometry, Room[]>()

function takeRoom(suite: Suite, geometry: Geometry): Room {
  const room = spares.get(geometry)?.pop()
  return room !== undefined && room.suite === suite ? room : newRoom(suite, geometry)
}

function newRoom(suite: Suite, geometry: Geometry): Room {
  const { adBytes, kemBytes, routingBytes, slotBytes, headerBytes, commandBytes } = geometry
  const routingAt = adBytes + kemBytes
  const macAt = routingAt + routingBytes
  const header = new Uint8Array(headerBytes)
  const routing = header.subarray(routingAt, macAt)
  const secretBytes = suite.sharedBytes + hopKeyBytes(suite)
  const secrets = new Uint8Array(geometry.hops * secretBytes)
  const hops = Array.from({ length: geometry.hops }, (_, i): HopRoom => {
    const at = i * secretBytes
    return {
      ciphertext: new Uint8Array(kemBytes),
      shared: secrets.subarray(at, at + suite.sharedBytes),
      keys: hopKeysIn(suite, secrets.subarray(at + suite.sharedBytes, at + secretBytes)),
      filler: new Uint8Array(i * slotBytes),
      encrypted: routing.subarray(0, routingBytes - i * slotBytes),
      mac: new Uint8Array(suite.macBytes),
    }
  })
  return {
    suite,
    geometry,
    hops,
    secrets,
    header,
    kem: header.subarray(adBytes, routingAt),
    authentic: header.subarray(0, macAt),
    mac: header.subarray(macAt),
    routing,
    commands: routing.subarray(0, commandBytes),
    field: new Uint8Array(routingBytes + slotBytes),
  }
}

/** Key streams and plain commands are secrets too. */
function giveBack(room: Room): void {
  const { suite, geometry, secrets, header, field } = room
  suite.wipe(secrets)
  suite.wipe(header)
  suite.wipe(field)
  const waiting = spares.get(geometry)
  if (waiting === undefined) spares.set(geometry, [room])
  else waiting.push(room)
}

function assemble(
  suite: Suite,
  g: Geometry,
  room: Room,
  path: readonly Step[],
  destination: Destination,
  random: Random,
): Uint8Array {
  fillFillers(suite, g, room, path.length)
  const { hops, header, routing, commands, kem } = room
  header.set(suite.ad)
  routing.set(random((g.hops - path.length) * g.slotBytes))
  let nextCiphertext = random(g.kemBytes)
  for (let i = path.length - 1; i >= 0; i--) {
    const { ciphertext, keys, filler, encrypted, mac } = hops[i] as HopRoom
    const { delayMs } = path[i] as Step
    const next = path[i + 1]
    // 5.3: the slot in front, everything behind it one slot further back, then one layer of encryption
    routing.copyWithin(g.slotBytes, 0)
    if (next === undefined) writeCommands({ to: 'recipient', delayMs, ...destination }, commands)
    else writeCommands({ to: 'next', delayMs, next: next.id, mac: (hops[i + 1] as HopRoom).mac }, commands)
    routing.set(nextCiphertext, g.commandBytes)
    suite.headerXor(keys.header, encrypted)
    // 5.4: the MAC covers the header as the hop will see it, so with the filler that grew on the way
    routing.set(filler, encrypted.length)
    kem.set(ciphertext)
    suite.mac(keys.mac, room.authentic, mac)
    nextCiphertext = ciphertext
  }
  room.mac.set((hops[0] as HopRoom).mac)
  return header
}

/** 5.2: the fillers of all hops, made of the zeros that those before each append and of their key streams. */
function fillFillers(suite: Suite, g: Geometry, { hops, field }: Room, length: number): void {
  for (let i = 0; i + 1 < length; i++) {
    const { keys, filler } = hops[i] as HopRoom
    field.fill(0)
    field.set(filler, g.routingBytes - filler.length)
    suite.headerXor(keys.header, field)
    const next = (hops[i + 1] as HopRoom).filler
    for (let at = field.length - next.length, j = 0; j < next.length; j++) next[j] = field[at + j] as number
  }
}

function checkPath(suite: Suite, g: Geometry, path: readonly Step[]): void {
  if (path.length < 1 || path.length > g.hops)
    throw new SphinxError('BAD_PATH', `sphinx path: want 1 to ${g.hops} hops, have ${path.length}`)
  for (let i = 0; i < path.length; i++) {
    const { id, key } = path[i] as Step
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

// A packet through a chain of mixers (docs/spec/packets.md 3 to 5): made from one seed, shown to be its sender's, and
// opened by whoever made it where it was lost.

import { sha512 } from '@noble/hashes/sha2.js'
import { concat, fromHex, hex, same } from '../../encoding/bytes.ts'
import { type Group, generator, minusOne, zero } from '../../shuffle/group.ts'
import { ShuffleError } from '../../shuffle/index.ts'
import { scalars } from '../../shuffle/prove.ts'
import { SphinxError } from '../../sphinx/error.ts'
import { type Peeled, peel } from '../../sphinx/peel.ts'
import { wrap } from '../../sphinx/wrap.ts'
import { type Random, seededRandom } from '../../world/random.ts'
import {
  deliveredBytes,
  openingSuite,
  type PacketForm,
  packetBytes,
  packetGeometry,
  packetSuite,
  pointOf,
} from './suite.ts'

/** A mixer's peer, as packets name it. */
export interface PacketHop {
  /** 32 bytes in hexadecimal. */
  readonly peer_id: string
  /** 32 bytes in hexadecimal. */
  readonly key_data: string
}

/** Bytes of the proof that a sender knows what is in its packet. */
export const packetProofBytes = 64
const label = new TextEncoder().encode('chaffinch-cascade-1 packet\n')

/**
 * Makes a packet: all of its randomness comes from the seed, so that its maker can find it again at every hop.
 *
 * @param seed 32 bytes, secret, of this packet alone
 * @param recipient 32 bytes
 * @param body form.body_bytes
 */
export function makePacket(
  group: Group,
  form: PacketForm,
  chain: readonly PacketHop[],
  recipient: Uint8Array,
  body: Uint8Array,
  seed: Uint8Array,
): Uint8Array {
  const suite = packetSuite(group)
  const path = chain.map(({ peer_id, key_data }) => ({
    id: fromHex(peer_id),
    key: fromHex(key_data),
    delayMs: 0,
  }))
  return wrap(packetGeometry(form, suite), path, recipient, body, seededRandom(seed), suite)
}

/** Gives the scalars that a packet was made with, one a hop: who has them opens it at every hop. */
export function openingOf(group: Group, seed: Uint8Array, hops: number): Uint8Array {
  const random = seededRandom(seed)
  return concat(Array.from({ length: hops }, () => group.reduce(random(64))))
}

/** Says whose packet it is, and to which peer. */
export interface PacketContext {
  readonly context: Uint8Array
  /** 32 bytes */
  readonly sender: Uint8Array
}

function challengeOf(
  group: Group,
  { context, sender }: PacketContext,
  packet: Uint8Array,
  commitment: Uint8Array,
): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, context.length)
  return group.reduce(sha512(concat([label, length, context, sender, packet, commitment])))
}

/** Proves that a sender has made its packet: 32 bytes of a challenge, 32 of an answer. */
export function provePacket(
  group: Group,
  about: PacketContext,
  packet: Uint8Array,
  seed: Uint8Array,
  random: Random,
): Uint8Array {
  const scalar = openingOf(group, seed, 1)
  const nonce = scalars(group, random, 1)
  const commitment = group.multiples(undefined, { base: generator, scalars: nonce })
  const challenge = challengeOf(group, about, packet, commitment)
  return concat([challenge, group.mulAdd(scalar, challenge, nonce)])
}

/** Says whether a packet is its sender's own: a copy of somebody's packet is not. Never throws. */
export function verifyPacket(
  group: Group,
  about: PacketContext,
  packet: Uint8Array,
  proof: Uint8Array,
): boolean {
  if (proof.length !== packetProofBytes) return false
  const [challenge, answer] = [proof.subarray(0, 32), proof.subarray(32)]
  try {
    // s G - c ct is the commitment of who knows ct's scalar
    const minus = group.mulAdd(challenge, minusOne, zero)
    const points = concat([generator, pointOf(packet)])
    const commitment = group.sum([{ points, scalars: concat([answer, minus]) }])
    return same(challengeOf(group, about, packet, commitment), challenge)
  } catch (error) {
    if (error instanceof ShuffleError) return false
    throw error
  }
}

/** Holds what a mixer makes of a batch. */
export interface Mixed {
  /** Is handed on: rows that rise byte by byte, each once. */
  readonly output: Uint8Array
  /** Packets that were none. */
  readonly malformed: number
  /** Packets that had been there before, or twice. */
  readonly duplicates: number
}

/**
 * Takes a layer off every packet of a batch. The same batch gives the same bytes: their order is that of what comes
 * out, which nobody can tell from what came in.
 *
 * @param secret the mixer's, 32 bytes
 * @param next the peer that everything must go to, or undefined behind the last one
 * @param seen tells of the points of earlier batches, in hexadecimal
 */
export function mixPackets(
  group: Group,
  form: PacketForm,
  secret: Uint8Array,
  rows: Uint8Array,
  next: string | undefined,
  seen: ReadonlySet<string>,
): Mixed {
  const size = packetBytes(form)
  const suite = packetSuite(group)
  const here = new Set<string>()
  const out = new Map<string, Uint8Array>()
  let [malformed, duplicates] = [0, 0]
  for (let at = 0; at < rows.length; at += size) {
    const packet = rows.subarray(at, at + size)
    const point = hex(pointOf(packet))
    if (seen.has(point) || here.has(point)) {
      duplicates++
      continue
    }
    here.add(point)
    const made = layerOff(() => peel(packetGeometry(form, suite), secret, packet, () => false, suite), next)
    if (made === undefined) malformed++
    else if (out.has(hex(made))) duplicates++
    else out.set(hex(made), made)
  }
  const rising = [...out].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes)
  return { output: concat(rising), malformed, duplicates }
}

/** Gives what is handed on of a packet; undefined for one that is none, or that goes elsewhere. */
function layerOff(act: () => Peeled, next: string | undefined): Uint8Array | undefined {
  try {
    const peeled = act()
    if (peeled.at === 'forward') return hex(peeled.next) === next ? peeled.packet : undefined
    if (peeled.at !== 'deliver' || next !== undefined) return undefined
    return concat([peeled.recipient, peeled.body])
  } catch (error) {
    if (error instanceof SphinxError) return undefined
    throw error
  }
}

/**
 * Gives what a packet must be behind each hop, by the scalars that it was made with.
 *
 * @param opening 32 bytes a hop
 * @returns as many as the chain has hops; fewer where it is not what a mixer would hand on from there
 */
export function courseOf(
  group: Group,
  form: PacketForm,
  chain: readonly PacketHop[],
  packet: Uint8Array,
  opening: Uint8Array,
): Uint8Array[] {
  const course: Uint8Array[] = []
  let at = packet
  for (const [i, { key_data }] of chain.entries()) {
    const scalar = opening.subarray(32 * i, 32 * (i + 1))
    let made: Uint8Array | undefined
    try {
      const suite = openingSuite(group, fromHex(key_data), scalar)
      made = layerOff(
        () => peel(packetGeometry(form, suite), scalar, at, () => false, suite),
        chain[i + 1]?.peer_id,
      )
    } catch (error) {
      if (!(error instanceof ShuffleError)) throw error
    }
    if (made === undefined) return course
    course.push(made)
    at = made
  }
  return course
}

/** Says whether a batch rises byte by byte, and so has nothing twice. */
export function isRising(rows: Uint8Array, size: number): boolean {
  for (let at = size; at < rows.length; at += size) {
    let i = 0
    while (i < size && rows[at - size + i] === rows[at + i]) i++
    if (i === size || (rows[at - size + i] as number) > (rows[at + i] as number)) return false
  }
  return rows.length % size === 0
}

/** Says whether a batch has this row, quickly where it rises. */
export function hasRow(rows: Uint8Array, row: Uint8Array): boolean {
  const size = row.length
  let [low, high] = [0, rows.length / size]
  while (low < high) {
    const middle = (low + high) >> 1
    const found = compareRows(rows.subarray(middle * size, (middle + 1) * size), row)
    if (found === 0) return true
    if (found < 0) low = middle + 1
    else high = middle
  }
  if (isRising(rows, size)) return false
  for (let at = 0; at < rows.length; at += size)
    if (compareRows(rows.subarray(at, at + size), row) === 0) return true
  return false
}

function compareRows(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** Counts what of a last batch is for a recipient. @param recipient its id, 32 bytes in hexadecimal */
export function rowsFor(rows: Uint8Array, form: PacketForm, recipient: string): Uint8Array[] {
  const size = deliveredBytes(form)
  const id = fromHex(recipient)
  return Array.from({ length: rows.length / size }, (_, i) => rows.subarray(size * i, size * (i + 1)))
    .filter(row => same(row.subarray(0, 32), id))
    .map(row => row.subarray(32))
}

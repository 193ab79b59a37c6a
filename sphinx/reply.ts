// Reply blocks: docs/spec/sphinx.md 8. Whoever holds one can send its maker a packet without learning who or
// where that is. A block works once, and only as long as the keys of the epochs it was made for.

import { concat } from '../encoding/bytes.ts'
import type { Random } from '../world/random.ts'
import { SphinxError } from './error.ts'
import { type Geometry, maxHops, nodeIdBytes, suiteOf, zeroBytes } from './geometry.ts'
import { withHeader } from './header.ts'
import { bodyOf } from './peel.ts'
import { Reader } from './reader.ts'
import { type HopKeys, newKeys, type Suite } from './suite.ts'
import { checkBody, type Hop } from './wrap.ts'

/** The secret that the maker of a reply block keeps, to open the reply with. Single-use, like the block. */
export interface ReplySecret {
  /** The hops' shared secrets, first hop first. */
  readonly shared: readonly Uint8Array[]
  /** The block's seed. */
  readonly seed: Uint8Array
}

/**
 * Makes a reply block. Takes from `random` what `wrap` takes, then the seed.
 *
 * @param path from the node that the block's user hands the packet to, to the one that keeps `to.recipient`
 * @param to.recipient 32 bytes
 * @param to.replyId 16 bytes, by which the maker knows the reply again
 * @returns block: g.replyBlockBytes
 * @throws SphinxError BAD_PATH, BAD_POINT
 */
export function makeReplyBlock(
  g: Geometry,
  path: readonly Hop[],
  to: { readonly recipient: Uint8Array; readonly replyId: Uint8Array },
  random: Random,
  suite: Suite = suiteOf(g),
): { block: Uint8Array; secret: ReplySecret } {
  const destination = { recipient: to.recipient, replyId: to.replyId }
  return withHeader(suite, g, path, destination, random, 'header', ({ header, shared }) => {
    const seed = random(suite.seedBytes)
    const block = new Uint8Array(g.replyBlockBytes)
    block.set(header)
    block.set((path[0] as Hop).id, g.headerBytes)
    block.set(seed, g.headerBytes + nodeIdBytes)
    return { block, secret: { shared: shared.map(each => each.slice()), seed } }
  })
}

/**
 * Tells whether `useReplyBlock` can make a packet of these bytes: their length, version and suite are right. Whether
 * its hops can open it shows there only.
 */
export function isReplyBlock(g: Geometry, block: Uint8Array, suite: Suite = suiteOf(g)): boolean {
  return block.length === g.replyBlockBytes && suite.ad.every((byte, i) => byte === block[i])
}

/**
 * Makes the packet that a reply block stands for.
 *
 * @param block g.replyBlockBytes
 * @param body g.bodyBytes
 * @returns first: 32 bytes, the node to hand the packet to. The caller decides whether it sends there at all.
 * @throws SphinxError BAD_REPLY_BLOCK (its length, another version or suite), BAD_LENGTH (body)
 */
export function useReplyBlock(
  g: Geometry,
  block: Uint8Array,
  body: Uint8Array,
  suite: Suite = suiteOf(g),
): { first: Uint8Array; packet: Uint8Array } {
  checkBody(g, body)
  const read = new Reader(block, 'reply block', 'BAD_REPLY_BLOCK')
  const header = read.take(g.headerBytes, 'header')
  const first = read.take(nodeIdBytes, 'first hop')
  const seed = read.take(suite.seedBytes, 'seed')
  read.end()
  if (suite.ad.some((byte, i) => byte !== header[i])) throw read.fail('another version or suite')

  const packet = new Uint8Array(g.packetBytes)
  packet.set(header)
  packet.set(body, g.headerBytes + zeroBytes)
  const key = new Uint8Array(suite.keyBytes.payload)
  suite.derivePayloadKey(seed, key)
  suite.payloadEncrypt(key, packet.subarray(g.headerBytes))
  suite.wipe(key)
  return { first: new Uint8Array(first), packet }
}

/**
 * Opens the payload that came back through a reply block.
 *
 * @param payload g.payloadBytes; left as it is
 * @returns the body, g.bodyBytes
 * @throws SphinxError BAD_LENGTH, BAD_PAYLOAD (changed on its way, or made with another block)
 */
export function openReply(
  g: Geometry,
  secret: ReplySecret,
  payload: Uint8Array,
  suite: Suite = suiteOf(g),
): Uint8Array {
  const hops = secret.shared.map(() => newKeys(suite))
  const seedKey = new Uint8Array(suite.keyBytes.payload)
  try {
    for (const [i, shared] of secret.shared.entries()) suite.deriveKeys(shared, hops[i] as HopKeys)
    suite.derivePayloadKey(secret.seed, seedKey)
    return openReplyWith(
      suite,
      g,
      hops.map(keys => keys.payload),
      seedKey,
      payload,
    )
  } finally {
    for (const keys of hops) suite.wipe(keys.all)
    suite.wipe(seedKey)
  }
}

/** Opens as `openReply` does, for payload keys that are known already: the hops', first hop first, and the seed's. */
export function openReplyWith(
  suite: Suite,
  g: Geometry,
  hopKeys: readonly Uint8Array[],
  seedKey: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  if (payload.length !== g.payloadBytes)
    throw new SphinxError(
      'BAD_LENGTH',
      `sphinx payload: want ${g.payloadBytes} bytes, have ${payload.length}`,
    )
  const opened = new Uint8Array(payload)
  // 8.3: every hop decrypted once, the last one last; then what the block's user did
  for (const key of hopKeys.toReversed()) suite.payloadEncrypt(key, opened)
  suite.payloadDecrypt(seedKey, opened)
  return bodyOf(suite, opened)
}

const secretVersion = 1
const secretPartBytes = 32

/**
 * A reply secret as bytes to store: version (1 byte), number of hops (1), the shared secrets (32 each), the seed
 * (32).
 */
export function writeReplySecret(secret: ReplySecret): Uint8Array {
  return concat([Uint8Array.of(secretVersion, secret.shared.length), ...secret.shared, secret.seed])
}

/**
 * Reads what `writeReplySecret` wrote.
 *
 * @throws SphinxError BAD_REPLY_BLOCK
 */
export function readReplySecret(bytes: Uint8Array): ReplySecret {
  const read = new Reader(bytes, 'reply secret', 'BAD_REPLY_BLOCK')
  if (read.u8('version') !== secretVersion) throw read.fail('version: unknown')
  const hops = read.u8('hops')
  if (hops < 1 || hops > maxHops) throw read.fail(`hops: want 1 to ${maxHops}, have ${hops}`)
  const shared = Array.from(
    { length: hops },
    (_, i) => new Uint8Array(read.take(secretPartBytes, `hop ${i}`)),
  )
  const seed = new Uint8Array(read.take(secretPartBytes, 'seed'))
  read.end()
  return { shared, seed }
}

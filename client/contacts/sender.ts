// Who wrote a message, so that the receiver alone can check it (docs/spec/client-contacts.md 17.2). Both ends of a pair
// compute the same keys from their long-lived keys, so the receiver could have written whatever it can check: what it
// shows to others proves nothing.

import { blake2b } from '@noble/hashes/blake2.js'
import { concat, same } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'
import { proofAt as at, proofBytes } from '../packets/content.ts'
import { messageIdBytes } from '../packets/fragments.ts'
import type { Sealing, SealingKey } from '../packets/sealing.ts'

/** The keys of what one person writes to another, 32 bytes each: they differ by direction. */
export interface PairKeys {
  /** Proves a message. */
  readonly mac: Uint8Array
  /** Marks message ids. */
  readonly id: Uint8Array
}

const label = new TextEncoder().encode('chaffinch/from/v1')
const keyBytes = 32
/** An id of a known sender's message: so many random bytes, then a tag of as many. */
const halfId = messageIdBytes / 2

/**
 * Computes the keys of a pair: BLAKE2b-512(key "chaffinch/from/v1", shared secret | sender's key | receiver's key).
 *
 * @param way `to`: what `own` writes to `other`; `from`: what `other` writes to `own`
 * @throws ClientError BAD_ADDRESS for a key of low order
 */
export function pairKeys(sealing: Sealing, own: SealingKey, other: Uint8Array, way: 'to' | 'from'): PairKeys {
  const [sender, receiver] = way === 'to' ? [own.public, other] : [other, own.public]
  const out = blake2b(concat([sealing.agree(own, other), sender, receiver]), {
    dkLen: 2 * keyBytes,
    key: label,
  })
  return { mac: out.subarray(0, keyBytes), id: out.subarray(keyBytes) }
}

/** Draws the id of a message to somebody who knows the sender: 8 random bytes and a tag of them. */
export function markedId({ id }: PairKeys, random: Random): Uint8Array {
  const drawn = random(halfId)
  return concat([drawn, tagOf(id, drawn)])
}

/** Tells whether a message id was drawn by whoever holds these keys. */
export function isMarked({ id }: PairKeys, messageId: Uint8Array): boolean {
  return same(tagOf(id, messageId.subarray(0, halfId)), messageId.subarray(halfId))
}

function tagOf(key: Uint8Array, drawn: Uint8Array): Uint8Array {
  return blake2b(drawn, { dkLen: halfId, key })
}

/**
 * Writes the proof into a message that says who wrote it: BLAKE2b-256(key mac, message id | content), with zeros where
 * the proof stands.
 *
 * @param content whole, as `writeMessage` wrote it
 */
export function prove(keys: PairKeys, id: Uint8Array, content: Uint8Array): void {
  content.set(proofOf(keys, id, content), at)
}

/** Tells whether a message was written by the other of the pair, or by oneself. */
export function isProven(keys: PairKeys, id: Uint8Array, content: Uint8Array): boolean {
  return same(proofOf(keys, id, content), content.subarray(at, at + proofBytes))
}

function proofOf({ mac }: PairKeys, id: Uint8Array, content: Uint8Array): Uint8Array {
  const hash = blake2b.create({ dkLen: proofBytes, key: mac })
  hash.update(id).update(content.subarray(0, at)).update(new Uint8Array(proofBytes))
  return hash.update(content.subarray(at + proofBytes)).digest()
}

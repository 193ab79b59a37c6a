// Makes what two peers of a run share, and the streams that hide their parts: each stream enters once in one peer's
// part and once in the other's, so that it is gone from the sum of all parts. docs/spec/payments-net.md 2.2.

import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { chacha20Xor, wipe, x25519 } from '#crypto'
import { PaymentError } from '../error.ts'
import { fieldBytes, fromStream } from './field.ts'

/** Bytes of one message of the net: a one-time key, or what a ledger wants in its place. */
export const messageBytes = 32

/** Two keys of 32 bytes, one for each use, because a key of a stream is used once. */
export interface PairKeys {
  readonly slots: Uint8Array
  readonly messages: Uint8Array
}

const ascii = new TextEncoder()
const slotsLabel = ascii.encode('chaffinch/payment/v1 slots')
const messagesLabel = ascii.encode('chaffinch/payment/v1 messages')

/**
 * HKDF-SHA256 (RFC 5869) of what two keys of a run share by X25519.
 *
 * @param secretKey 32 bytes, of one peer
 * @param publicKey 32 bytes, of the other
 * @param session 32 bytes, the salt
 * @throws PaymentError BAD_KEY when the public key is of low order, which is so for every secret key
 */
export function pairKeys(secretKey: Uint8Array, publicKey: Uint8Array, session: Uint8Array): PairKeys {
  const shared = sharedSecret(secretKey, publicKey)
  const key = (label: Uint8Array): Uint8Array => hkdf(sha256, shared, session, label, 32)
  const keys = { slots: key(slotsLabel), messages: key(messagesLabel) }
  wipe(shared)
  return keys
}

function sharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    return x25519(secretKey, publicKey)
  } catch {
    throw new PaymentError('BAD_KEY', 'pair: a public key of low order')
  }
}

/** `count` elements of the field. */
export function slotPad(keys: PairKeys, count: number): bigint[] {
  const stream = keyStream(keys.slots, count * fieldBytes)
  return Array.from({ length: count }, (_, i) => fromStream(stream, i * fieldBytes))
}

/** `count` messages long. */
export function messagePad(keys: PairKeys, count: number): Uint8Array {
  return keyStream(keys.messages, count * messageBytes)
}

function keyStream(key: Uint8Array, length: number): Uint8Array {
  const stream = new Uint8Array(length)
  chacha20Xor(key, stream)
  return stream
}

// The ciphersuite COCKTAIL(Ristretto255, SHA-512) of C2SP's cocktail-dkg 0.2.1: its names, hashes and signature.

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concat, same } from '../../encoding/bytes.ts'
import { type Group, generator, identity, one, zero } from '../group.ts'

const text = new TextEncoder()

/** The name that goes into contexts and transcripts, byte for byte. */
export const suiteId: Uint8Array = text.encode('COCKTAIL(Ristretto255, SHA-512)')
const prefix = 'COCKTAIL-DKG-Ristretto255-SHA512-'

/** Bytes of a signature: the point R, the scalar z. */
export const signatureBytes = 64
const tagBytes = 16
/** Bytes of a share that is sealed without a payload. */
export const leastSealed: number = 32 + tagBytes

/** Gives a number as 4 bytes, little-endian, as the transcript has it. */
export function u32le(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value, true)
  return out
}

/** Gives a length as 8 bytes, little-endian. */
export function u64le(value: number): Uint8Array {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, BigInt(value), true)
  return out
}

/** Gives a length as 8 bytes, big-endian, as messages have it. */
export function u64be(value: number): Uint8Array {
  return u64le(value).reverse()
}

/** Gives a small whole number as a scalar. */
export function scalarOf(value: number): Uint8Array {
  const out = new Uint8Array(32)
  out.set(u32le(value))
  return out
}

function hashToScalar(group: Group, name: string, parts: readonly Uint8Array[]): Uint8Array {
  return group.reduce(sha512(concat([text.encode(prefix + name), ...parts])))
}

/** Gives the public key of a secret scalar: 32 bytes. */
export function publicKeyOf(group: Group, secret: Uint8Array): Uint8Array {
  return group.multiples(undefined, { base: generator, scalars: secret })
}

/**
 * Signs a message with a secret scalar: 64 bytes. The nonce comes from key and message.
 *
 * @throws Error where the nonce is 0, which no message will ever show
 */
export function sign(group: Group, secret: Uint8Array, message: Uint8Array): Uint8Array {
  const nonce = hashToScalar(group, 'NONCE', [secret, message])
  if (same(nonce, zero)) throw new Error('schnorr: the nonce of this message is 0')
  const commitment = publicKeyOf(group, nonce)
  const challenge = hashToScalar(group, 'H7', [commitment, publicKeyOf(group, secret), message])
  return concat([commitment, group.mulAdd(challenge, secret, nonce)])
}

/** Says whether a signature under a message is that of a public key. Malformed ones are none. */
export function verifies(
  group: Group,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== signatureBytes) return false
  const [commitment, answer] = [signature.subarray(0, 32), signature.subarray(32)]
  if (same(commitment, identity) || !isPoint(group, commitment) || !isScalar(group, answer)) return false
  const challenge = hashToScalar(group, 'H7', [commitment, publicKey, message])
  const right = group.sum([{ points: concat([commitment, publicKey]), scalars: concat([one, challenge]) }])
  return same(group.sum([{ points: generator, scalars: answer }]), right)
}

/** Says whether these are 32 bytes of a point other than the neutral one. */
export function isPoint(group: Group, point: Uint8Array): boolean {
  if (point.length !== 32 || same(point, identity)) return false
  return holds(() => group.sum([{ points: point, scalars: one }]))
}

/** Says whether these are 32 bytes of a canonical scalar. */
export function isScalar(group: Group, scalar: Uint8Array): boolean {
  return scalar.length === 32 && holds(() => group.mulAdd(scalar, one, zero))
}

function holds(compute: () => unknown): boolean {
  try {
    compute()
    return true
  } catch {
    return false
  }
}

/** Names whose share is sealed to whom: points of 32 bytes. */
export interface Direction {
  readonly ephemeral: Uint8Array
  readonly sender: Uint8Array
  readonly recipient: Uint8Array
}

/** Makes the cipher of one share (H6) from what sender and recipient both can compute. Its nonce serves once. */
export function sealerFor(
  direction: Direction,
  agreed: { readonly ephemeral: Uint8Array; readonly lasting: Uint8Array },
  context: Uint8Array,
): ReturnType<typeof xchacha20poly1305> {
  const { ephemeral, sender, recipient } = direction
  const derived = sha512(
    concat([
      text.encode(`${prefix}H6`),
      agreed.ephemeral,
      agreed.lasting,
      ephemeral,
      sender,
      recipient,
      u64le(context.length),
      context,
    ]),
  )
  return xchacha20poly1305(derived.subarray(0, 32), derived.subarray(32, 56))
}

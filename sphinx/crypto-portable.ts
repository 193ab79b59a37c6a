// Portable backend: @noble, plain JavaScript, for browsers and for where Node has no addon. Contract: crypto.ts. Wiping
// is best effort: an engine may have copied what it moved.

import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { chacha20orig, chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 as montgomery } from '@noble/curves/ed25519.js'
import { blake2b as hash } from '@noble/hashes/blake2.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { Crypto, Parts } from './crypto.ts'
import { SphinxError } from './error.ts'
import { oneByOne } from './labelled.ts'

export const locksMemory = false
export const missingAddon: string | undefined = undefined

const zeroNonce = new Uint8Array(8)

function want(bytes: Uint8Array, length: number, name: string): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${name}: want ${length} bytes, have ${bytes.length}`)
  return bytes
}

export function x25519PublicKey(secretKey: Uint8Array, out: Uint8Array = new Uint8Array(32)): Uint8Array {
  want(out, 32, 'x25519 output').set(montgomery.getPublicKey(want(secretKey, 32, 'x25519 secret key')))
  return out
}

export function x25519(
  secretKey: Uint8Array,
  publicKey: Uint8Array,
  out: Uint8Array = new Uint8Array(32),
): Uint8Array {
  const [secret, point] = [want(secretKey, 32, 'x25519 secret key'), want(publicKey, 32, 'x25519 public key')]
  want(out, 32, 'x25519 output')
  try {
    out.set(montgomery.getSharedSecret(secret, point))
  } catch {
    // The lengths are right, so noble refuses for one reason only: the result is zero.
    throw new SphinxError('BAD_POINT', 'x25519: a public key of low order')
  }
  return out
}

export function blake2b(data: Parts, length: number, key?: Uint8Array): Uint8Array {
  if (!(length >= 16 && length <= 64)) throw new RangeError(`blake2b: ${length} bytes, want 16 to 64`)
  const state = hash.create(key === undefined ? { dkLen: length } : { dkLen: length, key })
  for (const part of data instanceof Uint8Array ? [data] : data) state.update(part)
  return state.digest()
}

export function blake2bInto(out: Uint8Array, data: Uint8Array, key?: Uint8Array): void {
  out.set(blake2b(data, out.length, key))
}

export const labelledDigests: Crypto['labelledDigests'] = oneByOne({ blake2bInto, wipe })

export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  if (key.length > 64) throw new RangeError(`hmac key: want at most 64 bytes, have ${key.length}`)
  return hmac(sha256, key, data)
}

export function chacha20Xor(key: Uint8Array, data: Uint8Array): void {
  chacha20orig(key, zeroNonce, data, data)
}

export function poly1305Into(out: Uint8Array, data: Uint8Array, key: Uint8Array): void {
  want(out, 16, 'poly1305 output').set(poly1305(data, want(key, 32, 'poly1305 key')))
}

export function aeadSeal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plain: Uint8Array): Uint8Array {
  return chacha20poly1305(want(key, 32, 'aead key'), want(nonce, 12, 'aead nonce'), ad).encrypt(plain)
}

export function aeadOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const cipher = chacha20poly1305(want(key, 32, 'aead key'), want(nonce, 12, 'aead nonce'), ad)
  try {
    return cipher.decrypt(sealed)
  } catch {
    return undefined
  }
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

export function wipe(bytes: Uint8Array): void {
  bytes.fill(0)
}

export function secretBytes(length: number): Uint8Array {
  return new Uint8Array(length)
}

export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(want(seed, 32, 'ed25519 seed'))
}

export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, want(seed, 32, 'ed25519 seed'))
}

export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  try {
    if (!ed25519.verify(signature, message, publicKey, { zip215: false })) return false
    return holdsWithoutCofactor(publicKey, message, signature)
  } catch {
    return false
  }
}

/**
 * RFC 8032, 5.1.7, lets a verifier multiply the equation by 8 or not, and a crafted signature can hold one way only.
 * noble multiplies and libsodium does not, so noble's verdict is narrowed to libsodium's: S B = R + k A as it stands,
 * and R not of low order. Otherwise two clients could disagree about a document.
 */
function holdsWithoutCofactor(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { Point } = ed25519
  const [encodedR, encodedS] = [signature.subarray(0, 32), signature.subarray(32)]
  const R = Point.fromBytes(encodedR)
  const k = Point.Fn.create(
    littleEndian(sha512.create().update(encodedR).update(publicKey).update(message).digest()),
  )
  const SB = Point.BASE.multiplyUnsafe(littleEndian(encodedS))
  return !R.isSmallOrder() && SB.equals(R.add(Point.fromBytes(publicKey).multiplyUnsafe(k)))
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

// Native backend: libsodium through sodium-native, whose calls write in place. Contract: crypto.ts.
//
// What a packet needs calls the addon itself and not the functions that sodium-native puts before it: those look each
// length up among three hundred names, which takes a tenth as long as the X25519 of a hop. So the checks stand
// here, and the version of sodium-native is a fixed one: a wrong length is memory of somebody else.

/// <reference path="./sodium-binding.d.ts" />

import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto'
import sodium from 'sodium-native'
import addon from 'sodium-native/binding.js'
import type { Crypto, Parts } from './crypto.ts'
import { SphinxError } from './error.ts'
import { oneByOne } from './labelled.ts'
import { labelledCore } from './labelled-core.ts'

// their own names: a property of so large an object is looked up anew at each call
const {
  crypto_generichash: generichash,
  crypto_scalarmult: scalarmult,
  crypto_scalarmult_base: scalarmultBase,
  crypto_stream_chacha20_xor: streamXor,
  crypto_onetimeauth: onetimeauth,
  crypto_hash_sha256: sha256,
  crypto_aead_chacha20poly1305_ietf_encrypt: sealShort,
  crypto_aead_chacha20poly1305_ietf_decrypt: openShort,
} = addon

const zeroNonce = new Uint8Array(8)
const noKey = new Uint8Array(new ArrayBuffer(0))

export const locksMemory = true
export const missingAddon: string | undefined = undefined

/** The types of sodium-native ask for Buffer; the addon takes every Uint8Array. */
function native(bytes: Uint8Array): Buffer {
  return bytes as Buffer
}

function want(bytes: Uint8Array, length: number, name: string): Buffer {
  if (bytes.length !== length) throw new RangeError(`${name}: want ${length} bytes, have ${bytes.length}`)
  return native(bytes)
}

/** RFC 7748, section 6.1: the public key (32 bytes) of a secret key (32 bytes). */
export function x25519PublicKey(secretKey: Uint8Array, out: Uint8Array = new Uint8Array(32)): Uint8Array {
  scalarmultBase(want(out, 32, 'x25519 output'), want(secretKey, 32, 'x25519 secret key'))
  return out
}

export function x25519(
  secretKey: Uint8Array,
  publicKey: Uint8Array,
  out: Uint8Array = new Uint8Array(32),
): Uint8Array {
  want(secretKey, 32, 'x25519 secret key')
  want(publicKey, 32, 'x25519 public key')
  want(out, 32, 'x25519 output')
  // The lengths are right, so libsodium refuses for one reason only: the result is zero.
  if (scalarmult(out, secretKey, publicKey) !== 0)
    throw new SphinxError('BAD_POINT', 'x25519: a public key of low order')
  return out
}

export function blake2b(data: Parts, length: number, key?: Uint8Array): Uint8Array {
  if (!(length >= 16 && length <= 64)) throw new RangeError(`blake2b: ${length} bytes, want 16 to 64`)
  const out = new Uint8Array(length)
  if (data instanceof Uint8Array) blake2bInto(out, data, key)
  else if (key === undefined) sodium.crypto_generichash_batch(native(out), data as Buffer[])
  else sodium.crypto_generichash_batch(native(out), data as Buffer[], native(key))
  return out
}

export function blake2bInto(out: Uint8Array, data: Uint8Array, key: Uint8Array = noKey): void {
  if (!(out.length >= 16 && out.length <= 64))
    throw new RangeError(`blake2b: ${out.length} bytes, want 16 to 64`)
  if (key !== noKey && !(key.length >= 16 && key.length <= 64))
    throw new RangeError(`blake2b key: want 16 to 64 bytes, have ${key.length}`)
  generichash(
    out.buffer,
    out.byteOffset,
    out.length,
    data.buffer,
    data.byteOffset,
    data.length,
    key.buffer,
    key.byteOffset,
    key.length,
  )
}

export const labelledDigests: Crypto['labelledDigests'] = labelledCore() ?? oneByOne({ blake2bInto, wipe })

const [hmacBlock, hmacBytes] = [64, 32]

/** A message of up to so many bytes is hashed in room that was made once. */
const hmacRoomBytes = 512
const hmacRoom = new Uint8Array(2 * hmacBlock + 2 * hmacBytes + hmacRoomBytes)
const outerRoom = hmacRoom.subarray(0, hmacBlock + hmacBytes)
const [innerDigest, digest] = [
  outerRoom.subarray(hmacBlock),
  hmacRoom.subarray(hmacBlock + hmacBytes, hmacBlock + 2 * hmacBytes),
]
const innerRoom = hmacRoom.subarray(hmacBlock + 2 * hmacBytes)

export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  if (key.length > hmacBlock) throw new RangeError(`hmac key: want at most 64 bytes, have ${key.length}`)
  const length = hmacBlock + data.length
  const inner = data.length <= hmacRoomBytes ? innerRoom.subarray(0, length) : new Uint8Array(length)
  for (let i = 0; i < hmacBlock; i++) {
    const byte = key[i] ?? 0
    inner[i] = byte ^ 0x36
    outerRoom[i] = byte ^ 0x5c
  }
  inner.set(data, hmacBlock)
  sha256(innerDigest, inner)
  sha256(digest, outerRoom)
  const out = digest.slice()
  wipe(inner)
  wipe(hmacRoom)
  return out
}

export function chacha20Xor(key: Uint8Array, data: Uint8Array): void {
  streamXor(data, data, zeroNonce, want(key, 32, 'chacha20 key'))
}

export function poly1305Into(out: Uint8Array, data: Uint8Array, key: Uint8Array): void {
  onetimeauth(want(out, 16, 'poly1305 output'), data, want(key, 32, 'poly1305 key'))
}

const aeadTagBytes = 16

/** From here on OpenSSL is faster, whose calls take longer to begin. */
const longMessage = 16_384
const cipherName = 'chacha20-poly1305'
const cipherOptions = { authTagLength: aeadTagBytes }

export function aeadSeal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plain: Uint8Array): Uint8Array {
  const out = new Uint8Array(plain.length + aeadTagBytes)
  const [k, n] = [want(key, 32, 'aead key'), want(nonce, 12, 'aead nonce')]
  if (plain.length < longMessage) {
    sealShort(out, plain, ad, n, k)
    return out
  }
  const cipher = createCipheriv(cipherName, k, n, cipherOptions)
  cipher.setAAD(ad, { plaintextLength: plain.length })
  out.set(cipher.update(plain))
  cipher.final()
  out.set(cipher.getAuthTag(), plain.length)
  return out
}

export function aeadOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const [k, n] = [want(key, 32, 'aead key'), want(nonce, 12, 'aead nonce')]
  const length = sealed.length - aeadTagBytes
  if (length < 0) return undefined
  // The lengths are right, so both refuse for one reason only: the tag does not fit.
  if (length < longMessage) {
    const out = new Uint8Array(length)
    return openShort(out, sealed, ad, n, k) === length ? out : undefined
  }
  try {
    return openLong(k, n, ad, sealed)
  } catch {
    return undefined
  }
}

/** Throws when the tag does not fit. */
function openLong(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array {
  const length = sealed.length - aeadTagBytes
  const decipher = createDecipheriv(cipherName, key, nonce, cipherOptions)
  decipher.setAAD(ad, { plaintextLength: length })
  decipher.setAuthTag(sealed.subarray(length))
  const plain = decipher.update(sealed.subarray(0, length))
  decipher.final()
  return plain
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Overwrites with zeros: no engine leaves out a call of `fill`, and it costs less than calling the addon. */
export function wipe(bytes: Uint8Array): void {
  bytes.fill(0)
}

export function secretBytes(length: number): Uint8Array {
  const { buffer, byteOffset } = sodium.sodium_malloc(length)
  // no Buffer: its slice() would be a view and not a copy
  const bytes = new Uint8Array(buffer, byteOffset, length)
  // libsodium hands it out full of 0xdb
  wipe(bytes)
  return bytes
}

/** Computes the public key (32 bytes) of a seed (32 bytes): RFC 8032. */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  const [publicKey, secretKey] = ed25519KeyPair(seed)
  wipe(secretKey)
  return publicKey
}

/** Signs a message with a seed (32 bytes): 64 bytes of Ed25519, RFC 8032. */
export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const [, secretKey] = ed25519KeyPair(seed)
  const signature = new Uint8Array(64)
  sodium.crypto_sign_detached(native(signature), native(message), native(secretKey))
  wipe(secretKey)
  return signature
}

/** Tells whether a signature (64 bytes) under a message is that of a public key (32 bytes): RFC 8032. */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  return sodium.crypto_sign_verify_detached(native(signature), native(message), native(publicKey))
}

function ed25519KeyPair(seed: Uint8Array): [publicKey: Uint8Array, secretKey: Uint8Array] {
  const [publicKey, secretKey] = [new Uint8Array(32), new Uint8Array(64)]
  sodium.crypto_sign_seed_keypair(native(publicKey), native(secretKey), want(seed, 32, 'ed25519 seed'))
  return [publicKey, secretKey]
}

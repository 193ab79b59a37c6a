// Arithmetic for `attack -- gateway`, which asks what can be told from when something comes: packets are built, peeled
// and checked as always, but nothing is secret. It takes two thirds off what a run costs. Nothing but a process of
// that trial can load it in the place of the real one (cheap-crypto-hooks.mjs).

import type { Crypto, Parts } from '../../sphinx/crypto.ts'

/** Takes what is not defined below from the real one, whatever it comes to have. */
export * from '../../sphinx/crypto-node.ts'

/** Bounds what is hashed: of something longer the first and the last bytes. */
const hashedBytes = 512

/** Commutes, as a key exchange must. */
export const x25519PublicKey: Crypto['x25519PublicKey'] = (secretKey, out = new Uint8Array(32)) => {
  for (let i = 0; i < 32; i++) out[i] = (secretKey[i] as number) ^ 0x5a
  return out
}

export const x25519: Crypto['x25519'] = (secretKey, publicKey, out = new Uint8Array(32)) => {
  for (let i = 0; i < 32; i++) out[i] = (secretKey[i] as number) ^ (publicKey[i] as number)
  return out
}

export const blake2b: Crypto['blake2b'] = (data, length, key) => {
  const out = new Uint8Array(length)
  blake2bInto(out, joined(data), key)
  return out
}

export const blake2bInto: Crypto['blake2bInto'] = (out, data, key) => {
  let a = hash(0x811c9dc5, data.subarray(0, hashedBytes))
  if (data.length > hashedBytes) a = hash(a, data.subarray(Math.max(hashedBytes, data.length - hashedBytes)))
  let b = hash(Math.imul(a ^ data.length, 0x85ebca6b) ^ out.length, key ?? [])
  let c = hash(0x9e3779b9, key ?? [])
  // Xorshift (Marsaglia 2003)
  for (let i = 0; i < out.length; i++) {
    const t = b ^ (b << 11)
    b = c
    c = a
    a = a ^ (a >>> 19) ^ t ^ (t >>> 8)
    out[i] = a ^ (a >>> 13)
  }
}

export const chacha20Xor: Crypto['chacha20Xor'] = (key, data) => {
  for (let i = Math.min(key.length, data.length) - 1; i >= 0; i--)
    data[i] = (data[i] as number) ^ (key[i] as number)
}

export const equal: Crypto['equal'] = (a, b) => Buffer.compare(a, b) === 0

export const wipe: Crypto['wipe'] = bytes => {
  bytes.fill(0)
}

/** FNV-1a. */
function hash(start: number, data: ArrayLike<number>): number {
  let state = start
  for (let i = 0; i < data.length; i++) state = Math.imul(state ^ (data[i] as number), 0x01000193)
  return state
}

function joined(data: Parts): Uint8Array {
  return data instanceof Uint8Array ? data : Buffer.concat(data)
}

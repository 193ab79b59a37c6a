// The dice. Protocol code never rolls them by itself: it is handed a Random, so that a seed replays a run.

import { chacha20orig } from '@noble/ciphers/chacha.js'

/** Gives `length` fresh random bytes. */
export type Random = (length: number) => Uint8Array

/** A call of the system takes as long for four bytes as for four hundred; more than this is asked for by itself. */
const pooled = 512
const pool = new Uint8Array(8 * pooled)
let next = pool.length

/**
 * The operating system's randomness (WebCrypto, in Node and in browsers). Short pieces come from 4096 bytes that are
 * asked for together, and each is wiped there as it is handed out: no copy of it stays.
 */
export const systemRandom: Random = length => {
  if (length > pooled) return freshRandom(length)
  if (next + length > pool.length) {
    crypto.getRandomValues(pool)
    next = 0
  }
  const bytes = pool.slice(next, next + length)
  pool.fill(0, next, next + length)
  next += length
  return bytes
}

function freshRandom(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

/**
 * Deterministic dice for tests: the ChaCha20 key stream of a key (64-bit zero nonce, counter from 0).
 *
 * @param seed a 32-byte key, or a number that is written big-endian into the last 8 bytes of one
 */
export function seededRandom(seed: Uint8Array | number): Random {
  const key = typeof seed === 'number' ? new Uint8Array(32) : new Uint8Array(seed)
  if (typeof seed === 'number') new DataView(key.buffer).setBigUint64(24, BigInt(seed))
  const nonce = new Uint8Array(8)
  const block = 64
  const refill = 64 * block
  let counter = 0
  let stream: Uint8Array = new Uint8Array(0)
  return length => {
    const out = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      if (stream.length === 0) {
        stream = chacha20orig(key, nonce, new Uint8Array(refill), undefined, counter)
        counter += refill / block
      }
      const part = stream.subarray(0, length - filled)
      out.set(part, filled)
      stream = stream.subarray(part.length)
      filled += part.length
    }
    return out
  }
}

/** A whole number below `bound` (1 to 2^32), without modulo bias. Throws RangeError for another bound. */
export function below(random: Random, bound: number): number {
  if (!(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32))
    throw new RangeError(`below: bound: want 1 to 2^32, have ${bound}`)
  for (;;) {
    const bytes = random(4)
    const drawn = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    if (isEven(drawn, bound)) return drawn % bound
  }
}

/** Tells whether 32 random bits give each number below `bound` the same chance; the last few of 2^32 do not. */
function isEven(drawn: number, bound: number): boolean {
  return drawn < 2 ** 32 - (2 ** 32 % bound)
}

/** A number in [0, 1) with 53 random bits. */
export function fraction(random: Random): number {
  const bytes = random(8)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return ((view.getUint32(0) >>> 5) * 2 ** 26 + (view.getUint32(4) >>> 6)) / 2 ** 53
}

/** A waiting time drawn from the exponential distribution with this mean, in the mean's unit. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - fraction(random))
}

/** One element, each as likely as the others. Throws RangeError when there is none. */
export function pick<T>(random: Random, from: readonly T[]): T {
  if (from.length === 0) throw new RangeError('pick: nothing to pick from')
  return from[below(random, from.length)] as T
}

/** A new array with the same elements in a random order (Fisher and Yates). */
export function shuffle<T>(random: Random, from: readonly T[]): T[] {
  const out = [...from]
  // all dice at once: the system takes as long for four bytes as for four hundred
  const last = Math.max(0, out.length - 1)
  const { buffer, byteOffset } = random(4 * last)
  const dice = new DataView(buffer, byteOffset)
  for (let i = last; i > 0; i--) {
    const drawn = dice.getUint32(4 * (last - i))
    const j = isEven(drawn, i + 1) ? drawn % (i + 1) : below(random, i + 1)
    const held = out[i] as T
    out[i] = out[j] as T
    out[j] = held
  }
  return out
}

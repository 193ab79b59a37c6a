// LIONESS, the wide-block cipher of Anderson and Biham, "Two practical and provably secure block ciphers: BEAR
// and LION" (1996), section 6, with ChaCha20 as its stream cipher and keyed BLAKE2b-256 as its hash:
// docs/spec/sphinx.md 4.5. One changed bit anywhere turns the whole block into garbage, which is what makes a tagged
// payload useless.

import type { Crypto } from './crypto.ts'

/** k1 (32), k2 (64), k3 (32), k4 (64). */
export const lionessKeyBytes = 192

const leftBytes = 32

export interface Lioness {
  /** In place. The key has 192 bytes, the block at least 33. */
  encrypt(key: Uint8Array, block: Uint8Array): void
  /** In place; the inverse of `encrypt`. */
  decrypt(key: Uint8Array, block: Uint8Array): void
}

export function lioness(crypto: Pick<Crypto, 'blake2bInto' | 'chacha20Xor' | 'wipe'>): Lioness {
  const round = new Uint8Array(leftBytes)

  /** R ^= ChaCha20(L ^ k) */
  function stream(key: Uint8Array, left: Uint8Array, right: Uint8Array): void {
    round.set(key)
    xor(round, left)
    crypto.chacha20Xor(round, right)
  }

  /** L ^= BLAKE2b(k, R) */
  function hash(key: Uint8Array, left: Uint8Array, right: Uint8Array): void {
    crypto.blake2bInto(round, right, key)
    xor(left, round)
  }

  return {
    encrypt(key, block) {
      const [left, right] = halves(key, block)
      stream(key.subarray(0, 32), left, right)
      hash(key.subarray(32, 96), left, right)
      stream(key.subarray(96, 128), left, right)
      hash(key.subarray(128, 192), left, right)
      crypto.wipe(round)
    },
    decrypt(key, block) {
      const [left, right] = halves(key, block)
      hash(key.subarray(128, 192), left, right)
      stream(key.subarray(96, 128), left, right)
      hash(key.subarray(32, 96), left, right)
      stream(key.subarray(0, 32), left, right)
      crypto.wipe(round)
    },
  }
}

function halves(key: Uint8Array, block: Uint8Array): [left: Uint8Array, right: Uint8Array] {
  if (key.length !== lionessKeyBytes)
    throw new RangeError(`lioness: key: want ${lionessKeyBytes} bytes, have ${key.length}`)
  if (block.length <= leftBytes)
    throw new RangeError(`lioness: block: want more than ${leftBytes} bytes, have ${block.length}`)
  return [block.subarray(0, leftBytes), block.subarray(leftBytes)]
}

function xor(into: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < leftBytes; i++) into[i] = (into[i] as number) ^ (other[i] as number)
}

// LIONESS, the wide-block cipher of Anderson and Biham, "Two practical and provably secure block ciphers: BEAR
// and LION" (1996), section 6, with ChaCha20 as its stream cipher and a keyed hash that the suite chooses:
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

/**
 * Makes the hash of one round: it writes 32 bytes into `out`, which depend on all of `data`.
 *
 * @param key 64 bytes, filled anew before each call of the hash
 */
export type RoundHash = (key: Uint8Array) => (out: Uint8Array, data: Uint8Array) => void

/** LIONESS over a backend. The room for keys and halves is made once: a view costs more than copying what it shows. */
export function lioness(
  { chacha20Xor, wipe }: Pick<Crypto, 'chacha20Xor' | 'wipe'>,
  roundHash: RoundHash,
): Lioness {
  const words = new Uint32Array((lionessKeyBytes + 2 * leftBytes) / 4)
  const room = new Uint8Array(words.buffer)
  const [left, round] = [room.subarray(192, 224), room.subarray(224)]
  const [leftWords, roundWords] = [words.subarray(48, 56), words.subarray(56)]
  const [k1, k3] = [words.subarray(0, 8), words.subarray(24, 32)]
  const [hash2, hash4] = [roundHash(room.subarray(32, 96)), roundHash(room.subarray(128, 192))]

  /** R ^= ChaCha20(L ^ k) */
  function stream(key: Uint32Array, right: Uint8Array): void {
    for (let i = 0; i < 8; i++) roundWords[i] = (leftWords[i] as number) ^ (key[i] as number)
    chacha20Xor(round, right)
  }

  /** L ^= hash(R) */
  function hash(hashed: ReturnType<RoundHash>, right: Uint8Array): void {
    hashed(round, right)
    for (let i = 0; i < 8; i++) leftWords[i] = (leftWords[i] as number) ^ (roundWords[i] as number)
  }

  /** Fills the room, and hands out R. */
  function begin(key: Uint8Array, block: Uint8Array): Uint8Array {
    if (key.length !== lionessKeyBytes)
      throw new RangeError(`lioness: key: want ${lionessKeyBytes} bytes, have ${key.length}`)
    if (block.length <= leftBytes)
      throw new RangeError(`lioness: block: want more than ${leftBytes} bytes, have ${block.length}`)
    room.set(key)
    for (let i = 0; i < leftBytes; i++) left[i] = block[i] as number
    return block.subarray(leftBytes)
  }

  function end(block: Uint8Array): void {
    block.set(left)
    wipe(room)
  }

  return {
    encrypt(key, block) {
      const right = begin(key, block)
      stream(k1, right)
      hash(hash2, right)
      stream(k3, right)
      hash(hash4, right)
      end(block)
    },
    decrypt(key, block) {
      const right = begin(key, block)
      hash(hash4, right)
      stream(k3, right)
      hash(hash2, right)
      stream(k1, right)
      end(block)
    },
  }
}

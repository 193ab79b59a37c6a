// What a proof is about, hashed (docs/spec/shuffle.md 3). Everything that prover and verifier must agree on goes in,
// each part behind its length: a statement that is left out could be chosen after the challenge.

import { sha512 } from '@noble/hashes/sha2.js'
import type { Group } from './group.ts'

const text = new TextEncoder()

/** Gives SHA-512 over a label and parts, each behind its length of 8 bytes, big-endian: 64 bytes. */
export function digest(label: string, parts: readonly Uint8Array[]): Uint8Array {
  const hash = sha512.create()
  const length = new DataView(new ArrayBuffer(8))
  for (const part of [text.encode(`chaffinch-shuffle-1 ${label}`), ...parts]) {
    length.setBigUint64(0, BigInt(part.length))
    hash.update(new Uint8Array(length.buffer)).update(part)
  }
  return hash.digest()
}

/** Gives a number as 4 bytes, big-endian. */
export function u32(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

/** Gives 64 n bytes: SHA-512 over `seed` (64 bytes) and the number of each, from `first` on, 4 bytes, big-endian. */
function expand(seed: Uint8Array, n: number, first = 0): Uint8Array {
  const out = new Uint8Array(64 * n)
  const block = new Uint8Array(68)
  const view = new DataView(block.buffer)
  block.set(seed)
  for (let i = 0; i < n; i++) {
    view.setUint32(64, first + i)
    out.set(sha512(block), 64 * i)
  }
  return out
}

/** Draws n scalars from a seed of 64 bytes. */
export function challenges(group: Group, seed: Uint8Array, n: number): Uint8Array {
  return group.reduce(expand(seed, n))
}

/** The seed of the generators: nobody knows how any of them is made of others. */
export const generatorSeed: Uint8Array = digest('generators', [])

/** Gives generators h_0 to h_n, 32 bytes each: no relation between them or to G is known to anybody. */
export function generators(group: Group, n: number): Uint8Array {
  return group.derive(expand(generatorSeed, n + 1))
}

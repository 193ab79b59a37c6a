// Verificatum's bytes (Wikström, "How to Implement a Stand-alone Verifier for the Verificatum Mix-Net", 2022): byte
// trees (section 4), the generator of pseudo-random bytes and the random oracle (section 5).

import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { concat } from '../../encoding/bytes.ts'

/** A leaf's bytes, or nodes. */
export type ByteTree = Uint8Array | readonly ByteTree[]

export type Hash = (bytes: Uint8Array) => Uint8Array

/** @throws Error for a hash function that nobody knows here */
export function hashNamed(name: string): Hash {
  const known: Readonly<Record<string, Hash>> = { 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 }
  const hash = known[name]
  if (hash === undefined) throw new Error(`hash function: ${name} is not known here`)
  return hash
}

/** @throws Error for bytes that are no tree, or more than one */
export function readTree(bytes: Uint8Array): ByteTree {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const read = (depth: number): ByteTree => {
    if (at + 5 > bytes.length || depth > 16) throw new Error(`byte tree: ends at ${at}, or is too deep`)
    const [kind, count] = [bytes[at], view.getUint32(at + 1)]
    at += 5
    if (at + count > bytes.length || (kind !== 0 && kind !== 1))
      throw new Error(`byte tree: what begins at ${at - 5} is longer than the bytes, or of no known kind`)
    if (kind === 1) {
      at += count
      return bytes.subarray(at - count, at)
    }
    return Array.from({ length: count }, () => read(depth + 1))
  }
  const tree = read(0)
  if (at !== bytes.length) throw new Error(`byte tree: ${bytes.length - at} bytes behind it`)
  return tree
}

export function writeTree(tree: ByteTree): Uint8Array {
  const isLeaf = tree instanceof Uint8Array
  const head = new Uint8Array(5)
  head[0] = isLeaf ? 1 : 0
  new DataView(head.buffer).setUint32(1, tree.length)
  return concat([head, ...(isLeaf ? [tree] : tree.map(writeTree))])
}

export function u32(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

/** Reads a big-endian number that is not negative. */
export function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

export function bytesOfNumber(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 255n))
}

/** Gives so many bytes of the stream of a seed: hash(seed + u32(0)) + hash(seed + u32(1)) + … */
export function pseudoRandom(hash: Hash, seed: Uint8Array): (bytes: number) => Uint8Array {
  let [held, block]: [Uint8Array, number] = [new Uint8Array(0), 0]
  return bytes => {
    const parts = [held]
    let have = held.length
    while (have < bytes) {
      const next = hash(concat([seed, u32(block++)]))
      parts.push(next)
      have += next.length
    }
    const all = concat(parts)
    held = all.subarray(bytes)
    return all.subarray(0, bytes)
  }
}

/** Gives the random oracle of so many bits: those above them in the first byte are 0. */
export function randomOracle(hash: Hash, bits: number, about: Uint8Array): Uint8Array {
  const out = pseudoRandom(hash, hash(concat([u32(bits), about])))(Math.ceil(bits / 8)).slice()
  if (bits % 8 !== 0) out[0] = (out[0] as number) & (2 ** (bits % 8) - 1)
  return out
}

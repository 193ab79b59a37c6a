// Byte strings: how they stand in maps and in JSON, and how two of them compare. Nothing here takes the same time for
// every input: secrets are compared by `equal` of #crypto.

import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'

interface NodeBuffer {
  from(buffer: ArrayBufferLike, at: number, length: number): { toString(encoding: 'hex'): string }
}

/** Where there is one, it writes an id in a third of the time that a loop takes, and a packet has several. */
const nodeBuffer = (globalThis as { readonly Buffer?: NodeBuffer }).Buffer

/** Writes lowercase hexadecimal: how ids stand in maps, in the store and in JSON. */
export function hex(bytes: Uint8Array): string {
  if (nodeBuffer === undefined) return bytesToHex(bytes)
  return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Reads what `hex` wrote. Throws an Error for any other text: what people write is checked before. */
export function fromHex(text: string): Uint8Array {
  return hexToBytes(text)
}

/** Joins the parts, one after the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Orders byte by byte, and a beginning before what it begins: byte strings of one length as numbers. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Says whether both hold the same bytes. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compare(a, b) === 0
}

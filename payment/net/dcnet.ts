// The two vectors that a peer of a run publishes: one in which it reserves a slot without anybody seeing which, one in
// which it sends its message in that slot. Chaum's dining cryptographers (1988), with the slots found as in DiceMix
// (Ruffing, Moreno-Sanchez, Kate, NDSS 2017). docs/spec/payments-net.md 2.

import { PaymentError } from '../error.ts'
import { add, multiply, reduce, subtract } from './field.ts'
import { messageBytes, messagePad, type PairKeys, slotPad } from './pads.ts'

/** The keys that a peer shares with each peer of a run, in the run's order; at its own place nothing. */
export type Pairs = readonly (PairKeys | null)[]

/**
 * The powers of a slot number under this peer's pads.
 *
 * @param slotNumber an element of the field that is not 0
 * @returns as many elements as peers
 */
export function slotVector(slotNumber: bigint, pairs: Pairs): bigint[] {
  const n = pairs.length
  const me = pairs.indexOf(null)
  const vector = powers(slotNumber, n)
  for (const [other, keys] of pairs.entries()) {
    if (keys === null) continue
    // Of each pair the first adds what the second takes away.
    const combine = me < other ? add : subtract
    for (const [i, pad] of slotPad(keys, n).entries()) vector[i] = combine(vector[i] as bigint, pad)
  }
  return vector
}

/** The power sums of all slot numbers: what is left when the pads are gone. */
export function slotSums(vectors: readonly (readonly bigint[])[]): bigint[] {
  return vectors.map((_, i) => reduce(vectors.reduce((sum, vector) => sum + (vector[i] as bigint), 0n)))
}

/** The rank of a peer's slot number among those found; null when it is not there. */
export function slotOf(slotNumber: bigint, found: readonly bigint[]): number | null {
  const slot = found.indexOf(slotNumber)
  return slot === -1 ? null : slot
}

/**
 * This peer's message in its slot, zeros in the others, under its pads.
 *
 * @param message 32 bytes
 * @returns 32 bytes for each peer
 */
export function messageVector(slot: number, message: Uint8Array, pairs: Pairs): Uint8Array {
  const vector = new Uint8Array(pairs.length * messageBytes)
  vector.set(message, slot * messageBytes)
  for (const keys of pairs) if (keys !== null) xorInto(vector, messagePad(keys, pairs.length))
  return vector
}

/**
 * The messages of all slots.
 *
 * @throws PaymentError BAD_VECTOR when a vector has not 32 bytes for each
 */
export function messages(vectors: readonly Uint8Array[]): Uint8Array[] {
  const sum = new Uint8Array(vectors.length * messageBytes)
  for (const vector of vectors) {
    if (vector.length !== sum.length) {
      throw new PaymentError('BAD_VECTOR', `messages: want ${sum.length} bytes, have ${vector.length}`)
    }
    xorInto(sum, vector)
  }
  return vectors.map((_, slot) => sum.slice(slot * messageBytes, (slot + 1) * messageBytes))
}

/** Exclusive or, in place. */
export function xorInto(into: Uint8Array, bytes: Uint8Array): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) ^ (bytes[i] as number)
}

function powers(element: bigint, count: number): bigint[] {
  const out = [element]
  while (out.length < count) out.push(multiply(out[out.length - 1] as bigint, element))
  return out
}

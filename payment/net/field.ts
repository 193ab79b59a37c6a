// The field of the slot numbers: integers modulo the Mersenne prime p = 2^127 - 1. docs/spec/payments-net.md 2.1.

import { PaymentError } from '../error.ts'

export const p: bigint = (1n << 127n) - 1n

/** Bytes of an element: big-endian, below p. */
export const fieldBytes = 16

/** The remainder of any non-negative number; 2^127 = 1, so the high bits are added to the low ones. */
export function reduce(number: bigint): bigint {
  let rest = number
  while (rest > p) rest = (rest & p) + (rest >> 127n)
  return rest === p ? 0n : rest
}

export function add(a: bigint, b: bigint): bigint {
  const sum = a + b
  return sum < p ? sum : sum - p
}

export function subtract(a: bigint, b: bigint): bigint {
  return a < b ? a - b + p : a - b
}

export function multiply(a: bigint, b: bigint): bigint {
  return reduce(a * b)
}

/** The inverse by Euclid's algorithm. @throws RangeError for 0 */
export function inverse(a: bigint): bigint {
  if (a === 0n) throw new RangeError('field: 0 has no inverse')
  let [r0, r1] = [p, a]
  let [t0, t1] = [0n, 1n]
  while (r1 > 0n) {
    const quotient = r0 / r1
    ;[r0, r1] = [r1, r0 - quotient * r1]
    ;[t0, t1] = [t1, t0 - quotient * t1]
  }
  return t0 < 0n ? t0 + p : t0
}

/** A square root if there is one: p = 3 mod 4, so it is a^((p+1)/4) = a^(2^125). */
export function squareRoot(a: bigint): bigint | null {
  let root = a
  for (let i = 0; i < 125; i++) root = multiply(root, root)
  return multiply(root, root) === a ? root : null
}

/** The element that 16 bytes of a key stream stand for: 127 bits; all ones are 0. A bias of 2^-127 remains. */
export function fromStream(bytes: Uint8Array, at = 0): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, fieldBytes)
  const number = ((view.getBigUint64(0) & 0x7fffffffffffffffn) << 64n) | view.getBigUint64(8)
  return number === p ? 0n : number
}

/** @param out 16 bytes for each element */
export function writeElements(elements: readonly bigint[]): Uint8Array {
  const out = new Uint8Array(elements.length * fieldBytes)
  const view = new DataView(out.buffer)
  elements.forEach((element, i) => {
    view.setBigUint64(i * fieldBytes, element >> 64n)
    view.setBigUint64(i * fieldBytes + 8, element & 0xffffffffffffffffn)
  })
  return out
}

/** @throws PaymentError BAD_VECTOR unless it is `count` elements of 16 bytes, each below p */
export function readElements(bytes: Uint8Array, count: number): bigint[] {
  if (bytes.length !== count * fieldBytes) {
    throw new PaymentError('BAD_VECTOR', `slots: want ${count * fieldBytes} bytes, have ${bytes.length}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return Array.from({ length: count }, (_, i) => {
    const element = (view.getBigUint64(i * fieldBytes) << 64n) | view.getBigUint64(i * fieldBytes + 8)
    if (element >= p) throw new PaymentError('BAD_VECTOR', `slots: element ${i} is not below p`)
    return element
  })
}

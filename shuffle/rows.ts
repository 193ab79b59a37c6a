// Rows of ciphertexts. A ciphertext is ElGamal's pair (r G, M + r P), 64 bytes; a row is `width` of them, one beside
// the other, and what is shuffled are rows.

import { ShuffleError } from './error.ts'
import { type Group, generator, pointBytes } from './group.ts'
import { countOf, wantBytes } from './sizes.ts'

/** Counts the bytes of a ciphertext: two points. */
export const ciphertextBytes = 64

/**
 * Gives how many rows there are. Throws BAD_LENGTH where they are no whole number, BAD_POINT where one has the
 * neutral point.
 */
export function countRows(rows: Uint8Array, width: number, what: string): number {
  const n = countOf(rows, ciphertextBytes * width, what)
  for (let at = 0; at < rows.length; at += pointBytes)
    if (isIdentity(rows, at)) {
      const row = Math.floor(at / (ciphertextBytes * width))
      throw new ShuffleError('BAD_POINT', `${what}: row ${row} holds the neutral point`)
    }
  return n
}

function isIdentity(points: Uint8Array, at: number): boolean {
  for (let i = at; i < at + pointBytes; i++) if (points[i] !== 0) return false
  return true
}

/** Takes items of `size` bytes in the order of `order`. */
export function gather(items: Uint8Array, size: number, order: Uint32Array): Uint8Array {
  const out = new Uint8Array(size * order.length)
  order.forEach((from, to) => {
    out.set(items.subarray(size * from, size * (from + 1)), size * to)
  })
  return out
}

/** Splits ciphertexts into their first and their second points. */
export function halves(rows: Uint8Array): [first: Uint8Array, second: Uint8Array] {
  const [first, second] = [new Uint8Array(rows.length / 2), new Uint8Array(rows.length / 2)]
  for (let at = 0; at < first.length; at += pointBytes) {
    first.set(rows.subarray(2 * at, 2 * at + pointBytes), at)
    second.set(rows.subarray(2 * at + pointBytes, 2 * at + ciphertextBytes), at)
  }
  return [first, second]
}

/** Joins first and second points to ciphertexts. */
export function joinHalves(first: Uint8Array, second: Uint8Array): Uint8Array {
  const rows = new Uint8Array(2 * first.length)
  for (let at = 0; at < first.length; at += pointBytes) {
    rows.set(first.subarray(at, at + pointBytes), 2 * at)
    rows.set(second.subarray(at, at + pointBytes), 2 * at + pointBytes)
  }
  return rows
}

/** Gives points of one column: every `width`th item of 32 bytes, from `column` on. */
export function columnOf(items: Uint8Array, width: number, column: number): Uint8Array {
  if (width === 1) return items
  const out = new Uint8Array(items.length / width)
  for (let at = 0; at < out.length; at += pointBytes) {
    const from = at * width + pointBytes * column
    out.set(items.subarray(from, from + pointBytes), at)
  }
  return out
}

/**
 * Encrypts points anew.
 *
 * @param key the public key, 32 bytes
 * @param randomness a scalar a ciphertext; whoever knows it knows what went where
 */
export function reencrypt(
  group: Group,
  key: Uint8Array,
  rows: Uint8Array,
  randomness: Uint8Array,
): Uint8Array {
  wantBytes(randomness, rows.length / 2, 'randomness')
  const [first, second] = halves(rows)
  return joinHalves(
    group.multiples(first, { base: generator, scalars: randomness }),
    group.multiples(second, { base: key, scalars: randomness }),
  )
}

/** Encrypts points, 32 bytes each: the first half of every ciphertext is that of the neutral point. */
export function encrypt(
  group: Group,
  key: Uint8Array,
  points: Uint8Array,
  randomness: Uint8Array,
): Uint8Array {
  wantBytes(randomness, points.length, 'randomness')
  return joinHalves(
    group.multiples(undefined, { base: generator, scalars: randomness }),
    group.multiples(points, { base: key, scalars: randomness }),
  )
}

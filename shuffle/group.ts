// ristretto255 (RFC 9496) in bulk. Points are 32 bytes, scalars 32 canonical bytes, both in flat arrays, one after
// the other, so that a hundred thousand of them are one allocation. Two modules implement it: core-group.ts
// (WebAssembly) and noble-group.ts (@noble/curves), which is ten times slower and shares no line with it.

export const pointBytes = 32
export const scalarBytes = 32

/** Some points with a scalar each. */
export interface Terms {
  /** 32 bytes each. */
  readonly points: Uint8Array
  /** As many, 32 bytes each. */
  readonly scalars: Uint8Array
  /** All of these scalars are below 2^bits; 253 where nothing is said. */
  readonly bits?: number
}

/** A point with n scalars, whose n multiples are wanted. */
export interface Multiples {
  /** 32 bytes. */
  readonly base: Uint8Array
  /** 32 bytes each. */
  readonly scalars: Uint8Array
}

/**
 * Arithmetic of ristretto255. Every method throws a ShuffleError for bytes that are no points, scalars or whole
 * numbers of them.
 */
export interface Group {
  readonly name: 'core' | 'noble'

  /** Gives the sum of all multiples, 32 bytes. In a time that tells the scalars: for what is public. */
  sum(terms: readonly Terms[]): Uint8Array

  /** Gives the same for secret scalars: what is read and when does not depend on them (core). */
  sumSecret(points: Uint8Array, scalars: Uint8Array): Uint8Array

  /**
   * Gives n points, 32 bytes each: addends[i] + a.scalars[i] a.base + b.scalars[i] b.base. For secret scalars.
   *
   * @param addends n points, or undefined for none
   */
  multiples(addends: Uint8Array | undefined, a: Multiples, b?: Multiples): Uint8Array

  /** Derives points from 64 uniform bytes each (RFC 9496, 4.3.4). */
  derive(uniform: Uint8Array): Uint8Array

  /** Reduces 64 bytes each, little-endian, to scalars. */
  reduce(wide: Uint8Array): Uint8Array

  /** Gives a[i] b[i] + c[i]. Each is n scalars, or one that is taken every time; n is the most of them. */
  mulAdd(a: Uint8Array, b: Uint8Array, c: Uint8Array): Uint8Array

  /** Gives x[i] = a[i] + b[i] x[i - 1], n scalars, where x[-1] is `before`; a is n scalars, or one for all. */
  chain(a: Uint8Array, b: Uint8Array, before: Uint8Array): Uint8Array

  /** Gives the sum of a[i] b[i], one scalar; b is n scalars, or one for all. */
  dot(a: Uint8Array, b: Uint8Array): Uint8Array
}

/** The generator of RFC 9496, 4.4. */
export const generator: Uint8Array = Uint8Array.from([
  0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9, 0x61, 0xc5, 0x00, 0x51, 0x5f, 0x58, 0xe3,
  0x0b, 0x6a, 0xa5, 0x82, 0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76,
])

/** The neutral point, which is 32 zeros; and the scalars 0, 1 and -1. */
export const identity: Uint8Array = new Uint8Array(pointBytes)
export const zero: Uint8Array = new Uint8Array(scalarBytes)
export const one: Uint8Array = Uint8Array.of(1, ...new Uint8Array(31))
export const minusOne: Uint8Array = Uint8Array.from([
  0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
])

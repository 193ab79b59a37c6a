// The group in which secrets are shared (docs/spec/randomness.md 2): ristretto255 (RFC 9496), its two generators, the
// forms of points and scalars, and how bytes become scalars.

import { mulAddUnsafe } from '@noble/curves/abstract/curve.js'
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js'
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js'
import { blake2b } from '#crypto'
import { type Cbor, write } from '../../encoding/cbor.ts'
import type { Reader } from '../reader.ts'
import { labelled } from '../statement.ts'

export type Point = InstanceType<typeof ristretto255.Point>

/** Arithmetic modulo the order of the group, 2^252 + 27742317777372353535851937790883648493. */
export const field: typeof ristretto255.Point.Fn = ristretto255.Point.Fn

/** RFC 9496, section 4: holders' keys and the secrets are multiples of it. */
export const base: Point = ristretto255.Point.BASE

/**
 * Commitments are multiples of this one. Nobody knows its logarithm to the other: it is hash_to_ristretto255 of RFC
 * 9380, appendix B, of no bytes.
 */
export const commitmentBase: Point = ristretto255_hasher.hashToCurve(new Uint8Array(0), {
  DST: 'chaffinch/sharing-generator/v1',
})
commitmentBase.precompute(6)

/** A scalar that is not 0 from 64 uniform bytes; 512 bits leave no bias that anybody could see. */
export function toScalar(bytes: Uint8Array): bigint {
  return 1n + (bytesToNumberLE(bytes) % (field.ORDER - 1n))
}

/** A scalar that is not 0 from 64 bytes of BLAKE2b over a label and canonical bytes, keyed when there is a key. */
export function hashToScalar(kind: string, value: Cbor, key?: Uint8Array): bigint {
  return toScalar(blake2b(labelled(kind, write(value)), 64, key))
}

/** 32 bytes, little-endian. */
export function writeScalar(scalar: bigint): Uint8Array {
  return numberToBytesLE(scalar, 32)
}

/** @throws DirectoryError as the reader; NOT_CANONICAL from the order of the group on */
export function readScalar(read: Reader): bigint {
  const scalar = bytesToNumberLE(read.bytes(32))
  if (scalar >= field.ORDER) throw read.fail('NOT_CANONICAL', 'not below the order of the group')
  return scalar
}

/** The element that these 32 bytes are the one encoding of; none for other bytes, and none for the identity. */
export function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    const point = ristretto255.Point.fromBytes(bytes)
    return point.is0() ? undefined : point
  } catch {
    return undefined
  }
}

/** @throws DirectoryError as the reader; BAD_DOCUMENT for what is no element, or the identity */
export function readPoint(read: Reader): Point {
  const point = decodePoint(read.bytes(32))
  if (point === undefined) throw read.fail('BAD_DOCUMENT', 'want an element of the group but the identity')
  return point
}

/** The sum of multiples. Its time depends on the scalars, so that it is for what is public. */
export function sumOfMultiples(points: readonly Point[], scalars: readonly bigint[]): Point {
  return mulAddUnsafe(ristretto255.Point, [...points], [...scalars])
}

// What JavaScript calls: flat arrays at places in memory that it keeps account of itself. Points are 32 bytes
// outside (ristretto255), scalars 32 canonical bytes. A module instance is not re-entrant: one a thread.

import {
  addNiels,
  addPoints,
  decode as decodePoint,
  encode as encodePoint,
  fromNiels,
  fromUniform,
  nielsBytes,
  pointBytes,
  setIdentity,
} from './point'
import { isCanonical, mulAdd, reduceWide } from './scalar'
import {
  comb,
  combBytes,
  fixed,
  multiSecret as multiConstant,
  multi as multiPublic,
  slotBytes,
  strausBytes,
  widthFor,
} from './sums'

const point: usize = memory.data(144)

/** Gives the first place that is free, a multiple of 16. */
export function start(): usize {
  return (heap.alloc(16) + 31) & ~15
}

/** Gives the bytes of a point that is ready, of a table of a fixed base, and of the room a point for both sums. */
export function sizeOfPoint(): usize {
  return nielsBytes
}

export function sizeOfSum(): usize {
  return pointBytes
}

export function sizeOfComb(): usize {
  return combBytes
}

export function roomOfMulti(n: usize, bits: usize): usize {
  return slotBytes * n + (pointBytes << (widthFor(n, bits) - 1))
}

export function roomOfMultiSecret(n: usize): usize {
  return strausBytes * n
}

/** Makes points ready, n of 32 bytes each. Gives the place of the first that is none, or n. */
export function decode(out: usize, bytes: usize, n: usize): usize {
  for (let i: usize = 0; i < n; i++) if (!decodePoint(out + nielsBytes * i, bytes + 32 * i)) return i
  return n
}

export function identity(out: usize): void {
  setIdentity(out)
}

export function encode(bytes: usize, sum: usize): void {
  encodePoint(bytes, sum)
}

export function multi(out: usize, points: usize, scalars: usize, n: usize, bits: usize, room: usize): void {
  multiPublic(out, points, scalars, n, bits, room)
}

export function multiSecret(out: usize, points: usize, scalars: usize, n: usize, room: usize): void {
  multiConstant(out, points, scalars, n, room)
}

export function add(out: usize, sum: usize): void {
  addPoints(out, out, sum)
}

/** Writes the table of a fixed base, of 32 bytes. Gives 1 where they are a point. */
export function base(table: usize, bytes: usize, room: usize): usize {
  if (!decodePoint(room, bytes)) return 0
  fromNiels(point, room)
  comb(table, point)
  return 1
}

/**
 * Writes n points of 32 bytes: addends[i] + first[i] A + second[i] B, where A and B are tables. Without addends
 * (0), or without a second table (0), that part is left out. Constant time.
 */
export function fixedSums(
  out: usize,
  n: usize,
  addends: usize,
  tableA: usize,
  first: usize,
  tableB: usize,
  second: usize,
): void {
  for (let i: usize = 0; i < n; i++) {
    setIdentity(point)
    if (addends) addNiels(point, point, addends + nielsBytes * i)
    fixed(point, tableA, first + 32 * i)
    if (tableB) fixed(point, tableB, second + 32 * i)
    encodePoint(out + 32 * i, point)
  }
}

/** Derives n points of 32 bytes, each from 64 uniform bytes. */
export function derive(out: usize, uniform: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) {
    fromUniform(point, uniform + 64 * i)
    encodePoint(out + 32 * i, point)
  }
}

/** Reduces n times 64 bytes to scalars. */
export function reduce(out: usize, wide: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) reduceWide(out + 32 * i, wide + 64 * i)
}

/** Gives the place of the first of n that is not a canonical scalar, or n. */
export function canonical(scalars: usize, n: usize): usize {
  for (let i: usize = 0; i < n; i++) if (!isCanonical(scalars + 32 * i)) return i
  return n
}

/** out[i] = a[i] b[i] + c[i]; a step of 0 takes the same scalar every time. */
export function mulAddEach(
  out: usize,
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  c: usize,
  stepC: usize,
  n: usize,
): void {
  for (let i: usize = 0; i < n; i++) mulAdd(out + 32 * i, a + stepA * i, b + stepB * i, c + stepC * i)
}

/** out[i] = a[i] + b[i] out[i - 1], where out[-1] is `before`; a step of 0 takes the same a every time. */
export function chain(out: usize, a: usize, stepA: usize, b: usize, before: usize, n: usize): void {
  let last = before
  for (let i: usize = 0; i < n; i++) {
    mulAdd(out + 32 * i, b + 32 * i, last, a + stepA * i)
    last = out + 32 * i
  }
}

/** Adds to the scalar at `out` the sum of a[i] b[i]; a step of 0 takes the same b every time. */
export function dot(out: usize, a: usize, b: usize, stepB: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) mulAdd(out, a + 32 * i, b + stepB * i, out)
}

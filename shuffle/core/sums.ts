// Sums of multiples. Two kinds, which are never mixed up: `multi` (Pippenger 1976) is fast and tells its scalars by
// time and memory: for what is public. `multiSecret` (Straus 1964, radix 16) and `fixed` (signed comb of 6 bits)
// read every entry of a table for each digit: for secrets.

import { choose, negate } from './field'
import {
  addCached,
  addNiels,
  addPoints,
  cachedBytes,
  doubleTimes,
  fromNiels,
  nielsBytes,
  pointBytes,
  setIdentity,
  subNiels,
  toCached,
  toNiels,
} from './point'

/** Bytes that a biased scalar takes: 258 bits, and what a read of 8 bytes at the last digit passes over. */
export const slotBytes: usize = 40

/**
 * Makes all digits of `width` bits of every scalar those of scalar + bias, so that digit - 2^(width - 1) has a
 * sign.
 */
function bias(out: usize, scalars: usize, n: usize, width: usize, digits: usize): void {
  const sum: usize = memory.data(40)
  memory.fill(sum, 0, 40)
  for (let i: usize = 0; i < digits; i++) {
    const bit = i * width + width - 1
    store<u8>(sum + (bit >> 3), load<u8>(sum + (bit >> 3)) | ((<u8>1) << (<u8>(bit & 7))))
  }
  for (let i: usize = 0; i < n; i++) {
    let carry: u64 = 0
    for (let k: usize = 0; k < slotBytes; k += 4) {
      carry += <u64>load<u32>(sum + k)
      if (k < 32) carry += <u64>load<u32>(scalars + 32 * i + k)
      store<u32>(out + slotBytes * i + k, <u32>carry)
      carry >>= 32
    }
  }
}

function digitAt(slot: usize, index: usize, width: usize): i32 {
  const bit = index * width
  const word = load<u64>(slot + (bit >> 3)) >> (bit & 7)
  return <i32>(word & ((1 << width) - 1)) - (1 << (<i32>width - 1))
}

/** Gives the width of digit with the fewest additions for n points of so many bits. */
export function widthFor(n: usize, bits: usize): usize {
  let best: usize = 3
  let least = f64.MAX_VALUE
  for (let width: usize = 3; width <= 14; width++) {
    const cost = <f64>((bits + 1 + width) / width) * (<f64>n + 2.6 * <f64>(1 << (width - 1)))
    if (cost < least) {
      least = cost
      best = width
    }
  }
  return best
}

const running: usize = memory.data(144)
const total: usize = memory.data(144)

/**
 * Adds to `out` the sum of scalars[i] points[i]: affine points that are ready, canonical scalars below 2^bits.
 * `room` has 40 bytes a scalar and then 144 for each of 2^(width - 1) buckets. Variable time.
 */
export function multi(out: usize, points: usize, scalars: usize, n: usize, bits: usize, room: usize): void {
  const width = widthFor(n, bits)
  const digits = (bits + 1 + width) / width
  const buckets = room + slotBytes * n
  const count: usize = 1 << (width - 1)
  bias(room, scalars, n, width, digits)
  const sum: usize = memory.data(144)
  setIdentity(sum)
  for (let k = digits; k > 0; k--) {
    doubleTimes(sum, sum, <i32>width)
    for (let i: usize = 0; i < count; i++) setIdentity(buckets + pointBytes * i)
    for (let i: usize = 0; i < n; i++) {
      const digit = digitAt(room + slotBytes * i, k - 1, width)
      const point = points + nielsBytes * i
      if (digit > 0) {
        const bucket = buckets + pointBytes * (<usize>digit - 1)
        addNiels(bucket, bucket, point)
      } else if (digit < 0) {
        const bucket = buckets + pointBytes * (<usize>-digit - 1)
        subNiels(bucket, bucket, point)
      }
    }
    setIdentity(running)
    setIdentity(total)
    for (let i = count; i > 0; i--) {
      addPoints(running, running, buckets + pointBytes * (i - 1))
      addPoints(total, total, running)
    }
    addPoints(sum, sum, total)
  }
  addPoints(out, out, sum)
}

const picked: usize = memory.data(144)
const other: usize = memory.data(36)
const swapped: usize = memory.data(36)

/** Negates what lies in `picked` (Y + X, Y - X, …, and at `last` the product with d) where chosen is 1. */
function negateWhere(last: usize, chosen: i32): void {
  memory.copy(other, picked, 36)
  memory.copy(swapped, picked + 36, 36)
  choose(picked, swapped, chosen)
  choose(picked + 36, other, chosen)
  negate(other, picked + last)
  choose(picked + last, other, chosen)
}

/** Copies entry `index` (1 to count) of a table to `picked`, reading them all; entries of 16 times `vectors` bytes. */
function pick(table: usize, index: i32, count: i32, vectors: usize): void {
  let at = table
  for (let k = 1; k <= count; k++) {
    const mask = i32x4.splat(-(<i32>(k == index)))
    for (let i: usize = 0; i < vectors; i++) {
      const old = v128.load(picked + 16 * i)
      v128.store(picked + 16 * i, v128.or(old, v128.and(mask, v128.load(at + 16 * i))))
    }
    at += 16 * vectors
  }
}

/** Entries of a fixed base's table: 43 digits of 6 bits, 1 to 32 times each. */
const combDigits: usize = 43
const combEntries: usize = 32
/** Bytes of a fixed base's table. */
export const combBytes: usize = combDigits * combEntries * nielsBytes

/** Writes the table of a base: k 64^j B for j of 0 to 42 and k of 1 to 32. */
export function comb(table: usize, base: usize): void {
  const step: usize = memory.data(144)
  const multiple: usize = memory.data(144)
  memory.copy(step, base, pointBytes)
  for (let j: usize = 0; j < combDigits; j++) {
    memory.copy(multiple, step, pointBytes)
    for (let k: usize = 0; k < combEntries; k++) {
      toNiels(table, multiple)
      table += nielsBytes
      addPoints(multiple, multiple, step)
    }
    doubleTimes(step, step, 6)
  }
}

/** Adds to `out` the multiple of a fixed base by a canonical scalar of 32 bytes. Constant time. */
export function fixed(out: usize, table: usize, scalar: usize): void {
  const slot: usize = memory.data(40)
  bias(slot, scalar, 1, 6, combDigits)
  for (let j: usize = 0; j < combDigits; j++) {
    const digit = digitAt(slot, j, 6)
    const sign = digit >> 31
    const index = (digit ^ sign) - sign
    // Zero times the base: Y + X = Y - X = 1 and nothing besides.
    memory.fill(picked, 0, nielsBytes)
    const none = <i32>(index == 0)
    store<i32>(picked, none)
    store<i32>(picked + 36, none)
    pick(table + combEntries * nielsBytes * j, index, <i32>combEntries, 7)
    negateWhere(72, -sign)
    addNiels(out, out, picked)
  }
  memory.fill(slot, 0, 40)
}

/** Bytes that `multiSecret` needs for a point: eight multiples, and its scalar. */
export const strausBytes: usize = 8 * cachedBytes + slotBytes

/**
 * Adds to `out` the sum of scalars[i] points[i], n of at most some hundreds: affine points that are ready,
 * canonical scalars.
 * `room` has `strausBytes` a point. Constant time.
 */
export function multiSecret(out: usize, points: usize, scalars: usize, n: usize, room: usize): void {
  const slots = room + 8 * cachedBytes * n
  const multiple: usize = memory.data(144)
  const sum: usize = memory.data(144)
  for (let i: usize = 0; i < n; i++) {
    const entry = room + 8 * cachedBytes * i
    const point = points + nielsBytes * i
    fromNiels(multiple, point)
    for (let k: usize = 0; k < 8; k++) {
      toCached(entry + cachedBytes * k, multiple)
      addNiels(multiple, multiple, point)
    }
  }
  bias(slots, scalars, n, 4, 64)
  setIdentity(sum)
  for (let k: usize = 64; k > 0; k--) {
    doubleTimes(sum, sum, 4)
    for (let i: usize = 0; i < n; i++) {
      const digit = digitAt(slots + slotBytes * i, k - 1, 4)
      const sign = digit >> 31
      const index = (digit ^ sign) - sign
      memory.fill(picked, 0, cachedBytes)
      const none = <i32>(index == 0)
      store<i32>(picked, none)
      store<i32>(picked + 36, none)
      store<i32>(picked + 72, 2 * none)
      pick(room + 8 * cachedBytes * i, index, 8, 9)
      negateWhere(108, -sign)
      addCached(sum, sum, picked)
    }
  }
  addPoints(out, out, sum)
  memory.fill(slots, 0, slotBytes * n)
}

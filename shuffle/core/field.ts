// The field of 2^255 - 19, in nine signed limbs of 29 bits at a place in memory (36 bytes), least first; the last
// limb has 23 bits. Additions do not carry. Count the limbs of a value in units of 2^28: a product leaves one unit,
// a sum the units of both, and a product is exact as long as the units of its two factors multiply to at most 12.
// WebAssembly multiplies 64 bits by 64 to 64: nine limbs need 81 products, five of 51 bits would need 100. Nothing
// here branches or reads memory by a value.

/** Bytes of a field element. */
export const feBytes: usize = 36

const mask29: i64 = (1 << 29) - 1

export function copy(out: usize, a: usize): void {
  memory.copy(out, a, feBytes)
}

export function setSmall(out: usize, value: i32): void {
  memory.fill(out, 0, feBytes)
  store<i32>(out, value)
}

export function add(out: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < feBytes; i += 4) store<i32>(out + i, load<i32>(a + i) + load<i32>(b + i))
}

export function sub(out: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < feBytes; i += 4) store<i32>(out + i, load<i32>(a + i) - load<i32>(b + i))
}

export function negate(out: usize, a: usize): void {
  for (let i: usize = 0; i < feBytes; i += 4) store<i32>(out + i, -load<i32>(a + i))
}

export function mul(out: usize, a: usize, b: usize): void {
  const a0 = <i64>load<i32>(a, 0)
  const a1 = <i64>load<i32>(a, 4)
  const a2 = <i64>load<i32>(a, 8)
  const a3 = <i64>load<i32>(a, 12)
  const a4 = <i64>load<i32>(a, 16)
  const a5 = <i64>load<i32>(a, 20)
  const a6 = <i64>load<i32>(a, 24)
  const a7 = <i64>load<i32>(a, 28)
  const a8 = <i64>load<i32>(a, 32)
  const b0 = <i64>load<i32>(b, 0)
  const b1 = <i64>load<i32>(b, 4)
  const b2 = <i64>load<i32>(b, 8)
  const b3 = <i64>load<i32>(b, 12)
  const b4 = <i64>load<i32>(b, 16)
  const b5 = <i64>load<i32>(b, 20)
  const b6 = <i64>load<i32>(b, 24)
  const b7 = <i64>load<i32>(b, 28)
  const b8 = <i64>load<i32>(b, 32)
  fold(
    out,
    a0 * b0,
    a0 * b1 + a1 * b0,
    a0 * b2 + a1 * b1 + a2 * b0,
    a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0,
    a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0,
    a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0,
    a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0,
    a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0,
    a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0,
    a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1,
    a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2,
    a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3,
    a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4,
    a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5,
    a6 * b8 + a7 * b7 + a8 * b6,
    a7 * b8 + a8 * b7,
    a8 * b8,
  )
}

export function square(out: usize, a: usize): void {
  const a0 = <i64>load<i32>(a, 0)
  const a1 = <i64>load<i32>(a, 4)
  const a2 = <i64>load<i32>(a, 8)
  const a3 = <i64>load<i32>(a, 12)
  const a4 = <i64>load<i32>(a, 16)
  const a5 = <i64>load<i32>(a, 20)
  const a6 = <i64>load<i32>(a, 24)
  const a7 = <i64>load<i32>(a, 28)
  const a8 = <i64>load<i32>(a, 32)
  const d0 = a0 << 1
  const d1 = a1 << 1
  const d2 = a2 << 1
  const d3 = a3 << 1
  const d4 = a4 << 1
  const d5 = a5 << 1
  const d6 = a6 << 1
  const d7 = a7 << 1
  fold(
    out,
    a0 * a0,
    d0 * a1,
    d0 * a2 + a1 * a1,
    d0 * a3 + d1 * a2,
    d0 * a4 + d1 * a3 + a2 * a2,
    d0 * a5 + d1 * a4 + d2 * a3,
    d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3,
    d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4,
    d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4,
    d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5,
    d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5,
    d3 * a8 + d4 * a7 + d5 * a6,
    d4 * a8 + d5 * a7 + a6 * a6,
    d5 * a8 + d6 * a7,
    d6 * a8 + a7 * a7,
    d7 * a8,
    a8 * a8,
  )
}

/** Squares `times` times, at least once. */
export function squareTimes(out: usize, a: usize, times: i32): void {
  square(out, a)
  for (let i = 1; i < times; i++) square(out, out)
}

/** Brings 17 columns of products to limbs of one unit. Columns from 2^261 on come down by 2^261 = 64 * 19 = 1216. */
function fold(
  out: usize,
  c0: i64,
  c1: i64,
  c2: i64,
  c3: i64,
  c4: i64,
  c5: i64,
  c6: i64,
  c7: i64,
  c8: i64,
  c9: i64,
  c10: i64,
  c11: i64,
  c12: i64,
  c13: i64,
  c14: i64,
  c15: i64,
  c16: i64,
): void {
  // The high columns carry first, so that the factor meets 29 bits.
  const r9 = (c9 + (1 << 28)) >> 29
  c9 -= r9 << 29
  c10 += r9
  const r10 = (c10 + (1 << 28)) >> 29
  c10 -= r10 << 29
  c11 += r10
  const r11 = (c11 + (1 << 28)) >> 29
  c11 -= r11 << 29
  c12 += r11
  const r12 = (c12 + (1 << 28)) >> 29
  c12 -= r12 << 29
  c13 += r12
  const r13 = (c13 + (1 << 28)) >> 29
  c13 -= r13 << 29
  c14 += r13
  const r14 = (c14 + (1 << 28)) >> 29
  c14 -= r14 << 29
  c15 += r14
  const r15 = (c15 + (1 << 28)) >> 29
  c15 -= r15 << 29
  c16 += r15
  const c17 = (c16 + (1 << 28)) >> 29
  c16 -= c17 << 29
  c0 += 1216 * c9
  c1 += 1216 * c10
  c2 += 1216 * c11
  c3 += 1216 * c12
  c4 += 1216 * c13
  c5 += 1216 * c14
  c6 += 1216 * c15
  c7 += 1216 * c16
  c8 += 1216 * c17
  carry(out, c0, c1, c2, c3, c4, c5, c6, c7, c8)
}

/** Carries columns below 2^261 into limbs of one unit: from the last limb on, bit 255 comes down by 19. */
function carry(
  out: usize,
  c0: i64,
  c1: i64,
  c2: i64,
  c3: i64,
  c4: i64,
  c5: i64,
  c6: i64,
  c7: i64,
  c8: i64,
): void {
  let r = (c0 + (1 << 28)) >> 29
  c0 -= r << 29
  c1 += r
  r = (c1 + (1 << 28)) >> 29
  c1 -= r << 29
  c2 += r
  r = (c2 + (1 << 28)) >> 29
  c2 -= r << 29
  c3 += r
  r = (c3 + (1 << 28)) >> 29
  c3 -= r << 29
  c4 += r
  r = (c4 + (1 << 28)) >> 29
  c4 -= r << 29
  c5 += r
  r = (c5 + (1 << 28)) >> 29
  c5 -= r << 29
  c6 += r
  r = (c6 + (1 << 28)) >> 29
  c6 -= r << 29
  c7 += r
  r = (c7 + (1 << 28)) >> 29
  c7 -= r << 29
  c8 += r
  r = (c8 + (1 << 22)) >> 23
  c8 -= r << 23
  c0 += 19 * r
  r = (c0 + (1 << 28)) >> 29
  c0 -= r << 29
  c1 += r
  store<i32>(out, <i32>c0, 0)
  store<i32>(out, <i32>c1, 4)
  store<i32>(out, <i32>c2, 8)
  store<i32>(out, <i32>c3, 12)
  store<i32>(out, <i32>c4, 16)
  store<i32>(out, <i32>c5, 20)
  store<i32>(out, <i32>c6, 24)
  store<i32>(out, <i32>c7, 28)
  store<i32>(out, <i32>c8, 32)
}

/** Brings sums of up to 7 units back to one. */
export function settle(out: usize, a: usize): void {
  carry(
    out,
    load<i32>(a, 0),
    load<i32>(a, 4),
    load<i32>(a, 8),
    load<i32>(a, 12),
    load<i32>(a, 16),
    load<i32>(a, 20),
    load<i32>(a, 24),
    load<i32>(a, 28),
    load<i32>(a, 32),
  )
}

/** Reads 32 bytes, little-endian; the top bit is left out. */
export function fromBytes(out: usize, bytes: usize): void {
  const l0 = load<u64>(bytes)
  const l1 = load<u64>(bytes, 8)
  const l2 = load<u64>(bytes, 16)
  const l3 = load<u64>(bytes, 24)
  const mask: u64 = (1 << 29) - 1
  carry(
    out,
    <i64>(l0 & mask),
    <i64>((l0 >> 29) & mask),
    <i64>(((l0 >> 58) | (l1 << 6)) & mask),
    <i64>((l1 >> 23) & mask),
    <i64>(((l1 >> 52) | (l2 << 12)) & mask),
    <i64>((l2 >> 17) & mask),
    <i64>(((l2 >> 46) | (l3 << 18)) & mask),
    <i64>((l3 >> 11) & mask),
    <i64>((l3 >> 40) & ((1 << 23) - 1)),
  )
}

/** Writes the one representative below 2^255 - 19 as 32 bytes, little-endian. */
export function toBytes(bytes: usize, a: usize): void {
  let c0 = <i64>load<i32>(a, 0)
  let c1 = <i64>load<i32>(a, 4)
  let c2 = <i64>load<i32>(a, 8)
  let c3 = <i64>load<i32>(a, 12)
  let c4 = <i64>load<i32>(a, 16)
  let c5 = <i64>load<i32>(a, 20)
  let c6 = <i64>load<i32>(a, 24)
  let c7 = <i64>load<i32>(a, 28)
  let c8 = <i64>load<i32>(a, 32)
  // Three passes leave limbs of 29 bits, none negative; then 2^255 - 19 goes where the value is that or more.
  for (let pass = 0; pass < 3; pass++) {
    c1 += c0 >> 29
    c0 &= mask29
    c2 += c1 >> 29
    c1 &= mask29
    c3 += c2 >> 29
    c2 &= mask29
    c4 += c3 >> 29
    c3 &= mask29
    c5 += c4 >> 29
    c4 &= mask29
    c6 += c5 >> 29
    c5 &= mask29
    c7 += c6 >> 29
    c6 &= mask29
    c8 += c7 >> 29
    c7 &= mask29
    c0 += 19 * (c8 >> 23)
    c8 &= (1 << 23) - 1
  }
  let over = (c0 + 19) >> 29
  over = (c1 + over) >> 29
  over = (c2 + over) >> 29
  over = (c3 + over) >> 29
  over = (c4 + over) >> 29
  over = (c5 + over) >> 29
  over = (c6 + over) >> 29
  over = (c7 + over) >> 29
  over = (c8 + over) >> 23
  c0 += 19 * over
  c1 += c0 >> 29
  c0 &= mask29
  c2 += c1 >> 29
  c1 &= mask29
  c3 += c2 >> 29
  c2 &= mask29
  c4 += c3 >> 29
  c3 &= mask29
  c5 += c4 >> 29
  c4 &= mask29
  c6 += c5 >> 29
  c5 &= mask29
  c7 += c6 >> 29
  c6 &= mask29
  c8 += c7 >> 29
  c7 &= mask29
  c8 &= (1 << 23) - 1
  store<i64>(bytes, c0 | (c1 << 29) | (c2 << 58), 0)
  store<i64>(bytes, (c2 >> 6) | (c3 << 23) | (c4 << 52), 8)
  store<i64>(bytes, (c4 >> 12) | (c5 << 17) | (c6 << 46), 16)
  store<i64>(bytes, (c6 >> 18) | (c7 << 11) | (c8 << 40), 24)
}

const scratch: usize = memory.data(32)
const scratch2: usize = memory.data(32)

/** Tells by 1 that the representative is odd, which RFC 9496 calls negative; by 0 that it is not. */
export function isNegative(a: usize): i32 {
  toBytes(scratch, a)
  return load<u8>(scratch) & 1
}

/** Tells by 1 that both are the same element, by 0 that they are not. */
export function equal(a: usize, b: usize): i32 {
  toBytes(scratch, a)
  toBytes(scratch2, b)
  let different: u64 = 0
  for (let i: usize = 0; i < 32; i += 8) different |= load<u64>(scratch + i) ^ load<u64>(scratch2 + i)
  return <i32>(((different | (0 - different)) >> 63) ^ 1)
}

/** Takes `a` where `chosen` is 1 and leaves `out` where it is 0. */
export function choose(out: usize, a: usize, chosen: i32): void {
  const mask = -chosen
  for (let i: usize = 0; i < feBytes; i += 4) {
    const old = load<i32>(out + i)
    store<i32>(out + i, old ^ (mask & (old ^ load<i32>(a + i))))
  }
}

const negated: usize = memory.data(36)

/** Takes of an element and its negative the one that is not negative. */
export function absolute(out: usize, a: usize): void {
  negate(negated, a)
  const negative = isNegative(a)
  copy(out, a)
  choose(out, negated, negative)
}

const t0: usize = memory.data(36)
const t1: usize = memory.data(36)
const t2: usize = memory.data(36)
const t3: usize = memory.data(36)

/** Gives a^(2^250 - 1) in t1 and a^11 in t0: the common part of both powers below. */
function chain(a: usize): void {
  square(t0, a)
  squareTimes(t1, t0, 2)
  mul(t1, a, t1) // 9
  mul(t0, t0, t1) // 11
  square(t2, t0) // 22
  mul(t1, t1, t2) // 2^5 - 1
  squareTimes(t2, t1, 5)
  mul(t1, t2, t1) // 2^10 - 1
  squareTimes(t2, t1, 10)
  mul(t2, t2, t1) // 2^20 - 1
  squareTimes(t3, t2, 20)
  mul(t2, t3, t2) // 2^40 - 1
  squareTimes(t2, t2, 10)
  mul(t1, t2, t1) // 2^50 - 1
  squareTimes(t2, t1, 50)
  mul(t2, t2, t1) // 2^100 - 1
  squareTimes(t3, t2, 100)
  mul(t2, t3, t2) // 2^200 - 1
  squareTimes(t2, t2, 50)
  mul(t1, t2, t1) // 2^250 - 1
}

/** Gives a^(p - 2), the inverse; of zero, zero. */
export function invert(out: usize, a: usize): void {
  chain(a)
  squareTimes(t1, t1, 5)
  mul(out, t1, t0)
}

/** Gives a^((p - 5) / 8). `out` and `a` may be one. */
export function powerP58(out: usize, a: usize): void {
  chain(a)
  squareTimes(t1, t1, 2)
  mul(out, t1, a)
}

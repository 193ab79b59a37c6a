// Points of edwards25519 at a place in memory, and ristretto255 (RFC 9496) as their encoding. A point is extended
// (X, Y, Z, T: 144 bytes) where it is summed up, and affine "niels" (Y + X, Y - X, 2dXY: 108 bytes, 112 with
// padding) where it is added: seven products an addition. The formulas are complete (Hisil, Wong, Carter and Dawson
// 2008, 3.1, 3.3), so that no addition asks who the points are.

import {
  absolute,
  add,
  choose,
  copy,
  equal,
  feBytes,
  fromBytes,
  invert,
  isNegative,
  mul,
  negate,
  powerP58,
  setSmall,
  settle,
  square,
  sub,
  toBytes,
} from './field'

/** Bytes of an extended point. */
export const pointBytes: usize = 144
/** Bytes of an affine point that is to be added, with four of padding. */
export const nielsBytes: usize = 112
/** Bytes of an extended point that is to be added: Y + X, Y - X, 2Z, 2dT. */
export const cachedBytes: usize = 144

const X: usize = 0
const Y: usize = 36
const Z: usize = 72
const T: usize = 108

function constant(bytes: StaticArray<u8>): usize {
  const at = heap.alloc(feBytes)
  fromBytes(at, changetype<usize>(bytes))
  return at
}

const edwardsD = constant([
  0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98, 0xe8,
  0x79, 0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
])
const sqrtM1 = constant([
  0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f, 0xa7, 0xd7,
  0xfb, 0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b,
])
const sqrtAdMinusOne = constant([
  0x1b, 0x2e, 0x7b, 0x49, 0xa0, 0xf6, 0x97, 0x7e, 0xbd, 0x54, 0x78, 0x1b, 0x0c, 0x8e, 0x9d, 0xaf, 0xfd, 0xd1,
  0xf5, 0x31, 0xc9, 0xfc, 0x3c, 0x0f, 0xac, 0x48, 0x83, 0x2b, 0xbf, 0x31, 0x69, 0x37,
])
const invSqrtAMinusD = constant([
  0xea, 0x40, 0x5d, 0x80, 0xaa, 0xfd, 0xc8, 0x99, 0xbe, 0x72, 0x41, 0x5a, 0x17, 0x16, 0x2f, 0x9d, 0x40, 0xd8,
  0x01, 0xfe, 0x91, 0x7b, 0xc2, 0x16, 0xa2, 0xfc, 0xaf, 0xcf, 0x05, 0x89, 0x6c, 0x78,
])
const oneMinusDSq = constant([
  0x76, 0xc1, 0x5f, 0x94, 0xc1, 0x09, 0x7c, 0xe2, 0x0f, 0x35, 0x5e, 0xcd, 0x38, 0xa1, 0x81, 0x2c, 0xe4, 0xdf,
  0x70, 0xbe, 0xdd, 0xab, 0x94, 0x99, 0xd7, 0xe0, 0xb3, 0xb2, 0xa8, 0x72, 0x90, 0x02,
])
const dMinusOneSq = constant([
  0x20, 0x4d, 0xed, 0x44, 0xaa, 0x5a, 0xad, 0x31, 0x99, 0x19, 0x1e, 0xb0, 0x2c, 0x4a, 0x9e, 0xd2, 0xeb, 0x4e,
  0x9b, 0x52, 0x2f, 0xd3, 0xdc, 0x4c, 0x41, 0x22, 0x6c, 0xf6, 0x7a, 0xb3, 0x68, 0x59,
])
const one = heap.alloc(feBytes)
setSmall(one, 1)
const d2 = heap.alloc(feBytes)
add(d2, edwardsD, edwardsD)
settle(d2, d2)

const a: usize = memory.data(36)
const b: usize = memory.data(36)
const c: usize = memory.data(36)
const d: usize = memory.data(36)
const e: usize = memory.data(36)
const f: usize = memory.data(36)
const g: usize = memory.data(36)
const h: usize = memory.data(36)

export function setIdentity(out: usize): void {
  memory.fill(out, 0, pointBytes)
  store<i32>(out + Y, 1)
  store<i32>(out + Z, 1)
}

/** Ends an addition: E, F, G, H in e, f, g, h. */
function finish(out: usize): void {
  mul(out + X, e, f)
  mul(out + Y, g, h)
  mul(out + Z, f, g)
  mul(out + T, e, h)
}

/** Adds an affine point: 7 products. `out` may be `p`. */
export function addNiels(out: usize, p: usize, q: usize): void {
  sub(a, p + Y, p + X)
  mul(a, a, q + 36)
  add(b, p + Y, p + X)
  mul(b, b, q)
  mul(c, p + T, q + 72)
  add(d, p + Z, p + Z)
  sub(e, b, a)
  sub(f, d, c)
  add(g, d, c)
  add(h, b, a)
  finish(out)
}

/** Subtracts an affine point. */
export function subNiels(out: usize, p: usize, q: usize): void {
  sub(a, p + Y, p + X)
  mul(a, a, q)
  add(b, p + Y, p + X)
  mul(b, b, q + 36)
  mul(c, p + T, q + 72)
  add(d, p + Z, p + Z)
  sub(e, b, a)
  add(f, d, c)
  sub(g, d, c)
  add(h, b, a)
  finish(out)
}

/** Adds an extended point made ready by `toCached`: 8 products. */
export function addCached(out: usize, p: usize, q: usize): void {
  sub(a, p + Y, p + X)
  mul(a, a, q + 36)
  add(b, p + Y, p + X)
  mul(b, b, q)
  mul(c, p + T, q + 108)
  mul(d, p + Z, q + 72)
  sub(e, b, a)
  sub(f, d, c)
  add(g, d, c)
  add(h, b, a)
  finish(out)
}

export function double(out: usize, p: usize): void {
  square(a, p + X)
  square(b, p + Y)
  square(c, p + Z)
  add(c, c, c)
  add(h, a, b)
  add(d, p + X, p + Y)
  square(d, d)
  sub(e, h, d)
  sub(g, a, b)
  add(f, c, g)
  finish(out)
}

export function doubleTimes(out: usize, p: usize, times: i32): void {
  double(out, p)
  for (let i = 1; i < times; i++) double(out, out)
}

const cached: usize = memory.data(144)

export function addPoints(out: usize, p: usize, q: usize): void {
  toCached(cached, q)
  addCached(out, p, cached)
}

export function toCached(out: usize, p: usize): void {
  add(out, p + Y, p + X)
  sub(out + 36, p + Y, p + X)
  add(out + 72, p + Z, p + Z)
  mul(out + 108, p + T, d2)
  settle(out, out)
  settle(out + 36, out + 36)
  settle(out + 72, out + 72)
}

/** Makes an affine point ready from x and y. */
function affineNiels(out: usize, x: usize, y: usize): void {
  mul(out + 72, x, y)
  mul(out + 72, out + 72, d2)
  add(out, y, x)
  sub(out + 36, y, x)
  settle(out, out)
  settle(out + 36, out + 36)
  store<i32>(out, 0, 108)
}

/** Makes an affine point ready from an extended one: one inversion. */
export function toNiels(out: usize, p: usize): void {
  invert(u, p + Z)
  mul(v, p + X, u)
  mul(w, p + Y, u)
  affineNiels(out, v, w)
}

/** Makes an extended point of an affine one that is ready. */
export function fromNiels(out: usize, q: usize): void {
  setIdentity(out)
  addNiels(out, out, q)
}

const u: usize = memory.data(36)
const v: usize = memory.data(36)
const w: usize = memory.data(36)
const x: usize = memory.data(36)
const y: usize = memory.data(36)
const s: usize = memory.data(36)
const ss: usize = memory.data(36)
const root: usize = memory.data(36)
const check: usize = memory.data(36)
const minus: usize = memory.data(36)
const turned: usize = memory.data(36)
const nu: usize = memory.data(36)

/** SQRT_RATIO_M1 of RFC 9496, 4.2: the root that is not negative into `root`; 1 where u / v is a square. */
function sqrtRatio(num: usize, den: usize): i32 {
  copy(nu, num)
  square(root, den)
  mul(root, root, den) // v^3
  square(check, root)
  mul(check, check, den) // v^7
  mul(check, check, nu)
  powerP58(check, check)
  mul(root, root, nu)
  mul(root, root, check)
  square(check, root)
  mul(check, check, den)
  negate(minus, nu)
  mul(turned, minus, sqrtM1)
  const correct = equal(check, nu)
  const flipped = equal(check, minus)
  const flippedTurned = equal(check, turned)
  mul(check, root, sqrtM1)
  choose(root, check, flipped | flippedTurned)
  absolute(root, root)
  return correct | flipped
}

const canonical: usize = memory.data(32)

/**
 * Reads ristretto255 (RFC 9496, 4.3.1): 32 bytes to an affine point that is ready. Gives 1 where they are an encoding.
 * Encodings are public: it may branch.
 */
export function decode(out: usize, bytes: usize): i32 {
  fromBytes(s, bytes)
  toBytes(canonical, s)
  for (let i: usize = 0; i < 32; i += 8) if (load<u64>(canonical + i) != load<u64>(bytes + i)) return 0
  if (load<u8>(bytes) & 1) return 0
  square(ss, s)
  sub(u, one, ss)
  settle(u, u)
  add(w, one, ss)
  settle(w, w)
  square(x, w) // u2^2
  square(v, u)
  mul(v, v, edwardsD)
  negate(v, v)
  sub(v, v, x)
  settle(v, v)
  mul(y, v, x)
  const wasSquare = sqrtRatio(one, y)
  mul(x, root, w) // den_x
  mul(y, root, x)
  mul(y, y, v) // den_y
  mul(x, x, s)
  add(x, x, x)
  absolute(x, x)
  settle(x, x)
  mul(y, u, y)
  mul(ss, x, y)
  setSmall(w, 0)
  if (!wasSquare || isNegative(ss) || equal(y, w)) return 0
  affineNiels(out, x, y)
  return 1
}

/** Writes ristretto255 (RFC 9496, 4.3.2): 32 bytes. Without a branch on the point. */
export function encode(bytes: usize, p: usize): void {
  add(u, p + Z, p + Y)
  sub(w, p + Z, p + Y)
  mul(u, u, w)
  mul(v, p + X, p + Y)
  square(w, v)
  mul(w, w, u)
  sqrtRatio(one, w)
  mul(x, root, u) // den1
  mul(y, root, v) // den2
  mul(s, x, y)
  mul(s, s, p + T) // z_inv
  mul(w, p + T, s)
  const rotate = isNegative(w)
  mul(u, p + Y, sqrtM1)
  mul(v, p + X, sqrtM1)
  mul(x, x, invSqrtAMinusD)
  copy(ss, p + X)
  choose(ss, u, rotate) // x
  copy(u, p + Y)
  choose(u, v, rotate) // y
  choose(y, x, rotate) // den_inv
  mul(w, ss, s)
  const turn = isNegative(w)
  negate(v, u)
  choose(u, v, turn)
  sub(w, p + Z, u)
  mul(w, w, y)
  absolute(w, w)
  toBytes(bytes, w)
}

const half: usize = memory.data(144)
const r: usize = memory.data(36)

/** MAP of RFC 9496, 4.3.4: 32 bytes, of which the top bit is left out. */
function map(out: usize, bytes: usize): void {
  fromBytes(s, bytes)
  square(r, s)
  mul(r, r, sqrtM1)
  add(u, r, one)
  mul(u, u, oneMinusDSq)
  mul(v, r, edwardsD)
  add(v, v, one)
  negate(v, v)
  add(w, r, edwardsD)
  mul(v, v, w)
  const wasSquare = sqrtRatio(u, v)
  mul(w, root, s)
  absolute(w, w)
  negate(w, w) // s'
  copy(s, w)
  choose(s, root, wasSquare)
  setSmall(x, -1)
  copy(y, r)
  choose(y, x, wasSquare) // c
  sub(w, r, one)
  mul(w, w, y)
  mul(w, w, dMinusOneSq)
  sub(w, w, v) // N
  mul(u, s, v)
  add(u, u, u) // w0
  mul(w, w, sqrtAdMinusOne) // w1
  square(ss, s)
  sub(x, one, ss) // w2
  add(y, one, ss) // w3
  mul(out + X, u, y)
  mul(out + Y, x, w)
  mul(out + Z, w, y)
  mul(out + T, u, x)
}

/** Derives an element from 64 bytes (RFC 9496, 4.3.4) as an extended point. */
export function fromUniform(out: usize, bytes: usize): void {
  map(half, bytes)
  map(out, bytes + 32)
  addPoints(out, out, half)
}

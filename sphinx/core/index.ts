// BLAKE2b-512 (RFC 7693) of several short messages under one key of 32 bytes. A library's hash begins each message with
// the block of the key anew; here that block is compressed once. A module instance is not re-entrant: one a thread.

const blockBytes: usize = 128
const digestBytes: usize = 64
/** RFC 7693, 2.5, as XORed into the first word: digest of 64 bytes, key of 32, fan-out and depth 1. */
const parameters: u64 = 0x01012040
const rounds: usize = 12

/** RFC 7693, 2.6. */
const iv: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
  0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
])

/** RFC 7693, 2.7: ten rows, and the first two again. */
const sigma: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
])

const keyBlock: usize = memory.data(128)
/** The state behind the key's block. */
const keyed: usize = memory.data(64)

/** Gives the first place that is free, a multiple of 16. */
export function start(): usize {
  return (heap.alloc(16) + 31) & ~15
}

/** Gives the end of the memory. */
export function end(): usize {
  return (<usize>memory.size()) << 16
}

/** Gives the place of the key: 32 bytes. */
export function key(): usize {
  return keyBlock
}

/**
 * Hashes each message under the key, and wipes the key. A message has a block to itself, with zeros behind it. Digests
 * are written in this order, so that one which begins inside the one before overwrites its end.
 *
 * @param list for each message three words: its place, its length (at most 128), and the place of its digest
 */
export function hash(list: usize, count: usize): void {
  for (let i: usize = 0; i < digestBytes; i += 16) v128.store(keyed + i, v128.load(iv + i))
  store<u64>(keyed, load<u64>(keyed) ^ parameters)
  compress(keyed, keyed, keyBlock, blockBytes, 0)
  for (let end = list + 12 * count; list < end; list += 12)
    compress(load<u32>(list, 8), keyed, load<u32>(list), blockBytes + load<u32>(list, 4), -1)
  memory.fill(keyBlock, 0, 32)
  memory.fill(keyed, 0, digestBytes)
}

function rotr32(x: v128): v128 {
  return i8x16.shuffle(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
}
function rotr24(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10)
}
function rotr16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9)
}
function rotr63(x: v128): v128 {
  return v128.or(i64x2.add(x, x), i64x2.shr_u(x, 63))
}

/** Two words of a block, which a row of sigma names at `at` and two places on. */
function words(block: usize, at: usize): v128 {
  const low = v128.load64_zero(block + 8 * <usize>load<u8>(at))
  return v128.load_lane<u64>(block + 8 * <usize>load<u8>(at, 2), low, 1)
}

/** RFC 7693, 3.2, two words a register: rows a, b, c, d of two registers each. */
function compress(out: usize, state: usize, block: usize, length: u64, last: u64): void {
  let a0 = v128.load(state)
  let a1 = v128.load(state, 16)
  let b0 = v128.load(state, 32)
  let b1 = v128.load(state, 48)
  let c0 = v128.load(iv)
  let c1 = v128.load(iv, 16)
  let d0 = v128.xor(v128.load(iv, 32), i64x2.replace_lane(i64x2.splat(0), 0, length))
  let d1 = v128.xor(v128.load(iv, 48), i64x2.replace_lane(i64x2.splat(0), 0, last))
  for (let row = sigma, end = sigma + 16 * rounds; row < end; row += 16) {
    a0 = i64x2.add(i64x2.add(a0, b0), words(block, row))
    a1 = i64x2.add(i64x2.add(a1, b1), words(block, row + 4))
    d0 = rotr32(v128.xor(d0, a0))
    d1 = rotr32(v128.xor(d1, a1))
    c0 = i64x2.add(c0, d0)
    c1 = i64x2.add(c1, d1)
    b0 = rotr24(v128.xor(b0, c0))
    b1 = rotr24(v128.xor(b1, c1))
    a0 = i64x2.add(i64x2.add(a0, b0), words(block, row + 1))
    a1 = i64x2.add(i64x2.add(a1, b1), words(block, row + 5))
    d0 = rotr16(v128.xor(d0, a0))
    d1 = rotr16(v128.xor(d1, a1))
    c0 = i64x2.add(c0, d0)
    c1 = i64x2.add(c1, d1)
    b0 = rotr63(v128.xor(b0, c0))
    b1 = rotr63(v128.xor(b1, c1))
    // the diagonals: b one word on, c two, d three
    let held = i64x2.shuffle(b0, b1, 1, 2)
    b1 = i64x2.shuffle(b1, b0, 1, 2)
    b0 = held
    held = c0
    c0 = c1
    c1 = held
    held = i64x2.shuffle(d1, d0, 1, 2)
    d1 = i64x2.shuffle(d0, d1, 1, 2)
    d0 = held
    a0 = i64x2.add(i64x2.add(a0, b0), words(block, row + 8))
    a1 = i64x2.add(i64x2.add(a1, b1), words(block, row + 12))
    d0 = rotr32(v128.xor(d0, a0))
    d1 = rotr32(v128.xor(d1, a1))
    c0 = i64x2.add(c0, d0)
    c1 = i64x2.add(c1, d1)
    b0 = rotr24(v128.xor(b0, c0))
    b1 = rotr24(v128.xor(b1, c1))
    a0 = i64x2.add(i64x2.add(a0, b0), words(block, row + 9))
    a1 = i64x2.add(i64x2.add(a1, b1), words(block, row + 13))
    d0 = rotr16(v128.xor(d0, a0))
    d1 = rotr16(v128.xor(d1, a1))
    c0 = i64x2.add(c0, d0)
    c1 = i64x2.add(c1, d1)
    b0 = rotr63(v128.xor(b0, c0))
    b1 = rotr63(v128.xor(b1, c1))
    held = i64x2.shuffle(b1, b0, 1, 2)
    b1 = i64x2.shuffle(b0, b1, 1, 2)
    b0 = held
    held = c0
    c0 = c1
    c1 = held
    held = i64x2.shuffle(d0, d1, 1, 2)
    d1 = i64x2.shuffle(d1, d0, 1, 2)
    d0 = held
  }
  const h0 = v128.xor(v128.load(state), v128.xor(a0, c0))
  const h1 = v128.xor(v128.load(state, 16), v128.xor(a1, c1))
  const h2 = v128.xor(v128.load(state, 32), v128.xor(b0, d0))
  const h3 = v128.xor(v128.load(state, 48), v128.xor(b1, d1))
  v128.store(out, h0)
  v128.store(out, h1, 16)
  v128.store(out, h2, 32)
  v128.store(out, h3, 48)
}

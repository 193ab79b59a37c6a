// Scalars: integers modulo the group's order l = 2^252 + 27742317777372353535851937790883648493, as 32 canonical
// bytes outside and as nine unsigned limbs of 29 bits within; products by Montgomery with R = 2^261. No branch on a
// value.

/** Bytes of a scalar inside: nine limbs. */
const limbBytes: usize = 36
const mask29: u64 = (1 << 29) - 1

function words(limbs: StaticArray<u32>): usize {
  return changetype<usize>(limbs)
}

const order: usize = words([485872621, 9640146, 501691798, 502512965, 333, 0, 0, 0, 1048576])
const r2: usize = words([
  190815506, 504634135, 361594685, 339687255, 426956673, 70249340, 485410621, 504909086, 328813,
])
const rHigh: usize = words([
  147395749, 34354560, 457688582, 356494647, 483104506, 488734555, 518485561, 233882216, 206883,
])
/** -1 / l modulo 2^29. */
const inverse29: u64 = 307527195

const la: usize = memory.data(36)
const lb: usize = memory.data(36)
const lc: usize = memory.data(36)
const sum: usize = memory.data(80)

/** Reads 32 bytes, little-endian, as limbs, whatever their value. */
function fromBytes(out: usize, bytes: usize): void {
  const l0 = load<u64>(bytes)
  const l1 = load<u64>(bytes, 8)
  const l2 = load<u64>(bytes, 16)
  const l3 = load<u64>(bytes, 24)
  store<u32>(out, <u32>(l0 & mask29), 0)
  store<u32>(out, <u32>((l0 >> 29) & mask29), 4)
  store<u32>(out, <u32>(((l0 >> 58) | (l1 << 6)) & mask29), 8)
  store<u32>(out, <u32>((l1 >> 23) & mask29), 12)
  store<u32>(out, <u32>(((l1 >> 52) | (l2 << 12)) & mask29), 16)
  store<u32>(out, <u32>((l2 >> 17) & mask29), 20)
  store<u32>(out, <u32>(((l2 >> 46) | (l3 << 18)) & mask29), 24)
  store<u32>(out, <u32>((l3 >> 11) & mask29), 28)
  store<u32>(out, <u32>((l3 >> 40) & mask29), 32)
}

function toBytes(bytes: usize, limbs: usize): void {
  const c0 = <u64>load<u32>(limbs, 0)
  const c1 = <u64>load<u32>(limbs, 4)
  const c2 = <u64>load<u32>(limbs, 8)
  const c3 = <u64>load<u32>(limbs, 12)
  const c4 = <u64>load<u32>(limbs, 16)
  const c5 = <u64>load<u32>(limbs, 20)
  const c6 = <u64>load<u32>(limbs, 24)
  const c7 = <u64>load<u32>(limbs, 28)
  const c8 = <u64>load<u32>(limbs, 32)
  store<u64>(bytes, c0 | (c1 << 29) | (c2 << 58), 0)
  store<u64>(bytes, (c2 >> 6) | (c3 << 23) | (c4 << 52), 8)
  store<u64>(bytes, (c4 >> 12) | (c5 << 17) | (c6 << 46), 16)
  store<u64>(bytes, (c6 >> 18) | (c7 << 11) | (c8 << 40), 24)
}

/** Takes l away where the value is l or more; values below 2 l. */
function reduceOnce(limbs: usize): void {
  let borrow: i64 = 0
  for (let i: usize = 0; i < limbBytes; i += 4) {
    borrow += <i64>load<u32>(limbs + i) - <i64>load<u32>(order + i)
    store<u32>(sum + i, <u32>(borrow & mask29))
    borrow >>= 29
  }
  const keep = <u32>borrow // all ones where the value was below l
  for (let i: usize = 0; i < limbBytes; i += 4)
    store<u32>(limbs + i, (load<u32>(limbs + i) & keep) | (load<u32>(sum + i) & ~keep))
}

/** Montgomery's product a b / R, below l, of factors whose product is below R l. */
function montgomery(out: usize, a: usize, b: usize): void {
  memory.fill(sum, 0, 80)
  for (let i: usize = 0; i < 9; i++) {
    const ai = <u64>load<u32>(a + 4 * i)
    let t = load<u64>(sum) + ai * <u64>load<u32>(b)
    const m = ((t & mask29) * inverse29) & mask29
    t = (t + m * <u64>load<u32>(order)) >> 29
    for (let j: usize = 1; j < 9; j++) {
      t += load<u64>(sum + 8 * j) + ai * <u64>load<u32>(b + 4 * j) + m * <u64>load<u32>(order + 4 * j)
      store<u64>(sum + 8 * (j - 1), t & mask29)
      t >>= 29
    }
    store<u64>(sum + 64, t)
  }
  let carry: u64 = 0
  for (let i: usize = 0; i < 9; i++) {
    carry += load<u64>(sum + 8 * i)
    store<u32>(out + 4 * i, <u32>(carry & mask29))
    carry >>= 29
  }
  reduceOnce(out)
}

/** Tells by 1 that 32 bytes are a canonical scalar. Public bytes. */
export function isCanonical(bytes: usize): i32 {
  fromBytes(la, bytes)
  if (load<u32>(bytes + 28) >> 29) return 0
  let borrow: i64 = 0
  for (let i: usize = 0; i < limbBytes; i += 4)
    borrow = (borrow + <i64>load<u32>(la + i) - <i64>load<u32>(order + i)) >> 29
  return borrow < 0 ? 1 : 0
}

/** out = a b + c, of canonical scalars of 32 bytes; any of them may be one. */
export function mulAdd(out: usize, a: usize, b: usize, c: usize): void {
  fromBytes(la, a)
  fromBytes(lb, b)
  montgomery(la, la, lb)
  montgomery(la, la, r2)
  fromBytes(lc, c)
  let carry: u32 = 0
  for (let i: usize = 0; i < limbBytes; i += 4) {
    carry += load<u32>(la + i) + load<u32>(lc + i)
    store<u32>(la + i, carry & <u32>mask29)
    carry >>= 29
  }
  reduceOnce(la)
  toBytes(out, la)
}

/** Reduces 64 bytes, little-endian, modulo l. */
export function reduceWide(out: usize, bytes: usize): void {
  fromBytes(la, bytes)
  montgomery(la, la, r2)
  memory.fill(lb, 0, limbBytes)
  store<u32>(lb, 1)
  montgomery(la, la, lb)
  fromBytes(lc, bytes + 32)
  montgomery(lc, lc, rHigh)
  let carry: u32 = 0
  for (let i: usize = 0; i < limbBytes; i += 4) {
    carry += load<u32>(la + i) + load<u32>(lc + i)
    store<u32>(la + i, carry & <u32>mask29)
    carry >>= 29
  }
  reduceOnce(la)
  toBytes(out, la)
}

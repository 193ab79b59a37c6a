// A queue of numbered things by time, in typed arrays: a 4-ary heap, whose levels are few and whose children lie in one
// line of the cache.

/** Holds each of many numbers with a time; the earliest comes out first, and of one time any. */
export class TimeHeap {
  #times: Float64Array
  #ids: Int32Array
  #size = 0

  /** @param room how many it has room for at first; it grows */
  constructor(room = 1024) {
    this.#times = new Float64Array(room)
    this.#ids = new Int32Array(room)
  }

  get size(): number {
    return this.#size
  }

  /** The earliest time; infinite when empty. */
  get first(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number)
  }

  push(time: number, id: number): void {
    if (this.#size === this.#times.length) this.#grow()
    const times = this.#times
    const ids = this.#ids
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 2
      const above = times[parent] as number
      if (above <= time) break
      times[at] = above
      ids[at] = ids[parent] as number
      at = parent
    }
    times[at] = time
    ids[at] = id
  }

  /** Takes out the number with the earliest time, which `first` told before; -1 when empty. */
  pop(): number {
    if (this.#size === 0) return -1
    const id = this.#ids[0] as number
    const last = --this.#size
    if (last > 0) this.#sink(0, this.#times[last] as number, this.#ids[last] as number)
    return id
  }

  /** Puts in what comes unordered: `add` without order, as often as wanted, then `settle` once. */
  add(time: number, id: number): void {
    if (this.#size === this.#times.length) this.#grow()
    this.#times[this.#size] = time
    this.#ids[this.#size++] = id
  }

  settle(): void {
    for (let at = (this.#size - 2) >> 2; at >= 0; at--)
      this.#sink(at, this.#times[at] as number, this.#ids[at] as number)
  }

  #sink(from: number, time: number, id: number): void {
    const times = this.#times
    const ids = this.#ids
    const size = this.#size
    let at = from
    for (;;) {
      let child = 4 * at + 1
      if (child >= size) break
      let least = times[child] as number
      const end = Math.min(child + 4, size)
      for (let other = child + 1; other < end; other++) {
        const candidate = times[other] as number
        if (candidate < least) {
          least = candidate
          child = other
        }
      }
      if (least >= time) break
      times[at] = least
      ids[at] = ids[child] as number
      at = child
    }
    times[at] = time
    ids[at] = id
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length)
    const ids = new Int32Array(2 * this.#ids.length)
    times.set(this.#times)
    ids.set(this.#ids)
    this.#times = times
    this.#ids = ids
  }
}

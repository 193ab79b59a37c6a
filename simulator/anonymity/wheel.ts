// A queue for a million numbered things by time, most of them far off: a calendar (R. Brown, "Calendar Queues", 1988).
// What falls due in the current slice of time is in a small heap, which stays in the cache; what falls due later lies
// in the unordered block lists of its slice.

import { TimeHeap } from './heap.ts'

/** Entries of a block: lists of a few thousand entries waste little, and are read in a row. */
const block = 32

/** Holds each of many numbers with a time; the earliest comes out first, and of one time any. */
export class Wheel {
  readonly #slices: number
  readonly #perS: number
  readonly #current = new TimeHeap(4096)
  /** Holds what is further off than a turn of the wheel. */
  readonly #far = new TimeHeap(64)
  /** For each slice of a turn its newest block, -1 for none, and how many entries that has. */
  readonly #head: Int32Array
  readonly #filled: Uint8Array
  #times: Float64Array = new Float64Array(1024 * block)
  #ids: Int32Array = new Int32Array(1024 * block)
  /** For each block the next of its list, also of the list of free ones. */
  #next: Int32Array = new Int32Array(1024)
  #free = -1
  #blocks = 0
  #now = 0
  #waiting = 0
  #popped = 0

  /**
   * @param sliceS length of a slice, seconds: some thousand entries should fall due in one
   * @param slices slices of a turn, a power of two
   */
  constructor(sliceS: number, slices = 16_384) {
    this.#perS = 1 / sliceS
    this.#slices = slices
    this.#head = new Int32Array(slices).fill(-1)
    this.#filled = new Uint8Array(slices)
  }

  get size(): number {
    return this.#current.size + this.#waiting + this.#far.size
  }

  /** The time of what `pop` gave last, seconds. */
  get time(): number {
    return this.#popped
  }

  /** Puts in a number for a time from 0 on; one that is over comes out next. */
  push(time: number, id: number): void {
    const slice = Math.floor(time * this.#perS)
    if (slice <= this.#now) this.#current.push(time, id)
    else if (slice >= this.#now + this.#slices) this.#far.push(time, id)
    else this.#append(slice & (this.#slices - 1), time, id)
  }

  /** Takes out the number with the earliest time; -1 when empty. */
  pop(): number {
    if (this.#current.size === 0 && !this.#turn()) return -1
    this.#popped = this.#current.first
    return this.#current.pop()
  }

  #append(at: number, time: number, id: number): void {
    let head = this.#head[at] as number
    let filled = this.#filled[at] as number
    if (head < 0 || filled === block) {
      const fresh = this.#fresh()
      this.#next[fresh] = head
      this.#head[at] = fresh
      head = fresh
      filled = 0
    }
    const place = head * block + filled
    this.#times[place] = time
    this.#ids[place] = id
    this.#filled[at] = filled + 1
    this.#waiting++
  }

  /** Goes on to the next slice in which something falls due. */
  #turn(): boolean {
    if (this.#waiting === 0 && this.#far.size === 0) return false
    if (this.#waiting === 0) this.#now = Math.floor(this.#far.first * this.#perS)
    else
      do this.#now++
      while (
        (this.#head[this.#now & (this.#slices - 1)] as number) < 0 &&
        this.#far.first * this.#perS >= this.#now + 1
      )
    this.#open(this.#now & (this.#slices - 1))
    while (this.#far.first * this.#perS < this.#now + 1) {
      const time = this.#far.first
      this.#current.push(time, this.#far.pop())
    }
    return this.#current.size > 0 || this.#turn()
  }

  #open(at: number): void {
    let filled = this.#filled[at] as number
    for (let from = this.#head[at] as number; from >= 0; filled = block) {
      for (let i = from * block; i < from * block + filled; i++)
        this.#current.add(this.#times[i] as number, this.#ids[i] as number)
      this.#waiting -= filled
      const next = this.#next[from] as number
      this.#next[from] = this.#free
      this.#free = from
      from = next
    }
    this.#head[at] = -1
    this.#filled[at] = 0
    this.#current.settle()
  }

  #fresh(): number {
    if (this.#free >= 0) {
      const taken = this.#free
      this.#free = this.#next[taken] as number
      return taken
    }
    if (this.#blocks === this.#next.length) {
      const longer = <T extends Float64Array | Int32Array>(to: T, from: T): T => {
        to.set(from)
        return to
      }
      this.#times = longer(new Float64Array(2 * this.#times.length), this.#times)
      this.#ids = longer(new Int32Array(2 * this.#ids.length), this.#ids)
      this.#next = longer(new Int32Array(2 * this.#next.length), this.#next)
    }
    return this.#blocks++
  }
}

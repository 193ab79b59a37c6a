// The cells that wait for one neighbour: bounded in number and age, with a stated and counted drop policy.
// Pure: the time and the dice are arguments (docs/spec/link.md 3.1).

import type { Ms } from '../world/units.ts'
import type { CellDrop } from './link.ts'

export interface QueueLimits {
  /** Cells one queue holds. */
  readonly cells: number
  /** Milliseconds a cell may wait. */
  readonly ageMs: number
}

interface Waiting {
  readonly cell: Uint8Array
  /** The time when it was queued, `elapsed()` of the clock. */
  readonly since: Ms
}

/**
 * First in, first out. A full queue keeps a random choice, each as likely, of the cells it holds and the new
 * one: whoever floods it can neither push out a chosen cell nor tell whose went.
 */
export class CellQueue {
  readonly dropped: Record<CellDrop, number> = { 'queue-full': 0, 'too-old': 0, closed: 0 }
  readonly #limits: QueueLimits
  readonly #random: (length: number) => Uint8Array
  #waiting: Waiting[] = []
  /** Everything before this index has left. */
  #head = 0

  constructor(limits: QueueLimits, random: (length: number) => Uint8Array) {
    this.#limits = limits
    this.#random = random
  }

  get length(): number {
    return this.#waiting.length - this.#head
  }

  /**
   * Queues a cell.
   *
   * @param now `elapsed()` of the clock
   * @param crowded true when all queues together hold as much as they may: this one then counts as full
   * @returns false when the new cell is the one that was dropped
   */
  push(cell: Uint8Array, now: Ms, crowded = false): boolean {
    this.expire(now)
    if (this.length >= this.#limits.cells || crowded) {
      this.dropped['queue-full']++
      const victim = below(this.#random, this.length + 1)
      if (victim === this.length) return false
      this.#waiting.splice(this.#head + victim, 1)
    }
    this.#waiting.push({ cell, since: now })
    return true
  }

  /** The oldest `count` cells, or fewer; they stay until `shift`. Call `expire` first. */
  first(count: number): Uint8Array[] {
    return this.#waiting.slice(this.#head, this.#head + count).map(waiting => waiting.cell)
  }

  /** The oldest `count` cells have been handed over. */
  shift(count: number): void {
    this.#head = Math.min(this.#head + count, this.#waiting.length)
    if (this.#head === this.#waiting.length) {
      this.#waiting = []
      this.#head = 0
    } else if (this.#head > 512 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
  }

  /** Drops what has waited longer than it may. */
  expire(now: Ms): void {
    let late = 0
    while (late < this.length && now - this.#waiting[this.#head + late]!.since > this.#limits.ageMs) late++
    if (late === 0) return
    this.dropped['too-old'] += late
    this.shift(late)
  }

  /** Drops everything. */
  close(): void {
    this.dropped.closed += this.length
    this.shift(this.length)
  }
}

/** A whole number below `bound`; 48 random bits, so that the bias stays under bound / 2^48. */
function below(random: (length: number) => Uint8Array, bound: number): number {
  return random(6).reduce((number, byte) => number * 256 + byte, 0) % bound
}

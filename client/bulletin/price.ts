// What a client puts up for an entry of the bulletin (docs/spec/bulletin.md 4.4): nothing while there is room; work
// while a topic is full, more at each try, and as much as was enough the last time.

import { Work, type WorkFor } from '../../directory/work.ts'
import type { Clock } from '../../world/clock.ts'
import { KiB, type Ms, minute } from '../../world/units.ts'
import { sleep } from '../../world/wait.ts'

/** Hashes for each byte that an entry counts for, by step; none at the first. */
const steps = [0, 256, 1024, 4096, 16_384] as const
/** No entry has more behind it than this: some 40 s of a core. */
const mostWork = 2 ** 25
/** A search gives way to the client's clocks for a millisecond after so many hashes, which take half of one. */
const slice = 512

/** Counts steps for one topic. */
export class Price {
  #step = 0

  /**
   * Tells how much work an entry gets.
   *
   * @param full whether the topic carries half of what it may, or more
   * @param tried gateways that did not publish it
   */
  next(full: boolean, tried: number): number {
    if (!full) this.#step = 0
    const first = full ? Math.max(1, this.#step) : 0
    return Math.min(steps.length - 1, first + tried)
  }

  /** An entry was published at this step. */
  worked(step: number): void {
    this.#step = step
  }
}

/** Counts the hashes of a step. @param cost bytes that the entry counts for */
export function workAt(step: number, cost: number): number {
  return Math.min(mostWork, (steps[step] ?? 0) * cost)
}

/**
 * Looks for a nonce with so much work behind it, a little at a time: whatever a client does, its packets leave in time.
 *
 * @throws the signal's reason
 */
export async function findNonce(
  purpose: WorkFor,
  wanted: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<number> {
  const work = new Work(purpose)
  for (let nonce = 1; ; nonce++) {
    if (work.of(nonce) >= wanted) return nonce
    if (nonce % slice === 0) await sleep(clock, 1, signal)
  }
}

/** A topic is full when this share of what it carries a minute came in the last minute. */
const fullAt = 1 / 2

/** Says whether a topic is full. @param bytes of its entries in the last minute, as they count */
export function isFull(bytes: number, kibPerMinute: number): boolean {
  return bytes >= fullAt * kibPerMinute * KiB
}

/** So long ago an entry came and still counts. */
export const lookedBackMs: Ms = minute

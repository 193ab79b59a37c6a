// A node's mixing: it holds packets, and says when which of them leave (docs/spec/mixing.md). The consensus names one;
// each is a pure module that is told the time that has gone by (`Clock.elapsed`), in whole milliseconds.

import type { Ms } from '../../world/units.ts'

/** All that a strategy knows of a packet is what its sender asked of this hop. */
export interface Asked {
  readonly delayMs: Ms
}

export interface Strategy<T extends Asked> {
  /** Packets held. */
  readonly size: number
  /**
   * Holds a packet from `now` on.
   *
   * @returns the packet that had to go, drawn from all that were held with the new one, when the hold was full
   */
  put(packet: T, now: Ms): T | undefined
  /** Takes out what leaves now, in random order. */
  take(now: Ms): T[]
  /** Tells when `take` has something next, as `now` counts; undefined while nothing waits for time. */
  wakeAt(): Ms | undefined
  /** Takes out all that is held, in random order: another strategy holds it from now on. */
  release(): T[]
}

// How a node mixes: what it holds, and when what leaves (docs/spec/mixing.md). The consensus names one; each is a
// pure module that is told the time.

/** What a strategy knows of a packet: nothing but what its sender asked of this hop. */
export interface Asked {
  /** Milliseconds to hold it. */
  readonly delayMs: number
}

export interface Strategy<T extends Asked> {
  /** Packets held. */
  readonly size: number
  /**
   * Holds a packet.
   *
   * @returns the packet that had to go, drawn from all that were held with the new one, when the hold was full
   */
  put(packet: T, now: number): T | undefined
  /** Takes out what leaves now, in random order. */
  take(now: number): T[]
  /** When `take` has something next, milliseconds since 1970-01-01 UTC; undefined while nothing waits for time. */
  wakeAt(): number | undefined
  /** Takes out all that is held, in random order: another strategy holds it from now on. */
  release(): T[]
}

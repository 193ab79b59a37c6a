// A clock for simulations that run production code without a promise: what is called back on it is called one after the
// other, and hours pass in seconds.

import type { Clock } from '../../world/clock.ts'
import { heap } from '../../world/heap.ts'

/** Passes as fast as what falls due is run. */
export interface SimulatedClock extends Clock {
  /** Runs what falls due until this time, milliseconds. */
  run(until: number): void
}

class Ringing {
  readonly at: number
  readonly order: number
  run: (() => unknown) | undefined

  constructor(at: number, order: number, run: () => unknown) {
    this.at = at
    this.order = order
    this.run = run
  }

  cancel(): void {
    this.run = undefined
  }
}

/** Makes a clock whose timers ring one after the other, with no promise to wait for in between. */
export function simulatedClock(): SimulatedClock {
  let time = 0
  let order = 0
  const timers = heap<Ringing>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order))
  return {
    now: () => time,
    elapsed: () => time,
    after(ms, run) {
      const timer = new Ringing(time + ms, order++, run)
      timers.push(timer)
      return timer
    },
    run(until) {
      for (let next = timers.peek(); next !== undefined && next.at <= until; next = timers.peek()) {
        timers.pop()
        time = next.at
        next.run?.()
      }
    },
  }
}

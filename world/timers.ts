// The timers of one owner, which are called off together when it closes, and what a timer's callback throws.

import { type Clock, onceAt, type Timer } from './clock.ts'
import type { Log } from './log.ts'
import type { Ms } from './units.ts'

/**
 * Makes a clock whose timers end no process: what a callback throws, or the promise that it returns rejects with, is
 * logged as a warning and dropped. A role that stood still for a while finds that much is late, in any of its timers.
 *
 * @param what the role, as it stands in front of the log's messages
 */
export function guardedClock(clock: Clock, log: Log, what: string): Clock {
  const drop = (error: unknown): void => log.warn({ why: String(error) }, `${what}: what was due failed`)
  return {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    after: (ms, run) =>
      clock.after(ms, () => {
        try {
          const running: unknown = run()
          if (running instanceof Promise) running.catch(drop)
        } catch (error) {
          drop(error)
        }
      }),
  }
}

export class Timers {
  readonly #clock: Clock
  readonly #armed = new Set<Timer>()
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Says whether `close` was called. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Calls `run` once, `ms` from now or later; never once it is closed. */
  after(ms: Ms, run: () => void): Timer {
    return this.#arm(run, ring => this.#clock.after(ms, ring))
  }

  /** Calls `run` once the wall clock shows `time` (milliseconds since 1970-01-01 UTC); never once it is closed. */
  at(time: Ms, run: () => void): Timer {
    return this.#arm(run, ring => onceAt(this.#clock, time, ring))
  }

  /** Calls `run` again and again, with `ms` between two calls, until it is closed. */
  every(ms: Ms, run: () => void): void {
    this.after(ms, () => {
      run()
      this.every(ms, run)
    })
  }

  /** Calls off everything that is armed; nothing is armed after that. */
  close(): void {
    this.#isClosed = true
    for (const timer of this.#armed) timer.cancel()
    this.#armed.clear()
  }

  #arm(run: () => void, start: (ring: () => void) => Timer): Timer {
    if (this.#isClosed) return { cancel: () => {} }
    const timer = start(() => {
      this.#armed.delete(timer)
      run()
    })
    this.#armed.add(timer)
    return {
      cancel: () => {
        this.#armed.delete(timer)
        timer.cancel()
      },
    }
  }
}

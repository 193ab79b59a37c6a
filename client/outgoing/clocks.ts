// The clocks of a client (docs/spec/client-clocks.md 8): each ticks at exponential intervals, so that the sum of ticks
// says nothing, and goes on whether or not there is anything to do.

import type { Clock, Timer } from '../../world/clock.ts'
import { exponential, type Random } from '../../world/random.ts'
import { minute } from '../../world/units.ts'

export type ClockName = 'payload' | 'loop' | 'drop' | 'read'

/** Ticks a minute; 0 stops a clock. */
export type Rates = Readonly<Record<ClockName, number>>

export interface Clocks {
  /** Takes over new rates; each clock draws its next tick with its own. */
  set(rates: Rates): void
  stop(): void
}

/** A clock that is further behind (the machine slept) does not catch up: a burst would show that it did. */
const catchUpMs = 1000

/** Starts all four; they stand still until the first `set`. */
export function startClocks(init: {
  readonly clock: Clock
  readonly random: Random
  readonly tick: (name: ClockName) => void
}): Clocks {
  const { clock, random, tick } = init
  const timers = new Map<ClockName, Timer>()
  let rates: Rates = { payload: 0, loop: 0, drop: 0, read: 0 }

  /** @param from when the tick before this one was due, by elapsed time: a late timer does not slow the clock down */
  const arm = (name: ClockName, from: number): void => {
    timers.get(name)?.cancel()
    timers.delete(name)
    if (rates[name] <= 0) return
    const due = from + exponential(random, minute / rates[name])
    const run = (): void => {
      const now = clock.elapsed()
      arm(name, now - due > catchUpMs ? now : due)
      tick(name)
    }
    timers.set(name, clock.after(Math.max(0, due - clock.elapsed()), run))
  }

  return {
    set(next) {
      const before = rates
      rates = next
      for (const name of ['payload', 'loop', 'drop', 'read'] as const) {
        if (before[name] !== next[name]) arm(name, clock.elapsed())
      }
    },
    stop() {
      for (const timer of timers.values()) timer.cancel()
      timers.clear()
    },
  }
}

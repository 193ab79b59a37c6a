// The timers of a running node: one a purpose, and none after its end.

import type { Clock, Timer } from '../world/clock.ts'
import type { Ms } from '../world/units.ts'

/** A timer of one purpose takes the place of the last. */
export type Purpose = 'loop' | 'epoch' | 'sweep'

export interface Timers {
  /** Calls `run` once, `ms` from now, unless it is called off or put off. */
  wakeIn(purpose: Purpose, ms: Ms, run: () => void): void
  cancel(purpose: Purpose): void
  /** Calls all off, and takes no others. */
  close(): void
}

/** Begins without any. */
export function timers(clock: Clock): Timers {
  const armed = new Map<Purpose, Timer>()
  let closed = false
  return {
    wakeIn(purpose, ms, run) {
      armed.get(purpose)?.cancel()
      if (!closed) armed.set(purpose, clock.after(ms, run))
    },
    cancel: purpose => armed.get(purpose)?.cancel(),
    close() {
      closed = true
      for (const timer of armed.values()) timer.cancel()
    },
  }
}

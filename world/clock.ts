// Time as an argument. Roles are handed a Clock; a test hands them one whose hours pass in milliseconds.

import { letProcessEnd, soon } from '#machine'
import { heap } from './heap.ts'

/** A timer that can be called off. Calling off one that has fired does nothing. */
export interface Timer {
  cancel(): void
}

/** Tells two times, and rings when one is over. */
export interface Clock {
  /**
   * Tells the wall time, milliseconds since 1970-01-01 UTC. People and NTP set it, forth and back: it is for epochs,
   * deadlines and dates only.
   */
  now(): number
  /**
   * Tells the time that has gone by since some moment, milliseconds. Nobody sets it and it never goes back: it is for
   * gaps, limits, retries, holds and back-off, and means nothing to another process.
   */
  elapsed(): number
  /**
   * Calls `run` once, `ms` milliseconds from now (0 or more) or later, never before. A promise that it returns is for
   * `guardedClock` alone.
   */
  after(ms: number, run: () => unknown): Timer
}

/** setTimeout takes 31 bits of milliseconds; a longer wait is taken in steps. */
const longestTimeout = 2 ** 31 - 1

/** The machine's clock. Its timers do not keep the process alive by themselves. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    let handle: ReturnType<typeof setTimeout>
    const due = performance.now() + ms
    const arm = (left: number): void => {
      handle = setTimeout(
        () => {
          // Node counts from when its loop last looked at the time: up to as much too early as the loop was busy
          const left = due - performance.now()
          if (left > 0) arm(left)
          else run()
        },
        Math.min(Math.ceil(left), longestTimeout),
      )
      letProcessEnd(handle)
    }
    arm(Math.max(0, ms))
    return { cancel: () => clearTimeout(handle) }
  },
}

/**
 * Keeps this process alive until the function it returns is called, for what waits without an open socket: the
 * system clock's timers do not.
 */
export function stayAlive(): () => void {
  const handle = setInterval(() => {}, longestTimeout)
  return () => clearInterval(handle)
}

/** Calls `run` once the wall clock shows `time`, also where it is put back meanwhile. */
export function onceAt(clock: Clock, time: number, run: () => void): Timer {
  let timer: Timer
  const again = (): void => {
    const left = Math.max(0, time - clock.now())
    timer = clock.after(left, () => (clock.now() < time ? again() : run()))
  }
  again()
  return { cancel: () => timer.cancel() }
}

/** A clock that moves only when told to. */
export interface VirtualClock extends Clock {
  /** Puts the wall time forth by `ms`, or back where negative, as people and NTP do; no timer notices. */
  set(ms: number): void
  /** Runs everything that falls due in the next `ms`, in order of time, then of arming. */
  advance(ms: number): Promise<void>
  /** Timers armed and neither fired nor called off. */
  readonly pending: number
}

interface Armed {
  at: number
  order: number
  run: () => unknown
}

/**
 * Between two timers every promise that needs no outside world settles, so that one seed gives one trace.
 *
 * @param start its first `now()`, milliseconds since 1970-01-01 UTC
 */
export function virtualClock(start = 0): VirtualClock {
  let time = start
  let set = 0
  let order = 0
  const timers = heap(before)
  const cancelled = new Set<Armed>()
  return {
    now: () => time + set,
    elapsed: () => time,
    set: ms => {
      set += ms
    },
    after(ms, run) {
      const armed = { at: time + Math.max(0, ms), order: order++, run }
      timers.push(armed)
      return {
        cancel: () => {
          if (armed.order >= 0) cancelled.add(armed)
        },
      }
    },
    async advance(ms) {
      const end = time + ms
      await settle()
      for (;;) {
        const next = timers.peek()
        if (next === undefined || next.at > end) break
        timers.pop()
        if (cancelled.delete(next)) continue
        time = next.at
        next.order = -1
        next.run()
        await settle()
      }
      time = end
    },
    get pending() {
      return timers.size - cancelled.size
    },
  }
}

/** Lets microtasks and next-tick callbacks run dry. */
function settle(): Promise<void> {
  return new Promise(resolve => soon(() => resolve()))
}

function before(a: Armed, b: Armed): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

// How late a process is: timers that have nothing to do with what it works on, one set as soon as the one before has
// rung (docs/spec/simulator.md 11).

import type { Ms } from '../../world/units.ts'

/** Holds what timers of a process told, all together. */
export interface TimersTold {
  readonly rang: number
  /** Sums up how late they rang. */
  readonly lateMs: Ms
  /** From when each was set until it rang. */
  readonly setMs: Ms
  /** Half the squares of how late they rang, milliseconds squared. */
  readonly lateMs2: number
}

export const noTimers: TimersTold = { rang: 0, lateMs: 0, setMs: 0, lateMs2: 0 }

/** Adds a timer that was set for so long and rang so late. */
export function addTimer(told: TimersTold, setForMs: Ms, lateMs: Ms): TimersTold {
  return addTimers(told, {
    ...{ rang: 1, lateMs, setMs: setForMs + lateMs },
    lateMs2: lateMs ** 2 / 2,
  })
}

export function addTimers(one: TimersTold, other: TimersTold): TimersTold {
  return {
    rang: one.rang + other.rang,
    lateMs: one.lateMs + other.lateMs,
    setMs: one.setMs + other.setMs,
    lateMs2: one.lateMs2 + other.lateMs2,
  }
}

/**
 * Says how late a timer is that falls due at any time, in the mean. Where each is woken late that is the mean of
 * those that rang. Where the process stands still for a while it is more: only one timer rings late then, however many
 * packets fall due meanwhile, and these wait for what is left of the while, half of it in the mean. The larger of the
 * two is given.
 */
export function timerLateMs({ rang, lateMs, setMs, lateMs2 }: TimersTold): Ms {
  return rang === 0 ? 0 : Math.max(lateMs / rang, lateMs2 / setMs)
}

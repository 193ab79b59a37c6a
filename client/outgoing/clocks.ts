// The clocks of a client (docs/spec/client-clocks.md 8): each ticks at exponential intervals, so that the sum of ticks
// says nothing, and goes on whether or not there is anything to do. In a network of rounds they are one (8.4).

import type { Clock, Timer } from '../../world/clock.ts'
import { exponential, fraction, type Random } from '../../world/random.ts'
import { type Ms, minute } from '../../world/units.ts'
import type { CommonStart } from './common-start.ts'

export type ClockName = 'payload' | 'loop' | 'drop' | 'read'

/** Ticks a minute; 0 stops a clock. */
export type Rates = Readonly<Record<ClockName, number>>

export interface Clocks {
  /**
   * Takes over new rates; each clock draws its next tick with its own.
   *
   * @param roundMs of a network of rounds how long one is: then all tick once in each, whatever their rates
   */
  set(rates: Rates, roundMs?: Ms): void
  stop(): void
}

const names = ['payload', 'loop', 'drop', 'read'] as const

/** A clock that is further behind (the machine slept) does not catch up: a burst would show that it did. */
const catchUpMs = 1000

/**
 * Starts all four; they stand still until the first `set`.
 *
 * @param init.start decides in which round packets leave; default: in each
 */
export function startClocks(init: {
  readonly clock: Clock
  readonly random: Random
  readonly tick: (name: ClockName) => void
  readonly start?: Pick<CommonStart, 'begin' | 'takesPart'>
}): Clocks {
  const { clock, random, tick, start } = init
  const timers = new Map<ClockName | 'round', Timer>()
  let rates: Rates = { payload: 0, loop: 0, drop: 0, read: 0 }
  let rounds: Ms | undefined

  const cancel = (name: ClockName | 'round'): void => {
    timers.get(name)?.cancel()
    timers.delete(name)
  }

  /** @param from when the tick before this one was due, by elapsed time: a late timer does not slow the clock down */
  const arm = (name: ClockName, from: number): void => {
    cancel(name)
    if (rates[name] <= 0) return
    const due = from + exponential(random, minute / rates[name])
    const run = (): void => {
      const now = clock.elapsed()
      arm(name, now - due > catchUpMs ? now : due)
      tick(name)
    }
    timers.set(name, clock.after(Math.max(0, due - clock.elapsed()), run))
  }

  /** @param round the first in which it may tick, by the wall clock; one that is missed is not made up for */
  const armRound = (roundMs: Ms, round: number): void => {
    cancel('round')
    const run = (): void => {
      armRound(roundMs, roundOf(clock.now(), roundMs) + 1)
      tick('read')
      if (start?.takesPart() ?? true) tick(drawn(rates, random))
    }
    timers.set('round', clock.after(Math.max(0, (round + middle) * roundMs - clock.now()), run))
  }

  const stop = (): void => {
    for (const name of [...timers.keys()]) cancel(name)
  }

  return {
    set(next, roundMs) {
      const [before, roundsBefore] = [rates, rounds]
      rates = next
      rounds = roundMs
      if (roundMs !== roundsBefore) stop()
      if (roundMs === undefined) {
        for (const name of names)
          if (roundsBefore !== undefined || before[name] !== next[name]) arm(name, clock.elapsed())
      } else if (roundMs !== roundsBefore) {
        start?.begin(names.some(name => before[name] > 0))
        armRound(roundMs, roundOf(clock.now() + middle * roundMs, roundMs))
      }
    },
    stop,
  }
}

/**
 * In the middle of a round a client is as far from both its ends as it can be: clocks may differ by half of one, and
 * each packet is where it is to be before the round ends.
 */
const middle = 1 / 2

/** Numbers the rounds: nodes' ticks are the multiples of their length since 1970-01-01 UTC (docs/spec/mixing.md 3). */
export function roundOf(wall: number, roundMs: Ms): number {
  return Math.floor(wall / roundMs)
}

/** Draws whose tick a round's is: each clock's as often as it would tick among the three. */
function drawn({ payload, loop, drop }: Rates, random: Random): Exclude<ClockName, 'read'> {
  const place = fraction(random) * (payload + loop + drop)
  if (place < loop) return 'loop'
  return place < loop + drop ? 'drop' : 'payload'
}

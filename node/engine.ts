// Runs the relay's steps: one event after the other, and one timer for the hold.

import type { Clock, Timer } from '../world/clock.ts'
import type { Ms } from '../world/units.ts'
import { wait } from '../world/wait.ts'
import { type Action, held, type Relay, type RelayEvent, step } from './relay/relay.ts'

export interface Engine {
  /** Steps the relay and carries its actions out. Called from within an action, the event waits its turn. */
  happen(event: RelayEvent): void
  /** The time as the relay counts it: what has gone by, in whole milliseconds. */
  now(): Ms
  /** Resolves when the relay holds nothing, or after `longestMs`. */
  empty(longestMs: Ms): Promise<void>
  /** Ends it: no more steps, no more timers. */
  stop(): void
}

/**
 * Makes the engine of a relay.
 *
 * @param options.carryOut does one action; its outcome is an event that happens now or later
 * @param options.fault told of what a step or an action threw: a mistake of ours, which must not end the process
 */
export function engine(options: {
  relay: Relay
  clock: Clock
  carryOut: (action: Action) => void
  fault: (error: unknown) => void
}): Engine {
  const { relay, clock, carryOut, fault } = options
  const events: RelayEvent[] = []
  let carrying = false
  let stopped = false
  let emptied: (() => void) | undefined
  let timer: Timer | undefined
  let ringsAt = Number.POSITIVE_INFINITY

  // docs/spec/mixing.md 2: what falls due within one millisecond leaves together
  const now = (): Ms => Math.floor(clock.elapsed())

  function happen(event: RelayEvent): void {
    if (stopped) return
    events.push(event)
    if (carrying) return
    carrying = true
    for (let next = events.shift(); next !== undefined; next = events.shift()) carry(next)
    carrying = false
    arm()
    if (held(relay) === 0) emptied?.()
  }

  function carry(event: RelayEvent): void {
    try {
      for (const action of step(relay, event, now())) carryOut(action)
    } catch (error) {
      fault(error)
    }
  }

  /** The timer is set anew only for what leaves before it rings; one that rings too early does no harm. */
  function arm(): void {
    const due = relay.hold.wakeAt() ?? Number.POSITIVE_INFINITY
    if (due >= ringsAt) return
    timer?.cancel()
    ringsAt = due
    timer = clock.after(Math.max(0, due - clock.elapsed()), () => {
      ringsAt = Number.POSITIVE_INFINITY
      happen({ type: 'due' })
    })
  }

  return {
    happen,
    now,
    empty: longestMs =>
      wait({}, ({ resolve }) => {
        if (stopped || held(relay) === 0) {
          resolve(undefined)
          return undefined
        }
        emptied = () => resolve(undefined)
        const latest = clock.after(longestMs, emptied)
        return () => latest.cancel()
      }),
    stop() {
      stopped = true
      timer?.cancel()
      emptied?.()
    },
  }
}

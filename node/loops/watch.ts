// Runs the n-1 alarm (alarm.ts) beside a node's loops: tells it what arrives and what is missing, and wakes it when
// something becomes so.

import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Ms } from '../../world/units.ts'
import { type AlarmEvent, type AlarmState, isWary, newAlarm, step } from './alarm.ts'

export interface LoopWatch {
  readonly state: AlarmState
  /**
   * A date for people: since when an alarm is raised, milliseconds since 1970-01-01 UTC; undefined while it is calm.
   */
  readonly raisedSince: Ms | undefined
  /** Packets came from other nodes. */
  arrived(count: number): void
  /** Holds while loops are missing in a way that is hardly chance. */
  readonly isWary: boolean
  /** Has this told whenever `isWary` changes. */
  react(reaction: (wary: boolean) => void): void
  /** A loop is back: it is no packet of others. */
  back(): void
  /** A loop is back, or missing, in the order in which they were due. */
  fate(returned: boolean): void
  /** Looks again when the next loop may be missing. */
  plan(): void
  close(): void
}

/** While a loop is missing, silence is weighed so often. */
const tickMs: Ms = 250

/**
 * Begins to watch.
 *
 * @param options.missingAt tells when the next loop will be missing (loops.ts)
 * @param options.findMissing has those that are missing now told to `fate`
 */
export function loopWatch(options: {
  clock: Clock
  log: Log
  missingAt: () => Ms | undefined
  findMissing: () => void
}): LoopWatch {
  const { clock, log, missingAt, findMissing } = options
  let state = newAlarm(clock.elapsed())
  let raisedSince: Ms | undefined
  let wary = false
  let reaction: (wary: boolean) => void = () => {}
  let arrived = 0
  let timer: Timer | undefined
  let closed = false

  const happen = (event: AlarmEvent): void => {
    const before = state.at
    const count = arrived
    arrived = 0
    if (count > 0) state = step(state, { type: 'arrived', count }, clock.elapsed())
    state = step(state, event, clock.elapsed())
    const isNow = isWary(state)
    if (isNow !== wary) {
      wary = isNow
      reaction(wary)
    }
    if (state.at === before) return
    raisedSince = state.at === 'raised' ? clock.now() : undefined
    if (state.at === 'raised') log.warn({}, 'n-1 alarm: loops do not return, and little else arrives')
    else log.info({}, 'n-1 alarm: loops return again')
  }
  const plan = (): void => {
    timer?.cancel()
    if (closed) return
    const next = missingAt() ?? Number.POSITIVE_INFINITY
    const weigh =
      state.missing > 0 && state.at === 'calm' ? clock.elapsed() + tickMs : Number.POSITIVE_INFINITY
    const at = Math.min(next, weigh)
    if (at === Number.POSITIVE_INFINITY) return
    timer = clock.after(Math.max(1, at - clock.elapsed()), () => {
      findMissing()
      happen({ type: 'tick' })
      plan()
    })
  }

  return {
    get state() {
      return state
    },
    get raisedSince() {
      return raisedSince
    },
    get isWary() {
      return wary
    },
    react(to) {
      reaction = to
    },
    back() {
      arrived = Math.max(0, arrived - 1)
    },
    arrived(count) {
      arrived += count
    },
    fate(returned) {
      happen({ type: 'loop', returned })
      plan()
    },
    plan,
    close() {
      closed = true
      timer?.cancel()
    },
  }
}

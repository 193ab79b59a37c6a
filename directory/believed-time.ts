// The time that a client or a node goes by (docs/spec/client-clocks.md 8.3, docs/spec/node.md 2.1). A clock that people
// set may jump, and a computer may sleep: what the wall clock says after a jump is believed only when a document that
// is fresh by it comes. Until then time goes on as it went by, and so does everything else.

import type { Clock } from '../world/clock.ts'
import { type Ms, second } from '../world/units.ts'
import type { Network } from './documents/network.ts'
import type { Directory, View } from './documents/view.ts'

/** Bounds by how much a clock may be away from the time that has gone by without being asked about. */
const toleranceMs = 10 * second
/** And of the time since a document has confirmed it: the worst that clocks of computers run wrong. */
const drift = 1e-3
/** Documents that are remembered: the directory keeps them by the clock that has jumped. */
const mostViews = 4

/** A clock, and a directory by its time. */
export interface BelievedTime {
  /** Its `now` is what is believed. */
  readonly clock: Clock
  /**
   * Takes word from a directory that goes by the machine's clock, and gives it back with the documents of the time that
   * is believed. Called once, before or after the clock is first looked at.
   */
  follow(directory: Directory): Directory
  /** Tells by how much the wall clock is ahead of what is believed; 0 while it is believed itself. */
  errorMs(): Ms
  /**
   * Tells by how much the wall clock is thought to be ahead, to within an epoch. It is believed at the start, for want of
   * anything better; but where all that is told is signed for another time, it is what is thought to be wrong.
   */
  seemsAheadMs(): Ms
  /** Tells whether a document has confirmed the clock since it started or jumped: before, nothing is over. */
  isSure(): boolean
  /** Ends listening to the directory, which stays as it is. */
  stop(): void
}

/** @param clock the machine's; what it shows now is believed until it jumps */
export function believedTime(clock: Clock, { epochMs }: Pick<Network, 'epochMs'>): BelievedTime {
  let anchor = { wall: clock.now(), elapsed: clock.elapsed() }
  const views = new Map<number, View>()
  let isConfirmed = false

  const errorMs = (): Ms => {
    const gone = clock.elapsed() - anchor.elapsed
    const error = clock.now() - (anchor.wall + gone)
    return Math.abs(error) <= toleranceMs + drift * gone ? 0 : error
  }
  const now = (): Ms => clock.now() - errorMs()

  const remember = (view: View | undefined): void => {
    if (view === undefined || views.get(view.epoch) === view) return
    views.set(view.epoch, view)
    if (views.size > mostViews) views.delete(Math.min(...views.keys()))
  }
  /** A document is made in the epoch before its own: one that comes is of now where the clock is right. */
  const heed = (view: View): void => {
    remember(view)
    const wall = clock.now()
    if (wall < view.validAfter - epochMs || wall >= view.freshUntil) return
    anchor = { wall, elapsed: clock.elapsed() }
    isConfirmed = true
  }
  const byTime = (time: Ms): View | undefined => {
    let found: View | undefined
    for (const view of views.values())
      if (view.validAfter <= time && time < view.validUntil && view.epoch > (found?.epoch ?? -1)) found = view
    return found
  }

  let outOfTime = (): View | undefined => undefined
  const seemsAheadMs = (): Ms => {
    const told = isConfirmed ? undefined : outOfTime()
    return told === undefined ? errorMs() : clock.now() - (told.validAfter + told.freshUntil) / 2
  }

  let stop = (): void => {}
  return {
    errorMs,
    seemsAheadMs,
    isSure: () => isConfirmed && errorMs() === 0,
    stop: () => stop(),
    clock: {
      now,
      elapsed: () => clock.elapsed(),
      after: (ms, run) => clock.after(ms, run),
    },
    follow: directory => {
      stop = directory.onView(heed)
      outOfTime = () => directory.outOfTime?.()
      return {
        current: () => {
          const current = directory.current()
          // Nothing speaks for what the clock showed at the start, if it shows something else now
          if (current !== undefined && !isConfirmed) heed(current)
          if (errorMs() !== 0) return byTime(now())
          remember(current)
          return current
        },
        view: epoch => directory.view(epoch) ?? views.get(epoch),
        onView: handler => directory.onView(handler),
        health: () => directory.health(),
        ready: signal => directory.ready(signal),
        close: () => directory.close(),
      }
    },
  }
}

// The life of the one stream on which cells leave for a neighbour. Pure: the shell (outbox.ts) dials, writes
// and keeps the timer (docs/spec/link.md 3).

import type { Ms } from '../world/units.ts'
import { LinkError } from './link.ts'

/** `failures` counts the attempts in a row that led to no stream that lasted; `since` is of `elapsed()`. */
export type Sending =
  /** No stream and nothing to send. */
  | { readonly at: 'idle'; readonly failures: number }
  /** A stream is being opened. */
  | { readonly at: 'dialling'; readonly failures: number }
  /** Cells may be written; `full` until the transport has drained. */
  | { readonly at: 'open'; readonly failures: number; readonly since: Ms; readonly full: boolean }
  /** Backing off; a timer is armed. */
  | { readonly at: 'waiting'; readonly failures: number }

export type SendingEvent =
  | { readonly type: 'queued' }
  | { readonly type: 'opened' }
  | { readonly type: 'full' }
  | { readonly type: 'drained' }
  /** The dial failed or the stream ended; `queued` is what waits for it, `jitter` a number in [0, 1). */
  | { readonly type: 'broken'; readonly queued: number; readonly jitter: number }
  /** The back-off is over. */
  | { readonly type: 'due'; readonly queued: number }

export type SendingAction =
  | { readonly do: 'dial' }
  | { readonly do: 'write' }
  | { readonly do: 'wait'; readonly ms: number }

export interface BackOff {
  /** Milliseconds before the first further attempt; doubles with each failure. */
  readonly firstMs: number
  readonly longestMs: number
  /** A stream that lasted this many milliseconds clears the count of failures. */
  readonly lastingMs: number
}

/** Exponential back-off with jitter: between a half and the whole of the doubled time. */
export function backOffMs(backOff: BackOff, failures: number, jitter: number): number {
  const whole = Math.min(backOff.longestMs, backOff.firstMs * 2 ** Math.min(failures - 1, 30))
  return whole / 2 + (whole / 2) * jitter
}

const dial: readonly SendingAction[] = [{ do: 'dial' }]
const write: readonly SendingAction[] = [{ do: 'write' }]
const none: readonly SendingAction[] = []

/**
 * Takes one step.
 *
 * @param now `elapsed()` of the clock
 * @throws LinkError WRONG_STATE for an event that does not fit, which the shell must not let happen
 */
export function step(
  backOff: BackOff,
  state: Sending,
  event: SendingEvent,
  now: Ms,
): readonly [Sending, readonly SendingAction[]] {
  switch (event.type) {
    case 'queued':
      if (state.at === 'idle') return [{ at: 'dialling', failures: state.failures }, dial]
      return [state, state.at === 'open' && !state.full ? write : none]
    case 'opened':
      if (state.at !== 'dialling') break
      return [{ at: 'open', failures: state.failures, since: now, full: false }, write]
    case 'full':
      if (state.at !== 'open') break
      return [{ ...state, full: true }, none]
    case 'drained':
      if (state.at !== 'open') break
      return [{ ...state, full: false }, write]
    case 'broken': {
      if (state.at !== 'dialling' && state.at !== 'open') break
      // A stream that lasted says that the neighbour is well or was killed: try at once.
      const lasted = state.at === 'open' && now - state.since >= backOff.lastingMs
      if (lasted) {
        if (event.queued === 0) return [{ at: 'idle', failures: 0 }, none]
        return [{ at: 'dialling', failures: 0 }, dial]
      }
      const failures = state.failures + 1
      return [{ at: 'waiting', failures }, [{ do: 'wait', ms: backOffMs(backOff, failures, event.jitter) }]]
    }
    case 'due':
      if (state.at !== 'waiting') break
      if (event.queued === 0) return [{ at: 'idle', failures: state.failures }, none]
      return [{ at: 'dialling', failures: state.failures }, dial]
  }
  throw new LinkError('WRONG_STATE', `${event.type} while ${state.at}`)
}

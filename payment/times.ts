// Says how long rounds and payments take: parameters, because a network on one machine is faster than one around the
// world. docs/spec/payments-rounds.md 4.10.

import type { Clock } from '../world/clock.ts'
import { type Epoch, type Ms, minute } from '../world/units.ts'

/**
 * Says when peers meet. All who want to meet must have the same `epochMs`; the other times may differ. Milliseconds.
 */
export interface PairingTimes {
  /** From one meeting to the next. */
  readonly epochMs: number
  /** The end of an epoch in which no request goes out any more: longer than a message takes to reach everybody. */
  readonly arriveMs: number
  /** After an epoch's end: when a round of it must be over. */
  readonly roundMs: number
}

/** And how long a round waits. Milliseconds. */
export interface RoundTimes extends PairingTimes {
  /** A phase, for the last message. */
  readonly phaseMs: number
  /** Then, for votes and late messages. */
  readonly voteMs: number
}

/** And how long payments stay mixed, and how often the ledger is looked at. */
export interface PaymentTimes extends RoundTimes {
  /** Mean of what a mixed piece waits before it is paid out, milliseconds. */
  readonly delayMs: number
  /** From one stretch of the ledger's log that is asked for to the next, whatever the wallet does, milliseconds. */
  readonly followMs: number
  /** Mean time from one note that is broken for the stock to the next, milliseconds. Absent or 0: none is. */
  readonly stockMs?: number
}

/** Those of a network with the usual parameters. */
export const usualTimes: PaymentTimes = {
  epochMs: 10 * minute,
  arriveMs: minute,
  roundMs: 20 * minute,
  phaseMs: 1.5 * minute,
  voteMs: minute,
  delayMs: 60 * minute,
  followMs: minute,
  stockMs: 60 * minute,
}

/** Gives the first epoch whose meeting one can still go to. @param now milliseconds since 1970-01-01 UTC */
export function openEpoch({ epochMs, arriveMs }: Pick<PairingTimes, 'epochMs' | 'arriveMs'>, now: Ms): Epoch {
  return Math.floor((now + arriveMs) / epochMs)
}

/**
 * A moment by both clocks (world/clock.ts): meetings go by the wall, and how long a phase waits by what has elapsed.
 */
export interface Moment {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly wall: Ms
  readonly elapsed: Ms
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.now(), elapsed: clock.elapsed() }
}

// Says when peers meet: time is cut into epochs, and requests of one epoch, ledger and denomination make one round.
// docs/spec/payments-rounds.md 4.5.

import { fraction, type Random } from '../../world/random.ts'
import { openEpoch, type PairingTimes } from '../times.ts'
import { pairingId } from './message.ts'

/** A place and time at which notes of one denomination come together. */
export interface Meeting {
  /** pairingId, 32 bytes. */
  readonly pairing: Uint8Array
  /** Milliseconds since 1970-01-01 UTC: when to publish the request, when requests end, when the round ends. */
  readonly ask: number
  readonly until: number
  readonly expiry: number
}

/**
 * The meeting of the present epoch, or of the next when too little of this one is left. The request goes out at a
 * random moment, so that it does not tell when its owner got the idea.
 *
 * @param ledger 32 bytes
 * @param now milliseconds since 1970-01-01 UTC
 */
export function nextMeeting(
  ledger: Uint8Array,
  denomination: number,
  times: PairingTimes,
  random: Random,
  now: number,
): Meeting {
  const epoch = openEpoch(times, now)
  const opens = Math.max(now, epoch * times.epochMs)
  const until = (epoch + 1) * times.epochMs
  // The end of an epoch is for requests to arrive.
  const closes = until - times.arriveMs
  return {
    pairing: pairingId(ledger, denomination, epoch),
    ask: Math.floor(opens + fraction(random) * (closes - opens)),
    until,
    expiry: until + times.roundMs,
  }
}

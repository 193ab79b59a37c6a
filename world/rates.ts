// Token buckets: how much one peer may ask for, however fast it asks.

import { type Ms, minute } from './units.ts'

/** Holds the tokens of one asker. */
export interface Bucket {
  tokens: number
  /**
   * The time when `tokens` was counted, by `elapsed()` of the clock: who sets the wall clock fills or dries no
   * bucket.
   */
  at: Ms
}

/** Says how much an asker may take, at once and in the long run. */
export interface Rate {
  /** Tokens that flow in, a minute. */
  readonly perMinute: number
  /** Tokens a full bucket holds. */
  readonly burst: number
}

/** Makes the bucket of somebody who has not asked for long. @param now `elapsed()` of the clock */
export function fullBucket(rate: Rate, now: Ms): Bucket {
  return { tokens: rate.burst, at: now }
}

/**
 * Takes up to `wanted` whole tokens.
 *
 * @param now `elapsed()` of the clock
 * @returns how many there were
 */
export function takeTokens(bucket: Bucket, rate: Rate, wanted: number, now: Ms): number {
  const flowed = (Math.max(0, now - bucket.at) * rate.perMinute) / minute
  bucket.tokens = Math.min(rate.burst, bucket.tokens + flowed)
  bucket.at = now
  const taken = Math.min(wanted, Math.floor(bucket.tokens))
  bucket.tokens -= taken
  return taken
}

/** Tells how long after the last `takeTokens` there is a whole token again, milliseconds; 0 when there is one. */
export function msUntilToken(bucket: Bucket, rate: Rate): Ms {
  return (Math.max(0, 1 - bucket.tokens) * minute) / rate.perMinute
}

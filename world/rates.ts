// Token buckets: how much one peer may ask for, however fast it asks.

import { minute } from './units.ts'

export interface Bucket {
  tokens: number
  /** When `tokens` was counted, milliseconds since 1970-01-01 UTC. */
  at: number
}

export interface Rate {
  /** Tokens that flow in, a minute. */
  readonly perMinute: number
  /** Tokens a full bucket holds. */
  readonly burst: number
}

export function fullBucket(rate: Rate, now: number): Bucket {
  return { tokens: rate.burst, at: now }
}

/**
 * Takes up to `wanted` tokens.
 *
 * @returns how many there were
 */
export function takeTokens(bucket: Bucket, rate: Rate, wanted: number, now: number): number {
  const flowed = (Math.max(0, now - bucket.at) * rate.perMinute) / minute
  bucket.tokens = Math.min(rate.burst, bucket.tokens + flowed)
  bucket.at = now
  const taken = Math.min(wanted, Math.floor(bucket.tokens))
  bucket.tokens -= taken
  return taken
}

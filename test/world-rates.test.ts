// world/rates.ts: the one token bucket.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { virtualClock } from '../world/clock.ts'
import { fullBucket, msUntilToken, takeTokens } from '../world/rates.ts'
import { hour } from '../world/units.ts'

test('a bucket gives its burst, then its rate', () => {
  const rate = { perMinute: 60, burst: 5 }
  const bucket = fullBucket(rate, 0)
  assert.is(takeTokens(bucket, rate, 9, 0), 5)
  assert.is(takeTokens(bucket, rate, 1, 500), 0)
  assert.is(takeTokens(bucket, rate, 1, 1000), 1)
  assert.is(takeTokens(bucket, rate, 100, 60_000), 5)
  assert.is(takeTokens(bucket, rate, 1, 1000), 0)
})

test('a bucket tells when there is a token again', () => {
  const rate = { perMinute: 30, burst: 1 }
  const bucket = fullBucket(rate, 0)
  assert.is(msUntilToken(bucket, rate), 0)
  assert.is(takeTokens(bucket, rate, 1, 0), 1)
  assert.is(msUntilToken(bucket, rate), 2000)
  assert.is(takeTokens(bucket, rate, 1, 500), 0)
  assert.is(msUntilToken(bucket, rate), 1500)
  assert.is(takeTokens(bucket, rate, 1, 500 + msUntilToken(bucket, rate)), 1)
})

test('a bucket on elapsed time heeds no clock that is set; on wall time it would be full again', async () => {
  const rate = { perMinute: 60, burst: 5 }
  for (const [read, given] of [
    ['elapsed', 1],
    ['now', 5],
  ] as const) {
    const clock = virtualClock(24 * hour)
    const bucket = fullBucket(rate, clock[read]())
    assert.is(takeTokens(bucket, rate, 5, clock[read]()), 5)
    clock.set(-hour)
    assert.is(takeTokens(bucket, rate, 5, clock[read]()), 0)
    clock.set(hour)
    await clock.advance(1000)
    assert.is(takeTokens(bucket, rate, 5, clock[read]()), given)
  }
})

test.run()

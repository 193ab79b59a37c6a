import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, virtualClock } from '../link/clock.ts'

test('timers fire in order of time, then of arming, and promises settle in between', async () => {
  const clock = virtualClock(1000)
  const seen: string[] = []
  clock.after(20, () => seen.push(`b ${clock.now()}`))
  clock.after(10, () => {
    seen.push('a')
    void sleep(clock, 5).then(() => seen.push(`slept ${clock.now()}`))
  })
  clock.after(20, () => seen.push('c'))
  await clock.advance(100)
  assert.equal(seen, ['a', 'slept 1015', 'b 1020', 'c'])
  assert.is(clock.now(), 1100)
})

test('a timer called off does not fire, also after the fact', async () => {
  const clock = virtualClock()
  let fired = 0
  const early = clock.after(1, () => fired++)
  const never = clock.after(2, () => fired++)
  never.cancel()
  await clock.advance(5)
  early.cancel()
  assert.is(fired, 1)
  assert.is(clock.pending, 0)
})

test('sleep rejects with the reason of its signal', async () => {
  const clock = virtualClock()
  const stop = new AbortController()
  const slept = sleep(clock, 1000, stop.signal)
  stop.abort(new Error('enough'))
  try {
    await slept
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'enough')
  }
})

test.run()

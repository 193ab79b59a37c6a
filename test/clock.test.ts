import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { onceAt, stayAlive, systemClock, virtualClock } from '../world/clock.ts'
import { sleep } from '../world/wait.ts'

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

test("the machine's timers never ring early, also those set after a while of work", async () => {
  const stop = stayAlive()
  const rings: Promise<{ readonly left: number; readonly shows: number }>[] = []
  for (let i = 0; i < 200; i++) {
    const ms = (i * 7) % 40
    // Node's own timers count from before this
    if (i % 20 === 0) for (const until = performance.now() + 15; performance.now() < until; );
    const [due, at] = [performance.now() + ms, systemClock.now() + ms]
    rings.push(
      new Promise(resolve => {
        systemClock.after(ms, () => resolve({ left: due - performance.now(), shows: systemClock.now() - at }))
      }),
    )
  }
  for (const { left, shows } of await Promise.all(rings))
    assert.ok(left <= 0 && shows >= 0, `${left} ms early`)
  stop()
})

test('what is to happen at a time happens once the clock shows it, also when it was put back', async () => {
  const clock = virtualClock(10_000)
  let putBack = 0
  const shaky = { ...clock, now: () => clock.now() - putBack }
  const seen: number[] = []
  onceAt(shaky, 10_100, () => seen.push(shaky.now()))
  onceAt(shaky, 9000, () => seen.push(shaky.now()))
  const never = onceAt(shaky, 10_090, () => seen.push(-1))
  await clock.advance(50)
  putBack = 1000
  await clock.advance(60)
  never.cancel()
  assert.equal(seen, [10_000])
  await clock.advance(2000)
  assert.equal(seen, [10_000, 10_100])
})

test('putting the wall time moves neither elapsed time nor any timer', async () => {
  const clock = virtualClock(1000)
  const seen: string[] = []
  clock.after(20, () => seen.push(`timer at ${clock.now()}`))
  onceAt(clock, 1015, () => seen.push(`once at ${clock.now()}`))
  await clock.advance(5)
  clock.set(-3_600_000)
  const before = clock.elapsed()
  await clock.advance(20)
  assert.is(clock.elapsed() - before, 20)
  assert.equal(seen, ['timer at -3598980'])
  clock.set(3_600_000)
  await clock.advance(3_600_000)
  assert.match(seen[1] ?? '', /^once at /)
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { virtualClock } from '../world/clock.ts'
import { turns } from '../world/turns.ts'
import { onAbort, type Settle, sleep, until, Waiting, wait, within } from '../world/wait.ts'

/** A signal that counts the listeners on it. */
function counted(): { signal: AbortSignal; abort(reason?: unknown): void; listeners(): number } {
  const controller = new AbortController()
  const { signal } = controller
  const on = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    on.add(args[1])
    add(...args)
  }) as typeof add
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    on.delete(args[1])
    remove(...args)
  }) as typeof remove
  return { signal, abort: reason => controller.abort(reason), listeners: () => on.size }
}

test('a wait ends with what it is settled with, cleans up once, and leaves no listener', async () => {
  for (const how of ['resolve', 'reject', 'abort'] as const) {
    const { signal, abort, listeners } = counted()
    let cleaned = 0
    let settle: Settle<string> | undefined
    const waiting = wait<string>({ signal }, given => {
      settle = given
      return () => {
        cleaned++
      }
    }).then(
      value => `resolved ${value}`,
      reason => `rejected ${reason}`,
    )
    assert.is(listeners(), 1)
    if (how === 'abort') abort('off')
    else settle?.[how]('it')
    settle?.resolve('too late')
    assert.is(await waiting, how === 'resolve' ? 'resolved it' : `rejected ${how === 'abort' ? 'off' : 'it'}`)
    assert.is(cleaned, 1)
    assert.is(listeners(), 0)
  }
})

test('a wait that is settled at once cleans up too, and one under an aborted signal does not begin', async () => {
  let cleaned = 0
  const at = await wait<number>({}, ({ resolve }) => {
    resolve(1)
    return () => {
      cleaned++
    }
  })
  assert.equal([at, cleaned], [1, 1])
  let begun = false
  const signal = AbortSignal.abort('before')
  const why = await wait<never>({ signal, aborted: () => 'mine' }, () => {
    begun = true
    return undefined
  }).catch(reason => reason as unknown)
  assert.equal([why, begun], ['mine', false])
})

test('turns come one after another, also after one that failed', async () => {
  const inTurn = turns()
  const seen: string[] = []
  const work = (name: string) => async (): Promise<string> => {
    seen.push(`${name} begins`)
    await new Promise(resolve => setTimeout(resolve))
    seen.push(`${name} ends`)
    if (name === 'b') throw new Error('b fails')
    return name
  }
  const all = await Promise.allSettled(['a', 'b', 'c'].map(name => inTurn(work(name))))
  assert.equal(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal(seen, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('what is heard of an abort is heard once, also afterwards, and not by who no longer cares', () => {
  const { signal, abort, listeners } = counted()
  let heard = 0
  const hear = (): void => {
    heard++
  }
  onAbort(undefined, hear)()
  const off = onAbort(signal, hear)
  onAbort(signal, hear)()
  abort()
  off()
  onAbort(signal, hear)()
  assert.is(heard, 2)
  assert.is(listeners(), 0)
})

test('who waits for news is woken by it and by an abort before or after, and leaves no listener', async () => {
  const news = new Waiting()
  const { signal, abort, listeners } = counted()
  const woken = news.next(signal)
  const plain = news.next(undefined)
  assert.is(listeners(), 1)
  news.wake()
  await Promise.all([woken, plain])
  assert.is(listeners(), 0)
  const calledOff = news.next(signal)
  abort()
  await calledOff
  await news.next(signal)
  assert.is(listeners(), 0)
})

test('what runs under several signals ends with each of them or its time, and leaves no listener', async () => {
  const clock = virtualClock()
  for (const how of ['late', 'abort', 'done'] as const) {
    const { signal, abort, listeners } = counted()
    let finish = (): void => {}
    const running = within(clock, 100, [signal, undefined], inner =>
      until([inner], async either => {
        await new Promise<void>(resolve => {
          finish = resolve
          onAbort(either, resolve)
        })
        return either.aborted
      }),
    )
    assert.is(listeners(), 1)
    if (how === 'abort') abort()
    if (how === 'done') finish()
    await clock.advance(how === 'late' ? 100 : 99)
    assert.is(await running, how !== 'done')
    assert.is(listeners(), 0)
    assert.is(clock.pending, 0)
  }
})

test('a sleep that is called off leaves no timer', async () => {
  const clock = virtualClock()
  const { signal, abort, listeners } = counted()
  const slept = sleep(clock, 10, signal).catch(reason => reason)
  abort('up')
  assert.is(await slept, 'up')
  assert.equal([clock.pending, listeners()], [0, 0])
})

test.run()

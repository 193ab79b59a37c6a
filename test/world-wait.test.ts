import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { turns } from '../world/turns.ts'
import { type Settle, wait } from '../world/wait.ts'

/** A signal that counts the listeners on it. */
function counted(): { signal: AbortSignal; abort(reason?: unknown): void; listeners(): number } {
  const controller = new AbortController()
  const { signal } = controller
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners++
    add(...args)
  }) as typeof add
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners--
    remove(...args)
  }) as typeof remove
  return { signal, abort: reason => controller.abort(reason), listeners: () => listeners }
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
    await new Promise(resolve => setImmediate(resolve))
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

test.run()

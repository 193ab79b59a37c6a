// How the processes of a local network are started: docs/guide/running.md and `npm start`.

import { availableParallelism } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Happened, type Run, startAll } from '../simulator/processes/index.ts'
import { Passages } from '../simulator/processes/passages.ts'
import { addTimer, noTimers, type TimersTold, timerLateMs } from '../simulator/processes/timers.ts'

const roles = ['client', 'gateway', 'mix', 'mix', 'authority', 'client', 'member'] as const

/** A network whose processes answer when asked so often, and whose document is there when four have started. */
function network(answersAfter: number): { readonly run: Run; readonly most: () => number } & {
  readonly started: string[]
  readonly happened: Happened[]
} {
  const processes = roles.map((role, i) => ({ name: `${role}-${i}`, role, configFile: '', logFile: '' }))
  const [started, happened]: [string[], Happened[]] = [[], []]
  const asked = new Map<string, number>()
  let most = 0
  const answers = (name: string): boolean => (asked.get(name) ?? 0) >= answersAfter
  const consensus = { epoch: 3, hash: 'ab'.repeat(32), signers: ['x'] }
  const last = (name: string): unknown => {
    if (!answers(name)) return undefined
    const isThere = started.length >= 4
    return { role: name.split('-')[0], consensus: isThere ? consensus : null, ready: true, listed: true }
  }
  const run = {
    plan: { processes },
    processes: {
      alive: () => true,
      start(name: string) {
        started.push(name)
        most = Math.max(most, started.filter(each => !answers(each)).length)
      },
    },
    watch: {
      last,
      ask: async (name: string) => void asked.set(name, (asked.get(name) ?? 0) + 1),
    },
    now: Date.now,
    tell: (what: Happened) => happened.push(what),
    signal: new AbortController().signal,
  } as unknown as Run
  return { run, started, happened, most: () => most }
}

test('authorities start first and clients last, and no more load their libraries at once than there are cores', async () => {
  const { run, started, most } = network(2)
  await startAll(run)
  assert.equal(
    started.map(name => name.split('-')[0]),
    ['authority', 'mix', 'mix', 'gateway', 'member', 'client', 'client'],
  )
  assert.is(most(), Math.min(availableParallelism(), roles.length))
})

test('that it starts is said at once, and the first consensus when it is there, once', async () => {
  const { run, happened } = network(1)
  await startAll(run)
  assert.equal(
    happened.map(({ event }) => event),
    ['starting', 'consensus', 'started', 'ready'],
  )
})

test('a mix whose own timers ring half a delay late is named and not compared', () => {
  const passages = new Passages()
  const told = (pid: number, lateMs: number): object => ({
    ...{ pid, passages: [] },
    timers: Array.from({ length: 10 }).reduce<TimersTold>(all => addTimer(all, 10, lateMs), noTimers),
  })
  passages.heard('mix-0', told(1, 24))
  passages.heard('mix-1', told(2, 26))
  assert.equal(passages.busy(50), ['mix-1'])
  assert.equal(passages.compare(50, 1), [])
})

test('a process that stands still is as late as a timer that falls due at any time, though few of its own are', () => {
  // 85 timers that ring at once, and one that waits for 150 ms, each second
  let told = noTimers
  for (let i = 0; i < 85; i++) told = addTimer(told, 10, 0)
  told = addTimer(told, 0, 150)
  assert.is(timerLateMs(told), 150 ** 2 / 2 / 1000)
  assert.is(timerLateMs(addTimer(noTimers, 10, 30)), 30)
  assert.is(timerLateMs(noTimers), 0)
})

test('what was seen is enough when one mix that has time has told of six hundred packets, or none has time', () => {
  const passages = new Passages()
  const packets = (count: number): object[] => Array.from({ length: count }, () => ({}))
  assert.not.ok(passages.hasEnough(50))
  passages.heard('mix-0', { pid: 1, passages: packets(599), timers: addTimer(noTimers, 10, 1) })
  assert.not.ok(passages.hasEnough(50))
  passages.heard('mix-0', { pid: 1, passages: packets(1), timers: noTimers })
  assert.ok(passages.hasEnough(50))
  const busy = new Passages()
  busy.heard('mix-0', { pid: 1, passages: packets(10), timers: addTimer(noTimers, 10, 60) })
  assert.ok(busy.hasEnough(50))
})

test.run()

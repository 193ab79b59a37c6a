// link/queue.ts, link/neighbour.ts, link/frame.ts, link/limits.ts: the pure parts (docs/spec/link.md).

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CellReader, FrameReader, prefixBytes, writeFrame } from '../link/frame.ts'
import { defaultLimits } from '../link/limits.ts'
import { LinkError } from '../link/link.ts'
import type { BackOff, Sending } from '../link/neighbour.ts'
import { backOffMs, step } from '../link/neighbour.ts'
import { CellQueue } from '../link/queue.ts'
import { seededRandom } from '../world/random.ts'

const queueTest = suite('queue')

queueTest('is a list that loses only what it counts', () => {
  const operation = fc.oneof(
    fc.record({ do: fc.constant('push' as const), crowded: fc.boolean() }),
    fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 40 }) }),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), fc.nat(), (operations, seed) => {
      const limits = { cells: 8, ageMs: 100 }
      const queue = new CellQueue(limits, seededRandom(seed))
      let now = 0
      let next = 0
      let taken = -1
      let left = 0
      const since: number[] = []
      for (const operation of operations) {
        if (operation.do === 'pass') now += operation.ms
        if (operation.do === 'push') {
          since[next] = now
          queue.push(Uint8Array.of(next++), now, operation.crowded)
        }
        if (operation.do === 'take') {
          queue.expire(now)
          const cells = queue.first(operation.count)
          queue.shift(cells.length)
          for (const [cell] of cells) {
            // In order, each once, none too old.
            assert.ok((cell as number) > taken)
            assert.ok(now - (since[cell as number] as number) <= limits.ageMs)
            taken = cell as number
            left++
          }
        }
        assert.ok(queue.length <= limits.cells)
        const { dropped } = queue
        assert.is(next, left + queue.length + dropped['queue-full'] + dropped['too-old'])
      }
      const { length } = queue
      queue.close()
      assert.is(queue.length, 0)
      assert.is(queue.dropped.closed, length)
    }),
    { numRuns: 300 },
  )
})

queueTest('drops each of the cells equally often when full', () => {
  const random = seededRandom(5)
  const kept = new Map<number, number>()
  const runs = 6000
  for (let run = 0; run < runs; run++) {
    const queue = new CellQueue({ cells: 4, ageMs: 1000 }, random)
    for (let n = 0; n < 5; n++) queue.push(Uint8Array.of(n), 0)
    for (const [n] of queue.first(5)) kept.set(n as number, (kept.get(n as number) ?? 0) + 1)
  }
  // Each stays with probability 4/5; five standard deviations.
  const [mean, deviation] = [runs * 0.8, Math.sqrt(runs * 0.8 * 0.2)]
  for (let n = 0; n < 5; n++) assert.ok(Math.abs((kept.get(n) ?? 0) - mean) < 5 * deviation, `cell ${n}`)
})

queueTest('stays cheap when long', () => {
  const queue = new CellQueue({ cells: 5000, ageMs: 1000 }, seededRandom(1))
  const cell = new Uint8Array(1)
  for (let n = 0; n < 100_000; n++) {
    queue.push(cell, 0)
    if (n % 2 === 1) queue.shift(1)
  }
  assert.is(queue.length, 4999)
})

queueTest.run()

const neighbourTest = suite('neighbour')
const backOff: BackOff = { firstMs: 100, longestMs: 5000, lastingMs: 5000 }

neighbourTest('back-off doubles up to its longest, with jitter in the upper half', () => {
  assert.is(backOffMs(backOff, 1, 0), 50)
  assert.is(backOffMs(backOff, 1, 1), 100)
  assert.is(backOffMs(backOff, 3, 1), 400)
  assert.is(backOffMs(backOff, 7, 1), 5000)
  assert.is(backOffMs(backOff, 10_000, 0), 2500)
})

neighbourTest('a stream that lasted is opened again at once, another one after a wait', () => {
  const open: Sending = { at: 'open', failures: 3, since: 1000, full: true }
  const broken = { type: 'broken', queued: 1, jitter: 0 } as const
  assert.equal(step(backOff, open, broken, 6000), [{ at: 'dialling', failures: 0 }, [{ do: 'dial' }]])
  assert.equal(step(backOff, open, { ...broken, queued: 0 }, 6000), [{ at: 'idle', failures: 0 }, []])
  assert.equal(step(backOff, open, broken, 5999), [{ at: 'waiting', failures: 4 }, [{ do: 'wait', ms: 400 }]])
})

neighbourTest('whatever happens, cells that wait have a stream, a dial or a timer', () => {
  // A shell that applies only what its transport could report in the state it is in.
  const event = fc.constantFrom('queued', 'opened', 'full', 'drained', 'broken', 'due', 'written')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 100 }), events => {
      let state: Sending = { at: 'idle', failures: 0 }
      let queued = 0
      let timer = false
      for (const [now, is] of events.entries()) {
        const fits =
          is === 'queued' ||
          (is === 'opened' && state.at === 'dialling') ||
          (is === 'full' && state.at === 'open' && !state.full) ||
          (is === 'drained' && state.at === 'open' && state.full) ||
          (is === 'broken' && (state.at === 'dialling' || state.at === 'open')) ||
          (is === 'due' && state.at === 'waiting') ||
          (is === 'written' && state.at === 'open' && !state.full)
        if (!fits) continue
        if (is === 'written') {
          queued = 0
          continue
        }
        if (is === 'queued') queued++
        if (is === 'due') timer = false
        const [next, actions] = step(backOff, state, { type: is, queued, jitter: 0.5 }, now)
        if (actions.some(action => action.do === 'wait')) {
          assert.not(timer)
          timer = true
        }
        state = next
        assert.is(state.at === 'waiting', timer)
        if (queued > 0) assert.is.not(state.at, 'idle')
        // Room and cells: the shell has been told to write.
        if (state.at === 'open' && !state.full && queued > 0 && is !== 'full') {
          assert.ok(actions.some(action => action.do === 'write'))
        }
      }
    }),
    { numRuns: 500 },
  )
})

neighbourTest('an event that does not fit is an error', () => {
  const wrong = (state: Sending, is: 'opened' | 'full' | 'drained' | 'due' | 'broken'): void => {
    assert.throws(
      () => step(backOff, state, { type: is, queued: 0, jitter: 0 }, 0),
      (error: LinkError) => error.code === 'WRONG_STATE' && error.message === `${is} while ${state.at}`,
    )
  }
  for (const is of ['opened', 'full', 'drained', 'due', 'broken'] as const) {
    wrong({ at: 'idle', failures: 0 }, is)
  }
  wrong({ at: 'waiting', failures: 0 }, 'opened')
  wrong({ at: 'dialling', failures: 0 }, 'drained')
})

neighbourTest.run()

const frameTest = suite('frame')
const bytes = fc.uint8Array({ maxLength: 300 })

/** Cuts bytes where the numbers say. */
function cut(whole: Uint8Array, at: readonly number[]): Uint8Array[] {
  const cuts = [0, ...at.map(n => n % (whole.length + 1)).toSorted((a, b) => a - b), whole.length]
  return cuts.slice(1).map((end, n) => whole.subarray(cuts[n], end))
}

frameTest('a frame comes back, however it is cut, one after another', () => {
  fc.assert(
    fc.property(
      fc.array(bytes, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (bodies, at) => {
        const reader = new FrameReader('test', 300)
        for (const body of bodies) {
          const frame = writeFrame(body)
          assert.is(frame.length, prefixBytes + body.length)
          const got = cut(frame, at)
            .map(chunk => reader.push(chunk))
            .filter(read => read !== undefined)
          assert.equal(got, [body])
          assert.not(reader.within)
        }
      },
    ),
  )
})

frameTest("any bytes give frames or the reader's own errors", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), chunks => {
      const reader = new FrameReader('test', 50)
      try {
        for (const chunk of chunks) {
          const body = reader.push(chunk)
          assert.ok(body === undefined || body.length <= 50)
        }
      } catch (error) {
        assert.instance(error, LinkError)
        assert.ok(['TOO_LARGE', 'BAD_FRAME'].includes((error as LinkError).code))
      }
    }),
  )
})

frameTest('a length over the limit is refused with the fourth byte, and nothing is set aside', () => {
  for (const length of [1001, 2 ** 31, 2 ** 32 - 1]) {
    const prefix = new Uint8Array(4)
    new DataView(prefix.buffer).setUint32(0, length)
    const reader = new FrameReader('request /x/1', 1000)
    assert.is(reader.push(prefix.subarray(0, 3)), undefined)
    assert.throws(
      () => reader.push(prefix.subarray(3)),
      (error: LinkError) =>
        error.code === 'TOO_LARGE' && error.message === `request /x/1: at most 1000 bytes, have ${length}`,
    )
  }
})

frameTest('a large frame that does not come costs little', () => {
  const before = process.memoryUsage().arrayBuffers
  const prefix = Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 1)
  const readers = Array.from({ length: 50 }, () => new FrameReader('test', 2 ** 31))
  for (const reader of readers) reader.push(prefix)
  assert.ok(process.memoryUsage().arrayBuffers - before < 8_000_000)
})

frameTest('cells come back, however the stream is cut, and stand alone', () => {
  const size = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(
      size,
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (cellBytes, whole, at) => {
        const reader = new CellReader(cellBytes)
        const cells = cut(whole, at).flatMap(chunk => reader.push(chunk))
        assert.is(cells.length, Math.floor(whole.length / cellBytes))
        assert.is(reader.remainder, whole.length % cellBytes)
        for (const [n, cell] of cells.entries()) {
          assert.equal(cell, whole.slice(n * cellBytes, (n + 1) * cellBytes))
          assert.is(cell.buffer.byteLength, cellBytes)
        }
      },
    ),
  )
})

frameTest.run()

const limitsTest = suite('limits')

limitsTest('docs/spec/link.md gives every limit and its default', () => {
  const page = readFileSync(new URL('../docs/spec/link.md', import.meta.url), 'utf8')
  const [, section] = page.split('## 6. Limits') as [string, string]
  const given = [...section.split('## 7. Writes')[0]!.matchAll(/(\w+) \| (\d+) \|/g)].map(
    ([, name, value]) => [name, Number(value)],
  )
  const { backOff, conduct, ...others } = defaultLimits
  const limits: Record<string, number> = { ...others, ...backOff, ...conduct }
  assert.equal(Object.fromEntries(given), limits)
})

limitsTest.run()

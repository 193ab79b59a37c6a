// docs/spec/node.md 1.3: a node peels in its own thread while that leaves it time for the links, and in others while
// it does not; nothing is lost or peeled twice when that changes.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KeyRing } from '../node/relay/keys.ts'
import { usualThreads } from '../node/relay/open-peeler.ts'
import { peelerByLoad } from '../node/relay/peel-by-load.ts'
import type { Pool } from '../node/relay/peel-pool.ts'
import type { Peeler } from '../node/relay/peeler.ts'
import type { ReplayStore } from '../node/relay/replay.ts'
import { Shares } from '../node/relay/shares.ts'
import { geometry } from '../sphinx/geometry.ts'
import type { Clock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { minute, second } from '../world/units.ts'

const packets = (count: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(1))
const isNode = (): boolean => true
const lookMs = 5 * second

/** Threads that peel what they have when they are told to. */
interface Threads extends Pool {
  finish(): void
  closed: boolean
  forgotten: number
}

interface Bench {
  readonly peeler: Peeler
  readonly pools: Threads[]
  /** Packets that were peeled in the node's own thread, and in others. */
  readonly done: { here: number; threads: number }
  /** Lets so much time go by; timers fire when they are due. */
  pass(ms: number): Promise<void>
}

/** @param packetMs says how long it takes to peel a packet in the node's own thread */
function bench(packetMs: () => number, starts: () => boolean | Promise<boolean> = () => true): Bench {
  let time = 0
  let timers: { readonly due: number; readonly run: () => unknown }[] = []
  const clock: Clock = {
    now: () => time,
    elapsed: () => time,
    after(ms, run) {
      const timer = { due: time + ms, run }
      timers.push(timer)
      return {
        cancel() {
          timers = timers.filter(other => other !== timer)
        },
      }
    },
  }
  const shares = new Shares(isNode)
  const left = shares.left.bind(shares)
  shares.left = (from, count) => {
    time += count * packetMs()
    left(from, count)
  }
  const done = { here: 0, threads: 0 }
  const pools: Threads[] = []
  const startPool = async (): Promise<Pool> => {
    if (!(await starts())) throw new Error('no thread')
    const waiting: (readonly [string, number])[] = []
    const take = (): void => {
      for (const { from, items } of shares.take(10_000)) waiting.push([from, items.length])
    }
    const pool: Threads = {
      shares,
      threads: 2,
      closed: false,
      forgotten: 0,
      get busy() {
        return waiting.length > 0 || shares.waiting > 0
      },
      takeOver: take,
      peel(from, some) {
        shares.push(from, some)
        take()
      },
      finish() {
        for (const [from, count] of waiting.splice(0)) {
          left(from, count)
          done.threads += count
        }
      },
      async forget(before) {
        pool.forgotten = before
      },
      async close() {
        assert.is(waiting.length, 0, 'threads end when they have nothing any more')
        pool.closed = true
      },
    }
    pools.push(pool)
    return pool
  }
  const peeler = peelerByLoad(
    {
      geometry: geometry({ suite: 'x25519', hops: 3, userBytes: 200 }),
      keys: { opening: () => [] } as unknown as KeyRing,
      replay: {} as ReplayStore,
      now: clock.now,
      clock,
      log: silent,
      isNode,
      shares,
      peeled: results => {
        done.here += results.length
      },
      judged: () => {},
    },
    startPool,
  )
  return {
    peeler,
    pools,
    done,
    async pass(ms) {
      const end = time + ms
      for (;;) {
        const next = timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
        if (next === undefined) break
        timers = timers.filter(timer => timer !== next)
        time = Math.max(time, next.due)
        next.run()
        await Promise.resolve()
      }
      time = Math.max(time, end)
      for (let i = 0; i < 5; i++) await Promise.resolve()
    },
  }
}

/** A load: so many packets every 100 ms, one by one. */
async function load({ peeler, pass, pools }: Bench, perTurn: number, ms: number): Promise<number> {
  let sent = 0
  for (let at = 0; at < ms; at += 100) {
    for (let i = 0; i < perTurn; i++) peeler.peel(`node ${i % 7}`, packets(1))
    sent += perTurn
    for (const pool of pools) pool.finish()
    await pass(100)
  }
  return sent
}

test('a node that has time peels in its own thread, however long', async () => {
  const run = bench(() => 1)
  const sent = await load(run, 20, 10 * minute)
  assert.is(run.pools.length, 0)
  assert.is(run.done.here, sent)
  assert.is(run.peeler.threads, 0)
  await run.peeler.close()
})

test('one that peels for a third of its time has threads do it, and takes it back after a calm minute', async () => {
  const run = bench(() => 1)
  let sent = await load(run, 40, 2 * lookMs)
  assert.is(run.pools.length, 1)
  assert.is(run.peeler.threads, 2)
  const { here } = run.done
  sent += await load(run, 40, minute)
  assert.is(run.done.here, here, 'nothing is peeled here any more')
  const pool = run.pools[0] as Threads
  await run.peeler.forget(7)
  assert.is(pool.forgotten, 7)
  // less than before, and more than a tenth: a node at the edge does not go to and fro
  sent += await load(run, 15, 5 * minute)
  assert.is(run.peeler.threads, 2)
  sent += await load(run, 2, 2 * minute)
  assert.is(run.peeler.threads, 0)
  assert.ok(pool.closed)
  assert.ok(run.done.here > here)
  assert.is(run.done.here + run.done.threads, sent, 'each packet once')
  // and once more
  await load(run, 40, 2 * lookMs)
  assert.is(run.pools.length, 2)
  assert.is(run.pools[1]?.forgotten, 7, 'the new ones are told which keys are gone')
  for (const each of run.pools) each.finish()
  await run.peeler.close()
  assert.ok(run.pools[1]?.closed)
})

test('threads that do not start leave the work here, and are tried again after a minute', async () => {
  let tried = 0
  const run = bench(
    () => 1,
    () => ++tried > 1,
  )
  let sent = await load(run, 40, 2 * lookMs)
  assert.is(tried, 1)
  sent += await load(run, 40, minute / 2)
  assert.is(tried, 1)
  assert.is(run.done.here, sent)
  await load(run, 40, minute)
  assert.is(tried, 2)
  assert.is(run.peeler.threads, 2)
  for (const pool of run.pools) pool.finish()
  await run.peeler.close()
})

test('threads that have started when the node is closed already are ended', async () => {
  let start = (_is: boolean): void => {}
  const started = new Promise<boolean>(resolve => {
    start = resolve
  })
  const run = bench(
    () => 1,
    () => started,
  )
  await load(run, 40, 2 * lookMs)
  assert.is(run.peeler.threads, 0)
  await run.peeler.close()
  start(true)
  await run.pass(0)
  assert.is(run.pools.length, 1)
  assert.ok(run.pools[0]?.closed)
})

test('whatever the load does, each packet is peeled once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 100 })), { maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      async (loads, quarters) => {
        const run = bench(() => quarters / 4)
        let sent = 0
        for (const [perTurn, seconds] of loads) sent += await load(run, perTurn, seconds * second)
        for (const pool of run.pools) pool.finish()
        // what waits for its turn has it
        await run.pass(minute)
        for (const pool of run.pools) pool.finish()
        assert.is(run.done.here + run.done.threads, sent)
        assert.is(run.peeler.shares.waiting, 0)
        await run.peeler.close()
      },
    ),
    { numRuns: 30 },
  )
})

test('from source there are none', () => {
  assert.is(usualThreads(8), 0)
})

test.run()

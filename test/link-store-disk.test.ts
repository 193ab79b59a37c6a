// world/store.ts on a disk that refuses in earnest: the system refuses to let any file of this process grow
// (RLIMIT_FSIZE, Linux), first while a log is written, then while a table is. What was acknowledged stays, and the
// store works again by itself.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { openStore, type Store } from '../world/store.ts'
import { healing, newLevel } from '../world/store-node.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-store-disk-'))
test.after(() => {
  fileLimit('unlimited')
  rmSync(folder, { recursive: true, force: true })
})

const valueBytes = 25_000
/** Over 1 MiB: with the next one LevelDB begins a new log and writes a table. */
const filling = 42
const bytes = seededRandom(1)(valueBytes)

function fileLimit(most: number | 'unlimited'): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${most}:`])
  assert.is(status, 0, `${stderr}`)
}

/** A value that says which it is. */
function numbered(n: number): Uint8Array {
  const value = bytes.slice()
  new DataView(value.buffer).setUint32(0, n)
  return value
}

interface Written {
  readonly taken: number[]
  readonly refused: number[]
}

async function put(store: Store, written: Written, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++)
    await store.put(`n${n}`, numbered(n)).then(
      () => written.taken.push(n),
      () => written.refused.push(n),
    )
}

/**
 * LevelDB writes a table beside the writes that it takes, and on a busy machine late. Waits until it has tried to,
 * which a refused write shows; what is put meanwhile is too small to fill a log.
 */
async function untilRefused(store: Pick<Store, 'put'>): Promise<void> {
  for (const late = performance.now() + 60_000; performance.now() < late; await pause(5)) {
    const refused = await store.put('small', bytes.subarray(0, 1)).then(
      () => false,
      () => true,
    )
    if (refused) return
  }
  throw new Error('no write was refused')
}

async function holdsAll(store: Store, { taken }: Written): Promise<void> {
  for (const n of taken) {
    const value = await store.get(`n${n}`)
    assert.ok(value !== undefined && Buffer.compare(value, numbered(n)) === 0, `n${n}`)
  }
}

for (const [what, limit] of [
  ['log', 1024 * 1024],
  ['table', 256 * 1024],
] as const) {
  test(`a ${what} that cannot be written costs no write that succeeded, and with room the store goes on`, async () => {
    const clock = virtualClock(0)
    const place = join(folder, what)
    const level = newLevel(place)
    await level.open()
    const store = healing(level, place, clock)
    const written: Written = { taken: [], refused: [] }
    // a log that is not full yet is refused as it grows, a full one makes LevelDB write a table
    const before = what === 'log' ? filling - 2 : filling
    await put(store, written, 0, before)
    assert.equal(written.refused, [])
    fileLimit(limit)
    await put(store, written, before, before + 3)
    await untilRefused(store)
    await put(store, written, before + 3, before + 20)
    const { length } = written.refused
    assert.ok(length > 10, `${length} refused`)
    await holdsAll(store, written)
    fileLimit('unlimited')
    // not before its time
    await put(store, written, 100, 101)
    assert.ok(written.refused.includes(100))
    await clock.advance(1000)
    await put(store, written, 101, 150)
    assert.ok(!written.refused.some(n => n > 100), `${written.refused}`)
    await holdsAll(store, written)
    await store.close()
    const again = await openStore(place)
    await holdsAll(again, written)
    await again.close()
  })
}

test('control: LevelDB alone takes no write any more once a table could not be written', async () => {
  const level = newLevel(join(folder, 'alone'))
  await level.open()
  const written: Written = { taken: [], refused: [] }
  await put(level, written, 0, filling)
  fileLimit(256 * 1024)
  await put(level, written, filling, filling + 1)
  await untilRefused(level)
  fileLimit('unlimited')
  await put(level, written, 100, 105)
  assert.ok([100, 101, 102, 103, 104].every(n => written.refused.includes(n)))
  await level.close()
})

test('a store that cannot be opened anew tries again by itself; who reads is told, and then served', async () => {
  const clock = virtualClock(0)
  const place = join(folder, 'anew')
  const level = newLevel(place)
  await level.open()
  const store = healing(level, place, clock)
  await store.put('kept', numbered(7))
  const open = level.open.bind(level)
  const compactRange = level.compactRange.bind(level)
  let tries = 0
  Object.assign(level, {
    put: () => Promise.reject(new Error('ENOSPC')),
    compactRange: async () => {},
    open: () => {
      tries++
      return Promise.reject(new Error('no room for the table'))
    },
  })
  const fails = (promise: Promise<unknown>): Promise<boolean> =>
    promise.then(
      () => false,
      () => true,
    )
  assert.ok(await fails(store.put('a', numbered(1))))
  assert.ok(await fails(store.put('b', numbered(2))))
  assert.is(tries, 1)
  assert.ok(await fails(store.get('kept')))
  assert.ok(await fails(store.put('c', numbered(3))))
  assert.is(tries, 1, 'not before its time')
  Object.assign(level, { open, compactRange })
  await clock.advance(1000)
  for (let waited = 0; level.status !== 'open'; waited++) {
    assert.ok(waited < 500, 'it is not open again')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.ok(Buffer.compare((await store.get('kept')) as Uint8Array, numbered(7)) === 0)
  await store.close()
})

test('a batch is whole, and waits for the disk where that is asked', async () => {
  const level = newLevel(join(folder, 'batches'))
  await level.open()
  const asked: unknown[] = []
  const begin = level.batch.bind(level) as () => ReturnType<typeof level.batch>
  level.batch = (() => {
    const chain = begin()
    const write = chain.write.bind(chain)
    chain.write = ((options: object) => {
      asked.push(options)
      return write(options)
    }) as typeof chain.write
    return chain
  }) as typeof level.batch
  const store = healing(level, join(folder, 'batches'))
  await store.batch([{ type: 'put', key: 'a', value: numbered(1) }], { sync: true })
  await store.batch([
    { type: 'put', key: 'b', value: numbered(2) },
    { type: 'del', key: 'a' },
  ])
  assert.equal(asked, [{ sync: true }, {}])
  const held = async (key: string): Promise<number | undefined> => {
    const value = await store.get(key)
    return value === undefined ? undefined : new DataView(value.buffer, value.byteOffset).getUint32(0)
  }
  assert.equal([await held('a'), await held('b')], [undefined, 2])
  const broken = [
    { type: 'put', key: 'c', value: numbered(3) },
    { type: 'put', key: 'd' },
  ] as never
  await store.batch(broken).then(
    () => assert.unreachable(),
    () => {},
  )
  assert.is(await held('c'), undefined, 'nothing of a batch that was refused')
  await store.batch([{ type: 'put', key: 'e', value: numbered(5) }])
  assert.is(await held('e'), 5, 'and the store goes on')
  await store.close()
})

test.run()

// world/store.ts: what a store promises when the disk refuses a write.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { entriesUnder, keysUnder, memoryStore, openStore, under, valuesUnder } from '../world/store.ts'
import { healing } from '../world/store-node.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-store-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const value = (n: number): Uint8Array => new Uint8Array(100).fill(n)
const logs = (): string[] => readdirSync(folder).filter(name => name.endsWith('.log'))

test('writes that come after one that failed go to a new log, one after the other', async () => {
  const level = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' })
  await level.open()
  const real = level.put.bind(level) as (key: string, value: Uint8Array) => Promise<void>
  const order: string[] = []
  const failing = Object.assign(level, {
    async put(key: string, bytes: Uint8Array) {
      order.push(`begin ${key}`)
      await real(key, bytes)
      order.push(`end ${key}`)
      if (key === 'refused') throw new Error('ENOSPC')
    },
  })
  const store = healing(failing, folder)
  await store.put('before', value(1))
  const first = logs()
  const refused = store.put('refused', value(2)).then(
    () => 'written',
    error => error.message,
  )
  const after = store.put('after', value(3))
  assert.is(await refused, 'ENOSPC')
  await after
  const steps = ['before', 'refused', 'after'].flatMap(key => [`begin ${key}`, `end ${key}`])
  assert.equal(order, steps)
  assert.not.equal(logs(), first)
  await store.put('later', value(4))
  await store.close()

  const again = await openStore(folder)
  for (const [key, n] of Object.entries({ before: 1, after: 3, later: 4 }))
    assert.equal(new Uint8Array((await again.get(key)) as Uint8Array), value(n))
  await again.close()
})

test('a store that is closed writes first what it was given', async () => {
  const store = await openStore(folder)
  const writes = Array.from({ length: 20 }, (_, n) => store.put(`n${n}`, value(n)))
  await Promise.all([...writes, store.close()])
  const again = await openStore(folder)
  assert.is((await again.keys({ gte: 'n', lt: 'o' }).all()).length, 20)
  await again.close()
})

test('what is under a prefix is what begins with it, and neither its neighbours nor the prefix itself', async () => {
  const store = memoryStore()
  for (const key of ['a', 'b', 'b/', 'b/1', 'b/2/x', 'b/\uffff', 'b0', 'b-/1', 'c/1'])
    await store.put(key, value(1))
  await store.put('b/1', value(2))
  const all = ['b/1', 'b/2/x', 'b/\uffff']
  assert.equal(await keysUnder(store, 'b/'), all)
  assert.equal(
    (await entriesUnder(store, 'b/')).map(([key]) => key),
    all,
  )
  assert.equal(
    (await valuesUnder(store, 'b/')).map(bytes => Buffer.from(bytes)),
    [2, 1, 1].map(value).map(bytes => Buffer.from(bytes)),
  )
  assert.equal(await store.keys({ ...under('b/'), reverse: true, limit: 1 }).all(), ['b/\uffff'])
  await store.clear(under('b/'))
  assert.equal(await store.keys().all(), ['a', 'b', 'b-/1', 'b/', 'b0', 'c/1'])
  assert.throws(() => under('b'), /ends in a slash/)
})

test.run()

// docs/spec/gateway.md 3: order, bounds, deletion, restart.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NodeError } from '../node/error.ts'
import { Crowd, slotMs } from '../node/gateway/crowd.ts'
import { type Mailboxes, type MailboxLimits, openMailboxes, type StoreEnd } from '../node/gateway/mailbox.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, openStore, type Store } from '../world/store.ts'
import { hour, minute } from '../world/units.ts'

const payloadBytes = 64
const owner = (n: number): Uint8Array => new Uint8Array(32).fill(n)

function open(store: Store, clock: VirtualClock, limits: Partial<MailboxLimits> = {}): Promise<Mailboxes> {
  return openMailboxes({
    store,
    clock,
    payloadBytes,
    limits: { entries: 100, minutes: 10, boxes: 10, bytes: 1 << 20, waiting: 100, ...limits },
  })
}

function put(
  boxes: Mailboxes,
  to: number,
  text: number,
  kind: 'forward' | 'reply' = 'forward',
): Promise<StoreEnd> {
  const replyId = new Uint8Array(16).fill(kind === 'reply' ? text : 0)
  const data = new Uint8Array(kind === 'reply' ? payloadBytes : 10).fill(text)
  return new Promise(resolve => boxes.put({ recipient: owner(to), kind, replyId, data }, resolve))
}

const page = (boxes: Mailboxes, to: number, after = 0, done = 0, places = 8): ReturnType<Mailboxes['page']> =>
  boxes.page(owner(to), { after, done, places })

test('what is acknowledged has been synced before; what is only tidied away waits for nobody', async () => {
  const store = memoryStore()
  const write = store.batch.bind(store) as (...args: unknown[]) => Promise<void>
  const synced: unknown[] = []
  Object.assign(store, {
    batch: (...args: unknown[]) => {
      synced.push((args[1] as { sync?: boolean } | undefined)?.sync)
      return write(...args)
    },
  })
  const boxes = await open(store, virtualClock(5_000_000))
  await put(boxes, 1, 1)
  const [entry] = (await page(boxes, 1)).entries
  await page(boxes, 1, entry?.cursor, entry?.cursor)
  await boxes.close()
  assert.equal(synced, [true, undefined])
})

test('what was put comes in order, padded, until it is acknowledged', async () => {
  const boxes = await open(memoryStore(), virtualClock(5_000_000))
  for (let n = 1; n <= 5; n++) assert.is(await put(boxes, 1, n, n === 2 ? 'reply' : 'forward'), 'stored')
  const first = await page(boxes, 1, 0, 0, 3)
  assert.equal(
    first.entries.map(entry => [entry.payload[0], entry.payload.length]),
    [
      [1, payloadBytes],
      [2, payloadBytes],
      [3, payloadBytes],
    ],
  )
  assert.is(first.waiting, 2)
  assert.equal(first.entries[1]?.replyId, new Uint8Array(16).fill(2))
  assert.equal(first.entries[0]?.payload.subarray(0, 10), new Uint8Array(10).fill(1))
  const last = first.entries[2]?.cursor as number
  const again = await page(boxes, 1)
  assert.is(again.entries.length, 5)
  const rest = await page(boxes, 1, last, last)
  assert.equal(
    rest.entries.map(entry => entry.payload[0]),
    [4, 5],
  )
  assert.equal(
    (await page(boxes, 1)).entries.map(entry => entry.payload[0]),
    [4, 5],
  )
  assert.is(boxes.entries, 2)
  assert.equal((await page(boxes, 2)).entries, [])
})

test('entries, bytes, mailboxes and what waits for the disk are bounded', async () => {
  const clock = virtualClock(5_000_000)
  const few = await open(memoryStore(), clock, { entries: 3 })
  for (let n = 0; n < 3; n++) assert.is(await put(few, 1, n), 'stored')
  assert.is(await put(few, 1, 9), 'stored')
  const kept = (await page(few, 1)).entries.map(entry => entry.payload[0])
  assert.equal([kept.length, kept.at(-1)], [3, 9])

  const small = await open(memoryStore(), clock, { bytes: 3 * (payloadBytes + 250) })
  for (let n = 0; n < 3; n++) assert.is(await put(small, n, n), 'stored')
  assert.is(await put(small, 3, 3), 'MAILBOX_FULL')

  const hurried = await open(memoryStore(), clock, { waiting: 4 })
  const ends = await Promise.all([1, 2, 3, 4, 5, 6].map(n => put(hurried, 1, n)))
  assert.equal(ends.slice(4), ['MAILBOX_FULL', 'MAILBOX_FULL'])
  assert.is(hurried.entries, 4)
})

test('a full mailbox takes what comes, whether its owner reads or not; what anybody writes drives out none of the rest', async () => {
  const ends = async (reads: boolean): Promise<string[]> => {
    const boxes = await open(memoryStore(), virtualClock(5_000_000), { entries: 4 })
    boxes.claim(owner(1))
    const all: string[] = []
    for (let n = 0; n < 12; n++) {
      all.push(await put(boxes, 1, n))
      if (!reads) continue
      const { entries } = await page(boxes, 1)
      await page(boxes, 1, 0, entries.at(-1)?.cursor)
    }
    return all
  }
  assert.equal(await ends(true), await ends(false))
  const boxes = await open(memoryStore(), virtualClock(5_000_000), { entries: 4 })
  const kept = async (): Promise<boolean[]> =>
    (await page(boxes, 1)).entries.map(({ payload }) => (payload[0] as number) < 10)
  for (const n of [1, 2]) await put(boxes, 1, n, 'reply')
  for (let n = 10; n < 30; n++) await put(boxes, 1, n)
  assert.equal(await kept(), [true, true, false, false])
  for (let n = 3; n < 10; n++) await put(boxes, 1, n, 'reply')
  assert.equal(await kept(), [false, false, true, true])
})

/** Counts what an owner who was away finds of ten friends, one an hour, where a stranger floods the mailbox. */
async function foundAfterFlood(flood: number, everyMs: number): Promise<number> {
  const clock = virtualClock(5_000_000)
  const boxes = await open(memoryStore(), clock, { entries: 400, minutes: 7 * 24 * 60 })
  for (let friend = 1; friend <= 10; friend++) {
    for (let n = 0; n < 2; n++) assert.is(await put(boxes, 1, friend), 'stored')
    await clock.advance(60 * minute)
  }
  for (let n = 0; n < flood; n++) {
    assert.is(await put(boxes, 1, 200), 'stored')
    if (everyMs > 0) await clock.advance(everyMs)
  }
  const { entries } = await page(boxes, 1, 0, 0, 400)
  assert.is(entries.length, Math.min(400, 20 + flood))
  return entries.filter(({ payload }) => payload[0] !== 200).length
}

test('a flood drives out itself: what was acknowledged in other hours stays', async () => {
  assert.is(await foundAfterFlood(2000, 0), 20)
  assert.is(await foundAfterFlood(2000, minute), 20)
})

test('control: of what came in the flood’s own minute any may go, by lot, and none of another hour', async () => {
  const came = [hour, ...Array.from({ length: 40 }, () => 2 * hour)].map(at => ({
    came: at,
    returned: false,
  }))
  const crowd = new Crowd(slotMs(7 * 24 * 60), came)
  const gone = Array.from({ length: 200 }, (_, n) => crowd.victim(came, undefined, seededRandom(n)))
  assert.ok(gone.every(index => index > 0))
  assert.ok(new Set(gone).size > 30)
  const boxes = await open(memoryStore(), virtualClock(5_000_000), { entries: 40, minutes: 7 * 24 * 60 })
  for (let n = 0; n < 20; n++) await put(boxes, 1, 1)
  for (let n = 0; n < 2000; n++) await put(boxes, 1, 200)
  const { entries } = await page(boxes, 1, 0, 0, 40)
  assert.ok(entries.filter(({ payload }) => payload[0] === 1).length < 5)
})

test('counts that are kept while entries come and go find whom counting anew finds', () => {
  const slot = slotMs(7 * 24 * 60)
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: slot / 4 }),
    returned: fc.constantFrom(true, false, undefined),
    goes: fc.nat({ max: 3 }),
    kind: fc.constantFrom(true, false, undefined),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), steps => {
      const entries: { came: number; returned: boolean | undefined }[] = []
      const crowd = new Crowd(slot, entries)
      let came = 0
      for (const [n, { afterMs, returned, goes, kind }] of steps.entries()) {
        came += afterMs
        entries.push({ came, returned })
        crowd.add({ came, returned })
        const at = crowd.victim(entries, kind, seededRandom(n))
        assert.is(at, new Crowd(slot, entries).victim(entries, kind, seededRandom(n)))
        const mayGo = entries.filter(entry => kind === undefined || (entry.returned ?? kind) === kind)
        assert.is(at < 0, mayGo.length === 0)
        if (at < 0) continue
        const inSlot = (of: number): number =>
          mayGo.filter(entry => Math.floor(entry.came / slot) === Math.floor(of / slot)).length
        const gone = entries[at] as (typeof entries)[number]
        assert.ok(mayGo.includes(gone))
        assert.is(inSlot(gone.came), Math.max(...mayGo.map(entry => inSlot(entry.came))))
        if (goes === 0) crowd.remove(entries.splice(at, 1)[0] as (typeof entries)[number])
      }
    }),
    { numRuns: 60 },
  )
})

test('a page for an owner who reads waits for no disk, and what comes meanwhile is on the next', async () => {
  const store = memoryStore()
  const boxes = await open(store, virtualClock(5_000_000))
  for (let n = 0; n < 20; n++) await put(boxes, 1, n)
  boxes.claim(owner(1))
  await new Promise(resolve => setImmediate(resolve))
  const getMany = store.getMany
  store.getMany = (() => new Promise(() => {})) as unknown as typeof getMany
  const { entries } = await page(boxes, 1)
  assert.equal(
    entries.map(entry => entry.payload[0]),
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
  await put(boxes, 1, 99)
  const rest = (await page(boxes, 1, entries[7]?.cursor, 0, 64)).entries
  assert.is(rest.at(-1)?.payload[0], 99)
  // Asked for again, as when the answer was lost
  assert.is((await page(boxes, 1)).entries.length, 8)
  store.getMany = getMany
})

test('the disk tells neither kinds nor, to less than an hour, times', async () => {
  const store = memoryStore()
  const clock = virtualClock(5_000_000_123)
  const boxes = await open(store, clock, { minutes: 7 * 24 * 60 })
  await put(boxes, 1, 1)
  await clock.advance(1234)
  await put(boxes, 1, 2, 'reply')
  await boxes.close()
  const index = (await store.iterator({ gt: 'mail/index/', lt: 'mail/index0' }).all()).map(
    ([, value]) => value,
  )
  assert.equal(index[0], index[1])
  assert.is(new DataView((index[0] as Uint8Array).slice().buffer).getBigUint64(0) % 3_600_000n, 0n)
  const data = (await store.iterator({ gt: 'mail/data/', lt: 'mail/data0' }).all()).map(([, value]) => value)
  assert.equal(
    data.map(value => value.length),
    [16 + payloadBytes, 16 + payloadBytes],
  )
  const again = await open(store, clock, { minutes: 7 * 24 * 60 })
  again.sweep()
  assert.is(again.entries, 2)
})

test('mailboxes that nobody has opened get half of the places: then the one longest not written to gives way', async () => {
  const boxes = await open(memoryStore(), virtualClock(5_000_000))
  for (let n = 0; n < 5; n++) assert.is(await put(boxes, n, n), 'stored')
  assert.is(await put(boxes, 0, 0), 'stored')
  assert.is(await put(boxes, 5, 5), 'stored')
  assert.equal((await page(boxes, 1)).entries, [])
  assert.is((await page(boxes, 0)).entries.length, 2)
  for (let n = 6; n < 11; n++) assert.ok(boxes.claim(owner(n)))
  assert.is(boxes.boxes, 10)
  assert.ok(boxes.claim(owner(0)))
  assert.is(await put(boxes, 9, 9), 'stored')
  assert.is(boxes.boxes, 10)
})

test('old mail goes, and so does a mailbox that was empty and unread for as long', async () => {
  const clock = virtualClock(5_000_000)
  const store = memoryStore()
  const boxes = await open(store, clock)
  await put(boxes, 1, 1)
  await clock.advance(6 * minute)
  await put(boxes, 1, 2)
  const cursor = (await page(boxes, 1)).entries[0]?.cursor as number
  await clock.advance(5 * minute)
  boxes.sweep()
  assert.equal(
    (await page(boxes, 1)).entries.map(entry => entry.payload[0]),
    [2],
  )
  await clock.advance(6 * minute)
  boxes.sweep()
  assert.equal([boxes.entries, boxes.bytes, boxes.boxes], [0, 0, 1])
  await clock.advance(5 * minute)
  boxes.sweep()
  assert.is(boxes.boxes, 0)
  await boxes.close()
  assert.equal(await store.keys().all(), ['mail/format'])
  // one that is made anew goes on behind the cursors of the old one
  await put(boxes, 1, 3)
  assert.ok(((await page(boxes, 1)).entries[0]?.cursor as number) > cursor)
})

test('mail and cursors survive a restart on LevelDB', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-mail-'))
  try {
    const clock = virtualClock(5_000_000.5)
    const store = await openStore(folder)
    const boxes = await open(store, clock)
    await Promise.all([1, 2, 3].map(n => put(boxes, 1, n)))
    boxes.claim(owner(2))
    const before = await page(boxes, 1)
    await page(boxes, 1, 0, before.entries[0]?.cursor)
    await boxes.close()
    await store.close()
    const store2 = await openStore(folder)
    const again = await open(store2, clock)
    assert.equal([again.boxes, again.entries], [2, 2])
    assert.equal((await page(again, 1)).entries, before.entries.slice(1))
    await put(again, 1, 4)
    const { entries } = await page(again, 1)
    assert.ok((entries[2]?.cursor as number) > (entries[1]?.cursor as number))
    const format = (await store2.get('mail/format'))?.[0] as number
    await store2.put('mail/format', Uint8Array.of(format + 1))
    await open(store2, clock).then(
      () => assert.unreachable(),
      error => assert.is((error as NodeError).code, 'NEWER_FORMAT'),
    )
    assert.is((await store2.get('mail/format'))?.[0], format + 1)
    await store2.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('mail of format 1 is read as it stands, beside what comes since, and marked as format 2', async () => {
  const store = memoryStore()
  const clock = virtualClock(5_000_000)
  const boxes = await open(store, clock)
  for (const n of [1, 2]) await put(boxes, 1, n)
  await boxes.close()
  // Format 1: kind 1, reply id 16, then the data as they came
  const [first, second] = await store.keys({ gt: 'mail/data/', lt: 'mail/data0' }).all()
  const forward = new Uint8Array(17 + 10).fill(1, 0, 1).fill(5, 17)
  const reply = new Uint8Array(17 + payloadBytes).fill(2, 0, 1).fill(9, 1, 17).fill(6, 17)
  await store.put(first as string, forward)
  await store.put(second as string, reply)
  await store.put('mail/format', Uint8Array.of(1))
  const again = await open(store, clock)
  assert.is((await store.get('mail/format'))?.[0], 2)
  await put(again, 1, 7, 'reply')
  const { entries } = await page(again, 1)
  assert.equal(
    entries.map(entry => entry.payload),
    [new Uint8Array(payloadBytes).fill(5, 0, 10), reply.slice(17), new Uint8Array(payloadBytes).fill(7)],
  )
  assert.equal(
    entries.map(entry => entry.replyId[0]),
    [0, 9, 7],
  )
})

test('a disk that refuses says so to every packet of the batch, and the store goes on when it recovers', async () => {
  const store = memoryStore()
  const boxes = await open(store, virtualClock(5_000_000))
  assert.is(await put(boxes, 1, 1), 'stored')
  const batch = store.batch
  store.batch = (() => Promise.reject(new Error('ENOSPC'))) as unknown as typeof batch
  assert.equal(await Promise.all([put(boxes, 1, 2), put(boxes, 2, 3)]), ['STORE_FAILED', 'STORE_FAILED'])
  const { entries } = await page(boxes, 1, 0, 0)
  await page(boxes, 1, 0, entries[0]?.cursor)
  store.batch = batch
  assert.is(await put(boxes, 1, 4), 'stored')
  assert.equal(
    (await page(boxes, 1)).entries.map(entry => entry.payload[0]),
    [4],
  )
  assert.is(boxes.entries, 1)
  assert.is((await store.keys({ gt: 'mail/data/', lt: 'mail/data0' }).all()).length, 1)
})

test('any sequence of puts and reads agrees with a list', async () => {
  const action = fc.oneof(
    fc.record({ put: fc.nat(2) }),
    fc.record({ read: fc.nat(2), after: fc.nat(9), done: fc.nat(9), places: fc.integer({ min: 1, max: 4 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async actions => {
      const boxes = await open(memoryStore(), virtualClock(5_000_000), { entries: 6 })
      const model = [0, 1, 2].map(() => [] as { text: number; cursor: number }[])
      let text = 0
      for (const act of actions) {
        if ('put' in act) {
          const list = model[act.put] as { text: number; cursor: number }[]
          text = (text + 1) % 250
          assert.is(await put(boxes, act.put, text), 'stored')
          const stored = (await page(boxes, act.put, list.at(-1)?.cursor ?? 0)).entries
          list.push({ text, cursor: stored[0]?.cursor as number })
          if (list.length > 6) {
            // one went, by lot
            const { entries } = await page(boxes, act.put, 0, 0, 9)
            assert.is(entries.length, 6)
            list.splice(0, 7, ...list.filter(({ cursor }) => entries.some(entry => entry.cursor === cursor)))
            assert.is(list.length, 6)
          }
          continue
        }
        const list = model[act.read] as { text: number; cursor: number }[]
        const cursorAt = (index: number): number => list[index]?.cursor ?? 0
        const [after, done] = [cursorAt(act.after), cursorAt(act.done)]
        list.splice(0, list.filter(entry => entry.cursor <= done).length)
        const found = await page(boxes, act.read, after, done, act.places)
        const wanted = list.filter(entry => entry.cursor > after)
        assert.equal(
          found.entries.map(entry => entry.payload[0]),
          wanted.slice(0, act.places).map(entry => entry.text),
        )
        assert.is(found.waiting, Math.max(0, wanted.length - act.places))
        assert.is(
          boxes.entries,
          model.reduce((sum, entries) => sum + entries.length, 0),
        )
      }
    }),
    { numRuns: 60 },
  )
})

test.run()

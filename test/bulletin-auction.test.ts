// docs/spec/bulletin.md 4.4, 6.3: what work counts for, who gets the room, and that nobody who puts up what an honest
// author does is kept out by sixteen who put up all they have.
// tier: slow

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findNonce, Price, workAt } from '../client/bulletin/price.ts'
import { noProof, Work, workOf } from '../directory/work.ts'
import { fromHex } from '../encoding/bytes.ts'
import { Auction } from '../node/bulletin/auction.ts'
import { Pieces } from '../node/bulletin/pieces.ts'
import { mayStamp } from '../node/bulletin/room.ts'
import { market } from '../trials/resources/bulletin.ts'
import { virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { type Ms, minute, second } from '../world/units.ts'

type Vector = Record<'document' | 'gateway' | 'id', string> &
  Record<'minute' | 'topic' | 'nonce' | 'work', number>

test('work is counted as the vectors say, and for nothing but its purpose', () => {
  const path = join(import.meta.dirname, 'vectors/bulletin-work.json')
  const cases = JSON.parse(readFileSync(path, 'utf8')) as readonly Vector[]
  for (const { document, gateway, minute, topic, id, nonce, work } of cases) {
    const [doc, gate, entry] = [document, gateway, id].map(fromHex) as [Uint8Array, Uint8Array, Uint8Array]
    assert.is(new Work({ document: doc, gateway: gate, minute, topic, id: entry }).of(nonce), work)
  }
})

test('work for another gateway, entry, topic or document, or of another time, counts for nothing', async () => {
  const clock = virtualClock(1000 * minute)
  const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
  const purpose = { document: bytes(1), gateway: bytes(2), minute: 1000, topic: 1, id: bytes(3) }
  const wanted = 2000
  const nonce = await findNonce(purpose, wanted, { ...clock, after: now }, new AbortController().signal)
  const proof = { minute: 1000, nonce }
  const { gateway, topic, id } = purpose
  const worth = (change: object, documents: Uint8Array[], at: Ms): number =>
    workOf(proof, { gateway, topic, id, ...change }, documents, at)
  for (const at of [998, 1000, 1005]) assert.ok(worth({}, [bytes(9), bytes(1)], at * minute) >= wanted)
  for (const at of [997, 1006]) assert.is(worth({}, [bytes(1)], at * minute), 0)
  for (const change of [{ gateway: bytes(4) }, { id: bytes(4) }, { topic: 2 }])
    assert.ok(worth(change, [bytes(1)], 1000 * minute) < wanted)
  assert.ok(worth({}, [bytes(4)], 1000 * minute) < wanted)
  assert.is(worth({}, [], 1000 * minute), 0)
  assert.is(workOf(noProof, purpose, [bytes(1)], 0), 0)
})

test('room goes to those with most work behind each byte, and nobody cheaper goes before one that waits', () => {
  const bid = fc.record({ cost: fc.integer({ min: 1, max: 100 }), work: fc.nat(1000) })
  fc.assert(
    fc.property(
      fc.array(bid, { maxLength: 40 }),
      fc.nat(),
      fc.integer({ min: 1, max: 500 }),
      (bids, seed, most) => {
        const clock = virtualClock(0)
        const auction = new Auction<number>(clock, seededRandom(seed))
        const inside = new Set<number>()
        for (const [n, one] of bids.entries()) {
          inside.add(n)
          for (const id of auction.offer({ ...one, id: `${n}`, entry: n }, most)) inside.delete(Number(id))
        }
        const price = (n: number): number => bids[n]!.work / bids[n]!.cost
        assert.is(auction.size, inside.size)
        assert.ok([...inside].reduce((sum, n) => sum + bids[n]!.cost, 0) <= most)
        assert.is(
          auction.take(() => false),
          undefined,
        )
        let last = Number.POSITIVE_INFINITY
        for (let n = auction.take(() => true); n !== undefined; n = auction.take(() => true)) {
          assert.ok(inside.delete(n) && price(n) <= last)
          last = price(n)
        }
        assert.is(inside.size, 0)
      },
    ),
  )
})

test('what is offered twice counts once, by its better offer; what waits too long goes', async () => {
  const clock = virtualClock(0)
  const auction = new Auction<string>(clock, seededRandom(1))
  for (const [work, entry] of [
    [5, 'first'],
    [9, 'better'],
    [7, 'worse'],
  ] as const)
    assert.equal(auction.offer({ id: 'same', cost: 10, work, entry }, 15), [])
  assert.is(auction.size, 1)
  await clock.advance(2 * minute)
  assert.is(
    auction.take(() => true),
    undefined,
  )
})

test('a gateway stamps half of a minute at once, then the rest, and what is first whatever its size', () => {
  assert.ok(mayStamp(1000, 0, 1000, 0))
  assert.not(mayStamp(1000, 0, 1001, 0))
  assert.ok(mayStamp(1000, 400, 100, 0))
  assert.not(mayStamp(1000, 400, 101, 0))
  assert.ok(mayStamp(1000, 400, 350, 30 * second))
  assert.not(mayStamp(1000, 400, 351, 30 * second))
})

test('pieces of entries with least work give way, so that halves of entries keep out nobody who works', () => {
  const pieces = new Pieces(virtualClock(0), 500)
  const piece = (n: number, index: number, work: number): string => {
    const id = new Uint8Array(32)
    new DataView(id.buffer).setUint32(0, n)
    return pieces.add({ topic: 1, id, index, count: 2, ...noProof, data: new Uint8Array(9) }, work).at
  }
  assert.is(piece(0, 0, 10), 'waiting')
  for (let n = 1; n < 1000; n++) piece(n, 0, 0)
  assert.is(piece(0, 1, 10), 'refused', 'it is whole, and its id is another one')
  assert.is(piece(5000, 0, 0), 'waiting')
})

for (const flooders of [1, 16])
  for (const price of [0, 256, 1024, 4096, 16_384])
    test(`${flooders} flooders who put up ${price} hashes a byte silence nobody`, async () => {
      for (const entryBytes of [100, 2000]) assert.ok((await market(flooders, price, entryBytes)) >= 0.9)
    })

test('control: where work counts for nothing, sixteen flooders silence nearly everybody', async () => {
  const { price } = Auction.prototype
  Auction.prototype.price = () => 0
  try {
    assert.ok((await market(16, 0, 100)) < 0.5)
  } finally {
    Auction.prototype.price = price
  }
})

test('a price is nothing while there is room, rises with each try, and is remembered while there is none', () => {
  const price = new Price()
  assert.is(workAt(price.next(false, 0), 1000), 0)
  assert.is(price.next(false, 1), 1)
  assert.equal(
    [0, 1, 2, 3, 4].map(tried => price.next(true, tried)),
    [1, 2, 3, 4, 4],
  )
  price.worked(3)
  assert.is(price.next(true, 0), 3)
  assert.is(price.next(false, 0), 0)
  assert.is(price.next(true, 0), 1)
  assert.is(workAt(4, 16_512), 2 ** 25)
})

test('a search gives way to the client after each slice, and ends when it is called off', async () => {
  const clock = virtualClock(0)
  const purpose = {
    document: new Uint8Array(32),
    gateway: new Uint8Array(32),
    minute: 0,
    topic: 1,
    id: new Uint8Array(32),
  }
  const off = new AbortController()
  let error: unknown
  const search = findNonce(purpose, 2 ** 40, clock, off.signal).catch((why: unknown) => {
    error = why
  })
  await clock.advance(50)
  off.abort(new Error('called off'))
  await search
  assert.is((error as Error).message, 'called off')
  assert.is(clock.elapsed(), 50)
})

function now(_: Ms, run: () => void): { cancel(): void } {
  queueMicrotask(run)
  return { cancel() {} }
}

test.run()

// docs/threats.md 3.35: strangers take all bytes or all places of a gateway's mail, so that nobody else's is kept. Each
// with its control, in which nobody gives way.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { heldAt, levelOf } from '../node/gateway/level.ts'
import { type Mailboxes, type MailboxLimits, openMailboxes, type StoreEnd } from '../node/gateway/mailbox.ts'
import { Room } from '../node/gateway/room.ts'
import { body } from '../sphinx/body.ts'
import { wrap } from '../sphinx/wrap.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { memoryStore } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { type Place, world } from './node-world.ts'

const test = suite('shares of a gateway’s mail')
const { above, place } = Room.prototype
test.after.each(() => {
  Object.assign(Room.prototype, { above, place })
})

const named = (n: number): Uint8Array => {
  const name = new Uint8Array(32)
  new DataView(name.buffer).setUint32(0, n)
  return name
}

const dataBytes = 750

function open(clock: VirtualClock, limits: Partial<MailboxLimits>): Promise<Mailboxes> {
  const usual = { entries: 50, minutes: 10_000, boxes: 40, bytes: 100_000, waiting: 1000 }
  return openMailboxes({
    store: memoryStore(),
    clock,
    payloadBytes: dataBytes,
    limits: { ...usual, ...limits },
  })
}

async function put(boxes: Mailboxes, to: number, times = 1): Promise<StoreEnd[]> {
  const replyId = new Uint8Array(16)
  const mail = { recipient: named(to), kind: 'forward' as const, replyId, data: new Uint8Array(dataBytes) }
  const ends: StoreEnd[] = []
  for (let i = 0; i < times; i++) ends.push(await new Promise<StoreEnd>(resolve => boxes.put(mail, resolve)))
  return ends
}

const stored = (ends: readonly StoreEnd[]): number => ends.filter(end => end === 'stored').length

/** Fills all bytes with mail for names that nobody has opened, or whose owners came and went; then a person's comes. */
async function flooded(owners: boolean): Promise<{ person: number; reader: number }> {
  const clock = virtualClock(5_000_000)
  const boxes = await open(clock, {})
  boxes.claim(named(1))
  await clock.advance(90 * minute)
  boxes.release(named(1))
  assert.is(stored(await put(boxes, 1, 10)), 10)
  for (let n = 10; n < 16; n++) {
    if (owners) boxes.claim(named(n))
    await put(boxes, n, 50)
    if (owners) boxes.release(named(n))
  }
  const person = stored(await put(boxes, 2, 5))
  for (let n = 10; n < 16; n++) await put(boxes, n, 50)
  const { entries } = await boxes.page(named(1), { after: 0, done: 0, places: 20 })
  const again = await boxes.page(named(2), { after: 0, done: 0, places: 20 })
  return { person: Math.min(person, again.entries.length), reader: entries.length }
}

for (const owners of [false, true]) {
  test(`a flood of mail ${owners ? 'for made-up owners' : 'for nobody'} drives itself out, and nobody else's`, async () => {
    assert.equal(await flooded(owners), { person: 5, reader: 10 })
  })

  test(`control: where nobody gives way a person's mail finds no room (${owners})`, async () => {
    Room.prototype.above = () => undefined
    assert.equal(await flooded(owners), { person: 0, reader: 10 })
  })
}

/** Makes up owners one after the other on one connection; then another one comes. */
async function claimed(): Promise<{ newcomer: boolean; reader: number }> {
  const clock = virtualClock(5_000_000)
  const boxes = await open(clock, {})
  boxes.claim(named(1))
  await put(boxes, 1, 3)
  await clock.advance(minute)
  boxes.release(named(1))
  for (let n = 100; n < 300; n++) {
    boxes.claim(named(n))
    boxes.release(named(n))
    await clock.advance(second)
  }
  const newcomer = boxes.claim(named(2))
  return { newcomer, reader: (await boxes.page(named(1), { after: 0, done: 0, places: 9 })).entries.length }
}

test('one connection that makes up owners takes no place that somebody else needs', async () => {
  assert.equal(await claimed(), { newcomer: true, reader: 3 })
})

test('control: where nobody gives way one connection takes all places', async () => {
  Room.prototype.place = function (this: Room, _claimed, unclaimed, most) {
    return place.call(this, false, unclaimed, most) === undefined ? undefined : 'none'
  }
  assert.equal(await claimed(), { newcomer: false, reader: 3 })
})

test('what is held by a connection, or was for longer, gives its place to nobody', async () => {
  const clock = virtualClock(5_000_000)
  const boxes = await open(clock, { boxes: 4 })
  for (const n of [1, 2]) boxes.claim(named(n))
  await clock.advance(10 * minute)
  boxes.release(named(2))
  for (let n = 10; n < 30; n++) {
    assert.ok(boxes.claim(named(n)))
    if (n % 2 === 0) boxes.release(named(n))
    else if (n < 12) continue
    else boxes.release(named(n))
  }
  await put(boxes, 1)
  await put(boxes, 2)
  const kept = async (n: number): Promise<number> =>
    (await boxes.page(named(n), { after: 0, done: 0, places: 9 })).entries.length
  assert.equal([await kept(1), await kept(2)], [1, 1])
  assert.is(boxes.boxes, 4)
})

async function whereMailLies(mail: boolean): Promise<{ newcomer: boolean; kept: number }> {
  const clock = virtualClock(5_000_000)
  const boxes = await open(clock, { boxes: 4 })
  for (const n of [1, 2, 3, 4]) {
    boxes.claim(named(n))
    if (mail || n === 1) await put(boxes, n)
  }
  await clock.advance(2 * minute)
  for (const n of [1, 2, 3, 4]) boxes.release(named(n))
  const newcomer = boxes.claim(named(5))
  return { newcomer, kept: (await boxes.page(named(1), { after: 0, done: 0, places: 9 })).entries.length }
}

test('a mailbox in which mail lies gives its place to no newcomer; an empty one does', async () => {
  assert.equal(await whereMailLies(true), { newcomer: false, kept: 1 })
  assert.equal(await whereMailLies(false), { newcomer: true, kept: 1 })
})

test('how long a mailbox was held is told by a small number', () => {
  assert.equal(
    [0, 1, 3, 7, 60, 10_000_000].map(minutes => levelOf(minutes * minute)),
    [1, 2, 3, 4, 6, 12],
  )
  for (let level = 1; level <= 12; level++) assert.is(levelOf(heldAt(level)), level)
})

async function deliveredWithoutNetwork(through: boolean): Promise<number> {
  const w = await world({ layers: 1, gateways: 2 })
  await w.clock.advance(2 * second)
  const [near, far] = w.places.filter(({ role }) => role === 'gateway') as [Place, Place]
  const mix = w.places.find(({ role }) => role === 'mix') as Place
  const path = through ? w.path([near, mix, far], [1, 1, 0]) : w.path([far], [0])
  const g = w.geometry
  const content = body(g, {
    flags: 0,
    ack: new Uint8Array(g.replyBlockBytes),
    user: new Uint8Array(g.userBytes),
  })
  const client = w.client()
  client.send((through ? near : far).link, wrap(g, path, w.random(32), content, w.random))
  await w.clock.advance(2 * second)
  const { packets } = far.node.status()
  assert.is(packets.dropped.NO_ROUTE ?? 0, through ? 0 : 1)
  await w.close()
  return packets.stored
}

test('a client’s packet is delivered only when it has been through the network', async () => {
  assert.is(await deliveredWithoutNetwork(false), 0)
  assert.is(await deliveredWithoutNetwork(true), 1)
})

test.run()

// docs/spec/node.md 2.1: a node believes a jump of its clock only with a document that is fresh by it. Until then its
// packet keys, their journals of tags and its mail stay, and packets for its published keys go on.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { epochAt } from '../directory/documents/network.ts'
import { openMailboxes } from '../node/gateway/mailbox.ts'
import { body } from '../sphinx/body.ts'
import { makeReplyBlock } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { virtualClock } from '../world/clock.ts'
import { memoryStore } from '../world/store.ts'
import { day, hour, minute, second } from '../world/units.ts'
import { type Place, type World, world } from './node-world.ts'

const epochMs = 20 * minute
const week = 7 * day
const jumps = [-week, -day, -hour, -minute, minute, hour, day, week]

const hours = (ms: number): string => `${Math.round((100 * ms) / hour) / 100} h`
const gatewayOf = (w: World, i: number): Place =>
  w.places.filter(place => place.role === 'gateway')[i] as Place

/** A packet for a mailbox at the second gateway, for the keys that the nodes have published for the true time. */
function packet(w: World, ids = 1): Uint8Array {
  const { geometry: g, random } = w
  const [near, far] = [gatewayOf(w, 0), gatewayOf(w, 1)]
  const mixes = w.places.filter(place => place.role === 'mix')
  const to = { recipient: new Uint8Array(32).fill(7), replyId: new Uint8Array(16).fill(ids) }
  const ack = makeReplyBlock(g, w.path([far, ...mixes, near], [0, 0, 0, 0, 0]), to, random).block
  const plain = body(g, { flags: 0, ack, user: new Uint8Array(g.userBytes) })
  return wrap(g, w.path([near, ...mixes, far], []), new Uint8Array(32).fill(3), plain, random)
}

/** Hands packets in, and counts those that reach the mailbox. */
async function arriving(w: World, packets: readonly Uint8Array[]): Promise<number> {
  const stored = (): number => gatewayOf(w, 1).node.status().packets.stored
  const before = stored()
  const client = w.client()
  for (const each of packets) client.send(gatewayOf(w, 0).link, each.slice())
  await w.clock.advance(3 * second)
  return stored() - before
}

const filesOf = (w: World): Promise<string[][]> =>
  Promise.all(w.places.map(async ({ files }) => [...(await files.list())]))

for (const jump of jumps)
  test(`a clock that jumps by ${hours(jump)} and back loses nothing: no key, no tag, no packet`, async () => {
    const w = await world({ epochMs })
    await w.clock.advance(minute)
    const [first, during, after] = [1, 2, 3].map(id => packet(w, id)) as [Uint8Array, Uint8Array, Uint8Array]
    assert.is(await arriving(w, [first]), 1)
    const had = await filesOf(w)
    w.clock.set(jump)
    await w.clock.advance(minute)
    assert.is(await arriving(w, [during]), 1, 'packets go on')
    assert.is(w.places[0]?.node.status().clockErrorMs, jump)
    assert.is(w.places[0]?.node.status().epoch, epochAt(w.network, w.clock.elapsed()))
    w.clock.set(-jump)
    await w.clock.advance(minute)
    assert.is(w.places[0]?.node.status().clockErrorMs, 0)
    assert.is(await arriving(w, [after]), 1)
    assert.is(await arriving(w, [first, during, after]), 0, 'each was there before')
    assert.equal(await filesOf(w), had)
    await w.close()
  })

test('a machine that slept for a week goes by its clock with the first document of that week', async () => {
  const w = await world({ epochMs })
  await w.clock.advance(minute)
  w.clock.set(week)
  await w.clock.advance(minute)
  const epoch = epochAt(w.network, w.clock.now())
  await w.publish(epoch)
  await w.clock.advance(second)
  for (const { node, files } of w.places) {
    assert.is(node.status().clockErrorMs, 0)
    assert.is(node.status().epoch, epoch)
    const names = await files.list()
    for (const kind of ['packet-0.key', 'replay-0.tags']) assert.not(names.includes(kind), `${kind} is over`)
    for (let e = epoch; e <= epoch + 3; e++) assert.ok(names.includes(`packet-${e}.key`), `epoch ${e}`)
  }
  await w.close()
})

for (const wrong of [-day, hour, day, week])
  test(`a clock that is wrong by ${hours(wrong)} at a start costs a node neither its keys nor its tags`, async () => {
    const w = await world({ epochMs })
    await w.clock.advance(minute)
    const [old, fresh] = [packet(w, 1), packet(w, 2)]
    assert.is(await arriving(w, [old]), 1)
    const [place] = w.places.filter(({ role }) => role === 'mix') as [Place]
    await place.node.close()
    w.kill(place)
    w.clock.set(wrong)
    await w.restart(place)
    await w.clock.advance(minute)
    w.clock.set(-wrong)
    await w.publish(0)
    await w.clock.advance(minute)
    assert.is(place.node.status().clockErrorMs, 0)
    assert.is(await arriving(w, [fresh]), 1)
    assert.is(await arriving(w, [old, fresh]), 0)
    await w.close()
  })

test('a key whose journal has more tags than there is room for is retired, and both go together', async () => {
  const w = await world({ epochMs })
  await w.clock.advance(minute)
  assert.is(
    await arriving(
      w,
      [1, 2, 3].map(id => packet(w, id)),
    ),
    3,
  )
  const [place] = w.places.filter(({ role }) => role === 'mix') as [Place]
  await place.node.close()
  w.kill(place)
  await w.restart(place, { tagsPerKey: 2 })
  await w.clock.advance(minute)
  assert.is(await arriving(w, [packet(w, 4)]), 0, 'better no packet of an epoch than one twice')
  assert.ok((place.node.status().packets.dropped.NO_KEY ?? 0) > 0)
  const there = async (): Promise<boolean[]> => {
    const names = await place.files.list()
    return ['packet-0.key', 'replay-0.tags'].map(name => names.includes(name))
  }
  assert.equal(await there(), [true, true])
  await place.node.close()
  w.kill(place)
  await w.restart(place)
  await w.clock.advance(minute)
  assert.is(await arriving(w, [packet(w, 6)]), 1, 'with more room it goes on')
  await w.clock.advance(2 * epochMs)
  assert.equal(await there(), [false, false])
  assert.is(await arriving(w, [packet(w, 5)]), 1)
  await w.close()
})

for (const wrong of [-week - day, week + day])
  test(`a gateway whose clock is wrong by ${hours(wrong)} at a start throws no mail away, nor keeps it for longer`, async () => {
    const clock = virtualClock(100 * day)
    const store = memoryStore()
    const mail = {
      recipient: new Uint8Array(32).fill(1),
      kind: 'forward',
      replyId: new Uint8Array(16),
      data: new Uint8Array(10),
    } as const
    let sure = true
    const open = (): ReturnType<typeof openMailboxes> =>
      openMailboxes({
        store,
        clock,
        payloadBytes: 64,
        limits: { entries: 100, minutes: 7 * 24 * 60, boxes: 10, bytes: 1 << 20, waiting: 100 },
        isSure: () => sure,
      })
    const before = await open()
    await new Promise(resolve => before.put(mail, resolve))
    await before.close()
    await clock.advance(3 * day)
    sure = false
    clock.set(wrong)
    const boxes = await open()
    boxes.sweep()
    await clock.advance(hour)
    boxes.sweep()
    assert.is(boxes.entries, 1)
    clock.set(-wrong)
    sure = true
    boxes.sweep()
    assert.is(boxes.entries, 1, 'three days old')
    await clock.advance(3 * day)
    boxes.sweep()
    assert.is(boxes.entries, 1, 'six')
    await clock.advance(day + 2 * hour)
    boxes.sweep()
    assert.is(boxes.entries, 0, 'more than seven')
    await boxes.close()
  })

test.run()

// docs/architecture.md 4: people and NTP set the wall clock, forth and back. What a node holds, limits,
// awaits or keeps goes by the time that has gone by; its keys and what it tags with a date go by the wall clock.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { epochAt } from '../directory/documents/network.ts'
import { noProof } from '../directory/work.ts'
import type { Stamped } from '../link/protocol/bulletin.ts'
import { Announcements } from '../node/announcements.ts'
import { Board } from '../node/bulletin/board.ts'
import { Pieces } from '../node/bulletin/pieces.ts'
import { openMailboxes } from '../node/gateway/mailbox.ts'
import { loopWatch } from '../node/loops/watch.ts'
import { strategyNames } from '../node/mixing/voted.ts'
import { body } from '../sphinx/body.ts'
import { makeReplyBlock } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { day, hour, minute, second } from '../world/units.ts'
import { type Place, type World, type WorldOptions, world } from './node-world.ts'

const jumps = [5 * second, -5 * second, hour, -hour, day, -day]

/** A network in the middle of a long epoch, so that the clock can be set by a day within it. */
async function longWorld(options: WorldOptions): Promise<World> {
  const w = await world({ epochMs: 20 * day, ...options })
  w.clock.set(10 * day)
  return w
}

const gatewayOf = (w: World, i: number): Place =>
  w.places.filter(place => place.role === 'gateway')[i] as Place
const mixesOf = (w: World): Place[] => w.places.filter(place => place.role === 'mix')

/** Has a client send a packet for a mailbox at the second gateway. */
function send(w: World, client: ReturnType<World['client']>, delays: readonly number[]): void {
  const { geometry: g, random } = w
  const [near, far] = [gatewayOf(w, 0), gatewayOf(w, 1)]
  const to = { recipient: new Uint8Array(32).fill(7), replyId: new Uint8Array(16).fill(1) }
  const ack = makeReplyBlock(g, w.path([far, ...mixesOf(w), near], [0, 0, 0, 0, 0]), to, random).block
  const plain = body(g, { flags: 0, ack, user: new Uint8Array(g.userBytes) })
  const path = w.path([near, ...mixesOf(w), far], delays)
  client.send(near.link, wrap(g, path, new Uint8Array(32).fill(3), plain, random))
}

const mailAt = async ({ store }: Place): Promise<number> =>
  (await store.keys({ gt: 'mail/data/', lt: 'mail/data0' }).all()).length

for (const jump of jumps) {
  const set = `the clock set by ${jump / second} s`

  test(`${set}: a packet is held as long as its sender drew`, async () => {
    const w = await longWorld({})
    send(w, w.client(), [2000, 0, 0, 0, 0])
    await w.clock.advance(second)
    assert.is(gatewayOf(w, 0).node.status().packets.held, 1)
    w.clock.set(jump)
    // something that makes the node look at its hold
    send(w, w.client(), [0, 0, 0, 0, 0])
    await w.clock.advance(0.8 * second)
    assert.is(gatewayOf(w, 0).node.status().packets.held, 1, 'not released before its time')
    assert.is(await mailAt(gatewayOf(w, 1)), 1)
    await w.clock.advance(second)
    assert.is(gatewayOf(w, 0).node.status().packets.held, 0, 'not held any longer')
    assert.is(await mailAt(gatewayOf(w, 1)), 2)
    await w.close()
  })

  for (const name of Math.abs(jump) === hour ? strategyNames : []) {
    test(`${set}: ${name} lets everything go within two ticks`, async () => {
      const numbers = { batchPackets: 4, batchMs: 300, poolPackets: 0, poolPercent: 100 }
      const w = await longWorld({ mixing: () => name, parameters: numbers })
      const client = w.client()
      const forwarded = (): number => gatewayOf(w, 0).node.status().packets.forwarded
      for (let round = 0; round < 3; round++) {
        const before = forwarded()
        for (let i = 0; i < 3; i++) send(w, client, [100, 0, 0, 0, 0])
        await w.clock.advance(50)
        if (round === 1) w.clock.set(jump)
        send(w, client, [100, 0, 0, 0, 0])
        await w.clock.advance(650)
        assert.ok(forwarded() - before >= 4, `round ${round}: ${forwarded() - before} left`)
      }
      await w.close()
    })
  }

  test(`${set}: a client gets no second burst, and its rate goes on`, async () => {
    const w = await longWorld({
      parameters: { payloadPerMinute: 60, loopPerMinute: 0, dropPerMinute: 0 },
    })
    const gate = gatewayOf(w, 0)
    const client = w.client()
    const dropped = (): number => gate.node.status().packets.dropped.CLIENT_RATE ?? 0
    const flood = async (): Promise<number> => {
      const before = dropped()
      for (let i = 0; i < 80; i++) client.send(gate.link, w.random(w.geometry.packetBytes))
      await w.clock.advance(second)
      return 80 - (dropped() - before)
    }
    assert.ok((await flood()) >= 60)
    w.clock.set(jump)
    assert.ok((await flood()) < 10, 'no burst for a set clock')
    await w.clock.advance(20 * second)
    assert.ok((await flood()) > 30, 'what flowed in meanwhile')
    await w.close()
  })

  test(`${set}: mail stays for its time, in the order of its cursors`, async () => {
    const clock = virtualClock(10 * day)
    const boxes = await openMail(memoryStore(), clock)
    const put = (): Promise<unknown> => new Promise(resolve => boxes.put(mail, resolve))
    await put()
    clock.set(jump)
    boxes.sweep()
    assert.is(boxes.entries, 1, 'nothing is thrown away')
    await put()
    await clock.advance(9 * minute)
    boxes.sweep()
    assert.is(boxes.entries, 2)
    await clock.advance(2 * minute)
    boxes.sweep()
    assert.equal([boxes.entries, boxes.boxes], [0, 0])
    await boxes.close()
  })

  test(`${set}: a service stands until it is two hours old`, async () => {
    const clock = virtualClock(10 * day)
    const announcements = new Announcements(clock)
    const bytes = new Uint8Array(32)
    announcements.announce({ name: 'echo', sealingKey: bytes, mailboxKey: bytes })
    clock.set(jump)
    assert.is(announcements.list().length, 1)
    await clock.advance(2 * hour)
    assert.is(announcements.list().length, 0)
  })

  test(`${set}: an entry of the bulletin stays on the board for its time`, async () => {
    const clock = virtualClock(10 * day)
    const board = new Board(clock, () => ({ topicBytes: 10_000, ageMs: 10 * minute }))
    board.put('one', entryAt(clock.now()), clock.now())
    board.put('older', entryAt(clock.now() - 5 * minute), clock.now() - 5 * minute)
    clock.set(jump)
    board.expire()
    assert.is(board.entries, 2)
    await clock.advance(6 * minute)
    board.expire()
    assert.is(board.entries, 1, 'the older one was five minutes old when it came')
    await clock.advance(5 * minute)
    board.expire()
    assert.is(board.entries, 0)
  })

  test(`${set}: an entry whose pieces come one after the other is put together`, async () => {
    const clock = virtualClock(10 * day)
    const pieces = new Pieces(clock, 500)
    const piece = { topic: 1, id: new Uint8Array(32), count: 2, ...noProof, data: new Uint8Array(9) }
    pieces.add({ ...piece, index: 0 }, 0)
    clock.set(jump)
    const other = { ...piece, id: new Uint8Array(32).fill(1) }
    pieces.add({ ...other, index: 0 }, 0)
    assert.is(pieces.waiting, 2)
    await clock.advance(3 * minute)
    pieces.add({ ...piece, id: new Uint8Array(32).fill(2), index: 0 }, 0)
    assert.is(pieces.waiting, 1, 'what is never complete does not stay')
  })

  if (Math.abs(jump) !== hour) continue
  test(`${set}: loops go on, no alarm rings without an attack, and one rings with one`, async () => {
    // some eight loops are under way at any time
    const parameters = { nodeLoopPerMinute: 120, hopDelayMs: 1000 }
    const w = await longWorld({ parameters, perLayer: 2, limits: { loops: 14 } })
    await w.clock.advance(40 * second)
    const target = mixesOf(w)[0]?.node as Place['node']
    const before = target.status().loops
    w.clock.set(jump)
    await w.clock.advance(15 * second)
    const { loops, alarm } = target.status()
    assert.is(alarm.count, 0)
    assert.ok(loops.sent - before.sent > 15, `${loops.sent - before.sent} loops`)
    assert.ok(loops.returned - before.returned > 15, `${loops.returned - before.returned} loops came back`)
    w.clock.set(jump)
    await w.clock.advance(5 * second)
    w.links.partition([[target.id]])
    await w.clock.advance(15 * second)
    const raised = target.status().alarm
    assert.ok(raised.raised && raised.count === 1, 'the alarm rings')
    // of the time that is believed: no document says that the clock was set to where it is
    assert.ok(Math.abs((raised.since as number) - w.clock.elapsed()) < 15 * second, 'since when is a date')
    await w.close()
  })
}

test('a mailbox that is made anew after the clock was put back goes on behind its old cursors', async () => {
  const clock = virtualClock(10 * day)
  const store = memoryStore()
  const boxes = await openMail(store, clock)
  const put = (): Promise<unknown> => new Promise(resolve => boxes.put(mail, resolve))
  const page = (done: number) => boxes.page(mail.recipient, { after: 0, done, places: 8 })
  await put()
  const [first] = (await page(0)).entries
  const done = first?.cursor as number
  await page(done)
  await clock.advance(11 * minute)
  boxes.sweep()
  assert.is(boxes.boxes, 0)
  clock.set(-hour)
  await put()
  const { entries } = await page(done)
  assert.is(entries.length, 1, 'its owner asks with the old cursor, and gets what is new')
  assert.ok((entries[0]?.cursor as number) > done)
})

test('mail that a start finds is as old as its date says, and none of it is older than the clock', async () => {
  const clock = virtualClock(10 * day)
  const store = memoryStore()
  const before = await openMail(store, clock)
  await new Promise(resolve => before.put(mail, resolve))
  await before.close()
  await clock.advance(6 * minute)
  const boxes = await openMail(store, clock)
  await clock.advance(3 * minute)
  boxes.sweep()
  assert.is(boxes.entries, 1)
  await clock.advance(2 * minute)
  boxes.sweep()
  assert.is(boxes.entries, 0)
})

test('a clock that is set by epochs: with a document of its new time the node has the keys of that', async () => {
  const w = await world({ epochMs: 20 * minute })
  await w.clock.advance(10 * second)
  w.clock.set(hour)
  await w.publish(epochAt(w.network, w.clock.now()))
  await w.clock.advance(second)
  const epoch = epochAt(w.network, w.clock.now())
  for (const { files } of w.places) {
    const names = await files.list()
    for (let e = epoch; e <= epoch + 3; e++) assert.ok(names.includes(`packet-${e}.key`), `epoch ${e}`)
    assert.not(names.includes(`packet-${epoch - 2}.key`), 'the key that is over is gone')
    assert.ok(names.includes(`replay-${epoch}.tags`))
  }
  await w.close()
})

const mail = {
  recipient: new Uint8Array(32).fill(1),
  kind: 'forward',
  replyId: new Uint8Array(16),
  data: new Uint8Array(10),
} as const

function openMail(store: Store, clock: ReturnType<typeof virtualClock>): ReturnType<typeof openMailboxes> {
  return openMailboxes({
    store,
    clock,
    payloadBytes: 64,
    limits: { entries: 100, minutes: 10, boxes: 10, bytes: 1 << 20, waiting: 100 },
  })
}

function entryAt(time: number): Stamped {
  const [origin, signature, data] = [32, 64, 100].map(bytes => new Uint8Array(bytes)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  return { topic: 1, time, origin, ...noProof, signature, data }
}

for (const ms of jumps)
  test(`the n-1 alarm hears nothing of a clock that is set by ${ms} ms`, async () => {
    /** Loops that return each 50 ms among others' packets, and then none for two seconds. */
    const run = async (jump: number): Promise<unknown> => {
      const clock = virtualClock(day)
      let missing: number | undefined
      const watch = loopWatch({
        clock,
        log: silent,
        missingAt: () => missing,
        findMissing: () => {
          if (missing === undefined || clock.elapsed() < missing) return
          missing += 50
          watch.fate(false)
        },
      })
      for (let loops = 0; loops < 400; loops++) {
        await clock.advance(50)
        watch.arrived(3)
        watch.fate(true)
        if (loops === 200) clock.set(jump)
      }
      missing = clock.elapsed() + 50
      watch.plan()
      await clock.advance(second)
      const { at } = watch.state
      clock.set(-jump)
      await clock.advance(second)
      watch.close()
      return { ...watch.state, after: at }
    }
    const still = (await run(0)) as { at: string }
    assert.is(still.at, 'raised')
    assert.equal(await run(ms), still)
  })

test.run()

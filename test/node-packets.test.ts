// docs/spec/node.md 1: what becomes of good and bad packets at nodes on the in-memory link.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { body } from '../sphinx/body.ts'
import { DROP_RECIPIENT } from '../sphinx/commands.ts'
import { makeReplyBlock, openReply, type ReplySecret } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { second } from '../world/units.ts'
import { type Place, type World, world } from './node-world.ts'

interface Sent {
  readonly packet: Uint8Array
  readonly secret: ReplySecret
}

/** A forward packet to `recipient`, acknowledged over the first gateway into the mailbox of 7s. */
function forward(w: World, through: readonly Place[], recipient: Uint8Array, delayMs = 50): Sent {
  const g = w.geometry
  const delays = through.map(() => delayMs)
  const back = [gatewayOf(w, 1), ...mixesOf(w), gatewayOf(w, 0)]
  const ack = makeReplyBlock(
    g,
    w.path(back, [0, delayMs, delayMs, delayMs, 0], through.length * delayMs),
    { recipient: new Uint8Array(32).fill(7), replyId: new Uint8Array(16).fill(9) },
    w.random,
  )
  const user = new Uint8Array(g.userBytes).fill(5)
  const plain = body(g, { flags: 0, ack: ack.block, user })
  return { packet: wrap(g, w.path(through, delays), recipient, plain, w.random), secret: ack.secret }
}

const gatewayOf = (w: World, i: number): Place =>
  w.places.filter(place => place.role === 'gateway')[i] as Place
const mixesOf = (w: World): Place[] => w.places.filter(place => place.role === 'mix')
const wholePath = (w: World): Place[] => [gatewayOf(w, 0), ...mixesOf(w), gatewayOf(w, 1)]
const peer = (place: Place): { id: Uint8Array; addresses: readonly string[] } => place.link

function assertSums(w: World): void {
  for (const { received, ends } of w.sums()) assert.is(received, ends)
}

test('a packet is stored at the far gateway, and its acknowledgement comes back to a mailbox', async () => {
  const w = await world()
  const client = w.client()
  const { packet, secret } = forward(w, wholePath(w), new Uint8Array(32).fill(3))
  client.send(peer(gatewayOf(w, 0)), packet)
  await w.clock.advance(2 * second)
  assertSums(w)
  const far = gatewayOf(w, 1).node.status()
  assert.is(far.packets.stored, 1)
  assert.is(far.mail?.entries, 1)
  const near = gatewayOf(w, 0).node.status()
  assert.is(near.packets.forwarded, 1)
  assert.is(near.packets.stored, 1)
  for (const mix of mixesOf(w)) assert.is(mix.node.status().packets.forwarded, 2)
  // the acknowledgement really is the sender's
  const key = (await gatewayOf(w, 0).store.keys({ gt: 'mail/data/', lt: 'mail/data0' }).all())[0] as string
  const value = (await gatewayOf(w, 0).store.get(key)) as Uint8Array
  assert.is(hex(value.subarray(0, 16)), '09'.repeat(16))
  assert.is(openReply(w.geometry, secret, value.slice(16)).length, w.geometry.bodyBytes)
  await w.close()
})

test('a drop is acknowledged like any other packet and stored nowhere', async () => {
  const w = await world()
  const client = w.client()
  client.send(peer(gatewayOf(w, 0)), forward(w, wholePath(w), DROP_RECIPIENT).packet)
  await w.clock.advance(2 * second)
  assertSums(w)
  const far = gatewayOf(w, 1).node.status()
  assert.is(far.packets.served, 1)
  assert.is(far.packets.forwarded, 1)
  assert.is(far.mail?.entries, 0)
  assert.is(gatewayOf(w, 0).node.status().packets.stored, 1)
  await w.close()
})

/** Counts what one mix drops when these cells reach it from its neighbour in front. */
async function droppedAt(w: World, cells: readonly Uint8Array[]): Promise<Record<string, number>> {
  const [mix, before] = [mixesOf(w)[0] as Place, gatewayOf(w, 0)]
  for (const cell of cells) before.link.send(peer(mix), cell)
  await w.clock.advance(second)
  assertSums(w)
  return { ...mix.node.status().packets.dropped }
}

test('bad packets are dropped and counted by reason', async () => {
  const w = await world()
  const g = w.geometry
  const path = [...mixesOf(w), gatewayOf(w, 1)]
  const good = (): Uint8Array => forward(w, path, new Uint8Array(32)).packet
  const changed = (at: number, bytes: readonly number[]): Uint8Array => {
    const packet = good().slice()
    packet.set(bytes, at)
    return packet
  }
  const lowOrder = new Array(32).fill(0)
  const wrongEpoch = [...mixesOf(w), gatewayOf(w, 1)].map(place => ({
    id: place.link.id,
    key: w.directory.view(1)?.nodes.get(hex(place.link.id))?.packetKeys.get(3) as Uint8Array,
    delayMs: 0,
  }))
  const plain = new Uint8Array(g.bodyBytes)
  const replayed = good()
  const outside = w.path([mixesOf(w)[0] as Place, mixesOf(w)[2] as Place, gatewayOf(w, 0)], [0, 0, 0])
  const long = w.path(path, [10_001, 0, 0, 0])
  const dropped = await droppedAt(w, [
    changed(0, [255]),
    changed(g.adBytes, lowOrder),
    changed(g.adBytes + g.kemBytes, [1, 2, 3]),
    changed(g.headerBytes - 1, [7]),
    w.random(g.packetBytes),
    wrap(g, wrongEpoch, new Uint8Array(32), plain, w.random),
    replayed,
    replayed.slice(),
    wrap(g, outside, new Uint8Array(32), plain, w.random),
    wrap(g, long, new Uint8Array(32), plain, w.random),
    wrap(g, w.path([mixesOf(w)[0] as Place], [0]), new Uint8Array(32), plain, w.random),
  ])
  assert.equal(dropped, {
    BAD_AD: 2,
    BAD_MAC: 3,
    BAD_POINT: 1,
    DELAY_TOO_LONG: 1,
    NO_MAILBOX: 1,
    NO_ROUTE: 1,
    REPLAY: 1,
  })
  await w.close()
})

test('a damaged payload and a damaged acknowledgement are dropped by the far gateway', async () => {
  const w = await world()
  const g = w.geometry
  const far = gatewayOf(w, 1)
  const last = mixesOf(w).at(-1) as Place
  const { packet } = forward(w, [far], new Uint8Array(32).fill(3))
  packet[g.packetBytes - 1] = (packet[g.packetBytes - 1] as number) ^ 1
  last.link.send(peer(far), packet)
  const noBlock = new Uint8Array(g.bodyBytes)
  last.link.send(peer(far), wrap(g, w.path([far], [0]), new Uint8Array(32).fill(3), noBlock, w.random))
  await w.clock.advance(second)
  assertSums(w)
  const { packets } = far.node.status()
  assert.equal(packets.dropped, { BAD_PAYLOAD: 1, BAD_REPLY_BLOCK: 1 })
  assert.is(packets.stored, 1)
  await w.close()
})

test('a hundred copies sent in parallel give one output', async () => {
  const w = await world()
  const mix = mixesOf(w)[0] as Place
  const { packet } = forward(w, [...mixesOf(w), gatewayOf(w, 1)], new Uint8Array(32).fill(3))
  for (let i = 0; i < 50; i++)
    for (const gate of [0, 1]) gatewayOf(w, gate).link.send(peer(mix), packet.slice())
  await w.clock.advance(2 * second)
  assertSums(w)
  const { packets } = mix.node.status()
  assert.is(packets.received - 1, 100)
  assert.equal(packets.dropped, { REPLAY: 99 })
  assert.is(gatewayOf(w, 1).node.status().packets.stored, 1)
  await w.close()
})

test('no tag is accepted again by a node that was killed and started on its folder', async () => {
  const w = await world()
  const mix = mixesOf(w)[0] as Place
  const path = [...mixesOf(w), gatewayOf(w, 1)]
  const old = forward(w, path, new Uint8Array(32).fill(3))
  gatewayOf(w, 0).link.send(peer(mix), old.packet.slice())
  await w.clock.advance(second)
  w.kill(mix)
  await w.clock.advance(second)
  await w.restart(mix)
  gatewayOf(w, 0).link.send(peer(mix), old.packet.slice())
  gatewayOf(w, 0).link.send(peer(mix), forward(w, path, new Uint8Array(32).fill(3)).packet)
  await w.clock.advance(8 * second)
  const { packets } = mix.node.status()
  assert.equal(packets.dropped, { REPLAY: 1 })
  assert.ok(packets.forwarded >= 1, 'a packet for a key published before the restart is opened')
  await w.close()
})

test('strangers may not send packets to a mix, and clients of a gateway only at their rate', async () => {
  const w = await world({ parameters: { payloadPerMinute: 10, loopPerMinute: 1, dropPerMinute: 1 } })
  const client = w.client()
  client.send(peer(mixesOf(w)[0] as Place), w.random(w.geometry.packetBytes))
  for (let i = 0; i < 100; i++) client.send(peer(gatewayOf(w, 0)), w.random(w.geometry.packetBytes))
  await w.clock.advance(second)
  assert.is((mixesOf(w)[0] as Place).node.status().packets.received, 0)
  const { packets } = gatewayOf(w, 0).node.status()
  assert.is(packets.received, 100)
  assert.equal(packets.dropped, { BAD_AD: 64, CLIENT_RATE: 36 })
  await w.close()
})

test('packets that are under way across the boundary of an epoch lose nothing', async () => {
  const w = await world({ epochMs: 4000 })
  const client = w.client()
  for (let i = 0; i < 120; i++) {
    client.send(peer(gatewayOf(w, 0)), forward(w, wholePath(w), new Uint8Array(32).fill(3), 250).packet)
    await w.clock.advance(100)
  }
  await w.clock.advance(5 * second)
  assertSums(w)
  assert.is(gatewayOf(w, 1).node.status().packets.stored, 120)
  assert.is(gatewayOf(w, 0).node.status().packets.stored, 120)
  for (const { node } of w.places) assert.equal(node.status().packets.dropped, {})
  await w.close()
})

test('loops of every node come back, and what it originates counts as received', async () => {
  const w = await world({ parameters: { nodeLoopPerMinute: 600 }, perLayer: 2 })
  await w.clock.advance(30 * second)
  assertSums(w)
  for (const { node } of w.places) {
    const { sent, returned } = node.status().loops
    assert.ok(sent > 200 && sent < 400, `${sent} loops in half a minute at 600 a minute`)
    assert.ok(sent - returned < 20, `${returned} of ${sent} returned`)
    assert.equal(node.status().packets.dropped, {})
  }
  await w.close()
})

test('a node that drains takes nothing more and sends what it holds', async () => {
  const w = await world()
  const mix = mixesOf(w)[0] as Place
  const path = [...mixesOf(w), gatewayOf(w, 1)]
  gatewayOf(w, 0).link.send(peer(mix), forward(w, path, new Uint8Array(32), 3000).packet)
  await w.clock.advance(second)
  assert.is(mix.node.status().packets.held, 1)
  let drained = false
  const draining = mix.node.drain().then(() => {
    drained = true
  })
  gatewayOf(w, 0).link.send(peer(mix), forward(w, path, new Uint8Array(32)).packet)
  await w.clock.advance(second)
  assert.not(drained)
  await w.clock.advance(2 * second)
  await draining
  const { packets } = mix.node.status()
  assert.equal([packets.forwarded, packets.held, packets.dropped], [1, 0, { DRAINING: 1 }])
  await w.close()
})

test('the counters add up at every instant of random traffic, on a small hold', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2 ** 31),
      fc.array(fc.tuple(fc.nat(6), fc.nat(3), fc.nat(400)), { minLength: 10, maxLength: 40 }),
      async (seed, sendings) => {
        const w = await world({
          seed,
          limits: { hold: 5, passing: 8 },
          parameters: { nodeLoopPerMinute: 300 },
        })
        const client = w.client()
        for (const [kind, delay, wait] of sendings) {
          const recipient = kind === 0 ? DROP_RECIPIENT : new Uint8Array(32).fill(kind)
          const { packet } = forward(w, wholePath(w), recipient, delay * 500)
          if (kind === 5) packet.fill(1, 100, 120)
          const copies = kind === 6 ? 12 : 1
          for (let i = 0; i < copies; i++) client.send(peer(gatewayOf(w, 0)), packet.slice())
          await w.clock.advance(wait)
          assertSums(w)
        }
        await w.clock.advance(3 * second)
        assertSums(w)
        await w.close()
      },
    ),
    { numRuns: 5 },
  )
})

test.run()

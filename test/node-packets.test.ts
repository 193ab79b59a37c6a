// docs/node.md, Pipeline: what becomes of good and bad packets at nodes on the in-memory link.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hexOf } from '../link/identity.ts'
import { body } from '../sphinx/body.ts'
import { DROP_RECIPIENT } from '../sphinx/commands.ts'
import { makeReplyBlock, openReply, type ReplySecret } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { type Place, type World, world } from './node-world.ts'

const second = 1000

interface Sent {
  readonly packet: Uint8Array
  readonly secret: ReplySecret
}

/** A forward packet to `recipient`, acknowledged over the first gateway into the mailbox of 7s. */
async function forward(
  w: World,
  through: readonly Place[],
  recipient: Uint8Array,
  delayMs = 50,
): Promise<Sent> {
  const g = w.geometry
  const delays = through.map(() => delayMs)
  const back = [gatewayOf(w, 1), ...mixesOf(w), gatewayOf(w, 0)]
  const ack = makeReplyBlock(
    g,
    await w.path(back, [0, delayMs, delayMs, delayMs, 0]),
    { recipient: new Uint8Array(32).fill(7), replyId: new Uint8Array(16).fill(9) },
    w.random,
  )
  const user = new Uint8Array(g.userBytes).fill(5)
  const plain = body(g, { flags: 0, ack: ack.block, user })
  return { packet: wrap(g, await w.path(through, delays), recipient, plain, w.random), secret: ack.secret }
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
  const { packet, secret } = await forward(w, wholePath(w), new Uint8Array(32).fill(3))
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
  assert.is(hexOf(value.subarray(1, 17)), '09'.repeat(16))
  assert.is(openReply(w.geometry, secret, value.slice(17)).length, w.geometry.bodyBytes)
  await w.close()
})

test('a drop is acknowledged like any other packet and stored nowhere', async () => {
  const w = await world()
  const client = w.client()
  client.send(peer(gatewayOf(w, 0)), (await forward(w, wholePath(w), DROP_RECIPIENT)).packet)
  await w.clock.advance(2 * second)
  assertSums(w)
  const far = gatewayOf(w, 1).node.status()
  assert.is(far.packets.served, 1)
  assert.is(far.packets.forwarded, 1)
  assert.is(far.mail?.entries, 0)
  assert.is(gatewayOf(w, 0).node.status().packets.stored, 1)
  await w.close()
})

test.run()

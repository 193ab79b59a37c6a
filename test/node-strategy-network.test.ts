// docs/spec/mixing.md 1: nodes on the in-memory link mix as the consensus of the epoch says, and change with it.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { strategyNames } from '../node/mixing/voted.ts'
import type { NodeStatus } from '../node/status.ts'
import { body } from '../sphinx/body.ts'
import { makeReplyBlock } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { second } from '../world/units.ts'
import { type Place, type World, world } from './node-world.ts'

const epochMs = 20 * second
const parameters = { batchPackets: 4, batchMs: 200, poolPackets: 1, poolPercent: 50 }
const packets = 10

const gatewayOf = (w: World, i: number): Place =>
  w.places.filter(place => place.role === 'gateway')[i] as Place
const mixesOf = (w: World): Place[] => w.places.filter(place => place.role === 'mix')
const status = (place: Place): NodeStatus['packets'] => place.node.status().packets
const heldInside = (w: World): number => w.places.reduce((sum, place) => sum + status(place).held, 0)

/** A packet with a number for a mailbox at the second gateway, and its acknowledgement to one at the first. */
function numbered(w: World, name: number): Uint8Array {
  const { geometry: g, random } = w
  const [near, far] = [gatewayOf(w, 0), gatewayOf(w, 1)]
  const delays = [50, 50, 50, 50, 50]
  const to = { recipient: new Uint8Array(32).fill(7), replyId: new Uint8Array(16).fill(name) }
  const ack = makeReplyBlock(g, w.path([far, ...mixesOf(w), near], [0, 50, 50, 50, 0], 250), to, random).block
  const plain = body(g, { flags: 0, ack, user: new Uint8Array(g.userBytes).fill(name) })
  const path = w.path([near, ...mixesOf(w), far], delays)
  return wrap(g, path, new Uint8Array(32).fill(3), plain, random)
}

/** Lists what lies in a gateway's mailboxes: the number of every entry, in order. */
async function mailOf(place: Place, at: 'replyId' | 'data'): Promise<number[]> {
  const values = await place.store.values({ gt: 'mail/data/', lt: 'mail/data0' }).all()
  return values.map(value => value[at === 'replyId' ? 1 : 17] as number).sort((a, b) => a - b)
}

const everyOne = Array.from({ length: packets }, (_, i) => i + 1)

/** Says what stays inside each node while no more packets come. */
const waits: Readonly<Record<string, (held: number) => boolean>> = {
  poisson: held => held === 0,
  threshold: held => held < 4,
  timed: held => held === 0,
  'threshold-or-timed': held => held === 0,
  pool: held => held === 1,
  // The last few are no crowd
  round: held => held < 4,
}

for (const name of strategyNames) {
  test(`${name}: packets arrive once, also those that were held when the consensus changed it`, async () => {
    const w = await world({ epochMs, parameters, mixing: epoch => (epoch === 0 ? name : 'poisson') })
    const client = w.client()
    // within the grace period before the epoch ends: keys of epoch 0 still open what moves on after it
    await w.clock.advance(15.5 * second)
    for (const packet of everyOne) {
      client.send(gatewayOf(w, 0).link, numbered(w, packet))
      await w.clock.advance(30)
    }
    await w.clock.advance(4 * second)
    for (const { held } of w.places.map(status)) assert.ok(waits[name]?.(held), `${held} held`)
    for (const { received, ends } of w.sums()) assert.is(received, ends)

    await w.clock.advance(3 * second)
    assert.is(heldInside(w), 0)
    for (const place of w.places) assert.equal(status(place).dropped, {})
    for (const { received, ends } of w.sums()) assert.is(received, ends)
    assert.equal(await mailOf(gatewayOf(w, 1), 'data'), everyOne)
    assert.equal(await mailOf(gatewayOf(w, 0), 'replyId'), everyOne)
    await w.close()
  })
}

test('nodes that do not know the strategy mix as usual', async () => {
  const w = await world({ mixing: () => 'strategy-of-tomorrow' })
  const client = w.client()
  client.send(gatewayOf(w, 0).link, numbered(w, 1))
  await w.clock.advance(2 * second)
  assert.equal(await mailOf(gatewayOf(w, 0), 'replyId'), [1])
  await w.close()
})

test('a node that drains does not wait for a batch to be complete', async () => {
  const w = await world({ parameters, mixing: () => 'threshold' })
  const client = w.client()
  const near = gatewayOf(w, 0)
  for (const packet of [1, 2, 3]) client.send(near.link, numbered(w, packet))
  await w.clock.advance(second)
  assert.is(status(near).held, 3)
  const drained = near.node.drain()
  await w.clock.advance(second)
  await drained
  assert.equal([status(near).held, status(near).forwarded, status(near).dropped], [0, 3, {}])
  await w.close()
})

test.run()

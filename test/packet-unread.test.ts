// Whoever hands packets in while the Controller tells it nothing of its log (docs/spec/packets.md 9): what was accepted
// is in the cycle, and nothing that its sender sends itself takes its place.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PacketWorld } from '../simulator/packet-world.ts'

const text = (said: string): Uint8Array => new TextEncoder().encode(said)

/** Has two of three said something, the second after the first was accepted and before that shows. */
async function said(covers: boolean): Promise<PacketWorld> {
  let isAway = false
  const world = await PacketWorld.of({ seed: 91, each: 1, sizeMin: 1, covers, isAway: () => isAway })
  await world.run(20)
  const sender = world.addSender()
  world.addSender().send(world.recipient(), text('of somebody else'))
  sender.send(world.recipient(), text('first'))
  for (let ticks = 0; sender.receipts(0).length === 0; ticks++) {
    assert.ok(ticks < 20)
    isAway = false
    await sender.tick()
    isAway = true
  }
  if (!covers) sender.send(world.recipient(), text('second'))
  for (let ticks = 0; ticks < 3; ticks++) await sender.tick()
  isAway = false
  world.closeAt = 0
  await world.run(200)
  return world
}

test('no cover takes the place of a message that was accepted and is not seen yet', async () => {
  const world = await said(true)
  assert.is(world.senders[0]?.progress(0), 'delivered')
  assert.equal(world.texts(), ['first', 'of somebody else'])
})

test('no later message does either', async () => {
  const world = await said(false)
  assert.is(world.senders[0]?.progress(0), 'delivered')
  assert.is(world.senders[0]?.progress(1), 'delivered')
  assert.equal(world.texts(), ['first', 'of somebody else', 'second'])
})

test.run()

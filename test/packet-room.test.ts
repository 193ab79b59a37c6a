// What a sender keeps of messages that were delivered (docs/spec/packets.md 9): one makes room for another when its
// user was told, and nothing else does; a stop loses nothing, and what was said once is not sent twice.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Chains } from '../cascade/packets/chains.ts'
import { PacketSender } from '../cascade/packets/sender.ts'
import { signerOf } from '../cascade/signed.ts'
import { group, MemoryShelf } from '../simulator/cascade-world.ts'
import { PacketWorld, packetMixnet } from '../simulator/packet-world.ts'
import { seededRandom } from '../world/random.ts'

const text = (said: string): Uint8Array => new TextEncoder().encode(said)
const seed = seededRandom(78)(32)

/** Starts a sender that keeps two messages. */
function start(world: PacketWorld, shelf: MemoryShelf): PacketSender {
  const sender = new PacketSender({
    ...{ mixnet: packetMixnet, group, random: world.random, shelf, source: world.source() },
    controllerKey: world.controller.keyData,
    post: async (made, blobs) => world.controller.post(made, blobs),
    signer: signerOf(seed),
    audit: world.audit(),
    chains: new Chains(world.form),
    showsLost: true,
    keeps: 2,
  })
  world.senders[0] = sender
  return sender
}

const code = (act: () => unknown): string => {
  try {
    act()
    return 'done'
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

test('a message makes room when it was delivered and its user was told; else the sender is full', async () => {
  const world = await PacketWorld.of({ seed: 61, sizeMin: 1, each: 1 })
  const shelf = new MemoryShelf()
  const sender = start(world, shelf)
  const to = world.recipient()
  sender.send(to, text('a'), 'key a')
  sender.send(to, text('b'), 'key b')
  world.closeAt = 0
  sender.told(0)
  assert.is(
    code(() => sender.send(to, text('c'), 'key c')),
    'FULL',
    'what its user saw was not delivered',
  )
  await world.run(120)
  assert.equal([sender.progress(0), sender.progress(1)], ['delivered', 'delivered'])
  assert.is(
    code(() => sender.send(to, text('c'), 'key c')),
    'FULL',
    'its user has not seen that',
  )

  sender.told(0)
  assert.is(sender.send(to, text('c'), 'key c'), 2)
  assert.equal(
    [0, 1, 2].map(i => sender.isGone(i)),
    [true, false, false],
  )
  assert.is(sender.progress(0), 'delivered')
  assert.equal(sender.receipts(0), [])
  assert.is(sender.receipts(1).length, 1, 'the other one is whole')
  assert.is(sender.send(to, text('a'), 'key a'), 0, 'what is gone is still known by its key')
  assert.is(
    code(() => sender.send(to, text('z'), 'key a')),
    'BAD_REQUEST',
  )
  assert.is(
    code(() => sender.send(to, text('d'), 'key d')),
    'FULL',
  )

  // As after a stop at any time
  const again = start(world, shelf)
  assert.equal(
    [0, 1, 2].map(i => again.isGone(i)),
    [true, false, false],
  )
  assert.is(again.numberOf('key a'), 0)
  assert.is(again.send(to, text('a'), 'key a'), 0)
  await world.run(120)
  assert.is(again.progress(2), 'delivered')
  again.told(1)
  const third = start(world, shelf)
  await third.tick()
  assert.is(third.send(to, text('d'), 'key d'), 3, 'that its user was told is kept too')
  assert.equal(
    [0, 1, 2, 3].map(i => third.isGone(i)),
    [true, true, false, false],
  )
  await world.run(120)
  assert.equal(world.texts(), ['a', 'b', 'c', 'd'], 'each came once')
  assert.is(third.progress(3), 'delivered')
  assert.equal(third.audit.findings, [])
})

test.run()

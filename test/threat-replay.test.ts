// docs/threats.md 3.2: the adversary kept a packet and sends it again: at once a hundred times, after the node was
// killed and started again, and in the next epoch. What comes out is counted at the far gateway.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { body } from '../sphinx/body.ts'
import { makeReplyBlock } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { second } from '../world/units.ts'
import { type Place, type World, world } from './node-world.ts'

/** Sends one packet in all these ways; `forget` runs while the node is dead. Returns how often it came out. */
async function outputs(forget: (mix: Place) => Promise<void>): Promise<number> {
  const w = await world()
  const mixes = w.places.filter(({ role }) => role === 'mix')
  const [near, far] = w.places.filter(({ role }) => role === 'gateway') as [Place, Place]
  const mix = mixes[0] as Place
  const packet = packetFor(w, [...mixes, far])
  const send = (copies: number): void => {
    for (let i = 0; i < copies; i++) near.link.send(mix.link, packet.slice())
  }
  send(100)
  await w.clock.advance(second)
  w.kill(mix)
  await w.clock.advance(second)
  await forget(mix)
  await w.restart(mix)
  send(100)
  await w.clock.advance(8 * second)
  await w.clock.advance(2 * w.network.epochMs)
  send(100)
  await w.clock.advance(8 * second)
  // The first output is stored at the far gateway. A second one would be dropped by the next hop, so that what the
  // mix has forwarded since it started again counts too.
  const again = mix.node.status().packets.forwarded
  const { stored } = far.node.status().packets
  await w.close()
  return stored + again
}

function packetFor(w: World, through: readonly Place[]): Uint8Array {
  const g = w.geometry
  const delays = through.map(() => 20)
  const to = { recipient: new Uint8Array(32).fill(7), replyId: new Uint8Array(16).fill(9) }
  const ack = makeReplyBlock(g, w.path(through, delays), to, w.random).block
  const plain = body(g, { flags: 0, ack, user: w.random(g.userBytes) })
  return wrap(g, w.path(through, delays), new Uint8Array(32).fill(3), plain, w.random)
}

test('three hundred copies, before and after a crash and in a later epoch, give one output', async () => {
  // One packet stored; since its restart the mix has forwarded none.
  assert.is(await outputs(async () => {}), 1)
})

test('control: a node that loses its journal lets the packet out once more', async () => {
  const forgetting = async (mix: Place): Promise<void> => {
    for (const name of await mix.files.list()) if (!name.endsWith('.key')) await mix.files.remove(name)
  }
  assert.is(await outputs(forgetting), 2)
})

test.run()

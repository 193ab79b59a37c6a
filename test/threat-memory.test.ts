// docs/threats.md 3.7: packets that ask a node to keep something for ever, or more of it than it has room for.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Parameters } from '../directory/documents/view.ts'
import { body } from '../sphinx/body.ts'
import { makeReplyBlock } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { second } from '../world/units.ts'
import { type Place, world } from './node-world.ts'

const year = 365 * 24 * 3600 * second
/** The command's delay field has 32 bits: 49 days are the most that a packet can ask for. */
const longestDelay = Math.min(year, 2 ** 32 - 1)

interface Attack {
  readonly packets: number
  readonly delayMs: number
  readonly parameters: Partial<Parameters>
}

/** Counts what the mix still holds and the far gateway has stored a minute after the attack, and what they dropped. */
async function attack({ packets, delayMs, parameters }: Attack): Promise<{
  held: number
  stored: number
  kept: number
  dropped: Readonly<Record<string, number>>
}> {
  const w = await world({ parameters, epochMs: 600 * second, layers: 1 })
  const g = w.geometry
  const mix = w.places.find(({ role }) => role === 'mix') as Place
  const [near, far] = w.places.filter(({ role }) => role === 'gateway') as [Place, Place]
  const ack = makeReplyBlock(
    g,
    w.path([far, mix, near], [0, 0, 0]),
    { recipient: new Uint8Array(32).fill(8), replyId: new Uint8Array(16) },
    w.random,
  ).block
  const plain = body(g, { flags: 0, ack, user: w.random(g.userBytes) })
  for (let i = 0; i < packets; i++) {
    const path = w.path([mix, far], [0, 0]).map((hop, at) => (at === 0 ? { ...hop, delayMs } : hop))
    near.link.send(mix.link, wrap(g, path, new Uint8Array(32).fill(3), plain, w.random))
  }
  await w.clock.advance(60 * second)
  const [atMix, atFar] = [mix.node.status().packets, far.node.status().packets]
  const kept = far.node.status().mail?.entries ?? 0
  await w.close()
  return {
    held: atMix.held,
    stored: atFar.stored,
    kept,
    dropped: { ...(atMix.dropped as Record<string, number>), ...(atFar.dropped as Record<string, number>) },
  }
}

test('a delay beyond the network’s longest is dropped, not held', async () => {
  const { held, dropped } = await attack({ packets: 50, delayMs: longestDelay, parameters: {} })
  assert.is(held, 0)
  assert.is(
    Object.values(dropped).reduce((sum, n) => sum + n, 0),
    50,
  )
})

test('control: without that limit the node holds them until it is full', async () => {
  const parameters = { maxHopDelayMs: 2 ** 32 }
  const { held } = await attack({ packets: 50, delayMs: longestDelay, parameters })
  assert.is(held, 50)
})

test('a mailbox that is flooded keeps what it has room for, the newest', async () => {
  const { stored, kept } = await attack({
    packets: 200,
    delayMs: 10,
    parameters: { mailboxEntries: 64 },
  })
  assert.is(stored, 200)
  assert.is(kept, 64)
})

test('control: without that limit it grows with every packet', async () => {
  const { kept } = await attack({ packets: 200, delayMs: 10, parameters: { mailboxEntries: 1_000_000 } })
  assert.is(kept, 200)
})

test.run()

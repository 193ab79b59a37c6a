// A client to which nothing comes back for a while (docs/spec/client-delivery.md 5.3, docs/spec/client-replies.md 7.3):
// its entry passes nothing on, or its home is away. What waits leaves soon after that is over, however long it was, and
// no reply block is spent for nothing. And one whose home fails for good: other blocks follow those that end there. The
// controls are clients that do not notice.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Parcels } from '../client/outgoing/parcels.ts'
import { Returns } from '../client/outgoing/returns.ts'
import { second } from '../world/units.ts'
import { app, pair } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

const silentMs = 45 * second
const soonMs = 12 * second

/** Bob's entry passes on nothing for a while, in which he answers and writes. @returns what Alice has soon after */
async function outage(seed: number): Promise<string[]> {
  const net = new FakeNetwork({ seed, epochMs: 80 * second })
  const [alice, bob] = await pair(net)
  const asked = app(bob)
  const got = app(alice)
  await alice.client.send(bob.client.address, 'how are you?', { replies: true })
  await net.clock.advance(5 * second)
  const { send } = bob.link
  bob.link.send = () => true
  await net.clock.advance(5 * second)
  await bob.client.reply(asked[0] as (typeof asked)[0], 'well')
  await bob.client.send(alice.client.address, 'and you?')
  await net.clock.advance(silentMs - 5 * second)
  bob.link.send = send
  assert.is(bob.client.status().entry.left, 0, 'it is the same entry')
  await net.clock.advance(soonMs)
  for (const { client } of [alice, bob]) await client.close()
  return got.map(({ text }) => text).sort()
}

const seeds = [33]

test('what was written while nothing came back is there soon after, replies too', async () => {
  for (const seed of seeds) assert.equal(await outage(seed), ['and you?', 'well'], `seed ${seed}`)
})

test('who does not notice waits for long, or has no reply block any more: the control', async () => {
  const isSilent = Object.getOwnPropertyDescriptor(Returns.prototype, 'isSilent') as PropertyDescriptor
  Object.defineProperty(Returns.prototype, 'isSilent', { configurable: true, get: () => false })
  try {
    let missing = 0
    for (const seed of seeds) missing += 2 - (await outage(seed)).length
    assert.ok(missing >= seeds.length, `${missing} of ${2 * seeds.length} were missing`)
  } finally {
    Object.defineProperty(Returns.prototype, 'isSilent', isSilent)
  }
})

/** Alice's home fails after she has asked, for good; then Bob answers three times. @returns what she has of that */
async function homeless(): Promise<string[]> {
  const net = new FakeNetwork({ seed: 41, epochMs: 600 * second, gateways: 4 })
  const bob = await net.client('bob', { gateways: net.gateways.slice(2, 3).map(({ id }) => id) })
  const alice = await net.client('alice', { gateways: net.gateways.slice(0, 2).map(({ id }) => id) })
  await net.clock.advance(2 * second)
  const asked = app(bob)
  const got = app(alice)
  await alice.client.send(bob.client.address, 'how are you?', { replies: true })
  await net.clock.advance(5 * second)
  net.kill(net.gateways[0] as (typeof net.gateways)[0])
  await net.clock.advance(40 * second)
  for (const text of ['well', 'and', 'you?']) await bob.client.reply(asked[0] as (typeof asked)[0], text)
  await net.clock.advance(25 * second)
  for (const { client } of [alice, bob]) await client.close()
  return got.map(({ text }) => text).sort()
}

test('other reply blocks follow when the home fails at which most of them end', async () => {
  assert.equal(await homeless(), ['and', 'well', 'you?'])
})

test('without them answers are lost: the control', async () => {
  const { nodeFailed } = Parcels.prototype
  Parcels.prototype.nodeFailed = () => {}
  try {
    assert.ok((await homeless()).length < 3)
  } finally {
    Parcels.prototype.nodeFailed = nodeFailed
  }
})

test.run()

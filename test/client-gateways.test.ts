// docs/spec/client-clocks.md 9: an address names up to three gateways. When one dies for good, senders reach the next,
// and the client moves to it without losing what is under way, what waits for it, or a reply block. Control: one
// gateway only.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { second } from '../world/units.ts'
import { app, diskOf } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

const slow = { payloadPerMinute: 60, loopPerMinute: 6, dropPerMinute: 6, readPerMinute: 60 }

test('a dead home gateway is left for the next one of the address; nothing under way is lost or comes twice', async () => {
  const parameters = { payloadPerMinute: 300, readPerMinute: 120 }
  const net = new FakeNetwork({ seed: 41, parameters, epochMs: 120 * second })
  const [first, next] = net.gateways as [(typeof net.gateways)[0], (typeof net.gateways)[0]]
  const carol = await net.client('carol', { gateways: [first.id, next.id] })
  const dan = await net.client('dan', { gateways: [next.id] })
  await net.clock.advance(2 * second)
  assert.is(carol.client.status().gateway, first.name)
  const got = app(carol, ({ text }) => `re ${text}`)
  const answers = app(dan)
  const before = await dan.client.send(carol.client.address, 'before', { replies: true })
  const long = await carol.client.send(dan.client.address, 'l'.repeat(60_000))
  await net.clock.advance(2 * second)
  net.kill(first)
  const during = await dan.client.send(carol.client.address, 'during', { replies: true })
  await net.clock.advance(60 * second)
  const { gateway, ready } = carol.client.status()
  assert.is(gateway, next.name, 'moved')
  assert.ok(ready)
  assert.equal(got.map(({ text }) => text).toSorted(), ['before', 'during'])
  assert.ok(['stored', 'read'].includes(long.state), `${long.state}: went on through the other gateway`)
  for (const message of [before, during]) assert.ok(['stored', 'read'].includes(message.state), message.state)
  assert.ok(
    answers.some(({ text }) => text === 're during'),
    'reply blocks of the other gateway still work',
  )
  // Started again with the first gateway back: what is at either is found, and nothing a second time
  const store = await diskOf(carol)
  await carol.client.close()
  const again = await net.client('carol', { store })
  const later = app(again)
  net.revive(first)
  await net.clock.advance(5 * second)
  await dan.client.send(again.client.address, 'after')
  await net.clock.advance(20 * second)
  assert.equal(
    later.map(({ text }) => text),
    ['after'],
  )
  assert.equal(
    again.client.gateways.map(id => id.length),
    [32, 32],
  )
  await again.client.close()
  await dan.client.close()
})

test('control: an address with that gateway alone reaches nobody while it is dead', async () => {
  const net = new FakeNetwork({ seed: 42, epochMs: 120 * second })
  const [first, other] = net.gateways as [(typeof net.gateways)[0], (typeof net.gateways)[0]]
  const carol = await net.client('carol', { gateways: [first.id] })
  const dan = await net.client('dan', { gateways: [other.id] })
  await net.clock.advance(2 * second)
  net.kill(first)
  const lost = await dan.client.send(carol.client.address, 'anybody?')
  // dan has entered at it, and there is no third gateway: after a while he enters at his own
  await net.clock.advance(30 * second)
  assert.is(lost.state, 'sent')
  assert.not.ok(carol.client.status().ready)
  await carol.client.close()
  await dan.client.close()
})

test('a home that is full for a new client is left for another at once; what came to it is read when it has room', async () => {
  const net = new FakeNetwork({ seed: 43, gateways: 5, epochMs: 600 * second, parameters: slow })
  for (const gateway of net.gateways.slice(0, 2)) gateway.full = true
  const bob = await net.client('bob', { gateways: [(net.gateways[4] as (typeof net.gateways)[0]).id] })
  // Takes the two that are full at first
  const wishes = net.gateways.map(({ id }) => id)
  const chooseGateway = (view: View): Uint8Array | undefined =>
    wishes.find(id => view.gateways.some(gateway => gateway.id === id))
  const alice = await net.client('alice', { chooseGateway })
  await net.clock.advance(1)
  const first = alice.client.address
  assert.equal(
    alice.client.gateways.map(hex),
    net.gateways.slice(0, 2).map(({ name }) => name),
  )
  const letter = await bob.client.send(first, 'a letter')
  await net.clock.advance(10 * second)
  assert.equal(
    alice.client.gateways.map(hex),
    net.gateways.slice(2, 4).map(({ name }) => name),
  )
  assert.ok(alice.client.status().ready)
  assert.is(letter.state, 'stored')
  const got = app(alice)
  await bob.client.send(alice.client.address, 'another')
  await net.clock.advance(10 * second)
  assert.equal(
    got.map(({ text }) => text),
    ['another'],
  )
  for (const gateway of net.gateways) gateway.full = false
  // An entry gives a channel that is not used any more a minute
  await net.clock.advance(90 * second)
  assert.equal(
    got.map(({ text }) => text),
    ['another', 'a letter'],
  )
  await alice.client.close()
  await bob.client.close()
})

test('where every gateway is full a client stays, and comes in once there is room', async () => {
  const net = new FakeNetwork({ seed: 44, gateways: 3, epochMs: 600 * second, parameters: slow })
  for (const gateway of net.gateways) gateway.full = true
  const { client } = await net.client('alice')
  await net.clock.advance(30 * second)
  assert.not.ok(client.status().ready)
  assert.ok(client.gateways.length > 0)
  for (const gateway of net.gateways) gateway.full = false
  await net.clock.advance(30 * second)
  assert.ok(client.status().ready)
  await client.close()
})

test('a home that it has opened, and one that its owner has named, is not left for being full, and asked in one channel', async () => {
  const net = new FakeNetwork({ seed: 45, gateways: 4, epochMs: 600 * second, parameters: slow })
  const named = net.gateways[0] as (typeof net.gateways)[0]
  named.full = true
  const bob = await net.client('bob', { gateways: [named.id] })
  const alice = await net.client('alice')
  await net.clock.advance(5 * second)
  const before = alice.client.gateways.map(hex)
  for (const gateway of net.gateways) {
    net.kill(gateway)
    net.revive(gateway)
    gateway.full = true
    gateway.owned.clear()
  }
  await net.clock.advance(30 * second)
  assert.equal(alice.client.gateways.map(hex), before)
  assert.equal(bob.client.gateways.map(hex), [named.name])
  // However often they are asked: an entry grants a client eight, and asks a minute for each beyond
  const channels = net.gateways.map(({ relaying }) => relaying.entry.channels)
  const used = channels.reduce((sum, one) => sum + one, 0)
  assert.ok(used <= 5, `${used} channels for three homes`)
  await alice.client.close()
  await bob.client.close()
})

test.run()

// docs/spec/client-clocks.md 9: an address names up to three gateways. When one dies for good, senders reach the next,
// and the client moves to it without losing what is under way, what waits for it, or a reply block. Control: one
// gateway only.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { second } from '../world/units.ts'
import { app, diskOf } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

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

test.run()

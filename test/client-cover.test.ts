// docs/spec/client-clocks.md 8.1, Cover: the levels' rates, what they cost, and that a tick without a message sends
// what the level says.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { coverCosts, coverLevels, coverRates } from '../client/outgoing/cover.ts'
import { cellRate, requestRate } from '../node/gateway/gateway.ts'
import { geometry } from '../sphinx/geometry.ts'
import { minute } from '../world/units.ts'
import { FakeNetwork } from './client-network.ts'
import { testParameters } from './client-parameters.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

test('the cost of a level is its packets and pages of a day, and rises with the level', () => {
  const costs = coverCosts(testParameters, g)
  assert.equal(
    costs.map(({ level }) => level),
    [...coverLevels],
  )
  const usual = costs[2]
  assert.is(usual?.packetsPerDay, 1440 * (600 + 30 + 30))
  assert.is(usual?.upBytesPerDay, 1440 * (660 * 3369 + 240 * 97))
  assert.is(usual?.downBytesPerDay, 1440 * 240 * (5 + 16 * (24 + 2733) + 1024))
  const up = costs.map(({ upBytesPerDay }) => upBytesPerDay)
  assert.equal(
    up,
    [...up].sort((a, b) => a - b),
  )
  assert.is(costs[0]?.packetsPerDay, 0)
})

test('no level asks for more than a gateway grants every client', () => {
  for (const level of coverLevels) {
    const { payload, loop, drop, read } = coverRates(level, testParameters)
    assert.ok(payload + loop + drop < cellRate(testParameters).perMinute)
    assert.ok(read < requestRate(testParameters).perMinute)
  }
})

test('a silent client sends at the rate of its level, and nothing at all without cover', async () => {
  const net = new FakeNetwork()
  const { client } = await net.client('alice', { cover: 'off' })
  await net.clock.advance(minute)
  assert.equal(sum(client.status().packets), 0)
  for (const [level, part] of [
    ['low', 1 / 4],
    ['default', 1],
    ['high', 3 / 2],
  ] as const) {
    client.setCover(level)
    const before = sum(client.status().packets)
    await net.clock.advance(minute)
    const sent = sum(client.status().packets) - before
    const expected = 660 * part
    assert.ok(
      Math.abs(sent - expected) < 5 * Math.sqrt(expected),
      `${level}: ${sent}, want about ${expected}`,
    )
  }
  await client.close()
})

test('without cover a message still arrives, and its packets leave only while it is under way', async () => {
  const net = new FakeNetwork()
  const { client: alice } = await net.client('alice', { cover: 'off' })
  const { client: bob } = await net.client('bob', { cover: 'off' })
  await net.clock.advance(2000)
  const message = await alice.send(bob.address, 'hello')
  await net.clock.advance(10_000)
  await message.stored()
  const sent = sum(alice.status().packets)
  assert.ok(sent >= 1 && sent < 5)
  await net.clock.advance(minute)
  assert.is(sum(alice.status().packets), sent)
  await alice.close()
  await bob.close()
})

test('a level that does not exist is refused', async () => {
  const net = new FakeNetwork()
  const { client } = await net.client('alice')
  assert.throws(() => client.setCover('most' as 'high'), /cover: most: want one of off, low, default, high/)
  await client.close()
})

function sum(packets: { payload: number; loop: number; drop: number }): number {
  return packets.payload + packets.loop + packets.drop
}

test.run()

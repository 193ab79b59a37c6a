// docs/spec/client-clocks.md 9: a home that is away for a while shows on no link, and costs little. Packets go on
// leaving as if nothing were; another home of the address stands in, and gives its place back.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { second } from '../world/units.ts'
import { app } from './client-apps.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'
import type { FakeNode } from './client-nodes.ts'

/** A client with one home, which enters at another gateway: when packets left it, by the network's clock. */
async function departures(
  kill: 'nothing' | 'home' | 'home and entry',
): Promise<{ times: number[]; readyAtEnd: boolean }> {
  const net = new FakeNetwork({ seed: 51, gateways: 3, epochMs: 120 * second })
  const [home] = net.gateways as [FakeNode]
  const carol = await net.client('carol', { gateways: [home.id] })
  await net.clock.advance(3 * second)
  const entry = net.gateways.find(({ name }) => name === carol.client.status().entry.id) as FakeNode
  assert.is.not(entry, home)
  const from = net.clock.now()
  const times: number[] = []
  net.onClientPacket = () => times.push(net.clock.now() - from)
  if (kill !== 'nothing') net.kill(home)
  if (kill === 'home and entry') net.kill(entry)
  await net.clock.advance(15 * second)
  assert.is(carol.client.status().ready, kill === 'nothing')
  net.revive(home)
  net.revive(entry)
  await net.clock.advance(5 * second)
  const readyAtEnd = carol.client.status().ready
  await carol.client.close()
  return { times, readyAtEnd }
}

test('on the link of a client nobody sees that its home is away: departures are those of a home that answers', async () => {
  const [usual, away] = [await departures('nothing'), await departures('home')]
  assert.ok(usual.times.length > 100, `${usual.times.length} packets`)
  assert.equal(away.times, usual.times)
  assert.ok(away.readyAtEnd, 'it is back within seconds of its home')
})

test('control: a silence of the link shows in the same times, where the entry is away too', async () => {
  const { times, readyAtEnd } = await departures('home and entry')
  const silent = times.filter(time => time > 1 * second && time < 15 * second)
  assert.equal(silent, [])
  assert.ok(readyAtEnd)
})

test('the second home stands in for the first within seconds, and the first has its place back when it answers', async () => {
  const net = new FakeNetwork({ seed: 52, gateways: 3, epochMs: 120 * second })
  const [first, next, third] = net.gateways as [FakeNode, FakeNode, FakeNode]
  const carol = await net.client('carol', { gateways: [first.id, next.id] })
  const dan = await net.client('dan', { gateways: [third.id] })
  await net.clock.advance(3 * second)
  const got = app(carol, ({ text }) => `re ${text}`)
  const answers = app(dan)
  const homeOf = ({ client }: RunningClient): string | null => client.status().gateway
  assert.is(homeOf(carol), first.name)
  net.kill(first)
  await dan.client.send(carol.client.address, 'away', { replies: true })
  await net.clock.advance(5 * second)
  assert.is(homeOf(carol), next.name)
  assert.ok(carol.client.status().ready)
  net.revive(first)
  await net.clock.advance(5 * second)
  assert.is(homeOf(carol), first.name)
  await dan.client.send(carol.client.address, 'back', { replies: true })
  await net.clock.advance(15 * second)
  assert.equal(got.map(({ text }) => text).toSorted(), ['away', 'back'])
  assert.equal(answers.map(({ text }) => text).toSorted(), ['re away', 're back'])
  await carol.client.close()
  await dan.client.close()
})

test.run()

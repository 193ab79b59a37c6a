// A new message to read, at the rates and delays of a network in which nobody votes for others, on the virtual clock:
// what is added beyond the delays drawn and the sender's own clock is at most 250 ms at the median, with one home and
// with two. Control: readers that ask a fifth as often.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { type Asked, type Parts, partsOf, summary } from '../trials/bench/client-parts.ts'
import { hour, second } from '../world/units.ts'
import { FakeLink, FakeNetwork, type RunningClient } from './client-network.ts'

const messages = 40

/** Notes when pages are asked for and come. */
function noted(net: FakeNetwork, { link }: RunningClient): readonly Asked[] {
  const asked: Asked[] = []
  link.request = async (...question: Parameters<FakeLink['request']>) => {
    const at = net.clock.now()
    const answer = await FakeLink.prototype.request.apply(link, question)
    asked.push({ at, answeredAt: net.clock.now() })
    return answer
  }
  return asked
}

async function measured(
  gateways: number,
  readPerMinute = defaultParameters.readPerMinute,
): Promise<Parts & { homes: number }> {
  const parameters = { ...defaultParameters, readPerMinute, nodeLoopPerMinute: 0 }
  const net = new FakeNetwork({ gateways, epochMs: hour, parameters })
  const [alice, bob] = [await net.client('alice'), await net.client('bob')]
  const asked = noted(net, bob)
  void (async () => {
    for await (const _ of bob.client.messages());
  })()
  await net.clock.advance(3 * second)
  for (let i = 0; i < messages; i++) {
    await alice.client.send(bob.client.address, 'a new message')
    await net.clock.advance(1.5 * second)
  }
  await net.clock.advance(10 * second)
  const entries = [...alice.client.ledger(), ...bob.client.ledger()]
  const ids = new Set(entries.flatMap(entry => (entry.event === 'delivered' ? [entry.id] : [])))
  const all = [...ids].map(id =>
    partsOf(
      entries.filter(entry => entry.id === id),
      asked,
    ),
  )
  const homes = bob.client.gateways.length
  await alice.client.close()
  await bob.client.close()
  return { ...summary(all.filter(parts => parts !== undefined)), homes }
}

for (const [gateways, homes] of [
  [2, 1],
  [4, 2],
] as const)
  test(`with ${homes} of ${gateways} gateways for homes at most 250 ms are added at the median`, async () => {
    const parts = await measured(gateways)
    assert.is(parts.homes, homes)
    assert.is(parts.messages, messages)
    assert.ok(parts.added <= 250, JSON.stringify(parts))
    assert.ok(parts.drawn > 100, 'the delays drawn are those of the network')
  })

test('control: who reads a fifth as often waits for longer', async () => {
  const { added } = await measured(2, defaultParameters.readPerMinute / 5)
  assert.ok(added > 250, `${added} ms`)
})

test.run()

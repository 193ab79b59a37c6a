// A client against a whole network on the virtual clock: messages, replies, codes, cover.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Received } from '../client/message.ts'
import { readAddress } from '../client/packets/address.ts'
import { seededRandom } from '../world/random.ts'
import { second } from '../world/units.ts'
import { app, assertCode, pair, same } from './client-apps.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'

test('messages of every size arrive once and whole, and their states move to read', async () => {
  const net = new FakeNetwork()
  const limits = { tellReadMs: second }
  const [alice, bob] = [await net.client('alice'), await net.client('bob', { limits })]
  await net.clock.advance(2 * second)
  await bob.client.contacts.add('alice', alice.client.address, { read: true })
  const contents = ['', 'hello', 'Grüße, Зяблик, ズアオアトリ, 🐦', 'x'.repeat(1900), 'y'.repeat(30_000)]
  const states: string[] = []
  alice.client.on('state', ({ id, state }) => states.push(`${id} ${state}`))
  const sent = []
  for (const content of contents)
    sent.push(await alice.client.send(bob.client.address, content, { from: true, receipt: true }))
  // Its app looks later: what says so could come before the last acknowledgement
  await net.clock.advance(15 * second)
  const got = app(bob)
  await net.clock.advance(10 * second)
  assert.equal(got.map(({ text }) => text).sort(), [...contents].sort())
  for (const { id, state } of sent) {
    assert.is(state, 'read')
    assert.equal(
      states.filter(line => line.startsWith(id)).map(line => line.split(' ')[1]),
      ['sent', 'stored', 'received', 'read'],
    )
  }
  assert.equal(net.counts.refused, {})
  await alice.client.close()
  await bob.client.close()
})

test('replies arrive though the replier knows no address, and reading survives both ways', async () => {
  const net = new FakeNetwork({ seed: 2 })
  const [alice, bob] = await pair(net)
  app(bob, ({ text }) => `you said ${text}`)
  const got = app(alice)
  const asked = await alice.client.send(bob.client.address, 'ping', { replies: true })
  await net.clock.advance(10 * second)
  assert.equal(
    got.map(({ text, inReplyTo, canReply }) => ({ text, inReplyTo, canReply })),
    [{ text: 'you said ping', inReplyTo: asked.id, canReply: false }],
  )
  assert.is(asked.state, 'read')
  const { replies } = bob.client.status()
  assert.is(replies.acknowledged, 1)
})

test('a reply longer than the blocks at hand asks for more and arrives', async () => {
  const net = new FakeNetwork({ seed: 3 })
  const [alice, bob] = await pair(net)
  const long = seededRandom(5)(50_000)
  app(bob, () => long)
  const got = app(alice)
  await alice.client.send(bob.client.address, 'tell me all', { replies: true })
  await net.clock.advance(20 * second)
  assert.is(got.length, 1)
  assert.ok(same(got[0]?.bytes, long))
  assert.is(bob.client.status().replies.acknowledged, 1)
})

test('one seed gives one run', async () => {
  const run = async (): Promise<unknown[]> => {
    const net = new FakeNetwork({ seed: 11, lossPercent: 2 })
    const [alice, bob] = await pair(net)
    app(bob, ({ text }) => `re ${text}`)
    app(alice)
    await alice.client.send(bob.client.address, 'a'.repeat(9000), { replies: true })
    await net.clock.advance(15 * second)
    return [alice.client.ledger(), bob.client.ledger(), net.counts]
  }
  assert.equal(await run(), await run())
})

test('calling off, deadlines and limits have codes', async () => {
  const net = new FakeNetwork({ seed: 12 })
  const alice = await net.client('alice', {
    limits: { outbox: { messages: 3, bytes: 100_000, finished: 2, copies: 1000 } },
  })
  const bob = await net.client('bob')
  await net.clock.advance(2 * second)
  const to = bob.client.address
  const { client } = alice
  const stop = new AbortController()
  const called = await client.send(to, 'x'.repeat(90_000), { signal: stop.signal })
  await assertCode(client.send(to, 'x'.repeat(20_000)), 'QUEUE_FULL')
  stop.abort()
  assert.equal([called.state, called.reason], ['failed', 'ABORTED'])
  await assertCode(called.stored(), 'ABORTED')
  await assertCode(client.send(to, 'x', { signal: stop.signal }), 'ABORTED')
  await assertCode(client.send(to, new Uint8Array(16 * 1024 * 1024 + 1)), 'TOO_LARGE')
  await assertCode(client.send(to, 'x', { replies: 65 }), 'BAD_OPTION')
  await assertCode(client.send(to, 'x', { deadlineMs: 0 }), 'BAD_OPTION')
  await assertCode(client.send(`${to}a`, 'x'), 'BAD_ADDRESS')
  await assertCode(client.reply('00'.repeat(16), 'x'), 'UNKNOWN_MESSAGE')
  for (const gateway of net.gateways) net.kill(gateway)
  const late = await client.send(to, 'x', { deadlineMs: 3000 })
  await net.clock.advance(5 * second)
  assert.equal([late.state, late.reason], ['failed', 'DEADLINE'])
  await client.close()
  await assertCode(client.send(to, 'x'), 'CLOSED')
  await assertCode(client.ready(), 'CLOSED')
})

test('a message without reply blocks cannot be answered', async () => {
  const net = new FakeNetwork({ seed: 13 })
  const [alice, bob] = await pair(net)
  const got = app(bob)
  await alice.client.send(bob.client.address, 'no answer, please')
  await net.clock.advance(5 * second)
  assert.is(got[0]?.canReply, false)
  await assertCode(bob.client.reply(got[0] as Received, 'but'), 'NO_REPLY')
})

test('junk in the mailbox is counted and changes nothing', async () => {
  const net = new FakeNetwork({ seed: 14 })
  const [alice, bob] = await pair(net)
  const got = app(bob)
  const { mailboxKey } = addressOf(bob)
  const gateway = net.gateways.find(
    ({ name }) => name === bob.client.status().gateway,
  ) as (typeof net.gateways)[0]
  for (let i = 0; i < 50; i++) net.deliver(gateway, mailboxKey, net.random(2000))
  const message = await alice.client.send(bob.client.address, 'after the junk')
  await net.clock.advance(10 * second)
  assert.is(message.state, 'stored')
  assert.equal(
    got.map(({ text }) => text),
    ['after the junk'],
  )
  assert.is(bob.client.status().entries['unreadable'], 50)
})

test('a client sends at the same rates whether or not there is anything to say', async () => {
  const net = new FakeNetwork({ seed: 15 })
  const [alice, bob] = await pair(net)
  const before = [alice.link.sent, bob.link.sent]
  await alice.client.send(bob.client.address, 'x'.repeat(250_000))
  await net.clock.advance(20 * second)
  const [busy, idle] = [alice.link.sent - (before[0] as number), bob.link.sent - (before[1] as number)]
  const expected = (20 * (600 + 30 + 30)) / 60
  for (const sent of [busy, idle]) assert.ok(Math.abs(sent - expected) < 4 * Math.sqrt(expected), `${sent}`)
})

function addressOf({ client }: RunningClient): { mailboxKey: Uint8Array } {
  return readAddress(client.address, 'fake')
}

test.run()

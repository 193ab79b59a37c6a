// A client against a whole network on the virtual clock: messages, replies, outages, restarts.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAddress } from '../client/address.ts'
import { ClientError } from '../client/error.ts'
import type { Received } from '../client/message.ts'
import { seededRandom } from '../sphinx/random.ts'
import { diskOf, FakeNetwork, type RunningClient } from './client-network.ts'

const second = 1000

/** Collects what a client's app is handed, and answers when told how. */
function app(
  running: RunningClient,
  answer?: (received: Received) => string | Uint8Array | undefined,
): Received[] {
  const got: Received[] = []
  void (async () => {
    for await (const received of running.client.messages()) {
      got.push(received)
      const text = received.canReply ? answer?.(received) : undefined
      if (text !== undefined) await running.client.reply(received, text)
    }
  })()
  return got
}

async function pair(net: FakeNetwork): Promise<[RunningClient, RunningClient]> {
  const clients: [RunningClient, RunningClient] = [await net.client('alice'), await net.client('bob')]
  await net.clock.advance(2 * second)
  for (const { client } of clients) assert.ok(client.status().ready)
  return clients
}

test('messages of every size arrive once and whole, and their states move to read', async () => {
  const net = new FakeNetwork()
  const [alice, bob] = await pair(net)
  const contents = ['', 'hello', 'Grüße, Зяблик, ズアオアトリ, 🐦', 'x'.repeat(1900), 'y'.repeat(60_000)]
  const got = app(bob)
  const states: string[] = []
  alice.client.on('state', ({ id, state }) => states.push(`${id} ${state}`))
  const sent = []
  for (const content of contents)
    sent.push(await alice.client.send(bob.client.address, content, { receipt: true }))
  await net.clock.advance(20 * second)
  assert.equal(got.map(({ text }) => text).sort(), [...contents].sort())
  for (const { id, state } of sent) {
    assert.is(state, 'read')
    assert.equal(
      states.filter(line => line.startsWith(id)).map(line => line.split(' ')[1]),
      ['sent', 'stored', 'read'],
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
  assert.is(replies.read, 1)
})

test('a reply longer than the blocks at hand asks for more and arrives', async () => {
  const net = new FakeNetwork({ seed: 3 })
  const [alice, bob] = await pair(net)
  const long = seededRandom(5)(90_000)
  app(bob, () => long)
  const got = app(alice)
  await alice.client.send(bob.client.address, 'tell me all', { replies: true })
  await net.clock.advance(20 * second)
  assert.is(got.length, 1)
  assert.ok(same(got[0]?.bytes, long))
  assert.is(bob.client.status().replies.read, 1)
})

test('packets that vanish at any hop cost time and nothing else', async () => {
  const net = new FakeNetwork({ seed: 4, lossPercent: 3 })
  const [alice, bob] = await pair(net)
  app(bob, ({ text }) => `re ${text}`)
  const got = app(alice)
  const sent = []
  for (let i = 0; i < 8; i++)
    sent.push(await alice.client.send(bob.client.address, `m${i}`, { replies: true }))
  await alice.client.send(bob.client.address, 'z'.repeat(30_000))
  await net.clock.advance(30 * second)
  assert.equal(
    got.map(({ text }) => text).sort(),
    [0, 1, 2, 3, 4, 5, 6, 7].map(i => `re m${i}`),
  )
  assert.is(bob.client.status().messages.received, 9)
  assert.ok(net.counts.lost > 50)
})

test('a dead mix is avoided: its share of the paths falls, and nothing is lost', async () => {
  const net = new FakeNetwork({ seed: 5, epochMs: 600 * second })
  const [alice, bob] = await pair(net)
  app(bob, ({ text }) => `re ${text}`)
  const got = app(alice)
  const dead = net.nodes[0] as (typeof net.nodes)[0]
  net.kill(dead)
  for (let i = 0; i < 10; i++) await alice.client.send(bob.client.address, `m${i}`, { replies: true })
  await net.clock.advance(25 * second)
  assert.is(got.length, 10)
  const late = net.clock.now() - 10 * second
  await alice.client.send(bob.client.address, 'x'.repeat(80_000))
  await net.clock.advance(10 * second)
  const paths = alice.client.ledger().filter(entry => entry.event === 'sent' && entry.at > late)
  const through = paths.filter(entry => entry.event === 'sent' && entry.path.includes(dead.name))
  assert.ok(paths.length > 40)
  assert.ok(through.length < paths.length / 10, `${through.length} of ${paths.length}`)
})

test('a gateway that is away for five seconds costs nothing that was accepted', async () => {
  const net = new FakeNetwork({ seed: 6 })
  const [alice, bob] = await pair(net)
  app(bob, ({ text }) => `re ${text}`)
  const got = app(alice)
  for (let i = 0; i < 3; i++) await alice.client.send(bob.client.address, `a${i}`, { replies: true })
  await net.clock.advance(300)
  for (const gateway of net.gateways) net.kill(gateway)
  for (let i = 0; i < 3; i++) await alice.client.send(bob.client.address, `b${i}`, { replies: true })
  await net.clock.advance(5 * second)
  assert.not.ok(alice.client.status().ready)
  for (const gateway of net.gateways) net.revive(gateway)
  await net.clock.advance(25 * second)
  assert.is(bob.client.status().messages.received, 6)
  assert.equal(
    got.map(({ text }) => text).sort(),
    ['a0', 'a1', 'a2', 'b0', 'b1', 'b2'].map(text => `re ${text}`),
  )
})

test('a sender killed in the middle goes on when it starts again; nothing comes twice', async () => {
  const net = new FakeNetwork({ seed: 7 })
  const [alice, bob] = await pair(net)
  const got = app(bob)
  const long = seededRandom(9)(120_000)
  const message = await alice.client.send(bob.client.address, long)
  await alice.client.send(bob.client.address, 'short')
  await net.clock.advance(3 * second)
  assert.is(message.state, 'queued')
  const store = await diskOf(alice)
  const before = alice.client.ledger().filter(({ event }) => event === 'sent').length
  await alice.client.close()
  const again = await net.client('alice again', { store })
  assert.is(again.client.address, alice.client.address)
  await net.clock.advance(20 * second)
  assert.is(again.client.message(message.id)?.state, 'stored')
  assert.is(got.length, 2)
  assert.ok(same(got.find(({ bytes }) => bytes.length > 10)?.bytes, long))
  const after = again.client.ledger().filter(({ event }) => event === 'sent').length
  assert.ok(before + after < 63 + 1 + 50, `${before} + ${after} packets`)
})

test('a receiver killed in the middle loses nothing and hands nothing out twice that was read', async () => {
  const net = new FakeNetwork({ seed: 8 })
  const [alice, bob] = await pair(net)
  const first = app(bob)
  const long = seededRandom(9)(120_000)
  await alice.client.send(bob.client.address, 'early')
  await alice.client.send(bob.client.address, long)
  await net.clock.advance(2.5 * second)
  assert.equal(
    first.map(({ bytes }) => bytes.length),
    [5],
  )
  const again = await net.client('bob again', { store: await diskOf(bob) })
  const later = app(again)
  await net.clock.advance(20 * second)
  assert.equal(
    later.map(({ bytes }) => bytes.length),
    [120_000],
  )
  assert.ok(same(later[0]?.bytes, long))
})

test('a reply written before a restart of the asker is read after it', async () => {
  const net = new FakeNetwork({ seed: 9 })
  const [alice, bob] = await pair(net)
  app(bob, () => 'here you are')
  const asked = await alice.client.send(bob.client.address, 'question', { replies: true })
  await net.clock.advance(400)
  const store = await diskOf(alice)
  await net.clock.advance(8 * second)
  const again = await net.client('alice again', { store })
  const got = app(again)
  await net.clock.advance(15 * second)
  assert.equal(
    got.map(({ text, inReplyTo }) => [text, inReplyTo]),
    [['here you are', asked.id]],
  )
})

test('replies later than the keys: refused by the replier with REPLY_EXPIRED', async () => {
  const net = new FakeNetwork({ seed: 10, parameters: { payloadPerMinute: 180 } })
  const [alice, bob] = await pair(net)
  const got = app(bob)
  await alice.client.send(bob.client.address, 'question', { replies: true })
  await net.clock.advance(5 * second)
  const [question] = got as [Received]
  await net.clock.advance(45 * second)
  // Two epochs later the blocks for these are still good
  const reply = await bob.client.reply(question, 'just in time')
  await net.clock.advance(5 * second)
  assert.is(reply.state, 'read')
  await net.clock.advance(60 * second)
  await assertCode(bob.client.reply(question, 'too late'), 'REPLY_EXPIRED')
  const again = await net.client('bob again', { store: await diskOf(bob) })
  await assertCode(again.client.reply(question, 'too late'), 'REPLY_EXPIRED')
})

test('a reply that nobody takes fails when its blocks are used up or over', async () => {
  const net = new FakeNetwork({ seed: 16, parameters: { payloadPerMinute: 180 } })
  const [alice, bob] = await pair(net)
  const got = app(bob)
  await alice.client.send(bob.client.address, 'question', { replies: 3 })
  await net.clock.advance(5 * second)
  await alice.client.close()
  alice.link.dead = true
  const reply = await bob.client.reply(got[0] as Received, 'are you there?')
  await net.clock.advance(90 * second)
  assert.is(reply.state, 'failed')
  assert.ok(reply.reason === 'REPLY_EXHAUSTED' || reply.reason === 'REPLY_EXPIRED')
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
    limits: { outbox: { messages: 3, bytes: 100_000, finished: 2 } },
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
  await alice.client.send(bob.client.address, 'x'.repeat(300_000))
  await net.clock.advance(20 * second)
  const [busy, idle] = [alice.link.sent - (before[0] as number), bob.link.sent - (before[1] as number)]
  const expected = (20 * (900 + 30 + 30)) / 60
  for (const sent of [busy, idle]) assert.ok(Math.abs(sent - expected) < 4 * Math.sqrt(expected), `${sent}`)
})

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0
}

function addressOf({ client }: RunningClient): { mailboxKey: Uint8Array } {
  return readAddress(client.address, 'fake')
}

async function assertCode(promise: Promise<unknown>, code: string): Promise<void> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof ClientError, String(error))
    return assert.is(error.code, code)
  }
  assert.unreachable(`want ${code}`)
}

test.run()

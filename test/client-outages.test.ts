// A client when others fail, or it is killed itself: nothing that was accepted is lost, nothing comes twice.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Received } from '../client/message.ts'
import { Dispatch } from '../client/outgoing/dispatch.ts'
import { Parcels } from '../client/outgoing/parcels.ts'
import { Replies } from '../client/outgoing/replies.ts'
import type { Directory } from '../directory/documents/view.ts'
import { seededRandom } from '../world/random.ts'
import { second } from '../world/units.ts'
import { app, assertCode, diskOf, pair, same } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

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
  const late = net.clock.now()
  await alice.client.send(bob.client.address, 'x'.repeat(80_000))
  await net.clock.advance(7 * second)
  const paths = alice.client.ledger().filter(entry => entry.event === 'sent' && entry.at > late)
  const through = paths.filter(entry => entry.event === 'sent' && entry.path.includes(dead.name))
  assert.ok(paths.length > 40)
  assert.ok(through.length < paths.length / 10, `${through.length} of ${paths.length}`)
})

test('where something on the ways has died a reply leaves twice at once; the control: where all lives it does not', async () => {
  for (const isDead of [true, false]) {
    const net = new FakeNetwork({ seed: 6, epochMs: 600 * second })
    const [alice, bob] = await pair(net)
    const [got, answers] = [app(bob), app(alice)]
    await alice.client.send(bob.client.address, 'question', { replies: true })
    while (got.length === 0) await net.clock.advance(100)
    if (isDead) net.kill(net.nodes[0] as (typeof net.nodes)[0])
    await net.clock.advance(40 * second)
    const { id } = await bob.client.reply(got[0] as Received, 'answer')
    const left = (): number =>
      bob.client.ledger().filter(entry => entry.event === 'sent' && entry.id === id).length
    while (left() === 0) await net.clock.advance(50)
    await net.clock.advance(second)
    assert.is(left(), isDead ? 2 : 1)
    await net.clock.advance(20 * second)
    assert.equal(
      answers.map(({ text }) => text),
      ['answer'],
    )
  }
})

/**
 * A message arrives whole, or after something of it was lost; then two mixes of two die, or not.
 *
 * @returns how often blocks followed, and what has come of the answer that is written half a minute later
 */
async function followed(isLost: boolean, deaths: number): Promise<[times: number, answers: string[]]> {
  const net = new FakeNetwork({ seed: 6, epochMs: 600 * second })
  const [alice, bob] = await pair(net)
  const [got, answers] = [app(bob), app(alice)]
  const freshen = Replies.prototype.freshen
  let times = 0
  Replies.prototype.freshen = function (...args) {
    times++
    return freshen.apply(this, args)
  }
  try {
    const { send } = alice.link
    if (isLost) alice.link.send = () => true
    await alice.client.send(bob.client.address, 'question', { replies: true })
    if (isLost) await net.clock.advance(2 * second)
    alice.link.send = send
    while (got.length === 0) await net.clock.advance(100)
    await net.clock.advance(5 * second)
    for (const dead of net.nodes.filter(({ role }, i) => role === 'mix' && i % 2 === 0).slice(0, deaths))
      net.kill(dead)
    await net.clock.advance(30 * second)
    await bob.client.reply(got[0] as Received, 'answer')
    await net.clock.advance(10 * second)
  } finally {
    Replies.prototype.freshen = freshen
  }
  for (const { client } of [alice, bob]) await client.close()
  return [times, answers.map(({ text }) => text)]
}

test('other reply blocks follow a message of which something was lost, and when nodes die after it', async () => {
  assert.equal(await followed(false, 0), [0, ['answer']])
  assert.equal(await followed(true, 0), [1, ['answer']])
  const [times, answers] = await followed(false, 2)
  assert.ok(times >= 1 && times <= 3, `${times}`)
  assert.equal(answers, ['answer'])
})

test('a client that does not notice leaves its correspondent with broken blocks: the control', async () => {
  const { nodeFailed } = Parcels.prototype
  Parcels.prototype.nodeFailed = () => {}
  try {
    assert.equal(await followed(false, 2), [0, []])
  } finally {
    Parcels.prototype.nodeFailed = nodeFailed
  }
})

/** Two mixes of two die while an answer is under way. @returns how long it takes after other blocks have come for it */
async function answeredAfter(seed: number): Promise<number> {
  const net = new FakeNetwork({ seed, epochMs: 600 * second })
  const [alice, bob] = await pair(net)
  const [got, answers] = [app(bob), app(alice)]
  const { more } = Replies.prototype
  let cameAt: number | undefined
  Replies.prototype.more = function (...args) {
    cameAt ??= net.clock.now()
    return more.apply(this, args)
  }
  try {
    await alice.client.send(bob.client.address, 'question', { replies: true })
    while (got.length === 0) await net.clock.advance(100)
    await net.clock.advance(10 * second)
    for (const dead of net.nodes.filter(({ role }, i) => role === 'mix' && i % 2 === 0).slice(0, 2))
      net.kill(dead)
    await bob.client.reply(got[0] as Received, 'answer')
    for (let i = 0; i < 600 && answers.length === 0; i++) await net.clock.advance(100)
  } finally {
    Replies.prototype.more = more
  }
  for (const { client } of [alice, bob]) await client.close()
  assert.equal(
    answers.map(({ text }) => text),
    ['answer'],
  )
  return cameAt === undefined ? 0 : net.clock.now() - cameAt
}

test('an answer under way leaves again when other blocks come for it; the control: it waits for its time', async () => {
  const seeds = [11, 12, 13, 14]
  const sum = async (): Promise<number> => {
    let ms = 0
    for (const seed of seeds) ms += await answeredAfter(seed)
    return ms
  }
  const soon = await sum()
  const { supplied } = Dispatch.prototype
  Dispatch.prototype.supplied = () => {}
  try {
    const late = await sum()
    assert.ok(soon < late / 2, `${soon} ms, without it ${late} ms`)
  } finally {
    Dispatch.prototype.supplied = supplied
  }
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
  const long = seededRandom(9)(70_000)
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
  assert.ok(before + after < 37 + 1 + 40, `${before} + ${after} packets`)
})

test('a receiver killed in the middle loses nothing and hands nothing out twice that was read', async () => {
  const net = new FakeNetwork({ seed: 8 })
  const [alice, bob] = await pair(net)
  const first = app(bob)
  const long = seededRandom(9)(70_000)
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
    [70_000],
  )
  assert.ok(same(later[0]?.bytes, long))
})

test('under a document without nodes a message that could never be answered is not accepted', async () => {
  const net = new FakeNetwork({ seed: 10 })
  const real = net.directory()
  let isEmpty = true
  const none = { layers: [[], [], []], gateways: [], nodes: new Map() }
  const directory: Directory = {
    ...real,
    current: () => {
      const view = real.current()
      return isEmpty && view !== undefined ? { ...view, ...none } : view
    },
  }
  // The next document names the gateways: it is here before its time, as they are
  const alice = await net.client('alice', {
    directory,
    gateways: [(net.gateways[0] as (typeof net.gateways)[0]).id],
  })
  const bob = await net.client('bob')
  await net.clock.advance(2 * second)
  const got = app(alice)
  app(bob, () => 'here you are')
  assert.ok(alice.client.status().ready)
  const sent = await alice.client.send(bob.client.address, 'no answer wanted')
  await assertCode(alice.client.send(bob.client.address, 'x', { replies: true }), 'NO_CONSENSUS')
  isEmpty = false
  await alice.client.send(bob.client.address, 'question', { replies: true })
  await net.clock.advance(10 * second)
  assert.is(sent.state, 'stored')
  assert.equal(
    got.map(({ text }) => text),
    ['here you are'],
  )
})

test('blocks for a reply that is under way are taken also when its message has been cleaned away', async () => {
  const net = new FakeNetwork({ seed: 12 })
  const [alice, bob] = await pair(net)
  const got = app(alice)
  app(bob, () => 'r'.repeat(40_000))
  await alice.client.send(bob.client.address, 'question', { replies: 2 })
  for (let n = 0; n < 60 && bob.client.status().messages.received === 0; n++) await net.clock.advance(100)
  await net.clock.advance(100)
  assert.is((await bob.client.chores.clean(0)).received, 1)
  await net.clock.advance(60 * second)
  assert.equal(
    got.map(({ bytes }) => bytes.length),
    [40_000],
  )
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
  assert.is(reply.state, 'received')
  await net.clock.advance(60 * second)
  await assertCode(bob.client.reply(question, 'too late'), 'REPLY_EXPIRED')
  const again = await net.client('bob again', { store: await diskOf(bob) })
  await assertCode(again.client.reply(question, 'too late'), 'REPLY_EXPIRED')
})

test('a message that was long under way is followed by fresh blocks, for replies after the first ones are over', async () => {
  const net = new FakeNetwork({ seed: 11, parameters: { payloadPerMinute: 240 } })
  const [alice, bob] = await pair(net)
  const [got, answers] = [app(bob), app(alice)]
  const sent = await alice.client.send(bob.client.address, seededRandom(4)(340_000), { replies: true })
  // Epochs of 20 s, and the message is accepted in the first of them
  await net.clock.advance(40 * second)
  assert.is(sent.state, 'queued')
  await net.clock.advance(33 * second)
  assert.is(sent.state, 'stored')
  const reply = await bob.client.reply(got[0] as Received, 'after the third epoch')
  await net.clock.advance(7 * second)
  assert.is(reply.state, 'received')
  assert.is(answers[0]?.text, 'after the third epoch')
})

test('a message whose blocks are over when it comes can be answered once fresh ones have followed', async () => {
  const net = new FakeNetwork({ seed: 12, parameters: { payloadPerMinute: 120 } })
  const [alice, bob] = await pair(net)
  const [got, answers] = [app(bob), app(alice)]
  await alice.client.send(bob.client.address, seededRandom(4)(400_000), { replies: true })
  while (got.length === 0) await net.clock.advance(second / 4)
  const [question] = got as [Received]
  assert.is(question.canReply, true)
  await bob.client.reply(question, 'at once')
  await net.clock.advance(7 * second)
  await bob.client.reply(question, 'later')
  await net.clock.advance(7 * second)
  assert.equal(
    answers.map(({ text }) => text),
    ['at once', 'later'],
  )
})

test('a message that lay in its mailbox past its blocks: a reply waits a minute for others, and has failed', async () => {
  const net = new FakeNetwork({ seed: 14, parameters: { payloadPerMinute: 180 } })
  const [alice, bob] = await pair(net)
  const disk = await diskOf(bob)
  await alice.client.send(bob.client.address, 'question', { replies: true })
  await net.clock.advance(120 * second)
  const again = await net.client('bob again', { store: disk })
  const got = app(again)
  while (got.length === 0) await net.clock.advance(second)
  const reply = await again.client.reply(got[0] as Received, 'too late')
  await net.clock.advance(50 * second)
  assert.is(reply.state, 'queued')
  await net.clock.advance(15 * second)
  assert.equal([reply.state, reply.reason], ['failed', 'REPLY_EXPIRED'])
})

test('whenever a replier that needs more blocks than it has starts again, its reply is read', async () => {
  for (const diesAt of [400, 800, 1600, 3200]) {
    const net = new FakeNetwork({ seed: 13, parameters: { payloadPerMinute: 240 } })
    const [alice, bob] = await pair(net)
    const [got, answers] = [app(bob), app(alice)]
    await alice.client.send(bob.client.address, 'question', { replies: 1 })
    while (got.length === 0) await net.clock.advance(second / 4)
    await bob.client.reply(got[0] as Received, seededRandom(5)(12_000))
    await net.clock.advance(diesAt)
    const again = await net.client('bob again', { store: await diskOf(bob) })
    for (let waited = 0; waited < 40 && answers.length === 0; waited++) await net.clock.advance(second)
    assert.is(answers[0]?.bytes.length, 12_000, `started again after ${diesAt} ms`)
    await again.client.close()
  }
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

test.run()

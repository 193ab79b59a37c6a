// Replies for which no reply block is left, to whoever says who they are (docs/spec/client-replies.md 7.8).
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeEntry } from '../client/incoming/arrivals.ts'
import type { Received } from '../client/message.ts'
import { memoryStore } from '../world/store.ts'
import { second } from '../world/units.ts'
import { app, assertCode, diskOf, pair } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

/** Epochs are of 20 s: after so long no reply block of now works. */
const afterBlocksMs = 100 * second
const parameters = { payloadPerMinute: 180 }

test('a reply that is written after its blocks are over is read as one; the control: to nobody known it is refused', async () => {
  for (const from of [true, false]) {
    const net = new FakeNetwork({ seed: 1, parameters })
    const [alice, bob] = await pair(net)
    const [questions, answers] = [app(bob), app(alice)]
    const asked = await alice.client.send(bob.client.address, 'question', { replies: true, from })
    await net.clock.advance(afterBlocksMs)
    const [question] = questions as [Received]
    const [listed] = await bob.client.inbox()
    assert.is(listed?.canReply, from)
    if (!from) await assertCode(bob.client.reply(question, 'late'), 'REPLY_EXPIRED')
    else {
      const reply = await bob.client.reply(question, 'late')
      await net.clock.advance(10 * second)
      assert.is(reply.state, 'received')
      assert.is(asked.state, 'read')
    }
    assert.equal(
      answers.map(({ text, inReplyTo, app }) => [text, inReplyTo, app]),
      from ? [['late', asked.id, '']] : [],
    )
    for (const { client } of [alice, bob]) await client.close()
  }
})

test('a reply that came over its blocks, and comes again by address as its receipt was lost, is read once', async () => {
  const net = new FakeNetwork({ seed: 2, parameters })
  const [alice, bob] = await pair(net)
  const questions = app(bob)
  const asked = await alice.client.send(bob.client.address, 'question', { replies: 3, from: true })
  while (questions.length === 0) await net.clock.advance(second / 4)
  const [question] = questions as [Received]
  const reply = await bob.client.reply(question, 'x'.repeat(1000))
  // Whole, and the power goes before a receipt has left
  while ((await alice.client.inbox()).length === 0) await net.clock.advance(20)
  const disk = await diskOf(alice)
  await net.clock.advance(afterBlocksMs)
  assert.is(reply.state, 'stored')
  const again = await net.client('alice again', { store: disk })
  await net.clock.advance(60 * second)
  assert.is(reply.state, 'received')
  const got = await again.client.inbox()
  assert.equal(
    got.map(({ bytes, inReplyTo }) => [bytes.length, inReplyTo]),
    [[1000, asked.id]],
  )
})

test('a reply of which a part came over blocks comes whole by address, also when its writer starts again', async () => {
  const net = new FakeNetwork({ seed: 3, parameters: { payloadPerMinute: 240 } })
  const [alice, bob] = await pair(net)
  const questions = app(bob)
  await alice.client.send(bob.client.address, 'question', { replies: 1, from: true })
  while (questions.length === 0) await net.clock.advance(second / 4)
  // Longer than its block, and nobody gives more
  await bob.client.reply(questions[0] as Received, 'y'.repeat(5000))
  await net.clock.advance(2 * second)
  const disk = await diskOf(alice)
  await net.clock.advance(afterBlocksMs)
  const bobAgain = await net.client('bob again', { store: await diskOf(bob) })
  const again = await net.client('alice again', { store: disk })
  const answers = app(again)
  await net.clock.advance(60 * second)
  assert.equal(
    answers.map(({ bytes }) => bytes.length),
    [5000],
  )
  assert.equal(
    bobAgain.client.chores.queue(true).map(({ kind, state }) => [kind, state]),
    [['reply', 'received']],
  )
})

test('nobody answers in the place of whoever was asked', async () => {
  const net = new FakeNetwork({ seed: 4, parameters })
  const [alice, bob] = await pair(net)
  const asked = await alice.client.send(bob.client.address, 'question', { replies: true, from: true })
  // Mallory knows all that Bob does of the question, but his keys
  const store = memoryStore()
  const [seq, read, wantsRead] = [0, false, false]
  const entry = { seq, id: asked.id, app: '', at: net.clock.now(), length: 8, read, wantsRead }
  await store.batch([
    writeEntry({ ...entry, from: alice.client.address, blocks: 1 }),
    { type: 'put', key: 'in-bytes/0000000000000000', value: new Uint8Array(8) },
  ])
  const mallory = await net.client('mallory', { store })
  await net.clock.advance(5 * second)
  await mallory.client.reply(asked.id, 'from Bob, surely')
  await net.clock.advance(afterBlocksMs)
  assert.equal(
    (await alice.client.inbox()).map(({ text, from, inReplyTo }) => [text, from, inReplyTo]),
    [['from Bob, surely', mallory.client.address, undefined]],
  )
})

test.run()

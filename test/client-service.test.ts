// docs/spec/client.md 4.1 and docs/spec/client-sdk.md 14: apps with inboxes of their own that share a client's clock
// fairly, and services that answer people they do not know, within their quotas.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isAppName } from '../client/app-name.ts'
import { ClientError } from '../client/error.ts'
import { step } from '../client/outgoing/delivery.ts'
import { type Delivery, noDelivery } from '../client/outgoing/queue-state.ts'
import type { Service } from '../client/service.ts'
import { readAnswer, writeAnswer } from '../client/service.ts'
import { second } from '../world/units.ts'
import { assertCode, pair } from './client-apps.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'

async function stopAll(...clients: RunningClient[]): Promise<void> {
  for (const { client } of clients) await client.close()
}

/** Notes how a promise ended, without waiting for it in real time. */
function outcome<T>(promise: Promise<T>): { value?: T; code?: string } {
  const seen: { value?: T; code?: string } = {}
  promise.then(
    value => {
      seen.value = value
    },
    (error: unknown) => {
      if (error instanceof ClientError) seen.code = error.code
    },
  )
  return seen
}

async function arrived(net: FakeNetwork, to: RunningClient, app: string): Promise<string[]> {
  await net.clock.advance(0)
  return (await to.client.inbox({ app })).map(({ text }) => text)
}

test('each app has an inbox of its own, also after a restart, and a reply lies in that of the app that asked', async () => {
  const net = new FakeNetwork({ seed: 5 })
  const [alice, bob] = await pair(net)
  const to = bob.client.address
  await alice.client.send(to, 'to chat', { app: 'chat', replies: true })
  await alice.client.send(to, 'to mail', { app: 'mail' })
  await alice.client.send(to, 'to nobody')
  await net.clock.advance(6 * second)
  assert.equal(await arrived(net, bob, 'mail'), ['to mail'])
  assert.equal(await arrived(net, bob, ''), ['to nobody'])
  const [asked] = await bob.client.inbox({ app: 'chat' })
  assert.is(asked?.app, 'chat')
  await bob.client.reply(asked?.id ?? '', 'an answer')
  await net.clock.advance(6 * second)
  assert.equal(await arrived(net, alice, ''), [])
  await stopAll(alice)
  const again = await net.client('alice', { store: alice.store })
  assert.equal(await arrived(net, again, 'chat'), ['an answer'])
  await stopAll(again, bob)
})

test('a name that is no app is refused', async () => {
  const net = new FakeNetwork()
  const [alice, bob] = await pair(net)
  for (const app of ['Chat', '-chat', 'x'.repeat(33), 'a/b', '?'])
    await assertCode(alice.client.send(bob.client.address, '', { app }), 'BAD_OPTION')
  assert.throws(() => alice.client.serve('?', () => ''), /'\?' is no app's name/)
  assert.ok(isAppName('x'.repeat(32)) && isAppName('9.a-b'))
  await stopAll(alice, bob)
})

test('apps take turns, however much one of them has to send; its own messages go by rank', () => {
  let state: Delivery = noDelivery
  const accept = (id: string, app: string, count: number, priority?: 'low' | 'high'): void => {
    const event = {
      type: 'accepted',
      id,
      count,
      by: 'gateway',
      deadline: 1e9,
      app,
      priority,
    } as const
    state = step(state, event, 0)[0]
  }
  accept('bulk', 'files', 300)
  accept('more', 'files', 300)
  accept('late', 'chat', 3, 'low')
  accept('soon', 'chat', 3, 'high')
  const sent: string[] = []
  for (let i = 0; i < 20; i++) {
    const [next, actions] = step(state, { type: 'tick' }, 0)
    state = next
    for (const action of actions) if (action.type === 'transmit') sent.push(action.id)
  }
  const chat = sent.filter(id => id === 'soon' || id === 'late')
  assert.equal(chat, ['soon', 'soon', 'soon', 'late', 'late', 'late'])
  assert.is(sent.lastIndexOf('late') < 13, true, sent.join(' '))
  assert.is(Math.abs(count(sent, 'bulk') - count(sent, 'more')) <= 1, true)
})

function count(all: readonly string[], one: string): number {
  return all.filter(each => each === one).length
}

test('a service answers requests, in any order, and nobody else sees them', async () => {
  const net = new FakeNetwork({ seed: 6 })
  const [alice, bob] = await pair(net)
  const service = bob.client.serve('upper', ({ text }) => text.toUpperCase())
  const outcomes = ['a', 'b', 'c'].map(text =>
    outcome(alice.client.request(bob.client.address, 'upper', text)),
  )
  await net.clock.advance(8 * second)
  const texts = outcomes.map(({ value }) => new TextDecoder().decode(value))
  assert.equal(texts, ['A', 'B', 'C'])
  assert.equal(service.counts, { fine: 3, busy: 0, refused: 0, failed: 0, mute: 0 })
  assert.equal(await arrived(net, bob, ''), [])
  assert.equal(await arrived(net, alice, ''), [])
  service.end()
  await net.clock.advance(0)
  await service.ended
  await stopAll(alice, bob)
})

test('a long answer comes whole, by reply blocks that refill', async () => {
  const net = new FakeNetwork({ seed: 7 })
  const [alice, bob] = await pair(net)
  bob.client.serve('long', () => 'x'.repeat(30_000))
  const seen = outcome(alice.client.request(bob.client.address, 'long', ''))
  await net.clock.advance(25 * second)
  assert.is(seen.value?.length, 30_000)
  await stopAll(alice, bob)
})

test('quotas: too many, too long, a handler that throws, one that nobody could answer', async () => {
  const net = new FakeNetwork({ seed: 8 })
  const [alice, bob] = await pair(net)
  const limits = { perMinute: 2, longest: 10, atOnce: 8 }
  const service: Service = bob.client.serve(
    'small',
    ({ text }) => {
      if (text === 'bad') throw new Error('a secret of this service')
      return text
    },
    limits,
  )
  const to = bob.client.address
  await alice.client.send(to, 'no blocks', { app: 'small' })
  const long = outcome(alice.client.request(to, 'small', 'x'.repeat(11)))
  const bad = outcome(alice.client.request(to, 'small', 'bad'))
  await net.clock.advance(8 * second)
  const rest = Array.from({ length: 4 }, () => outcome(alice.client.request(to, 'small', 'fine')))
  await net.clock.advance(8 * second)
  assert.is(long.code, 'SERVICE_REFUSED')
  assert.is(bad.code, 'SERVICE_FAILED')
  assert.is(service.counts.mute, 1)
  const codes = rest.map(({ code }) => code ?? 'fine').sort()
  assert.is(codes[0], 'SERVICE_BUSY')
  assert.is(codes.at(-1), 'fine')
  await stopAll(alice, bob)
})

test('a request that nobody answers ends with its deadline, one that is called off at once', async () => {
  const net = new FakeNetwork({ seed: 9 })
  const [alice, bob] = await pair(net)
  const to = bob.client.address
  const late = outcome(alice.client.request(to, 'nothing', 'x', { deadlineMs: 5 * second }))
  const calling = new AbortController()
  const called = outcome(alice.client.request(to, 'nothing', 'x', { signal: calling.signal }))
  await net.clock.advance(second)
  calling.abort()
  await net.clock.advance(0)
  assert.is(called.code, 'ABORTED')
  await net.clock.advance(6 * second)
  assert.is(late.code, 'DEADLINE')
  const closing = outcome(alice.client.request(to, 'nothing', 'x'))
  await net.clock.advance(second)
  await stopAll(alice, bob)
  assert.is(closing.code, 'CLOSED')
})

test('requests that came while the service was away are answered when it is back', async () => {
  const net = new FakeNetwork({ seed: 10 })
  const [alice, bob] = await pair(net)
  const seen = outcome(alice.client.request(bob.client.address, 'echo', 'are you there?'))
  await net.clock.advance(8 * second)
  await stopAll(bob)
  const again = await net.client('bob', { store: bob.store })
  again.client.serve('echo', ({ bytes }) => bytes)
  await net.clock.advance(8 * second)
  assert.equal(new TextDecoder().decode(seen.value), 'are you there?')
  await stopAll(alice, again)
})

test('flush resolves when all has left or arrived, and leaves the clocks alone', async () => {
  const net = new FakeNetwork({ seed: 11 })
  const [alice, bob] = await pair(net)
  const message = await alice.client.send(bob.client.address, 'x'.repeat(20_000))
  const left = outcome(alice.client.flush('sent').then(() => message.state))
  const stored = outcome(alice.client.flush().then(() => message.state))
  const { payload } = alice.client.status().packets
  await net.clock.advance(500)
  assert.equal([left.value, stored.value], [undefined, undefined])
  assert.ok(alice.client.status().packets.payload - payload <= 15)
  await net.clock.advance(8 * second)
  assert.ok(left.value === 'sent' || left.value === 'stored')
  assert.is(stored.value, 'stored')
  await stopAll(alice, bob)
})

test('an answer reads as it was written, and any bytes give an answer or an error of this folder', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      assert.equal(readAnswer(writeAnswer('fine', bytes)), bytes)
      try {
        readAnswer(bytes)
      } catch (error) {
        assert.instance(error, ClientError)
      }
    }),
  )
})

test.run()

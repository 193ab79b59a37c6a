// The loopback HTTP API: what a program in any language sees.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientRoutes, serveClient } from '../client/daemon.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'

const second = 1000
const json = { 'content-type': 'application/json' }

interface Api {
  readonly net: FakeNetwork
  readonly alice: RunningClient
  readonly bob: RunningClient
  ask(who: 'alice' | 'bob', path: string, init?: RequestInit): Promise<{ status: number; body: Json }>
}

type Json = { readonly [name: string]: unknown }

async function api(seed: number): Promise<Api> {
  const net = new FakeNetwork({ seed })
  const [alice, bob] = [await net.client('alice'), await net.client('bob')]
  await net.clock.advance(2 * second)
  const closing = new AbortController().signal
  const apps = {
    alice: clientRoutes(alice.client, net.clock, closing),
    bob: clientRoutes(bob.client, net.clock, closing),
  }
  return {
    net,
    alice,
    bob,
    async ask(who, path, init) {
      const response = await apps[who].request(path, init)
      return { status: response.status, body: (await response.json()) as Json }
    },
  }
}

function post(body: unknown): RequestInit {
  return { method: 'POST', headers: json, body: JSON.stringify(body) }
}

test('a message and its reply, as JSON', async () => {
  const { net, bob, ask } = await api(1)
  const sent = await ask('alice', '/messages', post({ to: bob.client.address, text: 'Grüße', replies: true }))
  assert.is(sent.status, 202)
  assert.is(sent.body['state'], 'queued')
  await net.clock.advance(6 * second)
  const { body } = await ask('bob', '/messages')
  const [message] = body['messages'] as Json[]
  assert.is(message?.['text'], 'Grüße')
  assert.is(message?.['base64'], Buffer.from('Grüße').toString('base64'))
  assert.is(message?.['canReply'], true)
  assert.is(message?.['inReplyTo'], null)
  const replied = await ask('bob', `/messages/${message?.['id']}/reply`, post({ base64: 'AP8=' }))
  assert.is(replied.status, 202)
  await net.clock.advance(6 * second)
  const { body: inbox } = await ask('alice', '/messages?after=-1')
  const [reply] = inbox['messages'] as Json[]
  assert.is(reply?.['inReplyTo'], sent.body['id'])
  assert.is(reply?.['base64'], 'AP8=')
  // Two bytes that are no UTF-8
  assert.is(reply?.['text'], undefined)
  assert.equal((await ask('alice', `/messages?after=${inbox['next']}`)).body['messages'], [])
  assert.is((await ask('alice', `/messages/${sent.body['id']}`)).body['state'], 'read')
  assert.is((await ask('bob', `/messages/${replied.body['id']}`)).body['state'], 'read')
  assert.is((await ask('alice', '/status')).body['role'], 'client')
  const entries = (await ask('alice', '/ledger')).body['entries'] as Json[]
  assert.is(entries[0]?.['event'], 'accepted')
})

test('raw bytes need no base64', async () => {
  const { net, bob, ask } = await api(2)
  const bytes = net.random(5000)
  const sent = await ask('alice', `/messages?to=${bob.client.address}&replies=true&receipt=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes.slice().buffer,
  })
  assert.is(sent.status, 202)
  await net.clock.advance(6 * second)
  const { body } = await ask('bob', '/messages')
  const [message] = body['messages'] as Json[]
  assert.is(message?.['base64'], Buffer.from(bytes).toString('base64'))
})

test('a request that waits is answered when a message comes', async () => {
  const { net, alice, bob, ask } = await api(3)
  const waiting = ask('bob', '/messages?wait=20000')
  await alice.client.send(bob.client.address, 'now')
  await net.clock.advance(5 * second)
  const { body } = await waiting
  assert.is((body['messages'] as Json[]).length, 1)
})

test('what is wrong has a status, a code and a sentence', async () => {
  const { alice, bob, ask } = await api(4)
  const to = bob.client.address
  const wrong = to.replace(/.$/, last => (last === 'a' ? 'b' : 'a'))
  const cases: [string, RequestInit | undefined, number, string][] = [
    ['/messages', post({ to: wrong, text: 'x' }), 400, 'BAD_ADDRESS'],
    ['/messages', post({ to, text: 'x', base64: 'AA==' }), 400, 'BAD_OPTION'],
    ['/messages', post({ to }), 400, 'BAD_OPTION'],
    ['/messages', post({ to, base64: '%%%' }), 400, 'BAD_OPTION'],
    ['/messages', post({ to, text: 'x', cc: to }), 400, 'BAD_REQUEST'],
    ['/messages', post({ text: 'x' }), 400, 'BAD_REQUEST'],
    ['/messages', post({ to, text: 'x', replies: 65 }), 400, 'BAD_OPTION'],
    ['/messages', { method: 'POST', headers: json, body: '{"to":' }, 400, 'BAD_OPTION'],
    ['/messages?after=x', undefined, 400, 'BAD_REQUEST'],
    ['/messages?wait=1000000', undefined, 400, 'BAD_REQUEST'],
    [`/messages/${'0'.repeat(32)}`, undefined, 404, 'UNKNOWN_MESSAGE'],
    [`/messages/${'0'.repeat(32)}/reply`, post({ text: 'x' }), 404, 'UNKNOWN_MESSAGE'],
    ['/status', { headers: { origin: 'https://evil.example' } }, 403, 'BAD_ORIGIN'],
  ]
  for (const [path, init, status, code] of cases) {
    const answer = await ask('alice', path, init)
    assert.is(answer.status, status, `${path} ${JSON.stringify(answer.body)}`)
    assert.is(answer.body['code'], code)
    assert.ok((answer.body['detail'] as string).length > 10)
  }
  await alice.client.close()
  assert.is((await ask('alice', '/messages', post({ to, text: 'x' }))).body['code'], 'CLOSED')
})

test('a message can be called off', async () => {
  const { net, bob, ask } = await api(5)
  for (const gateway of net.gateways) net.kill(gateway)
  await net.clock.advance(second)
  const sent = await ask('alice', '/messages', post({ to: bob.client.address, text: 'never mind' }))
  const called = await ask('alice', `/messages/${sent.body['id']}`, { method: 'DELETE' })
  assert.equal([called.body['state'], called.body['reason']], ['failed', 'ABORTED'])
})

test('on its port it wants the token, and its own name in Host', async () => {
  const { alice } = await api(6)
  const loopback = await serveClient({ client: alice.client, port: 0, token: 'a long enough token' })
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${loopback.url}/status`, { headers })).status
  assert.is(await status({ authorization: 'Bearer a long enough token' }), 200)
  assert.is(await status({ authorization: 'Bearer a wrong token' }), 401)
  assert.is(await status({}), 401)
  assert.is(await status({ authorization: 'Bearer a long enough token', origin: loopback.url }), 403)
  await loopback.close()
})

test.run()

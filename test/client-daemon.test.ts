// The loopback HTTP API: what a program in any language sees.
// tier: slow

import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as v from 'valibot'
import { WebSocket } from 'ws'
import { access } from '../client/api/access.ts'
import { clientRoutes, serveClient } from '../client/api/daemon.ts'
import * as about from '../client/api/status.ts'
import { second } from '../world/units.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'

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
    alice: clientRoutes({ client: alice.client, clock: net.clock, closing }),
    bob: clientRoutes({ client: bob.client, clock: net.clock, closing }),
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
  assert.is((await ask('bob', `/messages/${replied.body['id']}`)).body['state'], 'received')
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
    ['/queue?all=maybe', undefined, 400, 'BAD_REQUEST'],
    ['/settings', { method: 'PUT', headers: json, body: '{"cover":' }, 400, 'BAD_OPTION'],
    ['/settings', post({ cover: 'low' }), 404, 'NOT_FOUND'],
    ['/no/such/path', undefined, 404, 'NOT_FOUND'],
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
  // Its own pages ask with its own Origin
  assert.is(await status({ authorization: 'Bearer a long enough token', origin: loopback.url }), 200)
  const other = `http://127.0.0.1:${Number(new URL(loopback.url).port) - 1}`
  assert.is(await status({ authorization: 'Bearer a long enough token', origin: other }), 403)
  await loopback.close()
})

test('every route is in the OpenAPI document, with the fields that it takes and gives', async () => {
  const { ask } = await api(7)
  const { status, body } = await ask('alice', '/openapi.json')
  assert.is(status, 200)
  assert.match(String(body['openapi']), /^3\.1/)
  const paths = body['paths'] as { [path: string]: { [method: string]: Json } }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method} ${path}`),
  )
  assert.equal(routes.sort(), [
    'delete /contacts/{name}',
    'delete /messages/{id}',
    'delete /queue',
    'get /bulletin/{topic}',
    'get /consensus',
    'get /contacts',
    'get /contacts/{name}/words',
    'get /events',
    'get /inbox',
    'get /ledger',
    'get /messages',
    'get /messages/{id}',
    'get /paths',
    'get /queue',
    'get /sent',
    'get /services',
    'get /settings',
    'get /socket',
    'get /status',
    'get /surbs',
    'post /bulletin/{topic}',
    'post /flush',
    'post /messages',
    'post /messages/{id}/reply',
    'post /requests',
    'post /surbs',
    'post /surbs/use',
    'put /contacts/{name}',
    'put /settings',
  ])
  const text = JSON.stringify([paths['/messages']?.['post'], body['components']])
  for (const field of [
    'to',
    'base64',
    'way',
    'minReliability',
    'deadlineMs',
    'application/octet-stream',
    'reason',
  ])
    assert.ok(text.includes(`"${field}"`), field)
})

test('every route of the OpenAPI document says what it answers, and how it says no', async () => {
  const { alice, bob, net, ask } = await api(15)
  const { body } = await ask('alice', '/openapi.json')
  const paths = body['paths'] as { [path: string]: { [method: string]: Json } }
  for (const [path, methods] of Object.entries(paths))
    for (const [method, route] of Object.entries(methods)) {
      const where = `${method} ${path}`
      assert.ok(String(route['summary']).length > 10, where)
      const responses = route['responses'] as { [status: string]: { content?: { [type: string]: Json } } }
      const [fine] = Object.keys(responses).filter(status => Number(status) < 300)
      const [said] = Object.values(responses[fine as string]?.content ?? {})
      assert.ok(Object.keys((said?.['schema'] as Json | undefined) ?? {}).length > 0, `${where}: a schema`)
      for (const status of ['401', '403', '429']) {
        const refusal = responses[status]?.content?.['application/problem+json']
        assert.ok(JSON.stringify(refusal).includes('/schemas/Problem"'), `${where}: ${status}`)
      }
    }
  await alice.client.send(bob.client.address, 'x', { receipt: true })
  await net.clock.advance(6 * second)
  v.parse(about.processStatus, (await ask('alice', '/status')).body)
  v.parse(about.ledger, (await ask('alice', '/ledger')).body)
  v.parse(about.ledger, (await ask('bob', '/ledger')).body)
})

test('a controller is told of settings that another one changes, and of each consensus; an app is not', async () => {
  const { net, alice } = await api(16)
  const closing = new AbortController()
  const init = { client: alice.client, clock: net.clock, closing: closing.signal }
  const who = access({ clock: net.clock, token: 'owner', apps: new Map([['chat', 'chat']]), perMinute: 60 })
  const routes = clientRoutes(init, who)
  const listen = async (token: string): ReturnType<typeof collect> =>
    collect(await routes.request('/events', { headers: { authorization: `Bearer ${token}` } }))
  const [owner, app] = [listen('owner'), listen('chat')]
  await net.clock.advance(second)
  alice.client.setCover('low')
  await net.clock.advance(2 * second)
  closing.abort()
  const told = (await owner).filter(({ event }) => event === 'settings').map(({ data }) => data['cover'])
  assert.equal(told, ['default', 'low'])
  assert.is(
    (await owner).find(({ event }) => event === 'consensus')?.data['epoch'],
    alice.client.status().epoch,
  )
  assert.equal([...new Set((await app).map(({ event }) => event))], ['bootstrap'])
})

test('consensus, own paths and settings: enough for a controller', async () => {
  const { net, alice, bob, ask } = await api(8)
  const { body: consensus } = await ask('alice', '/consensus')
  assert.is((consensus['nodes'] as Json[]).length, net.nodes.length)
  assert.is((consensus['parameters'] as Json)['hopDelayMs'], 50)
  await alice.client.send(bob.client.address, 'x')
  await net.clock.advance(3 * second)
  const [path] = (await ask('alice', '/paths')).body['paths'] as { hops: string[] }[]
  assert.is(path?.hops.length, 5)
  assert.equal((await ask('alice', '/settings')).body, { cover: 'default', acknowledge: 'contacts' })
  const changed = await ask('alice', '/settings', { ...post({ cover: 'low' }), method: 'PUT' })
  assert.equal(changed.body, { cover: 'low', acknowledge: 'contacts' })
  assert.is(alice.client.cover, 'low')
  const bad = await ask('alice', '/settings', { ...post({ cover: 'most' }), method: 'PUT' })
  assert.is(bad.body['code'], 'BAD_REQUEST')
})

test('a request to a service, and what it says when there is none', async () => {
  const { net, bob, ask } = await api(9)
  bob.client.serve('upper', ({ text }) => text.toUpperCase())
  const to = bob.client.address
  const asked = ask('alice', '/requests', post({ to, service: 'upper', text: 'abc' }))
  const late = ask('alice', '/requests', post({ to, service: 'lower', text: 'abc', deadlineMs: 3000 }))
  await net.clock.advance(8 * second)
  assert.is((await asked).body['text'], 'ABC')
  const nobody = await late
  assert.equal([nobody.status, nobody.body['code']], [504, 'DEADLINE'])
})

test('an app sees its own messages only, and none of the settings; each asker has its own rate', async () => {
  const { net, alice, bob } = await api(10)
  const tokens = { owner: 'the owner', chat: 'of chat', mail: 'of mail' }
  const apps = new Map([
    ['chat', tokens.chat],
    ['mail', tokens.mail],
  ])
  const who = access({ clock: net.clock, token: tokens.owner, apps, perMinute: 40 })
  const closing = new AbortController().signal
  const routes = clientRoutes({ client: alice.client, clock: net.clock, closing }, who)
  const ask = async (token: string, path: string, init: RequestInit = {}): Promise<Response> =>
    await routes.request(path, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
    })
  for (const app of ['chat', 'mail', ''])
    await bob.client.send(alice.client.address, `to ${app}`, { app, replies: true })
  await net.clock.advance(6 * second)
  const inboxOf = async (token: string, query = ''): Promise<Json[]> =>
    ((await (await ask(token, `/messages${query}`)).json()) as Json)['messages'] as Json[]
  const [chat] = await inboxOf(tokens.chat)
  assert.is(chat?.['text'], 'to chat')
  assert.is((await inboxOf(tokens.mail))[0]?.['text'], 'to mail')
  assert.is((await inboxOf(tokens.owner, '?app=mail')).length, 1)
  assert.is((await ask(tokens.chat, '/messages?app=mail')).status, 400)
  const stolen = await ask(tokens.mail, `/messages/${chat?.['id']}/reply`, post({ text: 'x' }))
  assert.is(stolen.status, 404)
  const own = await ask(tokens.chat, `/messages/${chat?.['id']}/reply`, post({ text: 'x' }))
  assert.is(own.status, 202)
  const { id } = (await own.json()) as { id: string }
  assert.is((await ask(tokens.mail, `/messages/${id}`)).status, 404)
  assert.is((await ask(tokens.chat, `/messages/${id}`)).status, 200)
  for (const path of ['/settings', '/paths', '/ledger', '/consensus'])
    assert.is((await ask(tokens.chat, path)).status, 403, path)
  assert.is((await ask('nobody', '/status')).status, 401)
  const answers = []
  for (let i = 0; i < 25; i++) answers.push(await ask(tokens.mail, '/status'))
  const slowed = answers.find(({ status }) => status === 429)
  assert.is(slowed?.headers.get('retry-after'), '2')
  assert.is((await ask(tokens.owner, '/status')).status, 200)
})

test('events: where the client stands comes first, also for a late listener, then what happens', async () => {
  const { net, alice, bob } = await api(11)
  const closing = new AbortController()
  const routes = clientRoutes({ client: alice.client, clock: net.clock, closing: closing.signal })
  const response = await routes.request('/events')
  const seen = collect(response)
  await net.clock.advance(10)
  await bob.client.send(alice.client.address, 'hello')
  await alice.client.send(bob.client.address, 'hello')
  await net.clock.advance(5 * second)
  for (const gateway of net.gateways) net.kill(gateway)
  await net.clock.advance(25 * second)
  closing.abort()
  const events = await seen
  assert.equal(
    [events[0]?.event, events[0]?.data['progress'], events[0]?.data['tag']],
    ['bootstrap', 100, 'ready'],
  )
  const states = events.filter(({ event }) => event === 'state').map(({ data }) => data['state'])
  assert.equal(states, ['sent', 'stored'])
  assert.is(events.filter(({ event }) => event === 'message').length, 1)
  const last = events.filter(({ event }) => event === 'bootstrap').at(-1)
  assert.is(last?.data['tag'], 'gateway')
  assert.match(String(last?.data['recommendation']), /^wait: another gateway/)
})

test('the queue is listed, waited for, and forgotten when it is over', async () => {
  const { net, bob, ask } = await api(13)
  await ask('alice', '/messages', post({ to: bob.client.address, text: 'x'.repeat(9000), app: 'files' }))
  const [queued] = (await ask('alice', '/queue')).body['messages'] as Json[]
  assert.equal(
    [queued?.['state'], queued?.['app'], queued?.['fragments'], queued?.['arrived'], queued?.['bytes']],
    ['queued', 'files', 5, 0, 9000],
  )
  const flushing = ask('alice', '/flush', post({ wait: 20_000 }))
  const early = ask('alice', '/flush', post({ wait: 10 }))
  await net.clock.advance(8 * second)
  assert.equal([(await early).body, (await flushing).body], [{ left: 1 }, { left: 0 }])
  assert.equal((await ask('alice', '/queue')).body['messages'], [])
  const all = (await ask('alice', '/queue?all=true')).body['messages'] as Json[]
  assert.equal([all.length, all[0]?.['state'], all[0]?.['arrived']], [1, 'stored', 5])
  await ask('bob', '/messages?app=files')
  const clean = (who: 'alice' | 'bob', olderThanMs: number): Promise<{ body: Json }> =>
    ask(who, '/queue', { ...post({ olderThanMs }), method: 'DELETE' })
  assert.equal((await clean('alice', 60_000)).body, { sent: 0, received: 0 })
  assert.equal((await clean('alice', 1000)).body, { sent: 1, received: 0 })
  assert.equal((await clean('bob', 1000)).body, { sent: 0, received: 1 })
  assert.equal((await ask('alice', '/queue?all=true')).body['messages'], [])
})

test('reply blocks by hand: made, inspected, and used once each', async () => {
  const { net, alice, bob, ask } = await api(14)
  const made = await ask('alice', '/surbs', post({ for: bob.client.address, count: 4 }))
  const surb = String(made.body['surb'])
  assert.match(surb, /^chaffinch-surb_b[a-z2-7]+$/)
  const { body: seen } = await ask('bob', `/surbs?surb=${surb}`)
  assert.is((seen['epochs'] as number[]).length, 4)
  const used = await ask('bob', '/surbs/use', post({ surb, text: 'guess who' }))
  assert.is(used.status, 202)
  await net.clock.advance(8 * second)
  const [got] = (await ask('alice', '/messages')).body['messages'] as Json[]
  assert.equal([got?.['text'], got?.['inReplyTo']], ['guess who', seen['conversation']])
  assert.is((await ask('bob', `/messages/${used.body['id']}`)).body['state'], 'received')
  const wrong = surb.replace(/.$/, last => (last === 'a' ? 'b' : 'a'))
  assert.is((await ask('bob', '/surbs/use', post({ surb: wrong, text: 'x' }))).body['code'], 'BAD_SURB')
  await alice.client.close()
})

/** A gateway that is not in somebody's address. */

test('a socket tells the same, and takes messages; a page in a browser gets none', async () => {
  const { net, alice, bob } = await api(12)
  const token = 'a long enough token'
  const loopback = await serveClient({ client: alice.client, port: 0, token, clock: net.clock })
  const url = `${loopback.url.replace('http', 'ws')}/socket`
  const headers = { authorization: `Bearer ${token}` }
  for (const [wrong, code] of [
    [{}, 401],
    [{ ...headers, origin: 'https://evil.example' }, 403],
  ] as const)
    assert.is(await refusedWith(new WebSocket(url, { headers: wrong })), code)
  const socket = new WebSocket(url, { headers })
  const heard: Json[] = []
  socket.on('message', data => heard.push(JSON.parse(String(data)) as Json))
  await once(socket, 'open')
  socket.send(JSON.stringify({ ref: 7, do: 'send', to: bob.client.address, text: 'over a socket' }))
  socket.send(JSON.stringify({ ref: 8, do: 'reply', id: '0'.repeat(32), text: 'x' }))
  socket.send(JSON.stringify({ ref: 9, do: 'dance' }))
  socket.send('no JSON')
  const answers = (): Json[] => heard.filter(({ event }) => event === 'answer')
  while (answers().length < 4) await new Promise(resolve => setTimeout(resolve, 5))
  const byRef = (ref: number): Json | undefined => answers().find(answer => answer['ref'] === ref)
  assert.is(byRef(7)?.['ok'], true)
  assert.match(JSON.stringify(byRef(8)?.['problem']), /UNKNOWN_MESSAGE/)
  assert.match(JSON.stringify(byRef(9)?.['problem']), /BAD_REQUEST/)
  assert.is(answers().filter(({ ok }) => ok === false).length, 3)
  await net.clock.advance(5 * second)
  assert.is((await bob.client.inbox())[0]?.text, 'over a socket')
  const closed = once(socket, 'close')
  await loopback.close()
  await closed
})

test('a socket has the bounds of HTTP: beyond the rate it is told to slow down, and who does not read is dropped', async () => {
  const { net, alice } = await api(13)
  const token = 'a long enough token'
  let tell: (message: unknown) => void = () => {}
  let listening = 0
  const { client } = alice
  const on = client.on.bind(client)
  Object.assign(client, {
    on: (name: 'state' | 'message' | 'ready', handler: () => void) => {
      if (name !== 'state') return on(name, handler)
      listening++
      tell = handler
      return () => listening--
    },
  })
  const given = { client, port: 0, token, clock: net.clock, perMinute: 20 }
  const loopback = await serveClient(given)
  const headers = { authorization: `Bearer ${token}` }
  const socket = new WebSocket(`${loopback.url.replace('http', 'ws')}/socket`, { headers })
  const answers: Json[] = []
  socket.on('message', data => {
    const said = JSON.parse(String(data)) as Json
    if (said['event'] === 'answer') answers.push(said)
  })
  await once(socket, 'open')
  for (let ref = 0; ref < 30; ref++)
    socket.send(JSON.stringify({ ref, do: 'reply', id: '0'.repeat(32), text: 'x' }))
  while (answers.length < 30) await new Promise(resolve => setTimeout(resolve, 5))
  const slow = answers.filter(answer => JSON.stringify(answer).includes('SLOW_DOWN'))
  // Ten at once, of which opening the socket was one
  assert.is(slow.length, 21)
  assert.is(listening, 1)
  socket.pause()
  const message = { id: 'a'.repeat(32), state: 'queued', reason: 'x'.repeat(10_000), app: '' }
  for (let i = 0; i < 20_000 && listening > 0; i++) {
    tell(message)
    if (i % 100 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  assert.is(listening, 0)
  socket.terminate()
  await loopback.close()
})

interface Event {
  readonly event: string
  readonly data: Json
}

/** The events of a stream, when it has ended. */
async function collect(response: Response): Promise<Event[]> {
  const blocks = (await response.text()).split('\n\n').filter(block => block.startsWith('event: '))
  return blocks.map(block => {
    const [event, data] = block.split('\n') as [string, string]
    return { event: event.slice('event: '.length), data: JSON.parse(data.slice('data: '.length)) as Json }
  })
}

function refusedWith(socket: WebSocket): Promise<number | undefined> {
  return new Promise(resolve => {
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      resolve(response.statusCode)
    })
    socket.on('error', () => {})
  })
}

test.run()

// chaffinch/remote: what a program of another process may ask a daemon, with the types of the schemas that check it;
// and what it is told when that fails.

import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { access } from '../client/api/access.ts'
import { clientRoutes } from '../client/api/daemon.ts'
import { bytesOf, RemoteClient, RemoteError, type RemoteEvent } from '../client/remote/index.ts'
import { serveAt } from '../client/remote/serve.ts'
import { second } from '../world/units.ts'
import { pair } from './client-apps.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'

interface World {
  readonly net: FakeNetwork
  readonly alice: RemoteClient
  readonly bob: RemoteClient
  readonly running: readonly [RunningClient, RunningClient]
  /** Ends the streams of both. */
  readonly closing: AbortController
}

const token = 'the owner'

async function world(seed: number, perMinute = 6000): Promise<World> {
  const net = new FakeNetwork({ seed })
  const running = await pair(net)
  const closing = new AbortController()
  const [alice, bob] = running.map(({ client }) => {
    const who = access({ clock: net.clock, token, apps: new Map(), perMinute })
    const routes = clientRoutes({ client, clock: net.clock, closing: closing.signal }, who)
    return new RemoteClient({
      url: 'http://127.0.0.1:8790',
      token: () => token,
      fetch: (url, init) => routes.request(url, init),
    })
  }) as [RemoteClient, RemoteClient]
  return { net, alice, bob, running, closing }
}

async function end({ running, closing }: World): Promise<void> {
  closing.abort()
  for (const { client } of running) await client.close()
}

/** Lets virtual time go by until a promise has settled. */
async function during<T>(net: FakeNetwork, promise: Promise<T>): Promise<T> {
  let over = false
  const settled = promise.finally(() => {
    over = true
  })
  settled.catch(() => {})
  for (let i = 0; !over && i < 600; i++) await net.clock.advance(second / 10)
  return await settled
}

async function failure(promise: Promise<unknown>): Promise<RemoteError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.instance(error, RemoteError)
  return error as RemoteError
}

test('a message, its reply and what became of both, all through the API', async () => {
  const w = await world(61)
  const { net, alice, bob } = w
  const to = (await bob.status()).address
  const sent = await alice.send(to, 'who is there?', { replies: true, receipt: true })
  assert.is(sent.state, 'queued')
  assert.equal(
    (await alice.queue()).map(({ id }) => id),
    [sent.id],
  )
  const page = await during(net, bob.messages({ waitMs: 10 * second }))
  const [received] = page.messages
  assert.is(received?.text, 'who is there?')
  assert.equal(new TextDecoder().decode(bytesOf(received ?? { base64: '' })), 'who is there?')
  const bytes = Uint8Array.of(0, 255, 128)
  await bob.reply(received?.id ?? '', bytes)
  const { messages, next } = await during(net, alice.messages({ waitMs: 10 * second }))
  assert.equal([messages[0]?.inReplyTo, messages[0]?.text], [sent.id, undefined])
  assert.equal(bytesOf(messages[0] ?? { base64: '' }), bytes)
  assert.is(next, messages[0]?.seq)
  const { state, arrived, fragments } = await alice.message(sent.id)
  assert.equal([state, arrived], ['read', fragments])
  assert.equal(
    (await alice.listInbox()).map(({ read, bytes }) => [read, bytes]),
    [[true, 3]],
  )
  assert.ok((await alice.ledger()).some(({ event, id }) => event === 'sent' && id === sent.id))
  assert.is((await alice.paths())[0]?.hops.length, 5)
  assert.is(await during(net, alice.flush('stored', 10 * second)), 0)
  assert.equal(await alice.clean(0), { sent: 1, received: 1 })
  await end(w)
})

test('every answer is of the type that its schema says', async () => {
  const w = await world(62)
  const { net, alice, bob } = w
  const { consensus, process } = await alice.status()
  assert.is((await alice.consensus()).hash, consensus?.hash)
  assert.ok(process.rssBytes > 0)
  assert.equal(await alice.services(), [])
  await alice.setCover('low')
  assert.is(await alice.cover(), 'low')
  const { address } = await bob.status()
  const surb = await alice.makeSurbs(address, 2)
  const { epochs } = await alice.inspectSurbs(surb)
  assert.is(epochs.length, 2)
  const used = await bob.useSurbs(surb, 'by hand')
  const { messages } = await during(net, alice.messages({ waitMs: 10 * second }))
  assert.is(messages[0]?.text, 'by hand')
  assert.is((await bob.cancel(used.id)).id, used.id)
  await end(w)
})

test('a service at one daemon answers requests of another', async () => {
  const w = await world(63)
  const { net, alice, bob } = w
  const ending = new AbortController()
  const upper = async (question: Uint8Array): Promise<Uint8Array> =>
    new TextEncoder().encode(new TextDecoder().decode(question).toUpperCase())
  const served = serveAt(bob, 'upper', upper, ending.signal)
  const { address: to } = await bob.status()
  const answer = await during(net, alice.request('upper', 'abc', { to, deadlineMs: 20 * second }))
  assert.is(new TextDecoder().decode(answer), 'ABC')
  ending.abort()
  await during(net, served)
  await end(w)
})

test('events say how the client is, then what happens, until the daemon ends', async () => {
  const w = await world(64)
  const { net, alice, bob } = w
  const told: RemoteEvent[] = []
  const listening = (async () => {
    for await (const event of bob.events()) told.push(event)
  })()
  await net.clock.advance(second)
  await alice.send((await bob.status()).address, 'hello')
  await net.clock.advance(6 * second)
  await bob.setCover('low')
  await net.clock.advance(2 * second)
  w.closing.abort()
  await during(net, listening)
  const types = told.map(({ type }) => type)
  for (const type of ['bootstrap', 'consensus', 'settings', 'message'] as const)
    assert.ok(types.includes(type), `${type} in ${types}`)
  const settings = told.flatMap(event => (event.type === 'settings' ? [event.data.cover] : []))
  assert.equal(settings, ['default', 'low'])
  await end(w)
})

test('events end with the signal of whoever listens', async () => {
  const w = await world(65)
  const calling = new AbortController()
  const events = w.bob.events(calling.signal)
  const first = events.next()
  await w.net.clock.advance(second)
  assert.is((await first).value?.type, 'bootstrap')
  calling.abort()
  for (let next = await events.next(); !next.done; next = await events.next());
  await end(w)
})

test('a refusal has the code and status of the API, and says what to do', async () => {
  const w = await world(66, 20)
  const { alice } = w
  const bad = await failure(alice.send('nobody', 'x'))
  assert.equal([bad.code, bad.status], ['BAD_ADDRESS', 400])
  assert.is(bad.message, `${bad.detail}: copy the address again, whole, from where it came`)
  const unknown = await failure(alice.message('0'.repeat(32)))
  assert.equal([unknown.code, unknown.status], ['UNKNOWN_MESSAGE', 404])
  let slow: RemoteError | undefined
  for (let i = 0; i < 10 && slow?.code !== 'SLOW_DOWN'; i++)
    slow = await failure(alice.message('0'.repeat(32)))
  assert.equal([slow?.code, slow?.status, slow?.retryAfterMs], ['SLOW_DOWN', 429, 3 * second])
  await end(w)
})

test('no answer, a late one, one that was called off, and one that is none, are told apart', async () => {
  const answering = (fetch: () => Response | Promise<Response>): RemoteClient =>
    new RemoteClient({ url: 'http://127.0.0.1:1', token, fetch })
  const refused = new RemoteClient({ url: 'http://127.0.0.1:1', token })
  const away = await failure(refused.status())
  assert.equal(
    [away.code, away.status, away.detail],
    ['UNREACHABLE', undefined, '127.0.0.1:1: nothing answers'],
  )
  const never = new RemoteClient({
    url: 'http://127.0.0.1:1',
    token,
    fetch: (_, { signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new DOMException('off', 'AbortError')))
      }),
  })
  const keptAlive = setTimeout(() => {}, 5000)
  assert.is((await failure(never.status({ timeoutMs: 20 }))).code, 'TIMEOUT')
  clearTimeout(keptAlive)
  const calling = new AbortController()
  const off = failure(never.status({ signal: calling.signal }))
  calling.abort()
  assert.is((await off).code, 'ABORTED')
  const other = await failure(answering(() => Response.json({ role: 'mix' })).status())
  assert.equal([other.code, other.status], ['BAD_ANSWER', 200])
  assert.match(other.detail, /GET \/status: the answer is not as described: /)
  const page = await failure(answering(() => new Response('<h1>no</h1>', { status: 502 })).status())
  assert.equal([page.code, page.status, page.detail], ['502', 502, 'answered with status 502: <h1>no</h1>'])
})

test('nothing that it loads needs Node', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  // What means something else in a browser
  const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly imports: Readonly<Record<string, { readonly browser: { readonly 'chaffinch-source': string } }>>
  }
  const seen = new Set<string>()
  const outside = new Map<string, string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    // What is imported as types is not there when it runs
    for (const [, what = '', from = ''] of text.matchAll(/^(?:import|export) ([^'"]*?)from '([^']+)'/gms)) {
      if (what.startsWith('type ')) continue
      const browsers = imports[from]?.browser['chaffinch-source']
      if (from.startsWith('.')) visit(resolve(dirname(file), from))
      else if (browsers === undefined) outside.set(from, file)
      else visit(join(root, browsers))
    }
  }
  visit(join(root, 'client', 'remote', 'index.ts'))
  const node = [...outside].filter(([name]) => name.startsWith('node:') || name.startsWith('#'))
  assert.equal(node, [])
  assert.equal([...outside.keys()].sort(), ['any-signal', 'valibot'])
})

test.run()

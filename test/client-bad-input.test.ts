// docs/spec/client-errors.md 16: every code that a client can give has a row in the table, and a case here that brings
// it about or names the test that does.
// tier: slow

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { advice } from '../client/advice.ts'
import { access } from '../client/api/access.ts'
import { clientRoutes, serveClient } from '../client/api/daemon.ts'
import { problemOf, statusOf } from '../client/api/problem.ts'
import { connect } from '../client/connect.ts'
import { ClientError } from '../client/error.ts'
import { readAddress, writeAddress } from '../client/packets/address.ts'
import { maxMessageBytes } from '../client/packets/fragments.ts'
import { RemoteError } from '../client/remote/index.ts'
import type { Directory } from '../directory/documents/view.ts'
import { hintOf } from '../scripts/hints.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { second } from '../world/units.ts'
import { assertCode, diskOf, pair } from './client-apps.ts'
import { FakeLink, FakeNetwork, type RunningClient } from './client-network.ts'

type Code = keyof typeof advice
type Case = () => Promise<void> | void

/** Another test brings it about. */
function elsewhere(file: string): (code: Code) => void {
  return code =>
    assert.ok(readFileSync(join(import.meta.dirname, file), 'utf8').includes(code), `${file}: ${code}`)
}

async function talking(seed: number, then: (pair: Pair) => Promise<void>): Promise<void> {
  const net = new FakeNetwork({ seed })
  const [alice, bob] = await pair(net)
  await then({ net, alice, bob, to: bob.client.address })
  await alice.client.close()
  await bob.client.close()
}

interface Pair {
  readonly net: FakeNetwork
  readonly alice: RunningClient
  readonly bob: RunningClient
  readonly to: string
}

/** A store whose disk is full while `full.now` is set, with LevelDB's words. */
function fillable(full: { now: boolean }): Store {
  return new Proxy(memoryStore(), {
    get(store, name) {
      const value = Reflect.get(store, name, store) as unknown
      if (typeof value !== 'function') return value
      return (...args: unknown[]) =>
        full.now && (name === 'batch' || name === 'put')
          ? Promise.reject(new Error('IO error: store/000005.log: No space left on device'))
          : Reflect.apply(value, store, args)
    },
  })
}

/** Gives the answer to a raw request with these headers, where the client's API really listens. */
async function overHttp(
  headers: Record<string, string>,
  path = '/status',
): Promise<{ status: number; code: unknown }> {
  let got = { status: 0, code: undefined as unknown }
  await talking(90, async ({ alice }) => {
    const api = await serveClient({
      client: alice.client,
      port: 0,
      token: 'right',
      apps: new Map([['chat', 'chat']]),
    })
    const { request } = await import('node:http')
    got = await new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: api.port, path, headers }, answer => {
        let text = ''
        answer.on('data', chunk => {
          text += String(chunk)
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, code: JSON.parse(text).code }))
      })
      asked.on('error', reject)
      asked.end()
    })
    await api.close()
  })
  return got
}

const right = { authorization: 'Bearer right' }

const cases: Readonly<Record<Code, (code: Code) => Promise<void> | void>> = {
  // an address with one wrong character, of another network, of another version
  BAD_ADDRESS: code =>
    talking(1, async ({ alice, to }) => {
      for (const at of [12, 60, to.length - 1]) {
        const wrong = `${to.slice(0, at)}${to[at] === 'a' ? 'b' : 'a'}${to.slice(at + 1)}`
        await assertCode(alice.client.send(wrong, 'x'), code)
      }
    }),
  WRONG_NETWORK: code =>
    talking(2, async ({ alice, to }) =>
      assertCode(alice.client.send(writeAddress(readAddress(to, 'fake'), 'another'), 'x'), code),
    ),
  WRONG_VERSION: elsewhere('client-address.test.ts'),
  BAD_SURB: code =>
    talking(3, async ({ alice, to }) => {
      const surb = await alice.client.chores.makeSurbs(to, 1)
      assert.throws(() => alice.client.chores.inspectSurbs(`${surb.slice(0, -1)}`), hasCode(code))
    }),
  // a message over the limit, a full queue, a full disk
  TOO_LARGE: code =>
    talking(4, ({ alice, to }) =>
      assertCode(alice.client.send(to, new Uint8Array(maxMessageBytes + 1)), code),
    ),
  QUEUE_FULL: async code => {
    const net = new FakeNetwork({ seed: 5 })
    const limits = { outbox: { messages: 2, bytes: 1000, finished: 2, copies: 1000 } }
    const { client } = await net.client('alice', { limits })
    const bob = await net.client('bob')
    await net.clock.advance(2 * second)
    for (let i = 0; i < 2; i++) await client.send(bob.client.address, 'x')
    await assertCode(client.send(bob.client.address, 'x'), code)
    await client.close()
    await bob.client.close()
  },
  DISK_FULL: async code => {
    const net = new FakeNetwork({ seed: 6 })
    const full = { now: false }
    const alice = await net.client('alice', { store: fillable(full) })
    const bob = await net.client('bob')
    await net.clock.advance(2 * second)
    full.now = true
    await assertCode(alice.client.send(bob.client.address, 'lost', { replies: true }), code)
    await assertCode(alice.client.chores.makeSurbs(bob.client.address, 1), code)
    assert.is(alice.client.chores.queue(true).length, 0, 'nothing was accepted')
    full.now = false
    const message = await alice.client.send(bob.client.address, 'kept')
    await net.clock.advance(5 * second)
    assert.is(message.state, 'stored')
    await alice.client.close()
    await bob.client.close()
  },
  // no consensus, an expired one, no reachable gateway
  NO_CONSENSUS: async code => {
    const net = new FakeNetwork({ seed: 7 })
    const real = net.directory()
    let expired = false
    const directory: Directory = { ...real, current: () => (expired ? undefined : real.current()) }
    const alice = await net.client('alice', { directory })
    const bob = await net.client('bob')
    await net.clock.advance(2 * second)
    expired = true
    await assertCode(alice.client.send(bob.client.address, 'x', { replies: true }), code)
    assert.is(alice.client.notReady().code, code)
    assert.not.ok(alice.client.status().ready)
    await alice.client.close()
    await bob.client.close()
  },
  NO_GATEWAY: async code => {
    const net = new FakeNetwork({ seed: 8 })
    for (const gateway of net.gateways) net.kill(gateway)
    const { network, clock } = net
    const link = new FakeLink(net, net.random(32))
    const asked = connect({
      network,
      clock,
      link,
      directory: net.directory(),
      store: memoryStore(),
      deadlineMs: 5000,
    })
    const refused = assertCode(asked, code)
    for (let i = 0; i < 12; i++) await net.clock.advance(second / 2)
    await refused
  },
  NO_PATH: elsewhere('client-paths.test.ts'),
  // a replier that floods, or uses reply blocks again
  NO_REPLY: elsewhere('client.test.ts'),
  REPLY_EXPIRED: elsewhere('client-outages.test.ts'),
  REPLY_EXHAUSTED: elsewhere('client-outages.test.ts'),
  NO_SERVICE: elsewhere('client-announce.test.ts'),
  SERVICE_BUSY: elsewhere('client-service.test.ts'),
  SERVICE_REFUSED: elsewhere('client-service.test.ts'),
  SERVICE_FAILED: elsewhere('client-service.test.ts'),
  EXPIRED: elsewhere('client-outages.test.ts'),
  ABORTED: elsewhere('client.test.ts'),
  DEADLINE: elsewhere('client.test.ts'),
  CLOSED: elsewhere('client.test.ts'),
  STORE_NEWER: elsewhere('client-store.test.ts'),
  STORE_DAMAGED: elsewhere('client-store.test.ts'),
  LOCKED: elsewhere('client-vault.test.ts'),
  IN_USE: elsewhere('client-options.test.ts'),
  NO_FOLDER: elsewhere('client-options.test.ts'),
  NO_CONTACT: code => talking(31, ({ alice }) => assertCode(alice.client.contacts.remove('nobody'), code)),
  NO_IDENTITY: elsewhere('client-identities.test.ts'),
  BAD_OPTION: elsewhere('client.test.ts'),
  BAD_TEXT: elsewhere('client-loopback.test.ts'),
  UNKNOWN_MESSAGE: elsewhere('client.test.ts'),
  NO_TOPIC: elsewhere('bulletin.test.ts'),
  BAD_ENTRY: elsewhere('bulletin.test.ts'),
  NOT_PUBLISHED: async code => {
    // The boards of these gateways show nothing
    const slow = { payloadPerMinute: 60, loopPerMinute: 2, dropPerMinute: 2, readPerMinute: 30 }
    const net = new FakeNetwork({ seed: 9, parameters: slow })
    const { client } = await net.client('alice')
    await net.clock.advance(10 * second)
    const refused = assertCode(client.bulletin('open').publish(new Uint8Array(10)), code)
    for (let i = 0; i < 30; i++) await net.clock.advance(10 * second)
    await refused
    await client.close()
  },
  WRONG_STATE: elsewhere('client-delivery.test.ts'),
  BAD_FRAGMENT: elsewhere('client-fragments.test.ts'),
  BAD_CONTENT: elsewhere('client-fragments.test.ts'),
  BAD_SEAL: elsewhere('client-sealing.test.ts'),
  // a token missing or wrong, a hostile page
  BAD_TOKEN: async code => {
    assert.equal(await overHttp({}), { status: 401, code })
    assert.equal(await overHttp({ authorization: 'Bearer wrong' }), { status: 401, code })
  },
  BAD_ORIGIN: async code =>
    assert.equal(await overHttp({ ...right, origin: 'https://evil.example' }), { status: 403, code }),
  BAD_HOST: async code =>
    assert.equal(await overHttp({ ...right, host: 'evil.example' }), { status: 403, code }),
  BAD_REQUEST: async code =>
    assert.equal(await overHttp(right, '/messages?after=soon'), { status: 400, code }),
  NOT_FOUND: async code => assert.equal(await overHttp(right, '/nothing'), { status: 404, code }),
  OWNER_ONLY: async code =>
    assert.equal(await overHttp({ authorization: 'Bearer chat' }, '/ledger'), { status: 403, code }),
  SLOW_DOWN: code =>
    talking(34, async ({ alice, net }) => {
      const { signal: closing } = new AbortController()
      const who = access({ clock: net.clock, token: 'right', apps: new Map(), perMinute: 2 })
      const routes = clientRoutes({ client: alice.client, clock: net.clock, closing }, who)
      assert.is((await routes.request('/status', { headers: right })).status, 200)
      const refused = await routes.request('/status', { headers: right })
      assert.is(refused.status, 429)
      assert.is(((await refused.json()) as { code: string }).code, code)
      assert.ok(Number(refused.headers.get('retry-after')) > 0)
    }),
  INTERNAL: async code => {
    const response = problemOf(new Error('a secret of this machine'))
    const text = await response.text()
    assert.is(JSON.parse(text).code, code)
    assert.not.match(text, /secret/)
  },
}

function hasCode(code: Code): (error: unknown) => boolean {
  return error => error instanceof ClientError && error.code === code
}

const table = readFileSync(join(import.meta.dirname, '../docs/spec/client-errors.md'), 'utf8')

for (const [code, bring] of Object.entries(cases) as [Code, (code: Code) => ReturnType<Case>][])
  test(`${code}: ${advice[code].when}`, () => bring(code))

test('the table of docs/spec/client-errors.md says of each code what the program says', () => {
  const rows = [...table.matchAll(/^\| ([A-Z_]+) \| ([^|]+) \| (\d+|-) \| ([^|]+) \|$/gm)]
  const documented = rows.map(([, code, when, status, remedy]) => ({ code, when, status, remedy }))
  const said = Object.entries(advice).map(([code, { when, remedy }]) => ({
    code,
    when,
    status: String(statusOf(code) ?? '-'),
    remedy,
  }))
  assert.equal(documented, said)
})

test('the command line says what to do as a hint, for errors of its own and of the client', () => {
  for (const code of ['BAD_ADDRESS', 'DISK_FULL'] as const) {
    assert.is(hintOf(new ClientError(code, 'x')), advice[code].remedy)
    assert.is(hintOf(new RemoteError(code, 400, 'x')), advice[code].remedy)
  }
  assert.is(hintOf(new RemoteError('TEAPOT', 418, 'x')), undefined)
})

test('a mailbox of another’s stays shut: the gateway wants its key’s signature', async () => {
  const { proofMessage, readGreeting, readPage, writeRequest } = await import('../link/protocol/mailbox.ts')
  const { ed25519Sign } = await import('#crypto')
  await talking(31, async ({ net, bob, to }) => {
    const [gateway] = net.gateways as [FakeNetwork['gateways'][0]]
    const { mailboxKey } = readAddress(to, 'fake')
    const thief = net.random(32)
    const { nonce } = readGreeting(net.serve(gateway, thief, writeRequest({ t: 'hello' })))
    const proof = ed25519Sign(net.random(32), proofMessage(gateway.id, thief, nonce))
    const opened = readGreeting(
      net.serve(gateway, thief, writeRequest({ t: 'open', key: mailboxKey, proof })),
    )
    assert.is(opened.status, 'bad-proof')
    const read = writeRequest({ t: 'read', after: 0, done: 2 ** 40, board: 0, boardOffset: 0 })
    assert.is(readPage(net.serve(gateway, thief, read), bob.client.geometry.payloadBytes).status, 'not-open')
  })
})

test('a replier that sends over one block again and again, or floods, is dropped and counted', async () => {
  await talking(32, async ({ net, alice, bob, to }) => {
    await alice.client.send(to, 'ask me', { replies: 2 })
    await net.clock.advance(6 * second)
    const [asked] = await bob.client.inbox()
    await bob.client.reply(asked?.id ?? '', 'once')
    // A replier that forgets which blocks it has used: its disk from before
    const before = await diskOf({ ...bob, link: new FakeLink(net, net.random(32)) })
    await net.clock.advance(8 * second)
    assert.equal(
      (await alice.client.inbox()).map(({ text }) => text),
      ['once'],
    )
    await bob.client.close()
    const again = await net.client('bob', { store: before })
    await net.clock.advance(20 * second)
    assert.equal(
      (await alice.client.inbox({ after: -1 })).map(({ text }) => text),
      ['once'],
      'handed out once',
    )
    await again.client.close()
  })
})

test('an unknown route and a body that is no JSON are problems like others', async () => {
  await talking(33, async ({ alice, net }) => {
    const routes = clientRoutes({
      client: alice.client,
      clock: net.clock,
      closing: new AbortController().signal,
    })
    const response = await routes.request('/messages', { method: 'POST', body: '{' })
    assert.is(response.status, 400)
    assert.is(((await response.json()) as { code: string }).code, 'BAD_OPTION')
  })
})

test.run()

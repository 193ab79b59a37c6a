// The page of `chaffinch net` as a server (docs/spec/pages.md 6): who is let in, what it is told of a run, what a
// person does by hand; and the observer's last minute.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type NetPage, serveNetPage } from '../scripts/network/page.ts'
import type { NetState } from '../scripts/network/page-state.ts'
import { Sights } from '../scripts/network/sights.ts'
import type { TableState } from '../scripts/network/table.ts'
import {
  type Happened,
  newRecord,
  type Plan,
  type Run,
  usualOptions,
  wordsOf,
} from '../simulator/processes/index.ts'

interface Context {
  page: NetPage
  url: string
  token: string
  did: string[]
}

const test = suite<Context>('the page of a network on this machine')

const ready = { at: 900, words: 'every client can send', what: { event: 'ready' } } as const

const table: TableState = {
  ...{ epoch: 2, epochLeftMs: 4000, epochMs: 20_000, late: undefined, latency: undefined, now: '' },
  consensus: { hash: 'ab'.repeat(32), signers: 1, of: 1 },
  authorities: [{ name: 'authority-0', state: 'votes' }],
  nodes: [
    {
      ...{ name: 'mix-0', role: 'mix', layer: 1, state: 'up', held: 4, forwarded: 90, rates: [3, 5] },
      dropped: { BAD_MAC: 2, REPLAY: 1 },
    },
  ],
  clients: [{ name: 'client-0', state: 'up', sent: 1, stored: 1, read: 0, queued: 7 }],
  messages: { sent: 1, read: 0, replies: 0, of: 12 },
  ...{ tryFile: undefined, events: [], claims: undefined },
}

test.before.each(async context => {
  const roles = ['authority', 'mix', 'client'] as const
  const processes = roles.map(role => ({ name: `${role}-0`, role }))
  const plan = { options: usualOptions, threshold: 1, processes } as unknown as Plan
  const did: string[] = []
  const run = {
    plan,
    processes: {
      kill: async (name: string) => void did.push(`kill ${name}`),
      restart: (name: string) => void did.push(`restart ${name}`),
      suspend: (name: string) => void did.push(`suspend ${name}`),
      resume: (name: string) => void did.push(`resume ${name}`),
    },
    watch: { last: () => undefined },
    record: newRecord(plan),
    now: Date.now,
    tell: (what: Happened) => void did.push(wordsOf(what)),
    signal: new AbortController().signal,
  } as unknown as Run
  context.did = did
  context.page = await serveNetPage(Date.now())
  const address = new URL(context.page.address())
  context.url = address.origin
  const session = await fetch(`${context.url}/ui/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: address.hash.slice(1) }),
  })
  context.token = ((await session.json()) as { token: string }).token
  const before = await ask(context, '/net')
  assert.is(before.status, 200)
  assert.is(((await before.json()) as NetState).network, undefined, 'nothing runs yet')
  context.page.show(run, () => table, [ready])
})

test.after.each(({ page }) => page.close())

function ask({ url, token }: Context, path: string, body?: object, headers: object = {}): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

test('only who was let in may look or do anything, and no page of elsewhere', async context => {
  for (const path of ['/net', '/net/processes/mix-0', '/net/messages']) {
    const body = path === '/net' ? undefined : { do: 'kill' }
    assert.is((await ask({ ...context, token: 'nobody' }, path, body)).status, 401)
    assert.is((await ask(context, path, body, { origin: 'http://evil.example' })).status, 403)
  }
  assert.equal(context.did, [])
})

test('an address works once; one that is old or used gives way to another', async context => {
  const first = context.page.address()
  assert.is(context.page.address(), first, 'the same while it is fresh')
  const again = await fetch(`${context.url}/ui/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: new URL(first).hash.slice(1) }),
  })
  assert.is(again.status, 401)
})

test('it is told what each process is, holds and forwards, and how the claims stand', async context => {
  const state = (await (await ask(context, '/net')).json()) as NetState
  const [authority, mix, client] = state.processes
  assert.equal([authority?.state, authority?.phase], ['up', 'votes'])
  assert.equal([mix?.layer, mix?.held, mix?.forwarded, mix?.perSecond, mix?.dropped], [1, 4, 90, 5, 3])
  assert.is(client?.queued, 7)
  assert.is(state.network?.phases['votes'], 2 / 8)
  const claims = new Map(state.claims.map(({ id, at }) => [id, at]))
  assert.is(claims.get('messages-read-once'), 'holds', 'of no message')
  assert.is(claims.get('epochs-passed'), 'open')
  assert.is(claims.get('stopped-clean'), 'open')
  assert.equal(state.events, [ready])
})

test('processes are killed, stopped and started, those that there are; the record knows who did it', async context => {
  const { did } = context
  for (const what of ['kill', 'start', 'stop'])
    assert.is((await ask(context, '/net/processes/mix-0', { do: what })).status, 200)
  assert.equal(
    did.filter(line => !line.includes('by hand')),
    ['kill mix-0', 'restart mix-0', 'suspend mix-0'],
  )
  const state = (await (await ask(context, '/net')).json()) as NetState
  assert.is(state.processes.find(({ name }) => name === 'mix-0')?.state, 'stopped')
  assert.is((await ask(context, '/net/processes/mix-9', { do: 'kill' })).status, 404)
  assert.is((await ask(context, '/net/processes/mix-0', { do: 'fly' })).status, 400)
  assert.is(
    (await ask(context, '/net/messages', { from: 'client-0', to: 'client-0', text: 'x' })).status,
    409,
  )
  assert.is((await ask(context, '/net/messages', { from: 'client-0', text: 'x' })).status, 400)
})

test('an observer has the last minute, by second and link, and forgets what was before', () => {
  const sights = new Sights()
  const at = 1_700_000_000_000
  for (let second = 0; second < 500; second++)
    sights.saw({ at: at + second * 1000, from: 'client-0', to: 'gateway-1', bytes: 100 })
  sights.saw({ at: at + 499_500, from: 'client-0', to: 'gateway-1', bytes: 11 })
  sights.saw({ at: at + 499_500, from: 'mix-0', to: 'mix-1', bytes: 5 })
  const { links, from } = sights.seen(at + 500_000)
  assert.is(from, at + 440_000)
  assert.equal(
    links.map(({ link }) => link),
    ['client-0 → gateway-1'],
  )
  assert.equal(links[0]?.bytes.slice(0, 1), [100])
  assert.is(links[0]?.bytes.at(-1), 111)
  assert.equal(
    sights.seen(at + 500_000, 'mix-1').links.map(({ link }) => link),
    ['mix-0 → mix-1'],
  )
  assert.equal(sights.seen(at + 900_000).links, [])
})

test.run()

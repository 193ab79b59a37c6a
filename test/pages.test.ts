// Pages on a loopback port (docs/spec/pages.md): who gets in, for how long, and what is served to whom. And what a page
// makes of lists without a browser: conversations, and files in messages.

import { request } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ListedJson, QueuedJson } from '../client/remote/index.ts'
import { answerable, conversationsOf } from '../web/client/conversations.ts'
import { readFile, safeName, writeFile } from '../web/client/file-content.ts'
import { virtualClock } from '../world/clock.ts'
import { type LoopbackOptions, serveLoopback } from '../world/http.ts'
import { isForeignPage } from '../world/http-fields.ts'
import { silent } from '../world/log.ts'
import { LogLines } from '../world/log-lines.ts'
import type { PageFile } from '../world/pages/files.ts'
import { Pages, type PagesInit } from '../world/pages/pages.ts'
import { Sessions } from '../world/pages/sessions.ts'
import { seededRandom } from '../world/random.ts'
import { hour, second } from '../world/units.ts'

function sessions(): { readonly clock: ReturnType<typeof virtualClock>; readonly all: Sessions } {
  const clock = virtualClock(0)
  return { clock, all: new Sessions(clock, seededRandom(1)) }
}

test('a code opens one session, once, within a minute', async () => {
  const { clock, all } = sessions()
  const code = all.code()
  assert.match(code, /^[\w-]{22}$/)
  const token = all.open(code)
  assert.ok(all.has(token))
  assert.is(all.open(code), undefined, 'replayed')
  const late = all.code()
  await clock.advance(60 * second + 1)
  assert.is(all.open(late), undefined, 'late')
  const inTime = all.code()
  await clock.advance(59 * second)
  assert.ok(all.has(all.open(inTime)))
})

test('a session ends when it is told to, when it is idle for long, and when too many others began', async () => {
  const { clock, all } = sessions()
  const begin = (): string => all.open(all.code()) as string
  const ended = begin()
  all.end(ended)
  assert.not(all.has(ended))
  const used = begin()
  const idle = begin()
  await clock.advance(8 * hour)
  assert.ok(all.has(used))
  await clock.advance(8 * hour)
  assert.equal([all.has(used), all.has(idle)], [true, false])
  for (let n = 0; n < 16; n++) begin()
  assert.not(all.has(used))
  assert.not(all.has(undefined))
})

test('wrong codes are counted, and too many end the trying for a while', async () => {
  const { clock, all } = sessions()
  for (let n = 0; n < 30; n++) {
    assert.ok(all.mayTry)
    assert.is(all.open('x'.repeat(22)), undefined)
  }
  assert.not(all.mayTry)
  await clock.advance(3 * second)
  assert.ok(all.mayTry)
})

const html: PageFile = { type: 'text/html; charset=utf-8', bytes: new TextEncoder().encode('<p>') }
const token = 'a token that is long enough'
const bearer = { authorization: `Bearer ${token}` }

async function served(
  init: Partial<PagesInit> = {},
  options: Partial<LoopbackOptions> = {},
): ReturnType<typeof serveLoopback> {
  const pages = new Pages({
    page: 'client',
    owner: header => header === bearer.authorization,
    clock: virtualClock(0),
    random: seededRandom(2),
    files: new Map([['index.html', html]]),
    ...init,
  })
  return await serveLoopback({
    port: 0,
    token,
    pages,
    routes: app => void app.get('/status', context => context.json({ fine: true })),
    ...options,
  })
}

test('the page needs no token and says nothing; what it asks for needs the one that its code gives', async () => {
  await using server = await served()
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(server.url + path, { headers, redirect: 'manual' })
  const page = await get('/ui/')
  assert.is(page.status, 200)
  const policy = page.headers.get('content-security-policy') ?? ''
  for (const part of ["default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"])
    assert.ok(policy.includes(part), part)
  assert.not.ok(policy.includes('unsafe'))
  assert.is(page.headers.get('set-cookie'), null)
  assert.is((await get('/')).headers.get('location'), '/ui/')
  assert.is((await get('/status')).status, 401)
  for (const path of ['/ui/other', '/ui/../package.json', '/ui/%2e%2e/package.json', '/ui/..%2fpackage.json'])
    assert.is((await get(path, bearer)).status, 404, path)
  const post = (path: string, body: unknown, headers: Record<string, string>): Promise<Response> =>
    fetch(server.url + path, { method: 'POST', body: JSON.stringify(body), headers })
  assert.is((await post('/ui/codes', {}, {})).status, 401)
  const { code } = (await (await post('/ui/codes', {}, bearer)).json()) as { code: string }
  const opened = await post('/ui/session', { code }, { origin: server.url, 'sec-fetch-site': 'same-origin' })
  assert.is(opened.status, 201)
  const { token: own } = (await opened.json()) as { token: string }
  assert.is((await get('/status', { authorization: `Bearer ${own}` })).status, 200)
  assert.is((await post('/ui/session', { code }, {})).status, 401)
  assert.is((await post('/ui/session', 'none', {})).status, 401)
  const left = await fetch(`${server.url}/ui/session`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${own}` },
  })
  assert.is(left.status, 200)
  assert.is((await get('/status', { authorization: `Bearer ${own}` })).status, 401)
})

test('whoever is let in but is not the owner opens no page', async () => {
  await using server = await served({ owner: () => false })
  const answer = await fetch(`${server.url}/ui/codes`, { method: 'POST', headers: bearer })
  assert.is(answer.status, 403)
})

test('where others reach the port there is no page', async () => {
  await using server = await served({}, { address: '0.0.0.0' })
  assert.is((await fetch(`${server.url}/ui/`)).status, 401)
  assert.is((await fetch(`${server.url}/ui/`, { headers: bearer })).status, 404)
})

test('a page of elsewhere is known by its Origin, or by what the browser says of it', async () => {
  const host = '127.0.0.1:8790'
  const none = { host, origin: undefined, site: undefined }
  assert.not(isForeignPage(none), 'a program')
  assert.not(isForeignPage({ ...none, origin: 'http://127.0.0.1:8790', site: 'same-origin' }))
  assert.not(isForeignPage({ ...none, site: 'none' }), 'typed by a person')
  const foreign = [
    'http://127.0.0.1:8791',
    'https://127.0.0.1:8790',
    'http://localhost:8790',
    'null',
    'http://evil',
  ]
  for (const origin of foreign) assert.ok(isForeignPage({ ...none, origin }), origin)
  for (const site of ['cross-site', 'same-site']) assert.ok(isForeignPage({ ...none, site }), site)
  assert.ok(isForeignPage({ host: undefined, origin: 'http://127.0.0.1:8790', site: undefined }))
  const behindTls = { host: 'poll.example', origin: 'https://poll.example', site: 'same-origin' }
  assert.ok(isForeignPage(behindTls))
  assert.not(isForeignPage(behindTls, ['http', 'https']))
  assert.ok(isForeignPage({ ...behindTls, origin: 'https://evil.example' }, ['http', 'https']))
  await using server = await served()
  const refused = await fetch(`${server.url}/status`, {
    headers: { ...bearer, origin: 'http://evil.example' },
  })
  assert.is(refused.status, 403)
})

test('a link of elsewhere may lead to a page that is for everybody, and to nothing else', async () => {
  const routes: LoopbackOptions['routes'] = app => {
    for (const path of ['/page', '/data']) app.all(path, context => context.text('here'))
  }
  await using server = await serveLoopback({ port: 0, admits: () => true, routes, linked: ['/page'] })
  // fetch has words of its own in these fields
  const statusOf = (
    path: string,
    fields: Readonly<Record<string, string>>,
    method = 'GET',
  ): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { 'sec-fetch-site': 'cross-site', ...fields }
      const asked = request(`${server.url}${path}`, { method, headers }, answer => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      })
      asked.on('error', reject).end()
    })
  const followed = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  assert.is(await statusOf('/page', followed), 200)
  assert.is(await statusOf('/data', followed), 403)
  assert.is(await statusOf('/page', { ...followed, 'sec-fetch-dest': 'iframe' }), 403)
  assert.is(await statusOf('/page', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }), 403)
  assert.is(await statusOf('/page', followed, 'POST'), 403)
})

test('the newest lines of a log are kept, behind a cursor, and nothing of debug', () => {
  const lines = new LogLines(() => 5)
  const log = lines.around(silent)
  log.debug({}, 'not kept')
  for (let n = 0; n < 600; n++) log.info({ n }, 'line')
  log.error({}, 'last')
  const kept = lines.after(-1)
  assert.is(kept.length, 500)
  assert.equal(lines.after(599), [{ seq: 600, at: 5, level: 'error', message: 'last', fields: {} }])
})

const id = (n: number): string => n.toString(16).padStart(32, '0')

function sent(n: number, more: Partial<QueuedJson> = {}): QueuedJson {
  return {
    ...{
      id: id(n),
      seq: n,
      to: null,
      contact: null,
      inReplyTo: null,
      app: '',
      kind: 'message',
      state: 'sent',
    },
    ...{ reason: null, bytes: 1, fragments: 1, arrived: 1, acceptedAt: n, deadline: 0, ...more },
  } as QueuedJson
}

function came(n: number, more: Partial<ListedJson> = {}): ListedJson {
  return {
    ...{ id: id(n), seq: n, at: n, app: '', inReplyTo: null, from: null, contact: null, canReply: false },
    ...{ bytes: 1, read: false, ...more },
  } as ListedJson
}

test('messages fall into conversations: by contact, by address, and by the message that began it', () => {
  const all = conversationsOf(
    [
      sent(1, { to: 'chaffinch_bob', contact: 'bob' }),
      sent(4, { to: 'chaffinch_x' }),
      sent(6, { inReplyTo: id(5), kind: 'reply' }),
    ],
    [
      came(2, { contact: 'bob', from: 'chaffinch_bob' }),
      came(3, { inReplyTo: id(1) }),
      came(5, { canReply: true }),
      came(7, { from: 'chaffinch_y' }),
      came(8, { app: 'echo' }),
      came(9, { inReplyTo: id(77) }),
    ],
  )
  const shown = all.map(({ key, entries, isRequest, unread }) => [key, entries.length, isRequest, unread])
  assert.equal(shown, [
    [`n:${id(77)}`, 1, false, 1],
    ['a:chaffinch_y', 1, true, 1],
    [`n:${id(5)}`, 2, true, 1],
    ['a:chaffinch_x', 1, false, 0],
    ['c:bob', 3, false, 2],
  ])
  assert.is(answerable(all[2]!)?.id, id(5))
  assert.is(answerable(all[1]!), undefined)
})

test('a file goes with its name, and a name from elsewhere leads nowhere', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  assert.equal(readFile(writeFile('a.txt', bytes)), { name: 'a.txt', bytes })
  assert.equal(readFile(Uint8Array.of(9, 9, 9)), { name: 'file', bytes: Uint8Array.of(9, 9, 9) })
  const names = ['../../etc/passwd', 'C:\\x\\y.exe', '.bashrc', 'a\u202Egpj.exe', '', '..', '<b>']
  assert.equal(names.map(safeName), ['passwd', 'y.exe', 'bashrc', 'a_gpj.exe', 'file', 'file', '_b_'])
})

test.run()

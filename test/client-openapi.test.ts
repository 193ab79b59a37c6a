// docs/spec/client-http.md 15: the OpenAPI document has names for all that it speaks of, and the page to read it on
// loads nothing; clients are made from it by openapi-typescript, and openapi-python-client where pip has it, and work.
// `npm ci` in test/tools for the first, and says so where it was not run.
// tier: slow

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Access } from '../client/api/access.ts'
import { clientRoutes, serveClient } from '../client/api/daemon.ts'
import type { Document } from '../client/api/document.ts'
import { paymentApi } from '../payment/index.ts'
import { systemClock } from '../world/clock.ts'
import { second } from '../world/units.ts'
import { FakeNetwork } from './client-network.ts'

const tools = join(import.meta.dirname, 'tools', 'node_modules')
const place = mkdtempSync(join(tmpdir(), 'chaffinch-openapi-'))
test.after(() => rmSync(place, { recursive: true }))

const paying = paymentApi({
  payments: () => Promise.reject(new Error('no payments here')),
  on: () => () => {},
  apps: new Set(),
  now: () => 0,
})

async function made(): Promise<{ document: Document; page: Response; html: string }> {
  const net = new FakeNetwork()
  const { client } = await net.client('alice')
  const init = { client, clock: net.clock, closing: new AbortController().signal, parts: [paying] }
  const nobody: Access = { asker: () => false, take: () => undefined }
  const [app, closed] = [clientRoutes(init), clientRoutes(init, nobody)]
  const document = (await (await app.request('http://127.0.0.1:7700/openapi.json')).json()) as Document
  assert.is((await closed.request('http://127.0.0.1:7700/openapi.json')).status, 401)
  const page = await closed.request('http://127.0.0.1:7700/docs')
  await client.close()
  return { document, page, html: await page.text() }
}

const { document, page, html } = await made()

/** Objects that are written out where a name could stand. */
function unnamed(part: unknown, where: string): string[] {
  if (typeof part !== 'object' || part === null) return []
  const own = 'properties' in part && (part as { type?: unknown }).type === 'object' ? [where] : []
  return [...own, ...Object.entries(part).flatMap(([key, value]) => unnamed(value, `${where}/${key}`))]
}

test('every body and answer has a name, every route a tag and a summary, and the server is this one', () => {
  assert.equal(unnamed(document.paths, ''), [])
  assert.ok(Object.keys(document.components.schemas).length > 40)
  assert.equal(
    document.servers.map(({ url }) => url),
    ['http://127.0.0.1:7700'],
  )
  const names = new Set(document.tags.map(({ name }) => name))
  const ids: string[] = []
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { tags, summary, operationId }] of Object.entries(methods)) {
      assert.ok(tags?.length === 1 && names.has(tags[0] as string), `${method} ${path}`)
      assert.ok((summary ?? '').length > 10, `${method} ${path}`)
      ids.push(operationId ?? '')
    }
  assert.is(new Set(ids).size, ids.length)
  assert.ok(!ids.includes(''))
  const refs = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? []
  for (const ref of refs) assert.ok(document.components.schemas[ref.split('/').at(-1) as string], ref)
  const example = document.paths['/messages']?.['post']?.requestBody?.content['application/json']?.example
  assert.equal(example, { to: 'chaffinch_b…', text: 'hello', replies: true })
})

test('the page needs no token, names every route and schema, and runs and loads nothing', () => {
  assert.is(page.status, 200)
  assert.match(page.headers.get('content-type') ?? '', 'text/html')
  const policy = page.headers.get('content-security-policy') ?? ''
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  assert.ok(policy.includes("default-src 'none'") && policy.includes(`style-src 'sha256-${hash}'`), policy)
  assert.not(/<script|<link|<img|<iframe|\bsrc=|url\(|@import|\bon\w+=|style=/i.test(html))
  for (const [path, methods] of Object.entries(document.paths)) {
    const [own] = path.split('{')
    assert.ok(html.includes(own as string), path)
    for (const { operationId } of Object.values(methods))
      assert.ok(html.includes(`id="${operationId}"`), operationId)
  }
  for (const name of Object.keys(document.components.schemas))
    assert.ok(html.includes(`id="schema-${name}"`), name)
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g))
    assert.ok(html.includes(`id="${target}"`), target)
})

const generator = join(tools, 'openapi-typescript', 'bin', 'cli.js')
if (!existsSync(generator)) {
  console.log('skipped: a client by openapi-typescript: npm ci in test/tools was not run')
} else {
  test('openapi-typescript makes named types, a program of them compiles, and the mistaken one does not', () => {
    writeFileSync(join(place, 'openapi.json'), JSON.stringify(document))
    const run = (args: readonly string[]): { status: number | null; said: string } => {
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8' })
      return { status, said: `${stdout}${stderr}` }
    }
    const generated = run([generator, 'openapi.json', '--output', 'api.d.ts'])
    assert.is(generated.status, 0, generated.said)
    const types = readFileSync(join(place, 'api.d.ts'), 'utf8')
    for (const name of Object.keys(document.components.schemas))
      assert.ok(new RegExp(`^ {8}${name}: `, 'm').test(types), name)
    const program = `
      import type { components, operations } from './api.d.ts'
      type Schemas = components['schemas']
      const body: Schemas['SendBody'] = { to: 'x', text: 'hello', replies: true }
      const handed = (answer: operations['send']['responses'][202]['content']['application/json']): Schemas['Handed'] => answer
      export const state: (answer: Schemas['Handed']) => 'queued' | 'sent' | 'stored' | 'received' | 'read' | 'failed' = ({ state }) => state
      export const used = [body, handed]`
    const compiles = (source: string): { status: number | null; said: string } => {
      writeFileSync(join(place, 'program.ts'), source)
      const options = [
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--allowImportingTsExtensions',
        '--typeRoots',
        './none',
      ]
      return run([join(tools, 'typescript', 'bin', 'tsc'), ...options, 'program.ts'])
    }
    const verdict = compiles(program)
    assert.is(verdict.status, 0, verdict.said)
    assert.is.not(compiles(program.replace('replies: true', 'reply: true')).status, 0)
  })
}

test('a client made of the document alone sends over a running daemon', async () => {
  const net = new FakeNetwork({ seed: 3 })
  const [{ client: alice }, { client: bob }] = [await net.client('alice'), await net.client('bob')]
  await net.clock.advance(2 * second)
  const token = 'a long enough token'
  const loopback = await serveClient({ client: alice, port: 0, token, clock: systemClock })
  try {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const read = await fetch(`${loopback.url}/openapi.json`, { headers })
    const { servers, paths } = (await read.json()) as Document
    assert.is(servers[0]?.url, loopback.url)
    // As a generator goes about it: by operation id
    const found = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({ path, method, operationId })),
    )
    const call = (id: string, body?: object): Promise<Response> => {
      const { path = '', method = '' } = found.find(({ operationId }) => operationId === id) ?? {}
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      return fetch(`${servers[0]?.url}${path}`, { method: method.toUpperCase(), headers, ...sent })
    }
    const sent = await call('send', { to: bob.address, text: 'made by a generator' })
    assert.is(sent.status, 202)
    await net.clock.advance(6 * second)
    const [message] = await bob.inbox()
    assert.is(message?.text, 'made by a generator')
    assert.is((await call('status')).status, 200)
  } finally {
    await loopback.close()
    await Promise.all([alice.close(), bob.close()])
  }
})

if (spawnSync('openapi-python-client', ['--version']).status !== 0) {
  console.log('skipped: a client in Python: pip install openapi-python-client was not run')
} else {
  test('openapi-python-client makes a model for each name, and no copies', () => {
    writeFileSync(join(place, 'openapi.json'), JSON.stringify(document))
    const out = join(place, 'python')
    const args = ['generate', '--path', 'openapi.json', '--output-path', out, '--meta', 'none']
    const { status, stdout, stderr } = spawnSync('openapi-python-client', args, {
      cwd: place,
      encoding: 'utf8',
    })
    assert.is(status, 0, `${stdout}${stderr}`)
    const models = readdirSync(join(out, 'models'))
    assert.ok(
      models.includes('send_body.py') && models.includes('problem.py') && models.includes('handed.py'),
    )
    assert.ok(models.length < 130, `${models.length} models`)
    assert.equal(
      models.filter(name => /response_?\d{3}\.py$/.test(name)),
      [],
    )
  })
}

test.run()

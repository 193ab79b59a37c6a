// docs/spec/node.md 6: the loopback port, its token, and what it shows.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serveStatus } from '../node/metrics.ts'
import { ListenError, type Loopback, serveLoopback, tokenFrom } from '../world/http.ts'
import { type Place, world } from './node-world.ts'

const token = 'a-token-of-some-length'
const authorization = { authorization: `Bearer ${token}` }

interface Answer {
  status: number
  text: string
}

function get(at: Loopback, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: at.port, path, headers }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode as number, text }))
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('without the token, or under another host name, a port says nothing', async () => {
  const server = await serveLoopback({
    port: 0,
    token,
    open: ['/healthz'],
    routes: app => {
      app.get('/healthz', context => context.text('ok'))
      app.get('/secret', context => context.text('secret'))
      app.get('/broken', () => {
        throw new Error('a reason nobody needs')
      })
    },
  })
  try {
    assert.is((await get(server, '/secret')).status, 401)
    assert.is((await get(server, '/secret', { authorization: `Bearer ${token}x` })).status, 401)
    assert.is((await get(server, '/secret', { authorization: token })).status, 401)
    assert.equal(await get(server, '/secret', authorization), { status: 200, text: 'secret' })
    assert.is((await get(server, '/healthz')).status, 200)
    assert.is((await get(server, '/nothing')).status, 401)
    assert.is((await get(server, '/nothing', authorization)).status, 404)
    const broken = await get(server, '/broken', authorization)
    assert.is(broken.status, 500)
    assert.not.match(broken.text, 'reason')
    const rebound = { ...authorization, host: `attacker.example:${server.port}` }
    assert.is((await get(server, '/secret', rebound)).status, 403)
    assert.is(
      (await get(server, '/secret', { ...authorization, host: `localhost:${server.port}` })).status,
      200,
    )
  } finally {
    await server.close()
  }
})

test('a body over the limit is refused', async () => {
  const server = await serveLoopback({
    port: 0,
    token,
    maxBodyBytes: 100,
    routes: app => app.post('/', async context => context.text(`${(await context.req.text()).length}`)),
  })
  try {
    const post = (length: number): Promise<Response> =>
      fetch(server.url, { method: 'POST', headers: authorization, body: 'x'.repeat(length) })
    assert.is(await (await post(100)).text(), '100')
    assert.is((await post(101)).status, 413)
  } finally {
    await server.close()
  }
})

test('a port in use is an error that names it', async () => {
  const first = await serveLoopback({ port: 0, token, routes: () => {} })
  try {
    await serveLoopback({ port: first.port, token, routes: () => {} })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, ListenError)
    assert.match((error as Error).message, `port ${first.port} of 127.0.0.1 is in use`)
  } finally {
    await first.close()
  }
})

test('a token file is made once, for its owner only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-token-'))
  try {
    const path = join(folder, 'token')
    const made = await tokenFrom(path)
    assert.match(made, /^[0-9a-f]{64}$/)
    assert.is(statSync(path).mode & 0o777, 0o600)
    assert.is(await tokenFrom(path), made)
    writeFileSync(path, 'short\n')
    await tokenFrom(path).then(
      () => assert.unreachable(),
      error => assert.match(error.message, `token file ${path}: no token`),
    )
    await tokenFrom(join(folder, 'not-there', 'token')).then(
      () => assert.unreachable(),
      error => assert.match(error.message, 'ENOENT'),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a node shows its status, its metrics and its health', async () => {
  const w = await world({ parameters: { nodeLoopPerMinute: 60 } })
  await w.clock.advance(20_000)
  const gateway = w.places.at(-1) as Place
  const server = await serveStatus(gateway.node, {
    port: 0,
    token,
    version: '1.2.3',
    now: () => w.clock.now(),
  })
  try {
    const status = JSON.parse((await get(server, '/status', authorization)).text)
    assert.is(status.role, 'gateway')
    assert.is(status.consensus.epoch, 1)
    assert.ok(status.loops.sent > 5)
    assert.is(status.packets.received, status.packets.forwarded + status.packets.served + status.packets.held)
    const metrics = (await get(server, '/metrics', authorization)).text
    assert.match(metrics, new RegExp(`^chaffinch_received_packets_total ${status.packets.received}$`, 'm'))
    const unit =
      /_(total|packets|loops|tags|neighbours|nodes|cells|entries|bytes|mailboxes|clients|epoch|flag|ratio|seconds|threads|info)$/
    for (const [, name] of metrics.matchAll(/^# TYPE (chaffinch_\S+)/gm)) assert.match(name as string, unit)
    assert.match(metrics, `chaffinch_build_info{version="1.2.3",node="${process.version}"} 1`)
    assert.match(metrics, /^process_resident_memory_bytes \d+$/m)
    assert.match(metrics, /^chaffinch_clock_epoch 1$/m)
    assert.match(metrics, /^chaffinch_consensus_left_seconds [1-9]/m)
    assert.is(status.version, '1.2.3')
    assert.equal(await get(server, '/healthz'), { status: 200, text: 'ok\n' })
    await gateway.node.drain()
    assert.is((await get(server, '/healthz')).status, 503)
  } finally {
    await server.close()
    await w.close()
  }
})

test.run()

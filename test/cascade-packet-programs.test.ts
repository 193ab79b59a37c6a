// Programs of a mix-net of packets as processes (docs/spec/packets.md 9 and 10, docs/spec/cascade.md 15): a Controller,
// three mixers and three clients; messages of any size, through kill -9; a mailbox, a folder and a webhook.
// tier: slow
// needs: dist

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freePorts } from '../simulator/processes/plan.ts'
import { cascadeProcesses, program, until } from './cascade-processes.ts'

const { folder, running, start, stop, say: chaffinch } = cascadeProcesses('packets')
const say = (...args: string[]): string => chaffinch('cascade', ...args)

const read = (who: string, file: string): string => readFileSync(join(folder, who, file), 'utf8').trim()

async function call(who: string, path: string, body?: object, method = 'POST'): Promise<Response> {
  const headers = { authorization: `Bearer ${read(who, 'token')}`, 'content-type': 'application/json' }
  const init = body === undefined ? { headers } : { headers, method, body: JSON.stringify(body) }
  return await fetch(`http://127.0.0.1:${read(who, 'status-port')}${path}`, init)
}

async function ask<T>(who: string, path: string, body?: object): Promise<T> {
  const response = await call(who, path, body)
  assert.ok(response.ok, `${path}: ${response.status}`)
  return (await response.json()) as T
}

interface Told {
  readonly id: string
  readonly state: string
}
interface Came {
  readonly number: number
  readonly id: string
  readonly base64: string
}

test('messages of any size come to a mailbox, a folder and a webhook, once, through kill -9', async () => {
  const [port, hookPort] = (await freePorts(2)) as [number, number]
  const names = ['mixer1', 'mixer2', 'mixer3']
  const mixers = names.flatMap(name => ['--mixer', say('init', 'mixer', name)])
  const clients = ['carol', 'dave', 'erin']
  for (const name of clients) say('init', 'client', name)
  const url = `http://127.0.0.1:${port}`
  const form = ['--packets', '4096', '--each', '4', '--settle', '1s', '--cycles', '0', '--size-min', '2']
  const times = ['--close-count', '3', '--patience', '2min']
  assert.is(
    say('init', 'mixnet', 'board', '--name', 'post', '--url', url, ...form, ...times, ...mixers),
    `${url}/post`,
  )
  const plan = ['--plan', 'board/mixnet.json']
  const told: { id: string; base64: string }[] = []
  let isRefusing = true
  const hook = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      if (!isRefusing) told.push(JSON.parse(body))
      // An app that is not ready is asked again
      response.writeHead(isRefusing ? 503 : 204).end()
      isRefusing = false
    })
  })
  await new Promise<void>(resolve => hook.listen(hookPort, '127.0.0.1', resolve))
  assert.is((hook.address() as AddressInfo).port, hookPort)

  start('controller', 'controller', 'board')
  for (const name of names) start(name, 'mixer', name, ...plan)
  const more: Record<string, string[]> = {
    carol: [],
    dave: ['--into', 'dave/in'],
    erin: ['--webhook', `http://127.0.0.1:${hookPort}/`],
  }
  const startClient = (who: string): void =>
    start(who, 'client', who, ...plan, '--port', '0', '--cover', ...(more[who] as string[]))
  for (const who of clients) startClient(who)
  const ready = async (who: string): Promise<boolean> =>
    (await ask<{ ready: boolean }>(who, '/identity')).ready
  await until('the chain is there', async () => (await ready('carol')) && (await ready('dave')))
  const ids = new Map<string, string>()
  for (const who of clients) ids.set(who, (await ask<{ id: string }>(who, '/identity')).id)
  await until('all take messages', async () => (await ask<object[]>('carol', '/recipients')).length === 3)

  const long = Buffer.alloc(50_000, 'long ').toString('base64')
  const sent = { recipient: ids.get('dave'), base64: long, id: 'the long one' }
  assert.is((await ask<Told>('carol', '/send', { ...sent, id: 'long' })).id, 'long')
  assert.is((await ask<Told>('carol', '/send', { ...sent, id: 'long' })).id, 'long', 'the same message')
  assert.is((await call('carol', '/send', { ...sent, id: 'long', base64: 'AAAA' })).status, 409)
  assert.is((await call('carol', '/send', { recipient: 'ab'.repeat(32), message: 'x' })).status, 404)
  await ask('dave', '/send', { recipient: ids.get('carol'), message: 'to a mailbox', id: 'short' })
  await ask('erin', '/send', { recipient: ids.get('erin'), message: 'to a webhook', id: 'own' })
  await until(
    'something is accepted',
    async () => (await ask<Told>('dave', '/messages/short')).state !== 'queued',
  )
  for (const name of ['controller', 'mixer2', 'carol', 'dave']) await stop(name, 'SIGKILL')
  start('controller', 'controller', 'board')
  start('mixer2', 'mixer', 'mixer2', ...plan)
  startClient('carol')
  startClient('dave')

  const isDelivered = async (who: string, id: string): Promise<boolean> =>
    (await ask<Told>(who, `/messages/${id}`)).state === 'delivered'
  for (const [who, id] of [
    ['dave', 'short'],
    ['erin', 'own'],
    ['carol', 'long'],
  ] as const)
    await until(`${id} of ${who} is delivered`, async () => await isDelivered(who, id))
  const [came, ...others] = await ask<Came[]>('carol', '/received')
  assert.is(others.length, 0)
  assert.is(Buffer.from(came?.base64 ?? '', 'base64').toString(), 'to a mailbox')
  assert.is((await call('carol', `/received/${came?.number}`, {}, 'DELETE')).status, 204)
  assert.equal(await ask<Came[]>('carol', '/received'), [])
  const files = readdirSync(join(folder, 'dave', 'in'))
  assert.is(files.length, 1)
  assert.is(readFileSync(join(folder, 'dave', 'in', files[0] as string)).toString('base64'), long)
  assert.equal(
    told.map(({ base64 }) => Buffer.from(base64, 'base64').toString()),
    ['to a webhook'],
  )
  const { status, stdout } = spawnSync(process.execPath, [program, 'cascade', 'verify', ...plan, '--json'], {
    cwd: folder,
    encoding: 'utf8',
  })
  assert.is(status, 0, stdout)
  const found = JSON.parse(stdout) as {
    findings: object[]
    packets: { malformed: number; duplicates: number }[]
  }
  assert.equal(found.findings, [])
  assert.ok(found.packets.length > 0)
  assert.ok(found.packets.every(({ malformed, duplicates }) => malformed === 0 && duplicates === 0))
  assert.not(existsSync(join(folder, 'board', 'shelf')))
  hook.close()
  hook.closeAllConnections()
  for (const name of [...running.keys()]) await stop(name, 'SIGTERM')
})

test.run()

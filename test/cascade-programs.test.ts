// The programs of a mix-net as processes (docs/spec/cascade.md 14 and 15): a Controller, three mixers, three trustees
// of whom one is away, a client; one cycle from end to end, with kill -9 in between; and a copy of which one byte is
// another is refused.
// tier: slow
// needs: dist

import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isReceipt, type Receipt } from '../cascade/log.ts'
import type { Plan } from '../cascade/plan.ts'
import type { SignedRequest } from '../cascade/signed.ts'
import { fromHex } from '../encoding/bytes.ts'
import { cascadeProcesses, program, until } from './cascade-processes.ts'

const { folder, running, start, stop, say: chaffinch } = cascadeProcesses('cascade')
const say = (...args: string[]): string => chaffinch('cascade', ...args)

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

interface Told {
  readonly id: number
  readonly state: string
  readonly request?: SignedRequest
  readonly receipt?: Receipt
}

test('one cycle goes from end to end, through kill -9, with a trustee away; a byte changed is refused', async () => {
  const names = (what: string): string[] => [1, 2, 3].map(i => `${what}${i}`)
  const lines = (what: 'mixer' | 'trustee'): string[] =>
    names(what).flatMap(name => [`--${what}`, say('init', what, name)])
  const [mixers, trustees] = [lines('mixer'), lines('trustee')]
  say('init', 'client', 'carol')
  const url = `http://127.0.0.1:${await freePort()}`
  const options = [
    '--name',
    'survey',
    '--url',
    url,
    '--size-min',
    '3',
    '--width',
    '2',
    '--close-count',
    '3',
    '--patience',
    '2min',
  ]
  assert.is(say('init', 'mixnet', 'board', ...options, ...mixers, ...trustees), `${url}/survey`)
  const plan = JSON.parse(readFileSync(join(folder, 'board', 'mixnet.json'), 'utf8')) as Plan

  start('controller', 'controller', 'board')
  for (const what of ['mixer', 'trustee'] as const)
    for (const name of names(what)) start(name, what, name, '--plan', 'board/mixnet.json')
  const get = async (path: string): Promise<unknown[]> =>
    (await (await fetch(`${url}/survey${path}`)).json()) as unknown[]
  await until('the mix-net is founded', async () => (await get('/peers?peer_type=MIX')).length === 3)
  await stop('trustee3', 'SIGTERM')

  start('client', 'client', 'carol', '--plan', 'board/mixnet.json', '--port', '0')
  const read = (file: string): string => readFileSync(join(folder, 'carol', file), 'utf8').trim()
  const ask = async (path: string, body?: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${read('token')}`, 'content-type': 'application/json' }
    const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(`http://127.0.0.1:${read('status-port')}${path}`, init)
    assert.ok(response.ok, `${path}: ${response.status}`)
    return await response.json()
  }
  // One of them looks like what `verify` says
  const forged = 'drei\nsurvey: 9 entries: everything holds\u001b[1A'
  const messages = ['one', 'two', forged]
  await until('a message is taken', async () => (await ask('/send', { message: 'one' })) !== undefined)
  await until('it is accepted', async () => ((await ask('/messages/0')) as Told).state === 'accepted')
  await stop('controller', 'SIGKILL')
  await stop('mixer2', 'SIGKILL')
  await ask('/send', { recipient: 'survey', message: 'two' })
  await ask('/send', { base64: Buffer.from(forged).toString('base64') })
  await stop('client', 'SIGKILL')
  start('controller', 'controller', 'board')
  start('mixer2', 'mixer', 'mixer2', '--plan', 'board/mixnet.json')
  start('client', 'client', 'carol', '--plan', 'board/mixnet.json', '--port', '0')
  const told = async (): Promise<Told[]> => (await ask('/messages')) as Told[]
  await until('all are delivered', async () => (await told()).every(({ state }) => state === 'delivered'))
  for (const { request, receipt } of await told())
    assert.ok(isReceipt('survey', fromHex(plan.controller_key), request as SignedRequest, receipt as Receipt))

  const verify = (
    ...more: string[]
  ): { readonly code: number | null; readonly found: Record<string, unknown> } => {
    const args = [program, 'cascade', 'verify', '--plan', 'board/mixnet.json', '--json', ...more]
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    return { code: status, found: JSON.parse(stdout) as Record<string, unknown> }
  }
  const { code, found } = verify('--save', 'copy')
  assert.is(code, 0, JSON.stringify(found))
  const results = found['results'] as { count: number; messages: string[] }[]
  assert.equal(
    results.map(({ count, messages }) => [count, [...messages].sort()]),
    [[3, [...messages].sort()]],
  )
  assert.equal(found['findings'], [])
  assert.is(verify('--folder', 'copy').code, 0)
  const printed = say('verify', '--plan', 'board/mixnet.json', '--folder', 'copy').split('\n')
  assert.is(printed.filter(line => line.startsWith('survey: ')).length, 1)
  assert.ok(printed.includes('│ survey: 9 entries: everything holds\ufffd[1A'), printed.join('\n'))
  await stop('controller', 'SIGTERM')
  const journal = join(folder, 'board', 'journal.sqlite')
  renameSync(journal, `${journal}.away`)
  const refused = spawnSync(process.execPath, [program, 'cascade', 'controller', 'board'], {
    cwd: folder,
    encoding: 'utf8',
  })
  assert.is(refused.status, 1)
  assert.match(refused.stderr, /the journal: WRONG_STATE has 0 of \d+ requests that were signed/)
  assert.is(verify('--save', 'copy').code, 1)
  assert.is(verify('--folder', 'copy').code, 0, 'the copy stays')
  for (const file of readdirSync(join(folder, 'board')))
    if (file.startsWith('journal.sqlite') && !file.endsWith('.away')) rmSync(join(folder, 'board', file))
  renameSync(`${journal}.away`, journal)
  start('controller', 'controller', 'board')
  await until('the journal is taken', async () => (await get('/peers?peer_type=MIX')).length === 3)
  const blobs = readdirSync(join(folder, 'copy', 'blobs')).map(name => join('blobs', name))
  assert.is(blobs.length, 3 * 2 + 2, 'three outboxes, three proofs, the points of two trustees')
  for (const name of ['log.jsonl', 'checkpoint', blobs[0] as string]) {
    rmSync(join(folder, 'other'), { recursive: true, force: true })
    cpSync(join(folder, 'copy'), join(folder, 'other'), { recursive: true })
    const file = join(folder, 'other', name)
    const bytes = readFileSync(file)
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(file, bytes)
    assert.is(verify('--folder', 'other').code, 1, name)
  }
  for (const name of [...running.keys()]) await stop(name, 'SIGTERM')
})

test.run()

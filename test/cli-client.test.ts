// The commands of a client (docs/spec/client-sdk.md 13.1) on a network over TCP: what they print, and their exit codes.
// tier: slow
// needs: dist

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serveClient } from '../client/api/daemon.ts'
import { type Identities, openIdentities } from '../client/index.ts'
import { networkText } from '../roles/files/init-files.ts'
import { runCommandLine } from '../scripts/main.ts'
import { localNetwork } from '../simulator/local.ts'
import { tokenFrom } from '../world/http.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-cli-client-'))
const local = await localNetwork({
  mixes: 3,
  gateways: 2,
  clients: 1,
  epochMs: 20 * 60_000,
  parameters: {
    hopDelayMs: 5,
    payloadPerMinute: 900,
    loopPerMinute: 20,
    dropPerMinute: 20,
    readPerMinute: 600,
  },
})
const bob = local.clients[0] as (typeof local.clients)[0]
const identities = await openIdentities({ network: local.network, folder: join(folder, 'store') })
await identities.main.ready(AbortSignal.timeout(20_000))
const bobs = bob.serve('ping', ({ bytes }) => bytes)
writeFileSync(join(folder, 'network.toml'), networkText(local.network))
const token = await tokenFrom(join(folder, 'token'))
const api = await serveClient({ client: identities.main, identities, port: 0, token })
const config = join(folder, 'client.toml')
writeFileSync(config, `network = "network.toml"\nfolder = "."\napi_port = ${api.port}\n`)

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** Runs a command in this process: what it prints is kept. */
async function cli(args: readonly string[], of = config): Promise<Ran> {
  const [out, errors]: [string[], string[]] = [[], []]
  const { log, error } = console
  const { write } = process.stdout
  console.log = (line: string) => out.push(`${line}\n`)
  console.error = (line: string) => errors.push(`${line}\n`)
  process.stdout.write = chunk => out.push(Buffer.from(chunk).toString()) > 0
  try {
    const code = await runCommandLine([...args, '--config', of])
    return { code, out: out.join(''), errors: errors.join('') }
  } finally {
    Object.assign(console, { log, error })
    process.stdout.write = write
  }
}

/** Runs it as a process, with `input` on its standard input. */
function cliProcess(args: readonly string[], input = ''): Promise<Ran> {
  const program = join(root, 'dist', 'scripts', 'chaffinch.js')
  const child = spawn(process.execPath, [program, ...args, '--config', config])
  const [out, errors]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', chunk => out.push(chunk as Buffer))
  child.stderr.on('data', chunk => errors.push(chunk as Buffer))
  child.stdin.end(input)
  return new Promise(resolve =>
    child.on('close', code =>
      resolve({ code, out: Buffer.concat(out).toString(), errors: Buffer.concat(errors).toString() }),
    ),
  )
}

async function fine(...args: string[]): Promise<string> {
  const { code, out, errors } = await cli(args)
  assert.is(code, 0, `${args.join(' ')}: ${errors}`)
  return out.trim()
}

/** Runs a command with `--json`, and reads what it prints, a line each. */
async function json(...args: string[]): Promise<Record<string, unknown>[]> {
  const out = await fine(...args, '--json')
  return out === '' ? [] : out.split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : -1
}

test.after(async () => {
  bobs.end()
  await api.close()
  await identities.close()
  await local.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('send from an argument, a file and standard input, to an address and a contact; each state waited for', async () => {
  // Names from before contacts were kept by the client are taken over once
  const old = join(folder, 'contacts.json')
  writeFileSync(old, JSON.stringify({ robert: bob.address }))
  const kept = { address: bob.address, read: false, received: true }
  assert.equal(await json('contacts'), [{ name: 'robert', ...kept }])
  assert.not.ok(existsSync(old))
  assert.equal(await json('contacts', 'add', 'bob', bob.address), [{ name: 'bob', ...kept }])
  assert.equal(await json('contacts', 'set', 'bob', '--read', 'on'), [{ name: 'bob', ...kept, read: true }])
  assert.is((await cli(['contacts', 'set', 'carol'])).code, 1)
  assert.is((await cli(['contacts', 'set', 'bob', '--read', 'maybe'])).code, 2)
  const own = await bob.contacts.add('alice', identities.main.address)
  assert.is(own.read, false)
  assert.is(await fine('contacts', 'words', 'bob'), bob.safetyWords('alice').join(' '))
  const [stored] = await json('send', '--to', bob.address, 'one', '--wait', 'stored')
  assert.is(stored?.['state'], 'stored')
  const file = join(folder, 'long.bin')
  writeFileSync(file, new Uint8Array(40_000).fill(7))
  const long = await cli(['send', '--to', 'bob', '--file', file, '--wait', 'stored', '--json'])
  assert.is(long.code, 0, long.errors)
  assert.is(long.errors, '', 'no progress is drawn where there is no terminal')
  const piped = await cliProcess(['send', '--to', 'bob', '--no-replies', '--json'], 'from a pipe')
  assert.is(piped.code, 0, piped.errors)
  assert.is(JSON.parse(piped.out).state, 'queued')
  const told = await json('send', '--from', '--to', 'bob', '--wait', 'received', 'have you got it?')
  assert.is(told[0]?.['state'], 'received')
  const got = (await bob.inbox()).find(({ text }) => text === 'have you got it?')
  assert.equal([got?.contact, got?.from], ['alice', identities.main.address])
  const { code, errors } = await cliProcess(['send', '--to', 'carol', 'x'])
  assert.is(code, 1)
  assert.match(errors, /^chaffinch: no contact 'carol'.*\nhint: /)
  assert.is((await cliProcess(['send', 'x'])).code, 2)
  assert.is((await cli(['send', '--to', 'bob', '--wait', 'soon', 'x'])).code, 2)
})

test('inbox: a list that counts nothing as read, one message, all of them, and each as it comes; reply', async () => {
  const watching = cli(['inbox', 'watch', '--timeout', '3s', '--json'])
  const sent = await bob.send(identities.main.address, 'first \u001b[31m', { replies: true })
  await bob.send(identities.main.address, new Uint8Array([0, 255, 254]))
  const shown = (await watching).out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { text?: string })
  assert.is(shown.length, 2)
  await bob.send(identities.main.address, 'third', { replies: true })
  const deadline = Date.now() + 10_000
  let list: Record<string, unknown>[] = []
  while (list.length < 3 && Date.now() < deadline) list = await json('inbox', 'list')
  assert.equal(list.map(({ read }) => read).toSorted(), [false, true, true])
  assert.equal((await json('inbox', 'list')).map(({ read }) => read).toSorted(), [false, true, true])
  assert.match(await fine('inbox', 'list'), /^\* /m)
  const third = list.find(({ read }) => read === false) as Record<string, unknown>
  assert.is(await fine('inbox', 'read', String(third['seq'])), 'third')
  const [again] = await json('inbox', 'read', String(third['id']))
  assert.is(again?.['text'], 'third')
  const bytes = list.find(({ bytes }) => bytes === 3) as Record<string, unknown>
  const file = join(folder, 'three.bin')
  await fine('inbox', 'read', String(bytes['seq']), '--file', file)
  assert.equal([...readFileSync(file)], [0, 255, 254])
  assert.is((await cli(['inbox', 'read', String(bytes['seq']), '--file', file])).code, 1, 'never overwrites')
  // What strangers wrote waits apart
  const apart = await cli(['inbox'])
  assert.not.ok(apart.out.includes('third'))
  assert.not.ok((await fine('inbox', 'requests')).includes('\u001b'))
  assert.is((await json('inbox')).length, 3)
  const first = list.find(({ canReply, read }) => canReply === true && read === true) as Record<
    string,
    unknown
  >
  const [answered] = await json('reply', String(first['seq']), 'an answer', '--wait', 'received')
  assert.is(answered?.['state'], 'received')
  for await (const reply of bob.messages()) {
    if (reply.inReplyTo === undefined) continue
    assert.is(reply.inReplyTo, sent.id)
    assert.is(reply.text, 'an answer')
    break
  }
  for (const wrong of [
    ['inbox', 'read'],
    ['inbox', 'shred'],
    ['inbox', 'list', '3'],
    ['reply'],
    ['reply', '--json'],
  ])
    assert.is((await cli(wrong)).code, 2, wrong.join(' '))
  assert.is((await cli(['inbox', 'read', '99999'])).code, 1)
  assert.is((await cli(['reply', '99999', 'x'])).code, 1)
})

test('queue, inspect, flush, clean, surb, ping, address', async () => {
  assert.equal(await json('flush'), [{ left: 0 }])
  const all = await json('queue', '--all')
  assert.ok(all.length >= 5)
  assert.match(await fine('queue', '--all'), /^[0-9a-f]{32} {2}(stored|received|read) +100 % {2}/m)
  const [looked] = await json('inspect', String(all[0]?.['id']))
  assert.is(looked?.['id'], all[0]?.['id'])
  assert.is((await json('inspect', bob.address))[0]?.['network'], local.network.name)
  assert.is((await json('address'))[0]?.['address'], identities.main.address)
  assert.match(await fine('address', '--qr'), /\n[█▀▄ ]{50,}\n/)
  const [made] = await json('surb', 'make', '--for', 'bob', '--count', '2')
  const surb = String(made?.['surb'])
  assert.is(lengthOf((await json('surb', 'inspect', surb))[0]?.['epochs']), 2)
  assert.is((await json('inspect', surb))[0]?.['conversation'] !== undefined, true)
  assert.is((await cli(['surb', 'use', 'chaffinch-surb_bogus', 'x'])).code, 1)
  const [pinged] = await json('ping', '--to', 'bob', '--count', '2')
  assert.is(pinged?.['answered'], 2)
  assert.is(pinged?.['lossPercent'], 0)
  assert.ok(lengthOf(pinged?.['layers']) >= 5)
  const [gone] = await json('clean', '--older', '0s')
  assert.ok(Number(gone?.['sent']) > 0 && Number(gone?.['received']) > 0, JSON.stringify(gone))
})

test('identities: made, listed, used with --as, removed', async () => {
  const [made] = await json('identity', 'create', 'work')
  assert.is(made?.['name'], 'work')
  await identities.client('work').ready(AbortSignal.timeout(20_000))
  const listed = await json('identity', 'list')
  assert.equal(
    listed.map(({ name, ready }) => [name, ready]),
    [
      ['main', true],
      ['work', true],
    ],
  )
  const address = await fine('address', '--as', 'work')
  assert.is(address, listed[1]?.['address'])
  assert.is.not(address, identities.main.address)
  const [sent] = await json('send', '--as', 'work', '--to', 'bob', 'from work', '--wait', 'stored')
  assert.is(identities.main.message(String(sent?.['id'])), undefined)
  await bob.send(address, 'to work')
  const [came] = await json('inbox', '--as', 'work', '--wait', '10s')
  assert.is(came?.['text'], 'to work')
  assert.equal(await json('inbox', 'list'), [])
  assert.is((await json('surb', 'make', '--as', 'work', '--for', 'bob')).length, 1)
  assert.is((await cli(['send', '--as', 'nobody', '--to', 'bob', 'x'])).code, 1)
  assert.equal(await json('identity', 'remove', 'work'), [{ name: 'work' }])
  assert.is((await cli(['identity', 'remove', 'main'])).code, 1)
  assert.is((await cli(['identity', 'create'])).code, 2)
})

test('identities: one of several taken elsewhere under a key file, while neither client runs', async () => {
  const key = join(folder, 'file.key')
  const copy = join(folder, 'work.chaffinch')
  const [here, there] = ['here', 'there'].map(name => {
    mkdirSync(join(folder, name), { mode: 0o700 })
    const file = join(folder, name, 'client.toml')
    writeFileSync(file, 'network = "../network.toml"\nfolder = "."\n')
    return file
  }) as [string, string]
  const identity = (of: string, ...args: string[]): Promise<Ran> => cli(['identity', ...args], of)
  const open = (name: string): Promise<Identities> =>
    openIdentities({ network: local.network, folder: join(folder, name, 'store') })
  const asWork = ['--as', 'work', '--new-key-file', key]

  const first = await open('here')
  const made = await first.create('work')
  await made.ready(AbortSignal.timeout(60_000))
  const { address } = made
  assert.is((await identity(here, 'key', key)).code, 0)
  const running = await identity(here, 'export', copy, ...asWork)
  assert.is(running.code, 1)
  assert.match(running.errors, 'stop the client first')
  await first.close()
  const out = await identity(here, 'export', copy, ...asWork)
  assert.is(out.code, 0, out.errors)
  const nobody = await identity(here, 'export', `${copy}2`, '--as', 'nobody', '--new-key-file', key)
  assert.is(nobody.code, 1)
  assert.match(nobody.errors, "no identity 'nobody'")

  assert.is((await identity(there, 'key', `${key}2`)).code, 0)
  assert.is((await identity(there, 'import', copy, '--as', 'work', '--new-key-file', `${key}2`)).code, 1)
  const into = await identity(there, 'import', copy, ...asWork)
  assert.is(into.code, 0, into.errors)
  assert.match((await identity(there, 'import', copy, ...asWork)).errors, 'choose another name')
  const second = await open('there')
  assert.is(second.client('work').address, address)
  assert.is.not(second.main.address, address)
  await second.close()
})

test('every command of a client is in the overview, and says how it is used', async () => {
  const overview = await cli(['--help'])
  const names = 'send inbox reply queue inspect flush clean surb ping address contacts identity'.split(' ')
  for (const name of names) assert.match(overview.out, new RegExp(`^  ${name} `, 'm'))
  for (const name of names) {
    const { out, code } = await cli([name, '--help'])
    assert.is(code, 0)
    assert.match(out, new RegExp(`^usage: chaffinch ${name}`))
    assert.match(out, /--json/, name)
  }
})

test.run()

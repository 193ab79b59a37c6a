// What an app hands in wrongly is refused at once, by a ClientError that says what to do; and a signal is obeyed at
// once.

import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/client.ts'
import { connect, openClient } from '../client/connect.ts'
import { ClientError } from '../client/error.ts'
import { openIdentities } from '../client/identities.ts'
import { readNetwork } from '../directory/network-file.ts'
import { FileError } from '../encoding/toml.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { networkOf } from '../simulator/directory-world.ts'
import { localNetwork } from '../simulator/local.ts'
import { virtualClock } from '../world/clock.ts'
import { serveLoopback } from '../world/http.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, openStore } from '../world/store.ts'
import { second } from '../world/units.ts'
import { pair } from './client-apps.ts'
import { FakeLink, FakeNetwork } from './client-network.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-options-'))
test.after(() => rmSync(folder, { recursive: true }))

/** As JavaScript calls it, where no compiler looks. */
type Loose = (...args: unknown[]) => unknown
const loosely = (of: unknown): Loose => of as Loose

async function refusal(act: () => unknown): Promise<string> {
  try {
    await act()
  } catch (error) {
    assert.instance(error, ClientError, String(error))
    return `${(error as ClientError).code} ${(error as ClientError).message}`
  }
  return 'nothing was thrown'
}

test('options of connect that are misspelt, missing or of a wrong type name themselves', async () => {
  const network = networkOf({})
  const store = memoryStore()
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ network, foldr: 'me' }, /unknown option 'foldr', did you mean 'folder'\?$/],
    [{ network, store, deadlinems: 5 }, /unknown option 'deadlinems', did you mean 'deadlineMs'\?$/],
    [{ network, store, colour: 'red' }, /unknown option 'colour', remove it \(known here: network, folder, /],
    [undefined, /want an object of options$/],
    ['network.toml', /want an object of options$/],
    [{}, /network: is missing$/],
    [{ network: 'network.toml', store }, /network: want what readNetwork\('network.toml'\)/],
    [{ network: {}, store }, /network: want what readNetwork\('network.toml'\)/],
    [{ network }, /want a folder or a store$/],
    [{ network, folder: 5 }, /folder: want text$/],
    [{ network, store, cover: 'loud' }, /cover: want one of off, low, default, high$/],
    [{ network, store, deadlineMs: '5s' }, /deadlineMs: want milliseconds$/],
    [{ network, store, deadlineMs: -1 }, /deadlineMs: want milliseconds of 0 or more$/],
    [{ network, store, signal: new AbortController() }, /signal: want an AbortSignal$/],
    [{ network, store, gateways: 'abc' }, /gateways: want a list of ids$/],
    [{ network, store, gateways: ['abc'] }, /gateways: want ids of 32 bytes$/],
  ]
  for (const [options, says] of cases) {
    const said = await refusal(() => loosely(connect)(options))
    assert.match(said, /^BAD_OPTION connect: /)
    assert.match(said, says)
  }
  assert.match(await refusal(() => loosely(openClient)({ network, store, deadlineMs: 5 })), /'deadlineMs'/)
  assert.match(await refusal(() => loosely(openIdentities)({ network, store, spread: 5 })), /mean 'spreadMs'/)
})

test('what a client is asked for wrongly is refused by name', async () => {
  const net = new FakeNetwork({ seed: 2 })
  const [alice, bob] = await pair(net)
  const to = bob.client.address
  const { client } = alice
  const on = (name: keyof Client): Loose => loosely(client[name]).bind(client) as Loose
  const cases: readonly (readonly [keyof Client, readonly unknown[], RegExp])[] = [
    ['send', [to, 'x', { reply: true }], /unknown option 'reply', did you mean 'replies'\?/],
    ['send', [to, { text: 'x' }], /content: want text or a Uint8Array, have an object: JSON.stringify it/],
    ['send', [to, undefined], /content: want text or a Uint8Array, have undefined/],
    ['send', [to, 7], /content: want text or a Uint8Array, have number/],
    ['send', [undefined, 'x'], /BAD_ADDRESS send: address: want text, have undefined/],
    ['send', [to, 'x', { replies: 'yes' }], /replies: want true, false/],
    ['send', [to, 'x', { replies: 65 }], /replies: want true, false/],
    ['send', [to, 'x', { deadlineMs: 'soon' }], /deadlineMs: want milliseconds/],
    ['send', [to, 'x', { signal: 5 }], /signal: want an AbortSignal/],
    ['send', [to, 'x', { app: 5 }], /app: want text/],
    ['send', [to, 'x', null], /want an object of options/],
    ['reply', [undefined, 'x'], /reply: received: want text/],
    ['reply', ['00', 'x', { replies: true }], /unknown option 'replies'/],
    ['request', [to, 5, 'x'], /request: name: want text/],
    ['request', [to, 'echo', 'x', { deadline: 5 }], /did you mean 'deadlineMs'/],
    ['serve', ['echo', 'x'], /serve: handler: want a function, have string/],
    ['serve', ['echo', () => 'x', { anounce: true }], /did you mean 'announce'/],
    ['serve', ['echo', () => 'x', { atOnce: 0 }], /atOnce: want a whole number above 0/],
    ['service', [undefined], /service: name: want text/],
    ['flush', ['gone'], /flush: until: want sent or stored, have gone/],
    ['messages', [{ ap: 'x' }], /did you mean 'app'/],
    ['inbox', [{ afer: 0 }], /did you mean 'after'/],
    ['inbox', [{ most: 1.5 }], /most: want a whole number/],
    ['on', ['mesage', () => {}], /no event 'mesage': want one of state, progress, message, ready/],
    ['on', ['message', undefined], /on: handler: want a function/],
    ['setCover', ['loud'], /want one of off, low, default, high/],
    ['ready', [5], /ready: want an AbortSignal/],
    ['bulletin', ['nowhere'], /NO_TOPIC/],
  ]
  for (const [name, args, says] of cases) assert.match(await refusal(() => on(name)(...args)), says)
  const message = await client.send(to, 'right', { replies: true, deadlineMs: 60_000 })
  assert.match(await refusal(() => loosely(message.stored)(5)), /message.stored: want an AbortSignal/)
  await net.clock.advance(8 * second)
  assert.is(message.state, 'stored')
  await alice.client.close()
  await bob.client.close()
})

test('a message that failed says what happened and what to do', async () => {
  const net = new FakeNetwork({ seed: 3 })
  const [alice, bob] = await pair(net)
  const message = await alice.client.send(bob.client.address, 'x', { deadlineMs: 1 })
  const said = refusal(() => message.stored())
  await net.clock.advance(5 * second)
  assert.match(
    await said,
    /^DEADLINE message [0-9a-f]{8}…: failed \(DEADLINE\): its deadline passed first; send it again/,
  )
  await alice.client.close()
  await bob.client.close()
})

test('a folder that somebody else has open, or that is none', async () => {
  const network = networkOf({})
  const taken = join(folder, 'taken')
  const other = await openStore(taken)
  assert.match(
    await refusal(() => connect({ network, folder: taken })),
    /^IN_USE .*another process uses this folder$/,
  )
  await other.close()
  const file = join(folder, 'file')
  writeFileSync(file, '')
  assert.match(await refusal(() => connect({ network, folder: join(file, 'me') })), /^NO_FOLDER /)
})

test('readNetwork of what is no file is a FileError', () => {
  for (const file of [join(folder, 'none.toml'), folder, undefined])
    assert.throws(
      () => loosely(readNetwork)(file),
      (error: unknown) => error instanceof FileError,
    )
})

test('readNetwork of a number does not read from the descriptor of that number', () => {
  const open = openSync(import.meta.filename, 'r')
  assert.throws(
    () => loosely(readNetwork)(open),
    (error: unknown) => error instanceof FileError && error.message === `${open}: want the path of a file`,
  )
  assert.is(readSync(open, Buffer.alloc(10)), 10, 'nothing has been read')
  closeSync(open)
})

test('a signal that aborts while it opens is obeyed at once, and the folder can be opened again', async () => {
  const net = new FakeNetwork({ seed: 5 })
  const network = networkOf({})
  for (const afterMs of [0, 1, 20, 150]) {
    const calling = new AbortController()
    setTimeout(() => calling.abort(), afterMs)
    let abortedAt = 0
    calling.signal.addEventListener('abort', () => {
      abortedAt = performance.now()
    })
    // libp2p itself, and authorities that nobody listens for
    const said = await refusal(() =>
      connect({ network, folder: join(folder, 'dead'), signal: calling.signal, deadlineMs: 20_000 }),
    )
    const lateMs = performance.now() - abortedAt
    assert.is(said, 'ABORTED connect: called off by the caller')
    assert.ok(lateMs < 50, `${lateMs} ms after the abort`)
  }
  const link = new FakeLink(net, net.random(32))
  const again = await openClient({
    network: net.network,
    folder: join(folder, 'dead'),
    link,
    directory: net.directory(),
  })
  await again.close()
})

test('a deadline is kept where nobody aborts', async () => {
  const network = networkOf({})
  const { signal } = new AbortController()
  const said = await refusal(() =>
    connect({ network, folder: join(folder, 'late'), signal, deadlineMs: 300 }),
  )
  assert.match(said, /^NO_CONSENSUS /)
})

test('a program that waits for its client is not ended by having nothing else to do', () => {
  const here = JSON.stringify(import.meta.dirname)
  const program = `
    const { connect } = await import(${here} + '/../client/index.ts')
    const { networkOf } = await import(${here} + '/../simulator/directory-world.ts')
    const { memoryStore } = await import(${here} + '/../world/store.ts')
    const { FakeLink, FakeNetwork } = await import(${here} + '/client-network.ts')
    const net = new FakeNetwork({ seed: 9 })
    const never = { ...net.directory(), current: () => undefined, ready: () => new Promise(() => {}), onView: () => () => {} }
    const options = { network: networkOf({}), store: memoryStore(), link: new FakeLink(net, net.random(32)), directory: never }
    console.log(await connect({ ...options, deadlineMs: 200 }).catch(error => error.code))`
  const args = ['--conditions=chaffinch-source', '--import', 'tsx', '--input-type=module', '-e', program]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
  assert.equal([status, stdout], [0, 'NO_CONSENSUS\n'])
})

test('a client closes itself at the end of its block', async () => {
  const net = new FakeNetwork({ seed: 7 })
  const link = new FakeLink(net, net.random(32))
  const client = await openClient({
    network: net.network,
    store: memoryStore(),
    link,
    directory: net.directory(),
  })
  await client[Symbol.asyncDispose]()
  assert.match(await refusal(() => client.send('x', 'x')), /^CLOSED /)
})

test('progress is told as fragments arrive, each time with more, and message.progress is the same', async () => {
  const net = new FakeNetwork({ seed: 8 })
  const [{ client: alice }, { client: bob }] = [await net.client('alice'), await net.client('bob')]
  await net.clock.advance(2000)
  const told: string[] = []
  alice.on('progress', ({ id, progress }) => told.push(`${id} ${progress.arrived} of ${progress.fragments}`))
  const message = await alice.send(bob.address, 'x'.repeat(8000))
  await net.clock.advance(15_000)
  assert.is(message.state, 'stored')
  const { fragments } = message.progress
  assert.ok(fragments > 3)
  assert.equal(
    told,
    Array.from({ length: fragments }, (_, i) => `${message.id} ${i + 1} of ${fragments}`),
  )
  await Promise.all([alice.close(), bob.close()])
})

test('all that is closed or stopped closes itself at the end of its block', async () => {
  const local = await localNetwork({ link: 'memory', clients: 1, mixes: 3, gateways: 1, authorities: 1 })
  const [client] = local.clients
  await local[Symbol.asyncDispose]()
  assert.match(await refusal(() => client?.send('x', 'x')), /^CLOSED /)
  const loopback = await serveLoopback({ port: 0, token: 'a long enough token', routes: () => {} })
  await loopback[Symbol.asyncDispose]()
  await fetch(loopback.url).then(
    () => assert.unreachable('it is closed'),
    () => {},
  )
  const host = memoryNetwork({ clock: virtualClock(0), random: seededRandom(1) }).host({
    cellBytes: 100,
    admits: () => true,
    role: 'node',
  })
  await host[Symbol.asyncDispose]()
})

test.run()

// docs/spec/gateway.md: a gateway or a client that is killed and starts again goes on at once, over TCP and with
// processes of their own; and of a client that has left the gateway's heap has neither its name nor its address.
// tier: slow

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey } from '#crypto'
import { GatewaySession } from '../client/incoming/session.ts'
import { directWay } from '../client/incoming/ways.ts'
import type { NodeEntry } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { publicKeyOf } from '../link/identity.ts'
import { peerIdOf } from '../link/libp2p/connections.ts'
import { startHost } from '../link/libp2p/host.ts'
import type { Host, Peer } from '../link/link.ts'
import type { MailboxEntry } from '../link/protocol/mailbox.ts'
import { freePorts } from '../simulator/processes/plan.ts'
import { geometry } from '../sphinx/geometry.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom as random } from '../world/random.ts'

const g = geometry({ suite: 'x25519', hops: 3, userBytes: 200 })
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-crash-'))
const [port] = (await freePorts(1)) as [number]
const peer: Peer = { id: publicKeyOf(new Uint8Array(32).fill(5)), addresses: [`/ip4/127.0.0.1/tcp/${port}`] }
const mailboxSeed = new Uint8Array(32).fill(8)
const mailboxKey = ed25519PublicKey(mailboxSeed)
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
test.after(async () => {
  for (const end of ends.reverse()) await end()
})

interface Gateway {
  readonly process: ChildProcess
  says(): Promise<Record<string, unknown>>
}

async function startGateway(): Promise<Gateway> {
  const script = join(import.meta.dirname, 'gateway-crash-process.ts')
  const args = ['--expose-gc', '--conditions=chaffinch-source', '--import', 'tsx', script, folder, `${port}`]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  ends.push(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const gateway: Gateway = {
    process: child,
    says: async () => JSON.parse((await lines.next()).value as string),
  }
  await gateway.says()
  return gateway
}

async function kill({ process: child }: Gateway): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const listed: NodeEntry = {
  ...peer,
  role: 'gateway',
  layer: -1,
  packetKeys: new Map(),
  family: '',
  services: [],
  running: true,
  reliable: true,
}

function startClient(localAddress: string): Promise<Host> {
  return startHost({
    seed: undefined,
    listen: [],
    cellBytes: g.packetBytes,
    clock: systemClock,
    log: silent,
    random,
    admits: () => false,
    role: 'client',
    localAddress,
  })
}

/** The session of a client that reads its mailbox. */
function sessionOf(link: Host, got: MailboxEntry[]): GatewaySession {
  const entry = { answered: () => {}, unanswered: () => {}, spoilt: () => {} }
  const way = { link, random, epoch: () => 0, payloadBytes: g.payloadBytes, entry }
  const session = new GatewaySession({
    way: () => directWay(way),
    clock: systemClock,
    random,
    log: silent,
    mailboxSeed,
    mailboxKey,
    payloadBytes: g.payloadBytes,
    peer: () => listed,
    cursor: () => 0,
    take: async entries => void got.push(...entries),
    announcement: () => undefined,
    announced: () => {},
    board: () => ({ board: 0, boardOffset: 0 }),
    takeBoard: async () => {},
    onOpen: () => {},
    onFull: () => {},
    onChange: () => {},
  })
  link.onGone(() => session.gone())
  session.start()
  return session
}

/** @returns after how many milliseconds it came about */
async function until(what: string, condition: () => boolean, limitMs = 20_000): Promise<number> {
  const began = performance.now()
  while (!condition()) {
    assert.ok(performance.now() - began < limitMs, what)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  return performance.now() - began
}

/** Counts how often the gateway's heap has each. */
async function heapHas(gateway: Gateway, words: readonly string[]): Promise<number[]> {
  const found: number[] = []
  for (const word of words) {
    gateway.process.stdin?.write(`${JSON.stringify([...Buffer.from(word)])}\n`)
    found.push((await gateway.says())['found'] as number)
  }
  return found
}

test('a gateway or a client that is killed and starts again is read from at once', async () => {
  const first = await startGateway()
  const client = await startClient('127.0.0.1')
  const got: MailboxEntry[] = []
  const session = sessionOf(client, got)
  await until('open', () => session.state.at === 'open')
  const cell = new Uint8Array(g.packetBytes)
  cell.set(mailboxKey)
  client.send(peer, cell)
  assert.equal(await first.says(), { end: 'stored' })

  await kill(first)
  await until('the kill is noticed', () => session.state.at !== 'open')
  const second = await startGateway()
  // the client's own back-off, of 5 s at most, and nothing on top of it
  const openAfter = await until('open again', () => session.state.at === 'open', 7000)
  await session.read()
  assert.is(got.length, 1, `read ${openAfter} ms after the start`)

  // the old client never says that it is gone: its connection stays open, as that of a machine without power would
  const again = await startClient('127.0.0.1')
  const fresh: MailboxEntry[] = []
  const began = performance.now()
  const other = sessionOf(again, fresh)
  await until('the new client is in', () => other.state.at === 'open')
  await other.read()
  assert.is(fresh.length, 1)
  assert.ok(performance.now() - began < 3000, 'no time out on the way')
  for (const end of [session, other]) end.end()
  await client.close()
  await again.close()
  await kill(second)
})

test('of a client that has left, the gateway has neither name nor address; while it is there it has both', async () => {
  const gateway = await startGateway()
  const client = await startClient('127.45.67.89')
  const session = sessionOf(client, [])
  await until('open', () => session.state.at === 'open')
  await session.read()
  const traces = [hex(client.id), peerIdOf(client.id).toString(), '127.45.67']
  const during = await heapHas(gateway, traces)
  assert.ok(
    during.every(count => count > 0),
    `control: ${during}`,
  )
  session.end()
  await client.close()
  // what is said of an address's rate is over in seconds
  await new Promise(resolve => setTimeout(resolve, 4000))
  assert.equal(await heapHas(gateway, traces), [0, 0, 0])
})

test.run()

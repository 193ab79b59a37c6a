// docs/spec/payments-ledger.md 3.7: `ledger run --port`, `ledger mirror` and `ledger verify --url`, as processes. A
// ledger answers on its port; a mirror reads it from there, goes on without it, and takes no transaction; an auditor
// reads either, and is told what does not hold.
// tier: slow
// needs: dist

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorityEntry } from '../directory/authority/keys.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { openLedger } from '../payment/ledger/embedded.ts'
import type { Genesis } from '../payment/ledger/ledger.ts'
import { ledgerId, readGenesis, writeGenesis } from '../payment/ledger/log.ts'
import { answerQuestion, readReceiptOf, submitQuestion, wantAnswer } from '../payment/ledger/service.ts'
import { type Note, ownerOf, readTransaction, signMint } from '../payment/ledger/transaction.ts'
import { openFolder, readKey } from '../roles/files/folder.ts'
import { initClient, initNetwork } from '../roles/files/init.ts'
import { serveLog } from '../scripts/roles/ledger-http.ts'
import { seedOf } from '../simulator/directory-world.ts'
import { serveLoopback, tokenFrom } from '../world/http.ts'
import { memoryStore } from '../world/store.ts'
import { minute } from '../world/units.ts'
import { mintNotes, signing, theftOf, withEntry } from './payment-entries.ts'
import { genesis, ledgerSeed } from './payment-room.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-ledger-http-'))
const [bank, copy] = [join(folder, 'bank'), join(folder, 'copy')]
const keys = [1, 2, 3].map(n => Buffer.alloc(32, n).toString('hex'))
const running = new Set<ChildProcess>()

function start(args: readonly string[]): ChildProcess {
  const command = [join(root, 'dist', 'scripts', 'chaffinch.js'), ...args]
  const child = spawn(process.execPath, command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function chaffinch(...args: string[]): Promise<Ran> {
  const child = start(args)
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout?.on('data', chunk => out.push(String(chunk)))
  child.stderr?.on('data', chunk => err.push(String(chunk)))
  return new Promise(resolve =>
    child.on('close', code => resolve({ code, out: out.join('').trim(), err: err.join('').trim() })),
  )
}

/** Starts a role that answers over HTTP, and gives where. */
async function answering(args: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = start(args)
  const lines = createInterface({ input: child.stderr as NonNullable<ChildProcess['stderr']> })
  const said: string[] = []
  for await (const line of lines) {
    const url = /"url":"([^"]+)"/.exec(line)?.[1]
    if (url !== undefined) return { child, url }
    said.push(line)
  }
  throw new Error(`${args.join(' ')}: it ended before it answered: ${said.join('\n')}`)
}

async function end(child: ChildProcess): Promise<number | null> {
  // Its streams are not read to their ends, so that they never close
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  return await ended
}

async function ask(url: string, question: Uint8Array): Promise<Uint8Array> {
  const body = new Uint8Array(question)
  const response = await fetch(new URL('/ledger', url), { method: 'POST', body })
  assert.is(response.status, 200)
  return new Uint8Array(await response.arrayBuffer())
}

function codeOf(answer: Uint8Array): string | undefined {
  try {
    wantAnswer(answer)
  } catch (error) {
    return (error as { code: string }).code
  }
  return undefined
}

const home = join(folder, 'home')
/** Stands for a running client that nobody reaches: `ledger run` asks it where it answers. */
const states = { queued: 0, sent: 0, stored: 0, acknowledged: 0, read: 0, failed: 0, received: 0 }
const client = {
  role: 'client',
  ready: false,
  address: 'chaffinch_bxyz',
  epoch: 7,
  clockErrorMs: 0,
  consensus: null,
  directory: { late: null, splits: [], troubles: [] },
  cover: { level: 'default', costs: [] },
  gateway: null,
  entry: { id: null, separation: 'none', spoilt: 0, unanswered: 0, left: 0 },
  gateways: [],
  messages: states,
  replies: states,
  queue: 0,
  inFlight: 0,
  packets: { payload: 0, loop: 0, drop: 0, faults: 0, refused: 0 },
  loops: { sent: 0, returned: 0 },
  entries: {},
  full: [],
  announcement: null,
  bulletin: { published: 0, unpublished: 0, gateways: [] },
  slackMs: 0,
  anonymity: null,
  version: '0.1.0',
  upSeconds: 1,
  traffic: { bytesIn: 0, bytesOut: 0, refusals: {}, crowded: {} },
  process: { rssBytes: 0, heapBytes: 0, handles: 0, listeners: 0, pendingDials: 0 },
}
const networkFile = join(folder, 'network.toml')
initNetwork(networkFile, {
  name: 'demo',
  genesis: Date.now() - minute,
  epochMs: minute,
  threshold: 1,
  authorities: [authorityEntry(seedOf('alpha'), ['/ip4/127.0.0.1/tcp/1'])],
})
initClient(home, { networkFile, apiPort: 0 })
const config = join(home, 'client.toml')
openFolder(join(home, 'data'), 'client')
const api = await serveLoopback({
  port: 0,
  token: await tokenFrom(join(home, 'data', 'token')),
  routes: app => void app.get('/status', context => context.json(client)),
})
writeFileSync(config, readFileSync(config, 'utf8').replace(/^api_port = 0/m, `api_port = ${api.port}`))

test.after(async () => {
  for (const child of running) child.kill('SIGKILL')
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Told {
  readonly name: string
  readonly entries: number
  readonly minted: number
  readonly unspent: number
  readonly root: string
}

async function verified(url: string, pinned: string): Promise<Told> {
  const { code, out, err } = await chaffinch('ledger', 'verify', '--url', url, '--genesis', pinned, '--json')
  assert.is(code, 0, err)
  return JSON.parse(out) as Told
}

test('a ledger answers on its port; a mirror of it goes on alone, and takes no transaction', async () => {
  const { out: pinned } = await chaffinch('ledger', 'init', bank, '--name', 'bank')
  const to = keys.flatMap(key => ['--to', key])
  assert.is((await chaffinch('ledger', 'mint', bank, '--amount', '10', '--each', ...to)).code, 0)
  const told = await chaffinch('ledger', 'verify', bank, '--json')
  const bankRuns = await answering(['ledger', 'run', bank, '--config', config, '--port', '0'])
  assert.equal(await verified(bankRuns.url, pinned), JSON.parse(told.out))
  assert.equal(
    [JSON.parse(told.out).name, JSON.parse(told.out).entries, JSON.parse(told.out).unspent],
    ['bank', 2, 30],
  )

  const mirrorRuns = await answering([
    ...['ledger', 'mirror', copy, '--genesis', pinned, '--url', bankRuns.url],
    ...['--port', '0'],
  ])
  assert.equal(await verified(mirrorRuns.url, pinned), await verified(bankRuns.url, pinned))
  const mint = mintAt(bank)
  assert.is(codeOf(await ask(mirrorRuns.url, submitQuestion(mint.bytes))), 'BUSY')
  const receipt = await ask(bankRuns.url, submitQuestion(mint.bytes))
  assert.is(readReceiptOf(mint.id, receipt, mint.genesis).position.index, 2)
  assert.is(await end(bankRuns.child), 0)
  const left = await verified(mirrorRuns.url, pinned)
  assert.ok(left.entries === 2 || left.entries === 3)
  assert.is(await end(mirrorRuns.child), 0)
})

/** A mint of one note by the key that lies in a ledger's folder. */
function mintAt(of: string): { bytes: Uint8Array; id: Uint8Array; genesis: Genesis } {
  const its = readGenesis(fromHex(readFileSync(join(of, 'genesis'), 'utf8').trim()))
  const outputs = [{ denomination: 5, owner: ownerOf(ledgerSeed) }]
  const bytes = signMint(ledgerId(its), Buffer.alloc(32, 7), outputs, readKey(join(of, 'mint.key')))
  return { bytes, id: readTransaction(ledgerId(its), bytes).id, genesis: its }
}

test('an auditor is told of an entry that should not stand in the log; control: without it', async () => {
  const time = 1_800_000_000_000
  const ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now: () => time })
  const secret = new Uint8Array(32).fill(9)
  const [note] = (await mintNotes(ledger, secret, [{ denomination: 10, owner: ownerOf(secret) }])) as [Note]
  const good = await ledger.entries(0, 9)
  const bad = withEntry(good, theftOf(ledger.id, note), time)
  const [fine, wrong] = await Promise.all(
    [good, bad].map(entries => serveLog(0, question => answerQuestion(signing(entries), question))),
  )
  if (fine === undefined || wrong === undefined) return assert.unreachable()
  const pinned = hex(writeGenesis(genesis))
  assert.is((await verified(fine.url, pinned)).entries, 2)
  const caught = await chaffinch('ledger', 'verify', '--url', wrong.url, '--genesis', pinned)
  assert.is(caught.code, 1)
  assert.match(caught.err, /does not hold: .*entry 2: transfer: input 0: not signed by its key/)
  await Promise.all([fine.close(), wrong.close()])
})

test('where nobody answers, or something else does, an auditor is told so within seconds', async () => {
  const pinned = hex(writeGenesis(genesis))
  const other = await serveLog(0, async () => new Uint8Array(9))
  const nothing = await serveLoopback({ port: 0, admits: () => true, maxBodyBytes: 99, routes: () => {} })
  const gone = await serveLog(0, async () => new Uint8Array(9))
  await gone.close()
  const verify = async ({ url }: { readonly url: string }): Promise<string> => {
    const { code, err } = await chaffinch('ledger', 'verify', '--url', url, '--genesis', pinned)
    return `${code} ${err}`
  }
  // The runner would end what takes the two minutes for which a follower is patient
  const said = await Promise.all([gone, nothing, other].map(verify))
  await Promise.all([other.close(), nothing.close()])
  assert.match(said[0] as string, /^1 /)
  assert.match(said[0] as string, `could not be read: nobody answers at ${gone.url} (ECONNREFUSED)`)
  assert.match(
    said[1] as string,
    `could not be read: what answers at ${nothing.url}/ledger is no ledger: 404`,
  )
  assert.match(said[2] as string, /is not the log of this genesis \(\w+\)/)
})

test.run()

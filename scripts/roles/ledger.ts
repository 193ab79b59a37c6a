// chaffinch ledger: an embedded ledger as a service. Peers reach it through the mixnet, at the address of a running
// client.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { serveAt } from '../../client/remote/index.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { type Genesis, isDenomination, PaymentError, readGenesis, split } from '../../payment/index.ts'
import {
  audit,
  type EmbeddedLedger,
  ledgerService,
  openLedger,
  ownerOf,
  signMint,
  writeGenesis,
  writeHead,
} from '../../payment/ledger/index.ts'
import { readKey, runningClient, tellPort, writeKey, writeNew } from '../../roles/files/index.ts'
import { LedgerDesk, serveLedgerStatus } from '../../roles/ledger-status.ts'
import { closing, machineError, openLog, type Running, runRole } from '../../roles/role.ts'
import { tokenFrom } from '../../world/http.ts'
import type { Log } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { openStore, type Store } from '../../world/store.ts'
import { topicAt } from '../network/topic.ts'
import { serveLog } from './ledger-http.ts'
import { mirror as follow, readAt } from './ledger-mirror.ts'

const hint = 'chaffinch ledger --help'
/** The service tells its newest head on the bulletin each time that this is over, milliseconds. */
const tellEveryMs = 5 * 60_000
const longestLog = 10_000_000

export interface LedgerOptions {
  readonly config?: string
  readonly port?: string
  readonly statusPort?: string
}

export async function run(folder: string, values: LedgerOptions): Promise<number> {
  const log = openLog('ledger', 'info')
  const statusPort = wholeNumber('status-port', values.statusPort ?? '0', 0, 65_535)
  const port = portIn(values.port)
  return await runRole(log, () => serve(folder, values.config, { statusPort, port }, log))
}

export interface MirrorValues {
  readonly genesis?: string
  readonly at?: string
  readonly url?: string
  readonly config?: string
  readonly port?: string
}

export async function mirror(folder: string, values: MirrorValues): Promise<number> {
  const log = openLog('ledger', 'info')
  const { at: address, url, config } = values
  const genesis = wantGenesis('mirror', values.genesis)
  const port = portIn(values.port)
  return await runRole(log, () => follow(folder, { genesis, address, url, config, port }, log))
}

function portIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber('port', text, 0, 65_535)
}

function wantGenesis(action: string, genesis: string | undefined): string {
  if (genesis === undefined) throw new CommandError('USAGE', `ledger ${action}: want --genesis`, hint)
  return genesis
}

/** Prints what clients pin: the genesis in hex. */
export function init(folder: string, { name = 'chaffinch' }: { readonly name?: string }): undefined {
  const ledgerKey = ownerOf(writeKey(join(folder, 'ledger.key'), 'ledger key', ownerOf))
  const mintKey = ownerOf(writeKey(join(folder, 'mint.key'), 'mint key', ownerOf))
  const genesis = hex(writeGenesis({ name, ledgerKey, mintKey }))
  writeNew(join(folder, 'genesis'), `${genesis}\n`)
  console.log(genesis)
}

interface Opened {
  readonly ledger: EmbeddedLedger
  readonly genesis: Genesis
  readonly store: Store
}

async function open(folder: string): Promise<Opened> {
  const ledgerSeed = readKey(join(folder, 'ledger.key'))
  try {
    const genesis = pinnedIn(join(folder, 'genesis'))
    const store = await openStore(join(folder, 'log'))
    return { ledger: await openLedger({ store, genesis, ledgerSeed, now: Date.now }), genesis, store }
  } catch (error) {
    if (error instanceof PaymentError) throw new CommandError('FAILED', `${folder}: ${error.message}`)
    throw machineError(error)
  }
}

/** @throws PaymentError BAD_DOCUMENT, TOO_LARGE */
function pinnedIn(file: string): Genesis {
  return readGenesis(fromHex(readFileSync(file, 'utf8').trim()))
}

/** Answers what comes to the running client, and tells its heads to all, so that they can compare. */
function serve(
  folder: string,
  config: string | undefined,
  { statusPort, port }: { readonly statusPort: number; readonly port: number | undefined },
  log: Log,
): Promise<Running> {
  return closing(async later => {
    const client = runningClient(config)
    const { address } = await client.status()
    const { ledger, genesis, store } = await open(folder)
    later(() => store.close())
    const ending = new AbortController()
    const desk = new LedgerDesk(ledger, genesis.name)
    const counted = desk.counted()
    later(async () => counted())
    const token = await tokenFrom(join(folder, 'token'))
    const status = await serveLedgerStatus(desk, { port: statusPort, token })
    later(() => status.close())
    later(tellPort(folder, status.port))
    if (port !== undefined) {
      const { close, url } = await serveLog(port, question => desk.answer(question))
      later(close)
      log.info({ url }, 'ledger: answers over HTTP')
    }
    const work = Promise.all([
      serveAt(client, ledgerService, question => desk.answer(question), ending.signal),
      tellHeads(ledger, bytes => topicAt(client, 'heads').publish(bytes), ending.signal),
    ])
    later(async () => {
      ending.abort()
      await work
    })
    const at = { at: address, status: `${status.url}/status` }
    log.info({ ledger: genesis.name, entries: ledger.head.size, ...at }, 'started')
    return {}
  })
}

/** Never rejects: what could not be told now is told the next time. */
async function tellHeads(
  ledger: EmbeddedLedger,
  tell: (head: Uint8Array) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await tell(writeHead(ledger.head)).catch(() => {})
    await pause(tellEveryMs, undefined, { signal }).catch(() => {})
  }
}

/** One key for each note that the amount makes; or for each key a note of the amount. */
export async function mint(
  folder: string,
  values: { readonly amount?: string; readonly to?: string[]; readonly each?: true },
): Promise<undefined> {
  if (values.amount === undefined) throw new CommandError('USAGE', 'ledger mint: want --amount', hint)
  const amount = wholeNumber('amount', values.amount, 1, Number.MAX_SAFE_INTEGER)
  const { to: keys = [], each: isEach } = values
  if (isEach && !isDenomination(amount))
    throw new CommandError(
      'USAGE',
      `ledger mint: --each: want 1, 2 or 5 times a power of ten, have ${amount}`,
    )
  const pieces = isEach ? keys.map(() => amount) : split(amount)
  if (keys.length !== pieces.length || !keys.every(key => /^[0-9a-f]{64}$/.test(key))) {
    throw new CommandError(
      'USAGE',
      `ledger mint: ${amount} makes ${pieces.join(' + ')}: want --to KEY ${pieces.length} times, each 64 hexadecimal digits`,
      hint,
    )
  }
  const { ledger, store } = await open(folder)
  try {
    const outputs = pieces.map((denomination, i) => ({
      denomination,
      owner: fromHex(keys[i] as string),
    }))
    const signed = signMint(ledger.id, systemRandom(32), outputs, readKey(join(folder, 'mint.key')))
    const { transaction, index } = await ledger.submit(signed)
    console.log(`${hex(transaction)} ${index}`)
  } finally {
    await store.close()
  }
}

/** All entries, its genesis first, and the ledger's id; not while it runs. */
export async function readLog(
  folder: string,
): Promise<{ readonly id: Uint8Array; readonly entries: Uint8Array[] }> {
  const { ledger, store } = await open(folder)
  try {
    return { id: ledger.id, entries: await ledger.entries(0, longestLog) }
  } finally {
    await store.close()
  }
}

export async function verify(
  folder: string | undefined,
  values: { readonly url?: string; readonly genesis?: string; readonly json?: true },
): Promise<undefined> {
  const { url, genesis, json } = values
  if (url !== undefined) return await verifyAt(url, wantGenesis('verify', genesis), json === true)
  if (folder === undefined) throw new CommandError('USAGE', 'ledger verify: want a folder', hint)
  return await verifyFolder(folder, json === true)
}

/** Reads the whole log as anybody can who has its entries. */
async function verifyFolder(folder: string, isJson: boolean): Promise<undefined> {
  const { ledger, genesis, store } = await open(folder)
  try {
    const entries = await ledger.entries(0, longestLog)
    told(folder, { genesis, ledger: ledger.id, root: ledger.head.root, entries }, isJson)
  } finally {
    await store.close()
  }
}

/** The same of a ledger that somebody else keeps. */
async function verifyAt(url: string, genesis: string, isJson: boolean): Promise<undefined> {
  const { ledger, entries, genesis: of } = await readAt(url, genesis)
  told(url, { genesis: of, ledger: ledger.id, root: ledger.head.root, entries }, isJson)
}

interface Verified {
  readonly genesis: Genesis
  readonly ledger: Uint8Array
  readonly root: Uint8Array
  readonly entries: readonly Uint8Array[]
}

function told(where: string, { genesis, ledger, root, entries }: Verified, isJson: boolean): void {
  const { minted, notes, size } = audit(genesis, entries)
  const unspent = [...notes.values()].filter(({ spentBy }) => spentBy === null)
  const sum = unspent.reduce((total, { denomination }) => total + denomination, 0)
  const found = {
    name: genesis.name,
    ledger: hex(ledger),
    entries: size,
    root: hex(root),
    minted,
    unspent: sum,
  }
  if (isJson) console.log(JSON.stringify(found))
  else for (const [what, value] of Object.entries(found)) console.log(`${what.padEnd(8)}  ${value}`)
  if (sum !== minted) throw new CommandError('FAILED', `${where}: ${minted} were minted, ${sum} can be spent`)
}

// A Bitcoin node on regtest in a process of its own, with coins that its blocks paid to a given key: Bitcoin Core,
// where BITCOIND names its daemon, else bcoin (test/bitcoin-node).

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Address, OutScript, TEST_NETWORK, Transaction } from '@scure/btc-signer'
import { fromHex } from '../../encoding/bytes.ts'
import {
  bitcoinOwner,
  bitcoinRpc,
  type Coin,
  field,
  outpoint,
  type Rpc,
  type RpcOptions,
  type ScriptKind,
  scriptOf,
} from '../../payment/ledger/index.ts'

/** In a checkout: two folders up from here and from dist/scripts/. */
const folder: string = join(import.meta.dirname, '..', '..', 'test', 'bitcoin-node')
/** Segwit is in force from block 432 on (BIP 9 on regtest); a coinbase can be spent after 100 more blocks. */
const firstBlocks = 434
const nobody = new Uint8Array(32).fill(250)

export interface Regtest {
  readonly rpc: Rpc
  /** Says which node it is: Bitcoin Core, where BITCOIND names one, or bcoin. */
  readonly is: 'core' | 'bcoin'
  /** For another process that asks it. */
  readonly access: RpcOptions
  /** Mines blocks that pay to a key nobody has. @returns their hashes, as nodes print them */
  mine(blocks: number): Promise<string[]>
  /** Mines a coin that this secret can spend. */
  coin(secret: Uint8Array, kind?: ScriptKind): Promise<Coin>
  /** Ends the process and starts it again on the same disk; of Bitcoin Core alone. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Path of Bitcoin Core's daemon, where there is one. */
const bitcoind = process.env['BITCOIND']

/** Says whether there is a node to start. */
export function isRegtestInstalled(): boolean {
  return isCore() || (folder !== undefined && existsSync(join(folder, 'node_modules', 'bcoin')))
}

/** Says whether the node is Bitcoin Core. */
export function isCore(): boolean {
  return bitcoind !== undefined && bitcoind !== ''
}

/** Where one is installed. @param more options of Bitcoin Core's daemon */
export async function startRegtest(...more: readonly string[]): Promise<Regtest> {
  return isCore() ? await startCore(bitcoind as string, more) : await startBcoin()
}

async function startBcoin(): Promise<Regtest> {
  const child = spawn(process.execPath, ['run.cjs', String(await freePort())], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const access = { url: await firstLine(child), timeoutMs: 60_000 }
  const rpc = bitcoinRpc(access)
  const stop = (): Promise<void> => new Promise(resolve => child.once('exit', () => resolve()).stdin?.end())
  try {
    // Bitcoin Core's regtest addresses begin with bcrt, bcoin's with rb; its P2TR addresses it does not know
    const network = { ...TEST_NETWORK, bech32: 'rb' }
    await miner(rpc, network)(firstBlocks)
    const restart = (): Promise<void> => Promise.reject(new Error('bcoin keeps its chain in memory'))
    return { rpc, is: 'bcoin', access, ...mining(rpc, network), restart, stop }
  } catch (error) {
    child.kill()
    throw error
  }
}

const coreArguments = [
  '-regtest',
  '-listen=0',
  '-connect=0',
  '-server=1',
  '-rpcbind=127.0.0.1',
  '-rpcallowip=127.0.0.1',
  '-dbcache=16',
  '-printtoconsole=0',
  '-fallbackfee=0.00001',
]
const startTries = 3

async function startCore(path: string, more: readonly string[]): Promise<Regtest> {
  const data = mkdtempSync(join(tmpdir(), 'chaffinch-bitcoind-'))
  const indexed = more.some(option => option.startsWith('-txindex') || option.startsWith('-prune'))
  const cookieFile = join(data, 'regtest', '.cookie')
  let child: ChildProcess | undefined
  let port = 0
  const start = async (): Promise<void> => {
    const options = [`-datadir=${data}`, `-rpcport=${port}`, ...(indexed ? [] : ['-txindex=1']), ...more]
    child = spawn(path, [...coreArguments, ...options], { stdio: 'ignore' })
    await up(child, bitcoinRpc({ url: `http://127.0.0.1:${port}`, cookieFile }))
  }
  const end = async (): Promise<void> => {
    const running = child
    if (running === undefined || running.exitCode !== null) return
    await new Promise<void>(resolve => {
      running.once('exit', () => resolve())
      running.kill()
    })
  }
  for (let left = startTries; ; ) {
    port = await freePort()
    try {
      await start()
      break
    } catch (error) {
      await end()
      // Somebody else may have taken the port meanwhile
      if (--left === 0) throw error
    }
  }
  const access = { url: `http://127.0.0.1:${port}`, cookieFile, timeoutMs: 60_000 }
  const rpc = bitcoinRpc(access)
  const network = { ...TEST_NETWORK, bech32: 'bcrt' }
  return {
    rpc,
    is: 'core',
    access,
    ...mining(rpc, network),
    async restart() {
      await end()
      await start()
    },
    async stop() {
      await end()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** Waits until a node answers, or its process has ended. */
async function up(child: ChildProcess, rpc: Rpc): Promise<void> {
  for (const until = Date.now() + 60_000; ; ) {
    try {
      await rpc('getblockcount')
      return
    } catch (error) {
      if (child.exitCode !== null || Date.now() > until) throw error
      await pause(100)
    }
  }
}

type Network = typeof TEST_NETWORK

function miner(rpc: Rpc, network: Network): (blocks: number, script?: Uint8Array) => Promise<string[]> {
  return async (blocks, script = scriptOf(bitcoinOwner(nobody))) => {
    const address = Address(network).encode(OutScript.decode(script))
    return (await rpc('generatetoaddress', blocks, address)) as string[]
  }
}

function mining(rpc: Rpc, network: Network): Pick<Regtest, 'mine' | 'coin'> {
  const mine = miner(rpc, network)
  return {
    mine: blocks => mine(blocks),
    coin: async (secret, kind = 'p2wpkh') => {
      const owner = bitcoinOwner(secret, kind)
      const [block] = await mine(1, scriptOf(owner))
      const id = (field(await rpc('getblock', block as string, true), 'tx') as string[])[0] as string
      await mine(100)
      const raw = fromHex((await rpc('getrawtransaction', id)) as string)
      const { amount } = Transaction.fromRaw(raw, { allowUnknownOutputs: true }).getOutput(0)
      return { note: { id: outpoint(id, 0), denomination: Number(amount), owner }, secret }
    },
  }
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  return await new Promise(resolve => stdout?.once('data', (line: Buffer) => resolve(line.toString().trim())))
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

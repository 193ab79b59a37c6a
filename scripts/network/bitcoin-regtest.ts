// A bcoin node on regtest in a process of its own (test/bitcoin-node), with coins that its blocks paid to a given key.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { p2wpkh, TEST_NETWORK, Transaction } from '@scure/btc-signer'
import { pubECDSA } from '@scure/btc-signer/utils.js'
import { fromHex } from '../../encoding/bytes.ts'
import {
  bitcoinRpc,
  type Coin,
  field,
  outpoint,
  ownerOfScript,
  type Rpc,
} from '../../payment/ledger/index.ts'

/** In a checkout: two folders up from here and from dist/scripts/. */
const folder: string = join(import.meta.dirname, '..', '..', 'test', 'bitcoin-node')
/** Segwit is in force from block 432 on (BIP 9 on regtest); a coinbase can be spent after 100 more blocks. */
const firstBlocks = 434
const nobody = new Uint8Array(32).fill(250)

export interface Regtest {
  readonly rpc: Rpc
  /** Mines blocks that pay to a key nobody has. */
  mine(blocks: number): Promise<void>
  /** Mines a coin that this secret can spend. */
  coin(secret: Uint8Array): Promise<Coin>
  stop(): Promise<void>
}

export function isRegtestInstalled(): boolean {
  return existsSync(join(folder, 'node_modules', 'bcoin'))
}

/** Where it is installed. */
export async function startRegtest(): Promise<Regtest> {
  const child = spawn(process.execPath, ['run.cjs', String(await freePort())], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const rpc = bitcoinRpc({ url: await firstLine(child), timeoutMs: 60_000 })
  const mine = async (blocks: number, secret: Uint8Array = nobody): Promise<unknown> => {
    // Bitcoin Core's regtest addresses begin with bcrt, bcoin's with rb.
    const { address } = p2wpkh(pubECDSA(new Uint8Array(secret)), { ...TEST_NETWORK, bech32: 'rb' })
    return await rpc('generatetoaddress', blocks, address as string)
  }
  try {
    await mine(firstBlocks)
  } catch (error) {
    child.kill()
    throw error
  }
  return {
    rpc,
    mine: async blocks => void (await mine(blocks)),
    coin: async secret => {
      const [block] = (await mine(1, secret)) as string[]
      const id = (field(await rpc('getblock', block as string, true), 'tx') as string[])[0] as string
      await mine(100)
      const raw = fromHex((await rpc('getrawtransaction', id)) as string)
      const { script, amount } = Transaction.fromRaw(raw, { allowUnknownOutputs: true }).getOutput(0)
      const owner = ownerOfScript(script as Uint8Array) as Uint8Array
      return { note: { id: outpoint(id, 0), denomination: Number(amount), owner }, secret }
    },
    stop: () => new Promise(resolve => child.once('exit', () => resolve()).stdin?.end()),
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

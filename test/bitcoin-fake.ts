// A Bitcoin node that is none: it has three coins of one person, and takes every transaction unless it is told not to.
// Not a test itself.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Transaction } from '@scure/btc-signer'
import { fromHex, hex } from '../encoding/bytes.ts'
import { bitcoinOwner, type ScriptKind, scriptOf } from '../payment/bitcoin/bitcoin.ts'
import { BitcoinKeys } from '../payment/bitcoin/keys.ts'
import { chains } from '../payment/bitcoin/node.ts'
import { type Rpc, RpcRefusal, rpcCodeOf } from '../payment/bitcoin/rpc.ts'
import { finished, signWith, spend } from '../payment/bitcoin/spend.ts'
import { coinNamed } from '../payment/bitcoin/wallet.ts'
import { PaymentError } from '../payment/error.ts'

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
/** As its cookie file has it. */
export const password = '__cookie__:0123456789abcdef'
const usualCoins = [
  ['p2wpkh', 50_000],
  ['p2tr', 60_000],
  ['p2sh-p2wpkh', 70_000],
] as const

/** A node in this process: it has the coins that it is given, and takes every transaction unless it is told not to. */
export class FakeNode {
  taken: string[] = []
  refuses = false
  chain = 'regtest'
  isPruned = false
  readonly #coins: readonly {
    readonly kind: ScriptKind
    readonly amount: number
    readonly raw: Uint8Array
    readonly txid: string
  }[]
  readonly #keys: BitcoinKeys

  /** @param words the seed of the person whose coins it has */
  constructor(words: Uint8Array) {
    this.#keys = new BitcoinKeys(words, false)
    this.#coins = usualCoins.map(([kind, amount], number) => {
      const from = bitcoinOwner(seed(99))
      const script = scriptOf(this.#keys.ownerAt({ kind, chain: 'receive', number }))
      const note = { id: coinNamed(`${'11'.repeat(32)}:${number}`), denomination: amount + 1000, owner: from }
      const { transaction } = spend({ coins: [note], paid: [{ amount, script }], change: from, feeRate: 5 })
      signWith(transaction, seed(99))
      const raw = finished(transaction)
      return { kind, amount, raw, txid: Transaction.fromRaw(raw).id }
    })
  }

  rpc: Rpc = async (method, ...params) => {
    const refuse = (code: number, message: string): PaymentError =>
      new PaymentError('NODE', message, { cause: new RpcRefusal(code, message) })
    switch (method) {
      case 'getblockhash':
        return chains[this.chain]
      case 'getblockcount':
        return 500
      case 'getblockchaininfo':
        return { pruned: this.isPruned, blocks: 500, headers: 500, time: Date.now() / 1000 }
      case 'getindexinfo':
        return { txindex: { synced: true, best_block_height: 500 } }
      case 'estimatesmartfee':
        return { feerate: 0.00002, blocks: 6 }
      case 'scantxoutset':
        return {
          success: true,
          height: 500,
          unspents: this.#coins.map(({ kind, amount, txid }, number) => {
            const place = { kind, chain: 'receive', number } as const
            const path = this.#keys.pathOf(place).map(step => (step >= 2 ** 31 ? `${step - 2 ** 31}h` : step))
            const desc = `x([${this.#keys.fingerprint.toString(16).padStart(8, '0')}/${path.join('/')}]00)`
            return { txid, vout: 0, desc, amount: amount / 1e8, height: 400 }
          }),
        }
      case 'getmempoolentry':
        throw refuse(-5, 'Transaction not in mempool')
      case 'gettxout': {
        const coin = this.#coins.find(({ txid }) => txid === params[0])
        const script = coin && Transaction.fromRaw(coin.raw).getOutput(0).script
        return script && { confirmations: 101, value: coin.amount / 1e8, scriptPubKey: { hex: hex(script) } }
      }
      case 'getrawmempool':
        return []
      case 'sendrawtransaction':
        if (this.refuses) throw refuse(-26, 'min relay fee not met')
        this.taken.push(String(params[0]))
        return 'taken'
      case 'getrawtransaction': {
        const coin = this.#coins.find(({ txid }) => txid === params[0])
        if (coin !== undefined) return hex(coin.raw)
        const raw = this.taken.find(one => Transaction.fromRaw(fromHex(one)).id === params[0])
        if (raw !== undefined) return { vin: [], vout: [] }
        throw refuse(-5, 'No such mempool or blockchain transaction')
      }
      default:
        throw refuse(-32601, 'Method not found')
    }
  }

  /** Answers over HTTP, to who has its password. */
  async serve(): Promise<{ url: string; close: () => void }> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      // A connection that is kept may be closed just when the next question goes out
      response.setHeader('connection', 'close')
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => {
        if (request.headers.authorization !== `Basic ${btoa(password)}`) {
          response.writeHead(401).end()
          return
        }
        const { method, params } = JSON.parse(Buffer.concat(chunks).toString())
        this.rpc(method, ...params).then(
          result => response.end(JSON.stringify({ result: result ?? null, error: null })),
          error =>
            response.end(JSON.stringify({ error: { code: rpcCodeOf(error), message: error.message } })),
        )
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
  }
}

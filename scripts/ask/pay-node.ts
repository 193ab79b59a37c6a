// Where `chaffinch pay --ledger bitcoin` asks: a Bitcoin node of one's own, looked at before anything rests on it,
// and the coins of the folder's words. docs/spec/payments-bitcoin.md 6.3, 6.6.

import { homedir } from 'node:os'
import { join } from 'node:path'
import { CommandError } from '../../encoding/command-line.ts'
import { usualGap } from '../../payment/index.ts'
import {
  BitcoinKeys,
  type BitcoinLedger,
  BitcoinPayments,
  BitcoinWallet,
  bitcoinRpc,
  checkedLadder,
  checkedNode,
  type Ladder,
  type NodeFacts,
  openBitcoinLedger,
  type Rpc,
} from '../../payment/ledger/index.ts'
import { unlockOf } from '../../roles/client.ts'
import {
  askPassphrase,
  type BitcoinSettings,
  type ClientFile,
  openBitcoin,
  openFolder,
} from '../../roles/files/index.ts'
import { systemClock } from '../../world/clock.ts'
import { systemRandom } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'

/** A person's coins, and the node that knows of them. */
export interface BitcoinSession {
  readonly rpc: Rpc
  readonly facts: NodeFacts
  readonly ladder: Ladder
  readonly ledger: BitcoinLedger
  readonly keys: BitcoinKeys
  readonly store: Store
  readonly wallet: BitcoinWallet
  readonly payments: BitcoinPayments
  close(): Promise<void>
}

const ports: Readonly<Record<BitcoinSettings['chain'], number>> = {
  main: 8332,
  test: 18_332,
  testnet4: 48_332,
  signet: 38_332,
  regtest: 18_443,
}
const folders: Readonly<Record<BitcoinSettings['chain'], string>> = {
  main: '',
  test: 'testnet3',
  testnet4: 'testnet4',
  signet: 'signet',
  regtest: 'regtest',
}
/** A search through all unspent outputs takes minutes on the chain where coins are worth something. */
const patienceMs = 600_000

/**
 * @param over what the command line says otherwise
 * @throws CommandError, PaymentError NODE
 */
export async function openBitcoinSession(
  file: ClientFile,
  over: Partial<Pick<BitcoinSettings, 'node' | 'cookie' | 'chain'>>,
): Promise<BitcoinSession> {
  const { folder, payments } = file
  const settings = { ...payments.bitcoin, ...over }
  const { chain, outputs } = settings
  const rpc = bitcoinRpc({ ...(await access(settings)), timeoutMs: patienceMs })
  const facts = await checkedNode(rpc, systemClock, chain)
  const ladder = checkedLadder(settings)
  openFolder(folder, 'client')
  const { store, seed } = await openBitcoin(folder, await unlockOf(file))
  try {
    const ledger = await openBitcoinLedger(rpc, ladder, systemClock)
    const keys = new BitcoinKeys(seed, chain === 'main')
    const wallet = await BitcoinWallet.open({ rpc, keys, store, outputs, gap: usualGap })
    const paying = new BitcoinPayments({ wallet, keys, ledger, rpc, facts, random: systemRandom, outputs })
    return { rpc, facts, ladder, ledger, keys, store, wallet, payments: paying, close: () => store.close() }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A password stands in no argument and no file of this program: it is asked for, or the node's cookie has it. */
async function access({
  node,
  cookie,
  chain,
}: BitcoinSettings): Promise<{ url: string; cookieFile?: string }> {
  const url = new URL(node ?? `http://127.0.0.1:${ports[chain]}`)
  if (url.password !== '')
    throw new CommandError(
      'USAGE',
      'pay: --node: a password in a command line is seen by everybody on this machine',
      'leave it out: it is asked for; or name the cookie file of the node with --cookie',
    )
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new CommandError('USAGE', `pay: --node: want http://user@host:port, have ${url.protocol}//`)
  if (url.username !== '' && cookie === undefined) {
    const typed = await askPassphrase(`password of ${url.username} at ${url.host}`)
    if ('passphrase' in typed) url.password = encodeURIComponent(typed.passphrase)
    return { url: url.href }
  }
  const usual = join(homedir(), '.bitcoin', folders[chain], '.cookie')
  return { url: url.href, cookieFile: cookie ?? usual }
}

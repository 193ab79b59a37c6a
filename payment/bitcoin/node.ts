// Whether a node can be relied upon: of the chain that is meant, with an index of transactions, not pruned, and up to
// date. What is wrong with it is said before anything rests on it. docs/spec/payments-bitcoin.md 6.3.

import type { Clock } from '../../world/clock.ts'
import { hour } from '../../world/units.ts'
import { sleep } from '../../world/wait.ts'
import { PaymentError } from '../error.ts'
import { field, type Rpc, rpcCodeOf } from './rpc.ts'

/** Chains by their first block, as nodes print it. */
export const chains: Readonly<Record<string, string>> = {
  main: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  test: '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
  testnet4: '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043',
  signet: '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6',
  regtest: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
}

/** Repeats what a node says of itself. */
export interface NodeFacts {
  /** One of `chains`. */
  readonly chain: string
  readonly height: number
  /** Its tip is of the last eight hours, and it has all blocks that it knows of. */
  readonly isCurrent: boolean
}

/** bcoin has no such question, and Bitcoin Core's answer for a method that it does not have. */
const unknownMethod = -32601
const starting = -28
const askEveryMs = 500
const currentMs = 8 * hour

/**
 * Waits until a node that starts has started.
 *
 * @param patienceMs milliseconds that it is given
 * @throws PaymentError NODE when it does not answer, or starts for longer
 */
export async function awake(rpc: Rpc, clock: Clock, patienceMs = 60_000): Promise<void> {
  for (const until = clock.elapsed() + patienceMs; ; ) {
    try {
      await rpc('getblockcount')
      return
    } catch (error) {
      if (rpcCodeOf(error) !== starting || clock.elapsed() >= until) throw error
      await sleep(clock, askEveryMs)
    }
  }
}

/**
 * Asks a node what it is, and refuses one that cannot be relied upon.
 *
 * @param chain the one that is meant; default: whichever it follows
 * @throws PaymentError NODE, which says why and what to do
 */
export async function checkedNode(rpc: Rpc, clock: Clock, chain?: string): Promise<NodeFacts> {
  await awake(rpc, clock)
  const first = await rpc('getblockhash', 0)
  const found = Object.entries(chains).find(([, hash]) => hash === first)?.[0]
  if (found === undefined || (chain !== undefined && chain !== found))
    throw wrong(`it follows ${found ?? 'a chain of its own'}, and ${chain ?? 'a chain of Bitcoin'} is meant`)
  const info = await rpc('getblockchaininfo')
  if (field(info, 'pruned') === true)
    throw wrong('it is pruned, so it does not know old transactions: run it without prune, with txindex=1')
  const [blocks, headers] = [Number(field(info, 'blocks')), Number(field(info, 'headers'))]
  const isLoading = field(info, 'initialblockdownload') === true && found !== 'regtest'
  if (isLoading || blocks < headers)
    throw wrong(`it has ${blocks} of ${headers} blocks: wait until it has all`)
  await wantIndex(rpc)
  const time = 1000 * Number(field(info, 'time') ?? field(info, 'mediantime'))
  return { chain: found, height: blocks, isCurrent: clock.now() - time < currentMs }
}

async function wantIndex(rpc: Rpc): Promise<void> {
  let index: unknown
  try {
    index = await rpc('getindexinfo', 'txindex')
  } catch (error) {
    // A node without the question: bcoin, which indexes or knows no foreign transaction at all
    if (rpcCodeOf(error) === unknownMethod) return
    throw error
  }
  const own = field(index, 'txindex')
  if (own === undefined)
    throw wrong('it has no index of transactions: set txindex=1 in bitcoin.conf and start it again')
  if (field(own, 'synced') !== true)
    throw wrong(
      `it makes its index of transactions: ${Number(field(own, 'best_block_height'))} blocks are in it: wait`,
    )
}

function wrong(why: string): PaymentError {
  return new PaymentError('NODE', `bitcoin node: ${why}`)
}

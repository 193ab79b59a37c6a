// The ledger on which the peers of a local network join their payments where that is Bitcoin: a node on regtest that
// all of them trust.

import {
  bitcoinJoins,
  bitcoinOwner,
  fresh,
  fundLadder,
  type JoinScheme,
  type Ladder,
  type Ledger,
  type Note,
  openBitcoinLedger,
  txidOf,
} from '../../payment/ledger/index.ts'
import { systemClock } from '../../world/clock.ts'
import { systemRandom as random } from '../../world/random.ts'
import { startRegtest } from './bitcoin-regtest.ts'

export interface Coin {
  readonly note: Note
  /** The secret that spends it, 32 bytes. */
  readonly secret: Uint8Array
}

export interface Treasury {
  readonly scheme: JoinScheme
  /** As one peer reaches the node. */
  ledger(): Promise<Ledger>
  /** Coins of one denomination. */
  coins(count: number): Promise<Coin[]>
  /** Has what was submitted enter. */
  confirm(): Promise<void>
  ownerOf(secret: Uint8Array): Uint8Array
  /** A transaction's id as people write it. */
  nameOf(transaction: Uint8Array): string
  close(): Promise<void>
}

const ladder: Ladder = { step: 1000, rungs: 3, least: 100_000, confirmations: 1 }

/** Where the node is installed. */
export async function bitcoinTreasury(): Promise<Treasury> {
  const node = await startRegtest()
  const own = await openBitcoinLedger(node.rpc, ladder, systemClock)
  return {
    scheme: bitcoinJoins(own.id, ladder),
    ledger: async () => await openBitcoinLedger(node.rpc, ladder, systemClock),
    async coins(count) {
      const secrets = Array.from({ length: count }, () => random(32))
      const wanted = secrets.map(secret => ({ amount: fresh(ladder.least, ladder), secret }))
      const coin = await node.coin(random(32))
      const funding = fundLadder([coin], wanted, random(32), await own.feeRate(), { random })
      await own.submit(funding.transaction)
      await node.mine(1)
      return funding.notes.map((note, i) => ({ note, secret: secrets[i] as Uint8Array }))
    },
    confirm: async () => void (await node.mine(1)),
    ownerOf: bitcoinOwner,
    nameOf: txidOf,
    close: () => node.stop(),
  }
}

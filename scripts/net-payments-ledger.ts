// What the peers of a local network join their payments on: the embedded ledger as a service at one of the clients, or a
// Bitcoin node on regtest that all of them trust.

import { join } from 'node:path'
import { systemClock } from '../link/clock.ts'
import { openStore } from '../link/store.ts'
import { bitcoinJoins, bitcoinOwner, txidOf } from '../payment/bitcoin.ts'
import { fundLadder } from '../payment/bitcoin-funding.ts'
import { hex } from '../payment/document.ts'
import { embeddedJoins, type JoinScheme } from '../payment/join.ts'
import { fresh, type Ladder } from '../payment/ladder.ts'
import type { Ledger } from '../payment/ledger.ts'
import { openBitcoinLedger } from '../payment/ledger-bitcoin.ts'
import { openLedger } from '../payment/ledger-embedded.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../payment/transaction.ts'
import { answerQuestion, ledgerService, RemoteLedger } from '../payment/transport-ledger.ts'
import { systemRandom as random } from '../sphinx/random.ts'
import { startRegtest } from './bitcoin-regtest.ts'
import { askService } from './daemon.ts'
import type { Endpoint } from './http.ts'
import { answerer } from './net-payments-client.ts'

export interface Coin {
  readonly note: Note
  /** What spends it, 32 bytes. */
  readonly secret: Uint8Array
}

export interface Treasury {
  readonly scheme: JoinScheme
  /** As the peer at this client reaches the ledger, and as the run's account of it does. */
  ledgerOf(peer: Endpoint): Promise<{ readonly ledger: Ledger; readonly truth: Ledger }>
  /** Coins of one denomination. */
  coins(count: number): Promise<Coin[]>
  /** Has what was submitted enter. */
  confirm(): Promise<void>
  ownerOf(secret: Uint8Array): Uint8Array
  /** A transaction's id as people write it. */
  nameOf(transaction: Uint8Array): string
  close(): Promise<void>
}

/** Milliseconds in which the ledger must have answered over the network. */
const patienceMs = 60_000
const denomination = 10

/**
 * @param folder where the log lies
 * @param teller the client at which the ledger serves, and its address
 */
export async function embeddedTreasury(
  folder: string,
  teller: { readonly endpoint: Endpoint; readonly address: string },
): Promise<Treasury> {
  const [ledgerSeed, mintSeed] = [random(32), random(32)]
  const genesis = { name: 'local', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
  const store = await openStore(join(folder, 'ledger'))
  const ledger = await openLedger({ store, genesis, ledgerSeed, now: Date.now })
  const ending = new AbortController()
  const answering = answerer(
    teller.endpoint,
    ledgerService,
    question => answerQuestion(ledger, question),
    ending.signal,
  )
  return {
    scheme: embeddedJoins(ledger.id),
    async ledgerOf(peer) {
      const ask = (question: Uint8Array): Promise<Uint8Array> =>
        askService(peer, teller.address, ledgerService, question, patienceMs)
      return { ledger: new RemoteLedger({ genesis, ask }), truth: ledger }
    },
    async coins(count) {
      const secrets = Array.from({ length: count }, () => random(32))
      const outputs = secrets.map(secret => ({ denomination, owner: ownerOf(secret) }))
      const mint = signMint(ledger.id, random(32), outputs, mintSeed)
      await ledger.submit(mint)
      const { id, transaction } = readTransaction(ledger.id, mint)
      return notesOf(id, transaction).map((note, i) => ({ note, secret: secrets[i] as Uint8Array }))
    },
    confirm: async () => {},
    ownerOf,
    nameOf: hex,
    async close() {
      ending.abort()
      await answering
      await store.close()
    },
  }
}

const ladder: Ladder = { step: 1000, rungs: 3, least: 100_000 }

/** Where the node is installed. */
export async function bitcoinTreasury(): Promise<Treasury> {
  const node = await startRegtest()
  const own = await openBitcoinLedger(node.rpc, ladder, systemClock)
  return {
    scheme: bitcoinJoins(own.id, ladder),
    async ledgerOf() {
      const ledger = await openBitcoinLedger(node.rpc, ladder, systemClock)
      return { ledger, truth: ledger }
    },
    async coins(count) {
      const secrets = Array.from({ length: count }, () => random(32))
      const wanted = secrets.map(secret => ({ amount: fresh(ladder.least, ladder), secret }))
      const coin = await node.coin(random(32))
      const funding = fundLadder([coin], wanted, random(32), await own.feeRate())
      await own.submit(funding.transaction)
      await node.mine(1)
      return funding.notes.map((note, i) => ({ note, secret: secrets[i] as Uint8Array }))
    },
    confirm: () => node.mine(1),
    ownerOf: bitcoinOwner,
    nameOf: txidOf,
    close: () => node.stop(),
  }
}

// Brings coins onto the ladder: one transaction from whatever coins a peer has to fresh notes, before anything is
// mixed, at the fee that the node asks for. docs/spec/payments-bitcoin.md 6.2.

import type { Random } from '../../world/random.ts'
import type { Note } from '../ledger/transaction.ts'
import { bitcoinOwner, scriptOf } from './bitcoin.ts'
import { type OutputKind, usualOutputs } from './ladder.ts'
import { finished, madeFor, signWith, spend } from './spend.ts'

/** An output of any kind that can be spent, and the key that spends it. */
export interface Coin {
  /** Its denomination is any amount in satoshi. */
  readonly note: Note
  /** This spends it, 32 bytes. */
  readonly secret: Uint8Array
}

/** Says what a funding looks like to others. */
export interface FundingOptions {
  /** Kind of its notes and its change. Default `p2wpkh`. */
  readonly outputs?: OutputKind
  /** Height of the chain's tip, where it is current. */
  readonly height?: number | undefined
  /** Draws the order of inputs and outputs, and the lock time. */
  readonly random?: Random
}

/**
 * A signed transaction that makes notes of these amounts, and change.
 *
 * @param coins P2WPKH, P2TR and P2SH-P2WPKH
 * @param notes amounts in satoshi (ladder.ts `fresh`), and what will spend them, 32 bytes each
 * @param change what will spend the rest, 32 bytes; a rest below the dust limit goes to the fee
 * @param feeRate satoshi for a virtual byte (BitcoinLedger.feeRate)
 * @throws PaymentError BAD_AMOUNT when the coins are worth less than notes and fee, a note is dust, or the fee is
 * beyond its cap; BAD_SIGNATURE when a secret is not that of its coin
 */
export function fundLadder(
  coins: readonly Coin[],
  notes: readonly { readonly amount: number; readonly secret: Uint8Array }[],
  change: Uint8Array,
  feeRate: number,
  { outputs = usualOutputs, height, random }: FundingOptions = {},
): { readonly transaction: Uint8Array; readonly notes: readonly Note[]; readonly change: Note | null } {
  const owners = notes.map(({ secret }) => bitcoinOwner(secret, outputs))
  const changeOwner = bitcoinOwner(change, outputs)
  const { transaction } = spend({
    coins: coins.map(({ note }) => note),
    paid: notes.map(({ amount }, i) => ({ amount, script: scriptOf(owners[i] as Uint8Array) })),
    change: changeOwner,
    feeRate,
    height,
    random,
  })
  for (const secret of new Set(coins.map(coin => coin.secret))) signWith(transaction, secret)
  const signed = finished(transaction)
  const made = madeFor(transaction, [...owners, changeOwner])
  return { transaction: signed, notes: made.slice(0, owners.length) as Note[], change: made.at(-1) ?? null }
}

// Brings coins onto the ladder: one transaction from whatever P2WPKH outputs a peer has to fresh notes, before anything
// is mixed, at the fee that the node asks for. docs/spec/payments-bitcoin.md 6.2.

import { Transaction } from '@scure/btc-signer'
import { fromHex } from '../../encoding/bytes.ts'
import { PaymentError } from '../error.ts'
import type { Note } from '../ledger/transaction.ts'
import { bitcoinOwner, outpoint, readOutpoint, scriptOf } from './bitcoin.ts'
import { dust, mostFeeRate, sizeOf } from './ladder.ts'

/** An output and the key that spends it. */
export interface Coin {
  /** Its denomination is any amount in satoshi. */
  readonly note: Note
  /** This spends it, 32 bytes. */
  readonly secret: Uint8Array
}

/**
 * A signed transaction that makes notes of these amounts, and change.
 *
 * @param notes amounts in satoshi (ladder.ts `fresh`), and what will spend them, 32 bytes each
 * @param change what will spend the rest, 32 bytes; a rest below 294 satoshi goes to the fee
 * @param feeRate satoshi for a virtual byte (BitcoinLedger.feeRate)
 * @throws PaymentError BAD_AMOUNT when the coins are worth less than notes and fee, a note is dust, or the fee rate is
 * none or beyond 1,000
 */
export function fundLadder(
  coins: readonly Coin[],
  notes: readonly { readonly amount: number; readonly secret: Uint8Array }[],
  change: Uint8Array,
  feeRate: number,
): { readonly transaction: Uint8Array; readonly notes: readonly Note[]; readonly change: Note | null } {
  if (!(feeRate > 0 && feeRate <= mostFeeRate))
    throw new PaymentError('BAD_AMOUNT', `funding: want a fee rate up to ${mostFeeRate}, have ${feeRate}`)
  const small = notes.find(({ amount }) => !Number.isSafeInteger(amount) || amount < dust)
  if (small !== undefined)
    throw new PaymentError(
      'BAD_AMOUNT',
      `funding: want notes of ${dust} satoshi at least, have ${small.amount}`,
    )
  const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)
  const wanted = notes.map(({ amount, secret }) => ({ amount, owner: bitcoinOwner(secret) }))
  const spent = sum(coins.map(({ note }) => note.denomination))
  const fee = Math.ceil(feeRate * sizeOf(coins.length, wanted.length + 1))
  const rest = spent - sum(wanted.map(({ amount }) => amount)) - fee
  if (rest < 0)
    throw new PaymentError('BAD_AMOUNT', `funding: ${-rest} satoshi are missing, of which ${fee} are the fee`)
  const outputs = rest < dust ? wanted : [...wanted, { amount: rest, owner: bitcoinOwner(change) }]
  const transaction = new Transaction({ version: 2 })
  for (const { note } of coins) {
    const witnessUtxo = { script: scriptOf(note.owner), amount: BigInt(note.denomination) }
    transaction.addInput({ ...readOutpoint(note.id), witnessUtxo })
  }
  for (const { amount, owner } of outputs)
    transaction.addOutput({ script: scriptOf(owner), amount: BigInt(amount) })
  for (const [place, { secret }] of coins.entries()) transaction.signIdx(secret, place)
  transaction.finalize()
  const made = outputs.map(({ amount, owner }, index): Note => {
    return { id: outpoint(transaction.id, index), denomination: amount, owner }
  })
  return {
    transaction: fromHex(transaction.hex),
    notes: made.slice(0, wanted.length),
    change: made[wanted.length] ?? null,
  }
}

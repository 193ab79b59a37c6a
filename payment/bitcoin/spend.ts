// Transactions of one owner: from coins of any kind to outputs and change. What a transaction shows of the program that
// made it (version, lock time, sequences, order) is what a wallet of Bitcoin Core shows. docs/spec/payments-bitcoin.md
// 6.5.

import { Transaction } from '@scure/btc-signer'
import { pubECDSA } from '@scure/btc-signer/utils.js'
import { fromHex, hex, same } from '../../encoding/bytes.ts'
import { below, type Random, shuffle } from '../../world/random.ts'
import { PaymentError } from '../error.ts'
import type { Note } from '../ledger/transaction.ts'
import { kindOf, outpoint, ownerOfKey, ownerOfScript, readOutpoint, scriptOf, sequence } from './bitcoin.ts'
import { dustOf, mostFeeRate, type OutputKind, sizeOfMixed } from './ladder.ts'

/** Where a payment goes: to an owner, or any other script. */
export interface Paid {
  /** Satoshi. */
  readonly amount: number
  readonly script: Uint8Array
}

/** Holds all that a transaction is made of. */
export interface SpendInit {
  /** Their denominations are any amounts in satoshi. */
  readonly coins: readonly Note[]
  readonly paid: readonly Paid[]
  /** Owner of the rest, 32 bytes. A rest that would be dust goes to the fee. */
  readonly change: Uint8Array
  /** Satoshi for a virtual byte. */
  readonly feeRate: number
  /** Satoshi that the fee must at least be, where a transaction is replaced or a parent lifted. */
  readonly leastFee?: number
  /** Height of the chain's tip, where it is current: a miner who digs for fees gains nothing by going back. */
  readonly height?: number | undefined
  /** Draws order and lock time; without it both are as given. */
  readonly random?: Random | undefined
}

/** A transaction that waits for signatures, and what it makes. */
export interface Spend {
  readonly transaction: Transaction
  /** Satoshi. */
  readonly fee: number
  /** Satoshi; 0 where there is none. */
  readonly change: number
}

/** The largest fee that is paid without a question: a mistake costs no more. Satoshi. */
export const mostFee = 1_000_000

/**
 * Builds a transaction.
 *
 * @throws PaymentError BAD_AMOUNT when the coins are worth less than what is paid and the fee, something paid is dust,
 * or the fee is beyond its cap: 1,000 satoshi for a virtual byte, 1,000,000 in all
 */
export function spend(init: SpendInit): Spend {
  const { coins, paid, change, feeRate, random } = init
  if (!(feeRate > 0 && feeRate <= mostFeeRate))
    throw new PaymentError('BAD_AMOUNT', `funding: want a fee rate up to ${mostFeeRate}, have ${feeRate}`)
  for (const { amount } of paid)
    if (!Number.isSafeInteger(amount) || amount < dustOf.p2wpkh)
      throw new PaymentError(
        'BAD_AMOUNT',
        `funding: want notes of ${dustOf.p2wpkh} satoshi at least, have ${amount}`,
      )
  const { rest, fee } = restOf(init)
  if (fee > mostFee)
    throw new PaymentError('BAD_AMOUNT', `funding: the fee would be ${fee} satoshi: want at most ${mostFee}`)
  const order = <T>(all: readonly T[]): T[] => (random === undefined ? [...all] : shuffle(random, all))
  const outputs = order(rest === 0 ? paid : [...paid, { amount: rest, script: scriptOf(change) }])
  const transaction = new Transaction({ version: 2, lockTime: lockTimeOf(init), allowUnknownOutputs: true })
  for (const { id, owner, denomination } of order(coins)) {
    const witnessUtxo = { script: scriptOf(owner), amount: BigInt(denomination) }
    transaction.addInput({ ...readOutpoint(id), sequence, witnessUtxo })
  }
  for (const { amount, script } of outputs) transaction.addOutput({ script, amount: BigInt(amount) })
  return { transaction, fee, change: rest }
}

/** The change, 0 where it would be dust, and the fee. */
function restOf({ coins, paid, change, feeRate, leastFee = 0 }: SpendInit): { rest: number; fee: number } {
  const inputs = coins.map(({ owner }) => kindOf(owner))
  const kinds = paid.map(({ script }) => sizeKind(script))
  const have = coins.reduce((sum, { denomination }) => sum + denomination, 0)
  const left = have - paid.reduce((sum, { amount }) => sum + amount, 0)
  const feeOf = (outputs: readonly OutputKind[]): number =>
    Math.max(leastFee, Math.ceil(feeRate * sizeOfMixed(inputs, outputs)))
  const changeKind = sizeKind(scriptOf(change))
  const rest = left - feeOf([...kinds, changeKind])
  if (rest >= dustOf[changeKind]) return { rest, fee: left - rest }
  const least = feeOf(kinds)
  if (left >= least && coins.length > 0) return { rest: 0, fee: left }
  throw new PaymentError(
    'BAD_AMOUNT',
    `funding: ${Math.max(1, least - left)} satoshi are missing, of which ${least} are the fee`,
  )
}

/** Other scripts are reckoned as the longest usual one. */
function sizeKind(script: Uint8Array): OutputKind {
  return script.length <= 22 ? 'p2wpkh' : 'p2tr'
}

/** The law of Bitcoin Core against fee sniping: the tip's height, one time in ten up to 99 blocks less. */
function lockTimeOf({ height, random }: SpendInit): number {
  if (height === undefined || random === undefined) return height ?? 0
  return below(random, 10) === 0 ? Math.max(0, height - below(random, 100)) : height
}

/**
 * Signs the inputs whose owner this secret is, of whichever kind.
 *
 * @returns how many there were
 */
export function signWith(transaction: Transaction, secret: Uint8Array): number {
  const key = pubECDSA(secret)
  let signed = 0
  for (let i = 0; i < transaction.inputsLength; i++) {
    const script = transaction.getInput(i).witnessUtxo?.script
    const owner = script === undefined ? null : ownerOfScript(script)
    if (owner === null || !same(ownerOfKey(key, kindOf(owner)), owner)) continue
    describe(transaction, i, key)
    transaction.signIdx(secret, i)
    signed++
  }
  return signed
}

/** Puts into an input what a signer must know of its key: the script of a P2SH output, the internal key of P2TR. */
export function describe(transaction: Transaction, index: number, publicKey: Uint8Array): void {
  const script = transaction.getInput(index).witnessUtxo?.script
  const owner = script === undefined ? null : ownerOfScript(script)
  if (owner === null) return
  const kind = kindOf(owner)
  if (kind === 'p2sh-p2wpkh')
    transaction.updateInput(index, { redeemScript: scriptOf(ownerOfKey(publicKey, 'p2wpkh')) }, true)
  if (kind === 'p2tr') transaction.updateInput(index, { tapInternalKey: publicKey.slice(1) }, true)
}

/** Ends a transaction that has all its signatures. @throws PaymentError BAD_SIGNATURE when one is missing */
export function finished(transaction: Transaction): Uint8Array {
  try {
    transaction.finalize()
    return fromHex(transaction.hex)
  } catch (cause) {
    throw new PaymentError('BAD_SIGNATURE', 'bitcoin: a signature is missing, or does not fit', { cause })
  }
}

/** Gives the notes that a signed transaction makes for these owners, in their order. */
export function madeFor(transaction: Transaction, owners: readonly Uint8Array[]): (Note | null)[] {
  const left = Array.from({ length: transaction.outputsLength }, (_, index) => {
    const { script, amount } = transaction.getOutput(index)
    const owner = script === undefined ? null : ownerOfScript(script)
    return owner === null
      ? null
      : { id: outpoint(transaction.id, index), denomination: Number(amount), owner }
  })
  return owners.map(owner => {
    const place = left.findIndex(note => note !== null && hex(note.owner) === hex(owner))
    return place === -1 ? null : (left.splice(place, 1, null)[0] ?? null)
  })
}

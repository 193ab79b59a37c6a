// Measures how well a join hides: the number of ways to read a transaction as separate payments, and in how many of
// them an output is paid by an input. The measure is LaurentMT's ("Introducing Boltzmann", 2015).
// docs/spec/payments-anonymity.md 1.

import { PaymentError } from '../error.ts'
import { countReadings, type Margin } from './boltzmann-count.ts'
import { side } from './multiset.ts'

/** Inputs, and outputs, of at most this many. */
export const mostAmounts = 12

/** A join as anybody sees it: amounts that went in, and amounts that came out. */
export interface MeasuredCase {
  /** Amounts in the ledger's smallest unit; each a whole number, their sum at most 2^53 - 1. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** The taker of a join may pay each maker so much, as a part of the joined amount; 0 when nothing. */
  readonly maxCjIntrafeesRatio?: number
}

/** In how many ways a transaction can be read, and how often each link is among them. */
export interface Linkage {
  /** In how many ways it can be read. */
  readonly interpretations: bigint
  /** log2 of it. */
  readonly entropyBits: number
  /** In how many of them output o and input i lie in one block: links[o][i], in the order given. */
  readonly links: readonly (readonly bigint[])[]
}

/**
 * Counts exactly. Equal amounts cost little; twelve by twelve different ones take a second or two while the fee is
 * small beside the amounts, and a minute at most whatever it is.
 *
 * @param onProgress is told which part of the work is done, from 0 to 1, many times a second; what it throws ends the
 * count
 * @throws PaymentError BAD_CASE when the amounts are no transaction, TOO_LARGE beyond 12 by 12
 */
export function boltzmann(transaction: MeasuredCase, onProgress?: (part: number) => void): Linkage {
  check(transaction)
  const [inputs, outputs] = [side(transaction.inputs), side(transaction.outputs)]
  const margins = margin(transaction)
  const { interpretations, links } = countReadings(inputs, outputs, margins, fee(transaction), onProgress)
  return {
    interpretations,
    entropyBits: Math.log2(Number(interpretations)),
    links: outputs.groupOf.map(out => inputs.groupOf.map(into => links[out]?.[into] ?? 0n)),
  }
}

/** Fees that a join's participants may pay one another: what a maker gets, and what the taker pays. */
export function intrafees(transaction: MeasuredCase): { maker: number; taker: number } {
  const ratio = transaction.maxCjIntrafeesRatio ?? 0
  const pattern = ratio > 0 ? joinPattern(transaction) : null
  if (pattern === null) return { maker: 0, taker: 0 }
  const maker = Math.round(pattern.amount * ratio)
  return { maker, taker: maker * (pattern.participants - 1) }
}

/** docs/spec/payments-anonymity.md 1.3: an amount that at least two outputs have, and at least half of them. */
function joinPattern({ inputs, outputs }: MeasuredCase): { amount: number; participants: number } | null {
  const paid = outputs.filter(amount => amount > 0)
  const entities = inputs.filter(amount => amount > 0).length
  if (entities < 2) return null
  let found: { amount: number; participants: number } | null = null
  for (const amount of new Set(paid)) {
    const equal = paid.filter(other => other === amount).length
    const participants = Math.min(equal, entities)
    if (equal < 2 || paid.length > 2 * participants) continue
    if (found === null || amount > found.amount) found = { amount, participants }
  }
  return found
}

function margin(transaction: MeasuredCase): Margin {
  const { maker, taker } = intrafees(transaction)
  // 0 - maker: a plain minus would make a negative zero
  return { least: 0 - maker, most: fee(transaction) + taker }
}

function fee({ inputs, outputs }: MeasuredCase): number {
  const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)
  return sum(inputs) - sum(outputs)
}

function check(transaction: MeasuredCase): void {
  const ratio = transaction.maxCjIntrafeesRatio ?? 0
  if (!(ratio >= 0 && ratio <= 1)) throw bad(`maxCjIntrafeesRatio: want 0 to 1, have ${ratio}`)
  for (const name of ['inputs', 'outputs'] as const) {
    const amounts = transaction[name]
    if (amounts.length > mostAmounts) {
      throw new PaymentError('TOO_LARGE', `${name}: want at most ${mostAmounts}, have ${amounts.length}`)
    }
    amounts.forEach((amount, at) => {
      if (!Number.isSafeInteger(amount) || amount < 0)
        throw bad(`${name}[${at}]: want a whole number, have ${amount}`)
    })
    const sum = amounts.reduce((total, amount) => total + amount, 0)
    if (!Number.isSafeInteger(sum)) throw bad(`${name}: their sum passes 2^53 - 1`)
  }
  if (!transaction.inputs.some(amount => amount > 0)) throw bad('inputs: want one that is not zero')
  if (fee(transaction) < 0) throw bad(`outputs: ${-fee(transaction)} more than the inputs`)
}

function bad(message: string): PaymentError {
  return new PaymentError('BAD_CASE', `transaction: ${message}`)
}

// The amounts of joins on Bitcoin. A join costs a fee, and still all its outputs must be equal and good for the next
// join: so a note begins some rungs above its denomination and goes down one with every join.
// docs/spec/payments-bitcoin.md 6.2.

import { isDenomination } from '../denominations.ts'
import { PaymentError } from '../error.ts'

/** Declared: the same for all peers of a network. */
export interface Ladder {
  /** Satoshi that each member of a join leaves for the fee: the height of a rung. */
  readonly step: number
  /** Joins that a fresh note can pay for. */
  readonly rungs: number
  /** The smallest denomination, in satoshi; below some thousand a note is worth less than its fees. */
  readonly least: number
  /** Confirmations of a transaction before the keys of what it spends may go. Default 6. */
  readonly confirmations?: number
  /** Kind of all outputs of joins. Default `p2wpkh`. */
  readonly outputs?: OutputKind
}

/** Kinds of outputs that a join can have. */
export type OutputKind = 'p2wpkh' | 'p2tr'
export const usualOutputs: OutputKind = 'p2wpkh'

/** Outputs of less are not relayed: Bitcoin Core's dust limits. */
export const dustOf: Readonly<Record<OutputKind, number>> = { p2wpkh: 294, p2tr: 330 }
/** Satoshi: a step beyond it, or a fee rate for a virtual byte, is a mistake or a node that has gone wrong. */
const mostStep = 1_000_000
export const mostFeeRate = 1000
const mostRungs = 100
const mostConfirmations = 100
export const usualConfirmations = 6

/**
 * A ladder that can be used.
 *
 * @throws PaymentError BAD_AMOUNT unless step is from 1 to 1,000,000, rungs from 1 to 100, confirmations from 1 to 100,
 * outputs p2wpkh or p2tr, and least their dust limit (294, 330) and a step at least
 */
export function checkedLadder(ladder: Ladder): Ladder {
  const { step, rungs, least, confirmations = usualConfirmations, outputs = usualOutputs } = ladder
  wantWhole('step', step, 1, mostStep)
  wantWhole('rungs', rungs, 1, mostRungs)
  wantWhole('confirmations', confirmations, 1, mostConfirmations)
  if (!(outputs in outputVbytes))
    throw new PaymentError('BAD_AMOUNT', `ladder: outputs: want p2wpkh or p2tr, have ${String(outputs)}`)
  // A note on its last rung that is moved loses two steps, and must not be dust then
  wantWhole('least', least, dustOf[outputs] + step, Number.MAX_SAFE_INTEGER)
  return ladder
}

function wantWhole(what: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  throw new PaymentError(
    'BAD_AMOUNT',
    `ladder: ${what}: want a whole number from ${least} to ${most}, have ${value}`,
  )
}

/** Virtual bytes of an input with its witness, by what it spends; of an output; and of the rest (BIP 141). */
const inputVbytes = { p2wpkh: 68, p2tr: 57.5, 'p2sh-p2wpkh': 91 } as const
const outputVbytes: Readonly<Record<OutputKind, number>> = { p2wpkh: 31, p2tr: 43 }
const restVbytes = 10.5

/** Counts the joins that a note of this amount can pay for; null when it stands on no ladder. */
export function rungOf(amount: number, { step, rungs, least }: Ladder): number | null {
  for (let rung = 0; rung <= rungs; rung++) {
    const base = amount - rung * step
    if (base >= least && isDenomination(base)) return rung
  }
  return null
}

/** Says whether a note of this amount can go to a join. */
export function isOnLadder(amount: number, ladder: Ladder): boolean {
  return (rungOf(amount, ladder) ?? 0) > 0
}

/** Gives what a join makes of it. @throws PaymentError BAD_AMOUNT when it cannot go to a join */
export function nextRung(amount: number, ladder: Ladder): number {
  if (isOnLadder(amount, ladder)) return amount - ladder.step
  throw new PaymentError('BAD_AMOUNT', `ladder: a note of ${amount} satoshi can pay for no join`)
}

/** Gives what a note leaves when its owner moves it alone: two steps are the fee, more than any join pays a byte. */
export function movedTo(amount: number, ladder: Ladder): number {
  return nextRung(amount, ladder) - ladder.step
}

/** A denomination with all its rungs. @throws PaymentError BAD_AMOUNT */
export function fresh(denomination: number, { step, rungs, least }: Ladder): number {
  if (denomination >= least && isDenomination(denomination)) return denomination + rungs * step
  throw new PaymentError('BAD_AMOUNT', `ladder: ${denomination} satoshi are no denomination from ${least} on`)
}

/** Virtual bytes of a transaction whose inputs and outputs are each of one kind. Default: P2WPKH. */
export function sizeOf(inputs: number, outputs: number, kind: OutputKind = usualOutputs): number {
  return Math.ceil(inputs * inputVbytes[kind] + outputs * outputVbytes[kind] + restVbytes)
}

/** Virtual bytes of a transaction of these inputs and outputs. */
export function sizeOfMixed(
  inputs: readonly (keyof typeof inputVbytes)[],
  outputs: readonly OutputKind[],
): number {
  const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, restVbytes)
  return Math.ceil(
    sum([...inputs.map(kind => inputVbytes[kind]), ...outputs.map(kind => outputVbytes[kind])]),
  )
}

/**
 * Tells people why a join would wait too long for a block; null when its fee is enough.
 *
 * @param feeRate satoshi for a virtual byte, as the node estimates it
 */
export function feeTooLow(peers: number, ladder: Ladder, feeRate: number): string | null {
  const rate = (peers * ladder.step) / sizeOf(peers, peers, ladder.outputs)
  if (rate >= feeRate) return null
  return `a join pays ${rate.toFixed(1)} satoshi a virtual byte, and blocks want ${feeRate.toFixed(1)} now: wait, or use a ladder with a higher step`
}

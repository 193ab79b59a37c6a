// The standard amounts: 1, 2, 5, 10, 20, 50, ... Only notes of one amount can hide among one another.
// docs/spec/payments-ledger.md 3.2.

import { PaymentError } from './error.ts'

/** All of them, ascending: 1 to 5 * 10^12 of a ledger's smallest unit. */
export const denominations: readonly number[] = Array.from({ length: 39 }, (_, i) => {
  const digit = [1, 2, 5][i % 3] as number
  return digit * 10 ** Math.floor(i / 3)
})

const known = new Set(denominations)

/** Says whether an amount, in the ledger's smallest unit, is one that notes have. */
export function isDenomination(amount: number): boolean {
  return known.has(amount)
}

/**
 * The fewest denominations that make up an amount, largest first.
 *
 * @param amount a whole number from 1
 * @param most pieces
 * @throws PaymentError BAD_AMOUNT when it is none, or needs more pieces
 */
export function split(amount: number, most = 64): number[] {
  if (!Number.isSafeInteger(amount) || amount < 1) {
    throw new PaymentError('BAD_AMOUNT', `amount: want a whole number from 1, have ${amount}`)
  }
  const pieces: number[] = []
  let rest = amount
  // Greedy is optimal for 1-2-5: each denomination is at least twice the one below it.
  for (const denomination of denominations.toReversed()) {
    while (rest >= denomination) {
      rest -= denomination
      pieces.push(denomination)
      if (pieces.length > most) throw new PaymentError('BAD_AMOUNT', `amount: needs more than ${most} notes`)
    }
  }
  return pieces
}

// Simulates how often somebody who sees every payout guesses the payment that it belongs to.
// docs/spec/payments-paymix.md 5.7.

import { below, exponential, type Random } from '../../world/random.ts'
import { split } from '../denominations.ts'

/** Amounts are drawn evenly up to this. */
const largest = 20_000

/** The payments that are made up for the observer. */
export interface LinkabilityInit {
  /** Payments, and milliseconds between two of them on average. */
  readonly payments: number
  readonly everyMs: number
  /** Mean of what a piece waits, milliseconds. */
  readonly delayMs: number
  /** True when all pieces of a payment go to one account of the receiver; otherwise each to a key of its own. */
  readonly isOneAccount: boolean
}

/** Says how well an observer guessed. */
export interface Linkability {
  /** The part of payouts, or of accounts, whose payment the observer names at its first guess. */
  readonly topOne: number
  readonly guesses: number
}

interface Paid {
  readonly payment: number
  readonly denomination: number
  readonly begun: number
  readonly at: number
}

/** The observer knows every payment's amount and time, every payout's, and the delays' distribution. */
export function linkability(init: LinkabilityInit, random: Random): Linkability {
  const payouts = simulate(init, random)
  return init.isOneAccount ? bySums(payouts, init.payments) : byTime(payouts, init.delayMs)
}

function simulate({ payments, everyMs, delayMs }: LinkabilityInit, random: Random): Paid[] {
  const payouts: Paid[] = []
  let begun = 0
  for (let payment = 0; payment < payments; payment++) {
    begun += exponential(random, everyMs)
    for (const denomination of split(1 + below(random, largest))) {
      payouts.push({ payment, denomination, begun, at: begun + exponential(random, delayMs) })
    }
  }
  return payouts.sort((a, b) => a.at - b.at)
}

/** Guesses by sums: an account got in all what one payment, or a few, had as their amount. */
function bySums(payouts: readonly Paid[], payments: number): Linkability {
  const sums = Array.from({ length: payments }, () => 0)
  for (const { payment, denomination } of payouts) sums[payment] = (sums[payment] as number) + denomination
  const alike = new Map<number, number>()
  for (const sum of sums) alike.set(sum, (alike.get(sum) ?? 0) + 1)
  const right = sums.reduce((total, sum) => total + 1 / (alike.get(sum) as number), 0)
  return { topOne: right / payments, guesses: payments }
}

/**
 * The likeliest payment among those that have a piece of this denomination and began before: with exponential delays
 * the one that began last, unless its pieces are used up by payouts that the observer has given to it already.
 */
function byTime(payouts: readonly Paid[], delayMs: number): Linkability {
  const open = payouts.map(({ payment, denomination, begun }) => ({ payment, denomination, begun }))
  const taken = new Set<number>()
  let right = 0
  for (const { payment, denomination, at } of payouts) {
    let best = -1
    let likelihood = 0
    for (const [i, piece] of open.entries()) {
      if (taken.has(i) || piece.denomination !== denomination || piece.begun > at) continue
      const p = Math.exp(-(at - piece.begun) / delayMs)
      if (p > likelihood) [best, likelihood] = [i, p]
    }
    if (best === -1) continue
    taken.add(best)
    if (open[best]?.payment === payment) right++
  }
  return { topOne: right / payouts.length, guesses: payouts.length }
}

// Tells a payer before it signs what a payment costs, how long it takes, how well it hides, and what is left of that
// when peers of its rounds collude. docs/spec/payments-paymix.md 5.8, 5.9.

import type { Names } from '../../encoding/unknown-option.ts'
import { type Collusion, collusion } from '../anonymity/intersection.ts'
import { checkNames } from '../checked-names.ts'
import { split } from '../denominations.ts'
import { openEpoch } from '../times.ts'
import { mixEpoch, type PayMixTimes } from './pieces.ts'

/** Ones, twos and fives take turns (pieces.ts). */
const turns = 3

/** The payment and what is expected of the others. */
export interface ForecastInit {
  readonly amount: number
  /** Peers that are expected at a meeting, this one among them; 3 at least. */
  readonly peers: number
  /** So many of them tell each other everything. */
  readonly colluding: number
  /** Each piece is joined until its effective set is as large. Default: once. */
  readonly target?: number
  readonly times: PayMixTimes
  /**
   * One join takes so much from each member, in the ledger's smallest unit: 0 on the embedded ledger, a step on
   * Bitcoin.
   */
  readonly joinFee: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number
}

const initNames: Names<ForecastInit> = {
  amount: true,
  peers: true,
  colluding: true,
  times: true,
  joinFee: true,
  now: true,
  target: true,
}

/** Says what a payment costs, takes and hides. */
export interface Forecast {
  readonly amount: number
  readonly pieces: readonly number[]
  /** In the ledger's smallest unit. */
  readonly cost: number
  /** Joins that each piece goes through at least, if it meets others each time. */
  readonly joins: number
  /** Milliseconds until the last piece is paid: half of all payments, and all but one in a hundred, are faster. */
  readonly time: { readonly usualMs: number; readonly longMs: number }
  /** These three are of one join whose members all keep to themselves. */
  readonly effectiveSet: number
  readonly entropyBits: number
  readonly linkProbability: number
  /** The same for no colluding peers, one, and so on up to the number asked for. */
  readonly colluding: readonly Collusion[]
}

/**
 * Says what to expect of a payment before it is made.
 *
 * @throws PaymentError BAD_AMOUNT, BAD_OPTION
 */
export function forecast(init: ForecastInit): Forecast {
  checkNames('forecast', init, initNames)
  const { amount, peers, colluding, joinFee } = init
  const pieces = split(amount)
  const joins = joinsFor(init)
  const alone = collusion(peers, 0)
  return {
    amount,
    pieces,
    cost: pieces.length * joins * joinFee,
    joins,
    time: { usualMs: lastPaid(init, pieces, 0.5), longMs: lastPaid(init, pieces, 0.99) },
    effectiveSet: alone.effectiveSet,
    entropyBits: alone.entropyBits,
    linkProbability: alone.linkProbability,
    colluding: Array.from({ length: Math.min(colluding, peers - 1) + 1 }, (_, c) => collusion(peers, c)),
  }
}

/** A join of n that meets others each time leaves n times as many. */
function joinsFor({ target = 1, peers }: ForecastInit): number {
  return Math.max(1, Math.ceil(Math.log(target) / Math.log(peers) - 1e-9))
}

/**
 * By when all pieces are paid with this probability, if no round fails: each waits for its meeting and then
 * exponentially, and the slowest of k exponential times of one mean m is below t with probability (1 - e^(-t/m))^k.
 */
function lastPaid(init: ForecastInit, pieces: readonly number[], probability: number): number {
  const { times, now } = init
  const taken = new Set<number>()
  for (const piece of pieces) taken.add(mixEpoch(piece, openEpoch(times, now), taken))
  // Another join is at the next meeting of its turn, which comes every third epoch
  const last = Math.max(...taken) + turns * (joinsFor(init) - 1)
  const mixed = (last + 1) * times.epochMs - now
  const slowest = -times.delayMs * Math.log(1 - probability ** (1 / pieces.length))
  return Math.round(mixed + slowest)
}

// Makes of a public ledger what its reader can: for every note, whose it may be. A transfer with one payer passes
// its notes on; in a join each output may be any input's. docs/spec/payments-paymix.md 5.6.

import { hex } from '../../encoding/bytes.ts'
import { readEntry } from '../ledger/log.ts'
import { notesOf, readTransaction, type SignedTransaction } from '../ledger/transaction.ts'

/** By the name of an owner, the probability that a note comes from them. They add up to 1. */
export type Origins = ReadonlyMap<string, number>

/** A transaction as the public sees it, in the ledger's order. */
export interface Seen {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number
  readonly signed: SignedTransaction
  /** Transfers that spend notes of several owners are joins. */
  readonly is: 'mint' | 'join' | 'transfer'
}

/**
 * Reads off a log what anybody can: who could have paid what.
 *
 * @param entries of the log, without its genesis
 */
export function readPublic(ledger: Uint8Array, entries: Iterable<Uint8Array>): Seen[] {
  return [...entries].map(bytes => {
    const { time, transaction } = readEntry(bytes)
    const signed = readTransaction(ledger, transaction)
    const inputs = signed.transaction.kind === 'mint' ? 0 : signed.transaction.inputs.length
    return { time, signed, is: inputs === 0 ? 'mint' : inputs === 1 ? 'transfer' : 'join' }
  })
}

/**
 * Says where every note may come from.
 *
 * @param holders who got the minted notes, by the notes' ids in hex: the observer is told that much
 */
export function originsOf(seen: readonly Seen[], holders: ReadonlyMap<string, string>): Map<string, Origins> {
  const origins = new Map<string, Origins>()
  for (const { signed } of seen) {
    const { transaction, id } = signed
    const inputs = transaction.kind === 'mint' ? [] : transaction.inputs.map(input => origins.get(hex(input)))
    for (const note of notesOf(id, transaction)) {
      const holder = holders.get(hex(note.id))
      const from =
        holder === undefined ? mean(inputs.filter(one => one !== undefined)) : new Map([[holder, 1]])
      origins.set(hex(note.id), from)
    }
  }
  return origins
}

/** All inputs are equally likely to have become an output. */
export function mean(all: readonly Origins[]): Origins {
  const sum = new Map<string, number>()
  for (const one of all) {
    for (const [who, p] of one) sum.set(who, (sum.get(who) ?? 0) + p / all.length)
  }
  return sum
}

/** Gives what is left when it can only have been one of these. */
export function among(origins: Origins, who: readonly string[]): Origins {
  const left = [...origins].filter(([name]) => who.includes(name))
  const sum = left.reduce((total, [, p]) => total + p, 0)
  return new Map(left.map(([name, p]) => [name, p / sum]))
}

/** The likeliest, and how often that guess is right when those that are equally likely are drawn from. */
export function bestGuess(origins: Origins): {
  readonly who: readonly string[]
  readonly probability: number
} {
  const probability = Math.max(0, ...origins.values())
  const who = [...origins].filter(([, p]) => p > probability - 1e-9).map(([name]) => name)
  return { who, probability }
}

/** Bits that are missing to know the origin. */
export function entropyOf(origins: Origins): number {
  return [...origins.values()].reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0)
}

/** As many equally likely origins would leave as many bits. */
export function effectiveSet(origins: Origins): number {
  return 2 ** entropyOf(origins)
}

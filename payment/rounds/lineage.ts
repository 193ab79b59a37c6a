// Follows strikes through the ledger: who moves a note to itself has the same coin. A transaction of one owner hands on
// what the worst of its inputs carries; a join spreads what its inputs carry evenly over its outputs, so that nothing
// is shed in it, and nobody is held to more than a part of what another has done. docs/spec/payments-rounds.md 4.9.

import { hex } from '../../encoding/bytes.ts'
import type { Ms } from '../../world/units.ts'
import type { Ledger, Position } from '../ledger/ledger.ts'
import type { Note } from '../ledger/transaction.ts'
import { type Carried, carriedOf, noStrike, type Strikes } from './strikes.ts'

/** Transactions that are followed back from one note, where a ledger does not say. */
const usualLooks = 128
/** A part of a strike that is smaller is let go. */
const leastPart = 1 / 32
/** Inputs from which on a transaction of equal notes may be a join. */
const leastOfJoin = 3

interface Walk {
  readonly ledger: Ledger
  readonly strikes: Strikes
  readonly now: Ms
  /** By the transaction's id in hex. */
  readonly done: Map<string, Carried>
  left: number
}

/**
 * Finds what a note carries: strikes of its own, or else those of what it was made of.
 *
 * @param now milliseconds since 1970-01-01 UTC
 * @throws what the ledger throws
 */
export async function carriedBy(ledger: Ledger, strikes: Strikes, { id }: Note, now: Ms): Promise<Carried> {
  if (strikes.notes.size === 0) return noStrike
  const left = ledger.looksBack ?? usualLooks
  return await carried({ ledger, strikes, now, done: new Map(), left }, id, 1)
}

/** @param part how much of what this note carries comes to the one that is asked about */
async function carried(walk: Walk, note: Uint8Array, part: number): Promise<Carried> {
  const own = carriedOf(walk.strikes, hex(note), walk.now)
  if (own !== undefined) return own
  if (part < leastPart || walk.left <= 0) return noStrike
  walk.left--
  const origin = await walk.ledger.originOf?.(note)
  if (origin?.spends === undefined || origin.spends.length === 0) return noStrike
  const key = hex(origin.transaction)
  const found = walk.done.get(key) ?? (await handedOn(walk, origin, part))
  walk.done.set(key, found)
  return found
}

async function handedOn(walk: Walk, origin: Position, part: number): Promise<Carried> {
  const spends = origin.spends ?? []
  const isJoin = mayBeJoin(origin)
  const inputs: Carried[] = []
  for (const note of spends) inputs.push(await carried(walk, note, isJoin ? part / spends.length : part))
  const coolUntil = Math.max(...inputs.map(one => one.coolUntil))
  if (!isJoin) return { count: Math.max(...inputs.map(one => one.count)), coolUntil }
  const count = inputs.reduce((sum, one) => sum + one.count, 0) / spends.length
  return { count, coolUntil: count < 2 ? 0 : coolUntil }
}

/** As many equal notes go in as come out: nobody can tell whether they are of one owner. */
function mayBeJoin({ spends = [], makes = [] }: Position): boolean {
  const [first] = makes
  return (
    spends.length >= leastOfJoin &&
    makes.length >= spends.length &&
    makes.filter(({ denomination }) => denomination === first?.denomination).length >= spends.length
  )
}

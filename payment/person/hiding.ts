// Tells among how many a note hides, as anybody reads it off the log: the output of a transaction of one owner comes
// from where its input came from, and that of a join from each input alike. docs/spec/payments-paymix.md 5.6, 5.12.

import { hex } from '../../encoding/bytes.ts'
import { effectiveSet, mean, type Origins } from '../anonymity/observer.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { isJoin } from './origins.ts'

/** Says what an owner wants of the joins that its note goes through. */
export interface Wants {
  /** Notes of each join, its own among them; 3 at least. Default: 3. */
  readonly least?: number
  /** Its note is joined again until its effective set is as large. Default: one join is enough. */
  readonly target?: number
}

/** A join that a note went through. */
export interface Joined {
  /** Notes in it. */
  readonly notes: number
  /** The effective set of the note that came out, rounded down to hundredths. */
  readonly set: number
}

/** Transactions that are looked at. */
const mostLooks = 1024
/** Joins one behind the other. */
const mostJoins = 6

interface Search {
  readonly ledger: Ledger
  /** By the hex of a transaction's id. */
  readonly known: Map<string, Origins>
  looks: number
}

/**
 * Reckons the effective set of a note: as many equally likely sources would leave as many bits. Behind six joins and
 * 1,024 transactions, whatever is there counts as a source of its own.
 *
 * @returns rounded down to hundredths; 1 for a note that never was in a join
 * @throws what the ledger throws
 */
export async function hidesAmong(ledger: Ledger, note: Uint8Array): Promise<number> {
  const origins = await originsOf({ ledger, known: new Map(), looks: 0 }, note, mostJoins)
  return Math.floor(100 * effectiveSet(origins) + 1e-6) / 100
}

async function originsOf(search: Search, note: Uint8Array, joins: number): Promise<Origins> {
  const alone = new Map([[hex(note), 1]])
  if (joins === 0 || search.looks >= mostLooks) return alone
  search.looks++
  const origin = await search.ledger.originOf?.(note)
  if (origin === undefined || origin === null) return alone
  const { spends = [] } = origin
  const [from] = spends
  if (from === undefined) return alone
  if (!isJoin(origin)) {
    // Notes that are put together are of one owner from then on, whoever had them
    return spends.length === 1
      ? await originsOf(search, from, joins)
      : new Map([[hex(origin.transaction), 1]])
  }
  const key = hex(origin.transaction)
  const known = search.known.get(key)
  if (known !== undefined) return known
  const inputs: Origins[] = []
  for (const input of spends) inputs.push(await originsOf(search, input, joins - 1))
  const found = mean(inputs)
  search.known.set(key, found)
  return found
}

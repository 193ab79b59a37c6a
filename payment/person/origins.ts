// Tells how a note of one's own looks in the public log: with which others it is known to be of one owner, and among
// how many it hides. docs/spec/payments-paymix.md 5.11.

import { hex } from '../../encoding/bytes.ts'
import type { Ledger, Position } from '../ledger/ledger.ts'
import type { Note } from '../ledger/transaction.ts'
import type { Stocked } from './stock.ts'

/** Transfers of one note to one, behind which a note's join is looked for. */
const mostSteps = 8

/**
 * Reads where a note comes from. What a ledger does not show has an origin of its own, and hides nowhere.
 *
 * @throws what the ledger throws
 */
export async function stocked(ledger: Ledger, note: Note): Promise<Stocked> {
  const { denomination } = note
  let id = note.id
  for (let step = 0; step < mostSteps; step++) {
    const origin = (await ledger.originOf?.(id)) ?? null
    if (origin === null) break
    const { spends = [], makes = [] } = origin
    if (isJoin(origin)) return { denomination, origin: hex(id), hidden: makes.length }
    const [from] = spends
    if (spends.length !== 1 || makes.length !== 1 || from === undefined)
      return { denomination, origin: hex(origin.transaction), hidden: 1 }
    id = from
  }
  return { denomination, origin: hex(id), hidden: 1 }
}

/** A transaction of as many equal notes as it spends: each may be anybody's. */
export function isJoin({ spends = [], makes = [] }: Position): boolean {
  const [first] = makes
  return (
    spends.length >= 2 &&
    spends.length === makes.length &&
    makes.every(({ denomination }) => denomination === first?.denomination)
  )
}

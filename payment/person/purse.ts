// Picks notes by their denominations, as the pieces of a payment take them.

import type { Note } from '../ledger/transaction.ts'
import type { Purse } from './pieces.ts'

/** A note that can be spent, and what spends it, 32 bytes. */
export interface Held {
  readonly note: Note
  readonly secret: Uint8Array
}

/** One held note for each denomination; null when one is missing. */
export function exactly(denominations: readonly number[], held: readonly Held[]): Held[] | null {
  const left = [...held]
  const chosen: Held[] = []
  for (const denomination of denominations) {
    const place = left.findIndex(({ note }) => note.denomination === denomination)
    if (place === -1) return null
    chosen.push(...left.splice(place, 1))
  }
  return chosen
}

/** Lists their ids. */
export function idsOf(held: readonly Held[]): Uint8Array[] {
  return held.map(({ note }) => note.id)
}

/** Hands these notes out, each once. */
export function purseOf(held: readonly Held[]): Purse {
  const left = [...held]
  return {
    take(denomination) {
      const place = left.findIndex(({ note }) => note.denomination === denomination)
      return place === -1 ? null : (left.splice(place, 1)[0] ?? null)
    },
  }
}

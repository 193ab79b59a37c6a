// Processes that end: a shelf and a journal at which they do, before a write or after it, and a network that loses.

import type { Shelf } from '../../cascade/caller.ts'
import type { Reply } from '../../cascade/controller.ts'
import type { Journal } from '../../cascade/journal.ts'
import { fraction, type Random } from '../../world/random.ts'

/** A process ended here. */
export class Ended extends Error {}

export interface Dice {
  /** Faults come only while this is so. */
  on: boolean
  readonly random: Random
  readonly counts: Map<string, number>
}

/** Says whether a fault comes now, and counts it. */
export function comes(dice: Dice, what: string, chance: number): boolean {
  if (!dice.on || fraction(dice.random) >= chance) return false
  dice.counts.set(what, (dice.counts.get(what) ?? 0) + 1)
  return true
}

/** Ends who writes, before the text is there or after. */
export function endingShelf(shelf: Shelf, dice: Dice, chance: number): Shelf {
  return {
    get: name => shelf.get(name),
    put(name, text) {
      if (comes(dice, 'crash-before', chance)) throw new Ended('before a write')
      shelf.put(name, text)
      if (comes(dice, 'crash-after', chance)) throw new Ended('after a write')
    },
  }
}

/** Ends the Controller, before a batch is there or after. */
export function endingJournal(journal: Journal, dice: Dice, chance: number): Journal {
  return {
    async append(from, written) {
      if (comes(dice, 'outage-before', chance)) throw new Ended('before a write')
      await journal.append(from, written)
      if (comes(dice, 'outage-after', chance)) throw new Ended('after a write')
    },
    entries: (from, most) => journal.entries(from, most),
    blob: hash => journal.blob(hash),
    stretch: (hash, from, to) => journal.stretch(hash, from, to),
    lengths: () => journal.lengths(),
    close: () => journal.close(),
  }
}

/** Loses a request or its answer. */
export async function losing(
  dice: Dice,
  { lost, unanswered }: { readonly lost: number; readonly unanswered: number },
  send: () => Promise<Reply>,
): Promise<Reply | undefined> {
  if (comes(dice, 'lost', lost)) return undefined
  const reply = await send().catch((error: unknown) => {
    if (error instanceof Ended) return undefined
    throw error
  })
  return comes(dice, 'unanswered', unanswered) ? undefined : reply
}

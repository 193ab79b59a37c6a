// Which entry of a full mailbox gives way (docs/spec/gateway.md 3.2): one of the hour in which most came that lie there
// still. So a flood drives out itself, and what came in other hours stays, whoever sent it: a gateway cannot tell a
// stranger's message from a friend's, but it can tell a crowd. No I/O.

import { below, type Random } from '../../world/random.ts'
import { hour, type Ms, minute, second } from '../../world/units.ts'

/** A slot of time is no longer than this, or a sixteenth of what mail lives, whichever is less. */
const longestSlot: Ms = hour
const partOfLife = 16

/** Tells how long one slot of time is, for mail that is kept for so many minutes: dates on disk are no finer. */
export function slotMs(minutes: number): Ms {
  return Math.max(second, Math.min(longestSlot, (minutes * minute) / partOfLife))
}

/** A slot is looked at in so many parts. */
const parts = 60

interface Came {
  readonly came: Ms
}

/**
 * Finds the entry that gives way: of the slot that has most, there of the part that has most, the earlier of two that
 * have as many, and any one of these by lot. Where n slots share m places, none is driven out of a slot that has m / n
 * or fewer.
 *
 * @param entries in the order of arrival
 * @param may says which may go
 * @returns its index, or -1 when none may
 */
export function crowded<E extends Came>(
  entries: readonly E[],
  minutes: number,
  random: Random,
  may: (entry: E) => boolean = () => true,
): number {
  const slot = slotMs(minutes)
  const ofSlot = fullest(entries, slot, may)
  if (ofSlot === undefined) return -1
  const ofPart = fullest(entries, slot / parts, ofSlot.has) ?? ofSlot
  let left = below(random, ofPart.count)
  return entries.findIndex(entry => ofPart.has(entry) && left-- === 0)
}

interface Crowd<E> {
  readonly count: number
  readonly has: (entry: E) => boolean
}

/** Finds the stretch of so many milliseconds in which most came. */
function fullest<E extends Came>(
  entries: readonly E[],
  ms: Ms,
  may: (entry: E) => boolean,
): Crowd<E> | undefined {
  const counts = new Map<number, number>()
  for (const entry of entries) {
    const at = Math.floor(entry.came / ms)
    if (may(entry)) counts.set(at, (counts.get(at) ?? 0) + 1)
  }
  let found: number | undefined
  for (const [at, count] of counts) if (found === undefined || count > (counts.get(found) ?? 0)) found = at
  if (found === undefined) return undefined
  const count = counts.get(found) ?? 0
  return { count, has: entry => Math.floor(entry.came / ms) === found && may(entry) }
}

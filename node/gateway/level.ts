// The level of a mailbox (docs/spec/resources.md 2.2): how long its owner's connections have held it, as a number.

import { type Ms, minute } from '../../world/units.ts'

/** No mailbox weighs more than one that was held for a day and a half. */
export const highest = 12

/** Tells how firm a mailbox is: 0 without an owner, 1 with one, and one more for each doubling of the minutes held. */
export function levelOf(heldMs: Ms): number {
  return Math.min(highest, 1 + Math.floor(Math.log2(1 + heldMs / minute)))
}

/** Tells how long a mailbox of this level was held at least, milliseconds. */
export function heldAt(level: number): Ms {
  return level === 0 ? 0 : (2 ** (level - 1) - 1) * minute
}

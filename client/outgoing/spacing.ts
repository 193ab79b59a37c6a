// How far apart the parts of a short message leave (docs/spec/client-clocks.md 8.2). When the receiver's client has
// read one, a message of its own to itself is missing at its home: the next part comes in the place of that one.

import type { Parameters } from '../../directory/documents/view.ts'
import { type Ms, minute, second } from '../../world/units.ts'

/** A page's way from the home to its reader, and that of a message to oneself to the home, milliseconds. */
const linksMs = second / 10
/** Where clocks are slow the rest shows: nobody is to wait longer for a text. */
const mostMs = second / 2
/** Messages of more fragments show anyway, and are not held up. */
const mostFragments = 4

/** A time, and an exponential one of this mean after it. */
export interface Spacing {
  readonly leastMs: Ms
  readonly meanMs: Ms
}

/** Gives how far apart so many fragments of a message leave; undefined where they are not held up. */
export function spacingOf(
  { readPerMinute, loopPerMinute }: Pick<Parameters, 'readPerMinute' | 'loopPerMinute'>,
  fragments: number,
): Spacing | undefined {
  if (fragments < 2 || fragments > mostFragments || loopPerMinute === 0) return undefined
  return {
    leastMs: Math.min(mostMs, minute / readPerMinute) + linksMs,
    meanMs: Math.min(mostMs, minute / loopPerMinute),
  }
}

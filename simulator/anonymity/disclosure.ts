// Statistical disclosure (docs/spec/simulator.md 7; G. Danezis, "Statistical Disclosure Attacks", 2003): who watches
// the batches in which one sender takes part, and counts who receives, finds with whom the sender talks.

import type { Dice } from '../../hiding/dice.ts'

export interface DisclosurePlan {
  readonly recipients: number
  /** Messages in a batch, one of them of the sender who is watched. */
  readonly batch: number
  readonly contacts: number
  /** Batches watched. */
  readonly rounds: number
}

export interface Disclosed {
  /** Share of the contacts among as many recipients that seem likeliest. */
  readonly found: number
  /** The probability that all are. */
  readonly all: number
}

/**
 * Watches once. The sender writes to any contact alike, the others to any recipient alike, so that the estimate of the
 * attack puts recipients in the order of how often they received. Of those with one count any is as likely to be named:
 * the figures are means over that choice.
 */
export function disclose({ recipients, batch, contacts, rounds }: DisclosurePlan, dice: Dice): Disclosed {
  const counts = new Uint32Array(recipients)
  const receive = (who: number): void => {
    counts[who] = (counts[who] as number) + 1
  }
  // recipients are drawn alike, so that the contacts may as well be the first
  for (let round = 0; round < rounds; round++) {
    receive(dice.below(contacts))
    for (let other = 1; other < batch; other++) receive(dice.below(recipients))
  }
  return named(counts, contacts)
}

/** Names as many recipients as there are contacts, which are the first. */
function named(counts: Uint32Array, contacts: number): Disclosed {
  const cut = Uint32Array.from(counts).sort().at(-contacts) as number
  const counted = (holds: (count: number) => boolean, list: Uint32Array): number =>
    list.reduce((sum, count) => sum + Number(holds(count)), 0)
  const of = counts.subarray(0, contacts)
  const surely = counted(count => count > cut, of)
  const tied = counted(count => count === cut, of)
  const allTied = counted(count => count === cut, counts)
  const places = contacts - counted(count => count > cut, counts)
  let all = surely + tied === contacts ? 1 : 0
  for (let i = 0; i < tied && all > 0; i++) all *= Math.max(0, places - i) / (allTied - i)
  return { found: (surely + (tied * places) / allTied) / contacts, all }
}

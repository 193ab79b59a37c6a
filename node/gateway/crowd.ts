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
  /** Undefined where nobody knows: it counts as of either kind. */
  readonly returned: boolean | undefined
}

/** Counts entries by whether they were returned, were not, or nobody knows. */
class Counts {
  readonly #of = { true: 0, false: 0, undefined: 0 }

  add(returned: boolean | undefined, by: 1 | -1): void {
    this.#of[`${returned}`] += by
  }

  /** Counts those that may be of a kind. @param kind undefined: all */
  count(kind: boolean | undefined): number {
    const { true: yes, false: no, undefined: unknown } = this.#of
    return unknown + (kind === false ? 0 : yes) + (kind === true ? 0 : no)
  }

  /** Counts those that are known to be of a kind. */
  known(kind: boolean): number {
    return this.#of[`${kind}`]
  }
}

/**
 * Counts what lies in one mailbox by when it came, so that finding who gives way costs as much as there are slots, not
 * entries: else each packet to a full mailbox would cost what fifteen others cost.
 */
export class Crowd {
  readonly slotMs: Ms
  readonly #all = new Counts()
  readonly #slots = new Map<number, { readonly counts: Counts; readonly parts: Map<number, Counts> }>()

  /** @param slotMs `slotMs(minutes)` */
  constructor(slotMs: Ms, entries: readonly Came[]) {
    this.slotMs = slotMs
    for (const entry of entries) this.add(entry)
  }

  /** Counts those that are known to be of a kind. */
  known(kind: boolean): number {
    return this.#all.known(kind)
  }

  add({ came, returned }: Came): void {
    const at = Math.floor(came / this.slotMs)
    const slot = this.#slots.get(at) ?? { counts: new Counts(), parts: new Map<number, Counts>() }
    this.#slots.set(at, slot)
    const part = slot.parts.get(this.#partOf(came)) ?? new Counts()
    slot.parts.set(this.#partOf(came), part)
    for (const counts of [this.#all, slot.counts, part]) counts.add(returned, 1)
  }

  remove({ came, returned }: Came): void {
    const at = Math.floor(came / this.slotMs)
    const slot = this.#slots.get(at)
    const part = slot?.parts.get(this.#partOf(came))
    if (slot === undefined || part === undefined) return
    for (const counts of [this.#all, slot.counts, part]) counts.add(returned, -1)
    if (part.count(undefined) === 0) slot.parts.delete(this.#partOf(came))
    if (slot.counts.count(undefined) === 0) this.#slots.delete(at)
  }

  /**
   * Finds the entry that gives way: of the slot that has most, there of the part that has most, the earlier of two that
   * have as many, and any one of these by lot. Where n slots share m places, none is driven out of a slot that has no
   * more than m / n.
   *
   * @param entries those that it counts, in the order of arrival
   * @param kind says which may go; undefined: any
   * @returns its index, or -1 when none may
   */
  victim(entries: readonly Came[], kind: boolean | undefined, random: Random): number {
    const slot = fullest(this.#slots, ({ counts }) => counts.count(kind))
    if (slot === undefined) return -1
    const part = fullest(slot.value.parts, counts => counts.count(kind))
    if (part === undefined) return -1
    const isThere = ({ came, returned }: Came): boolean =>
      this.#partOf(came) === part.at && (kind === undefined || (returned ?? kind) === kind)
    const lot = below(random, part.count)
    const found = nth(entries, firstFrom(entries, (part.at * this.slotMs) / parts), isThere, lot)
    // A clock that was set while the gateway was down may have mixed them up
    return found >= 0 ? found : nth(entries, 0, isThere, lot)
  }

  #partOf(came: Ms): number {
    return Math.floor((came * parts) / this.slotMs)
  }
}

/** Finds what has most, the earlier of two that have as many. */
function fullest<T>(
  of: ReadonlyMap<number, T>,
  countOf: (value: T) => number,
): { readonly at: number; readonly value: T; readonly count: number } | undefined {
  let found: { at: number; value: T; count: number } | undefined
  for (const [at, value] of of) {
    const count = countOf(value)
    if (count === 0 || count < (found?.count ?? 0)) continue
    if (found === undefined || count > found.count || at < found.at) found = { at, value, count }
  }
  return found
}

/** @returns the index of the one before which so many are, or -1 */
function nth(
  entries: readonly Came[],
  from: number,
  counts: (entry: Came) => boolean,
  before: number,
): number {
  let left = before
  for (let at = from; at < entries.length; at++) if (counts(entries[at] as Came) && left-- === 0) return at
  return -1
}

/** Finds the first that came at this time or later. */
function firstFrom(entries: readonly Came[], from: Ms): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle] as Came).came < from) low = middle + 1
    else high = middle
  }
  // rounding may put one that is of the part before its beginning
  return Math.max(0, low - 1)
}

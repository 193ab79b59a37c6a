// Chooses the notes that a wallet pays with. It keeps a stock of standard notes, made by breaking single notes into
// fixed patterns, so that what the log shows of that does not depend on what is paid; and it spends notes of different
// origins in one transaction only when nothing else is left, and says so before. docs/spec/payments-paymix.md 5.11.

import { denominations, split } from '../denominations.ts'

/** A note that can be spent, and where it comes from. */
export interface Stocked {
  readonly denomination: number
  /**
   * Notes of one origin are known to be of one owner: they come out of one transaction that was no join. A note of a
   * join has an origin of its own.
   */
  readonly origin: string
  /** So many notes may have become this one, as far as the log shows: 1 when it never was in a join. */
  readonly hidden: number
}

/** A transaction that comes before a payment; every one shows that what it spends and makes is of one owner. */
export interface Exchange<S extends Stocked> {
  readonly spends: readonly S[]
  /** Denominations. */
  readonly makes: readonly number[]
}

/** Says what there is to pay with. */
export interface Choice<S extends Stocked> {
  /** Notes as they are. */
  readonly whole: readonly S[]
  /** For what lacks. */
  readonly exchange: Exchange<S> | null
  /** Denominations that come out of the exchange, for the payment. */
  readonly made: readonly number[]
}

/** A stock has so many of each decade: any digit is paid with these, as `split` cuts it. */
const standard: Readonly<Record<number, number>> = { 1: 1, 2: 2, 5: 1 }

/** The fixed pattern into which a note is broken: the same whatever it is broken for. @returns [] for a note of 1 */
export function broken(denomination: number): number[] {
  if (denomination === 1) return []
  const unit = 10 ** Math.floor(Math.log10(denomination) + 1e-9)
  const digit = Math.round(denomination / unit)
  if (digit === 5) return [2 * unit, 2 * unit, unit]
  if (digit === 2) return [unit, unit]
  return [5, 2, 2, 1].map(part => (part * unit) / 10)
}

/**
 * The note that a stock breaks next: the smallest that is larger than what lacks. A stock lacks the smallest standard
 * note that it has too few of, in the decades below that of all it has.
 *
 * @returns null when nothing lacks
 */
export function toBreak<S extends Stocked>(held: readonly S[]): S | null {
  const sum = held.reduce((total, { denomination }) => total + denomination, 0)
  const top = 10 ** Math.floor(Math.log10(Math.max(1, sum / 10)) + 1e-9)
  const lacking = denominations.find(one => one < top && have(held, one) < standardOf(one))
  return lacking === undefined ? null : smallestAbove(lacking, held)
}

function have(held: readonly Stocked[], wanted: number): number {
  return held.filter(({ denomination }) => denomination === wanted).length
}

function standardOf(denomination: number): number {
  return standard[Math.round(denomination / 10 ** Math.floor(Math.log10(denomination) + 1e-9))] ?? 0
}

function smallestAbove<S extends Stocked>(denomination: number, held: readonly S[]): S | null {
  const larger = held.filter(one => one.denomination > denomination)
  return larger.sort((a, b) => a.denomination - b.denomination)[0] ?? null
}

/**
 * Chooses what an amount is paid with. Notes that hide best come first. Where a denomination lacks, one larger note is
 * broken by its pattern, and what comes of it again; only where no larger note is left, notes are put together.
 *
 * @returns null when there is too little
 */
export function choose<S extends Stocked>(amount: number, held: readonly S[]): Choice<S> | null {
  const left = [...held].sort((a, b) => b.hidden - a.hidden || a.denomination - b.denomination)
  const whole: S[] = []
  const lacking: number[] = []
  for (const denomination of split(amount)) {
    const place = left.findIndex(one => one.denomination === denomination)
    if (place === -1) lacking.push(denomination)
    else whole.push(...left.splice(place, 1))
  }
  if (lacking.length === 0) return { whole, exchange: null, made: [] }
  const exchange = brokenFor(lacking, left) ?? putTogether(lacking, left)
  return exchange === null ? null : { whole, exchange, made: lacking }
}

/** One note that is broken until all that lacks is there; the smallest that does. */
function brokenFor<S extends Stocked>(lacking: readonly number[], held: readonly S[]): Exchange<S> | null {
  const bySize = [...held].sort((a, b) => a.denomination - b.denomination || b.hidden - a.hidden)
  for (const note of bySize) {
    const makes = brokenInto(note.denomination, lacking)
    if (makes !== null) return { spends: [note], makes }
  }
  return null
}

/** Breaks a note, pattern by pattern, until what comes of it holds these; null when it never does. */
function brokenInto(denomination: number, lacking: readonly number[]): number[] | null {
  if (denomination < lacking.reduce((sum, one) => sum + one, 0)) return null
  const parts = [denomination]
  for (const wanted of [...lacking].sort((a, b) => b - a)) {
    const isTaken = lacking.filter(one => one === wanted).length
    while (parts.filter(one => one === wanted).length < isTaken) {
      const larger = parts
        .filter(one => one > wanted && !isNeeded(one, parts, lacking))
        .sort((a, b) => a - b)[0]
      if (larger === undefined) return null
      parts.splice(parts.indexOf(larger), 1, ...broken(larger))
    }
  }
  return parts.sort((a, b) => b - a)
}

/** Says whether all parts of this denomination are wanted as they are. */
function isNeeded(denomination: number, parts: readonly number[], lacking: readonly number[]): boolean {
  const wanted = lacking.filter(one => one === denomination).length
  return wanted >= parts.filter(one => one === denomination).length
}

/** Notes of as few origins as can be, the largest first; what is over comes back. */
function putTogether<S extends Stocked>(lacking: readonly number[], held: readonly S[]): Exchange<S> | null {
  const wanted = lacking.reduce((sum, one) => sum + one, 0)
  const origins = new Map<string, S[]>()
  for (const note of held) origins.set(note.origin, [...(origins.get(note.origin) ?? []), note])
  const bySum = [...origins.values()].sort((a, b) => sumOf(b) - sumOf(a))
  // One origin that is enough by itself: the smallest of them
  const enough = bySum.filter(notes => sumOf(notes) >= wanted).at(-1)
  const spends: S[] = []
  for (const note of (enough === undefined ? bySum : [enough]).flatMap(largestFirst)) {
    if (sumOf(spends) >= wanted) break
    spends.push(note)
  }
  const sum = sumOf(spends)
  if (sum < wanted) return null
  return { spends, makes: [...lacking, ...(sum > wanted ? split(sum - wanted) : [])].sort((a, b) => b - a) }
}

function largestFirst<S extends Stocked>(notes: readonly S[]): S[] {
  return [...notes].sort((a, b) => b.denomination - a.denomination)
}

function sumOf(notes: readonly Stocked[]): number {
  return notes.reduce((sum, { denomination }) => sum + denomination, 0)
}

/** Counts the origins that a choice shows to be of one owner; 0 and 1 show nothing that was not known. */
export function merged<S extends Stocked>({ exchange }: Choice<S>): number {
  return exchange === null ? 0 : new Set(exchange.spends.map(({ origin }) => origin)).size
}

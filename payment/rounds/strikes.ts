// Remembers whom not to pair with for a while. A message that did not come proves nothing, so one timeout costs
// nothing; who is late again and again, and who was proven guilty, waits. Notes are what counts: identities are free.
// docs/spec/payments-rounds.md 4.9.

import { write } from '../../encoding/cbor.ts'
import { hour, minute } from '../../world/units.ts'
import { Reader } from '../reader.ts'

export interface Strikes {
  /** By the note's id in hex. */
  readonly notes: ReadonlyMap<string, Strike>
}

export interface Strike {
  /** A note that comes out of a join carries parts of strikes (lineage.ts). */
  readonly count: number
  /** Milliseconds since 1970-01-01 UTC: before that, the note is not paired with. */
  readonly coolUntil: number
  /** All this is forgotten then. */
  readonly forgetAt: number
}

/** Doubles with every further timeout. */
const firstCooling = 10 * minute
const longestCooling = 24 * hour
const memory = 24 * hour
/** Notes remembered; beyond that, the one that would be forgotten first goes. */
const mostNotes = 10_000

export const noStrikes: Strikes = { notes: new Map() }

/** Says how often a note's owner was late or guilty, and until when the note is not paired with. */
export type Carried = Pick<Strike, 'count' | 'coolUntil'>

export const noStrike: Carried = { count: 0, coolUntil: 0 }

/** A timeout. @param before what the note carries from those that it was made of */
export function strike(strikes: Strikes, note: string, now: number, before: Carried = noStrike): Strikes {
  const count = (current(strikes, note, now) ?? before).count + 1
  const cooling = count < 2 ? 0 : Math.min(longestCooling, firstCooling * 2 ** (Math.floor(count) - 2))
  return remember(strikes, note, { count, coolUntil: now + cooling, forgetAt: now + cooling + memory }, now)
}

/** A conviction: the note's owner broke the protocol. @param before as of `strike` */
export function banish(strikes: Strikes, note: string, now: number, before: Carried = noStrike): Strikes {
  const count = (current(strikes, note, now) ?? before).count + 1
  const coolUntil = now + longestCooling
  return remember(strikes, note, { count, coolUntil, forgetAt: coolUntil + memory }, now)
}

/** Says whether requests with this note are passed over. */
export function isCooling(strikes: Strikes, note: string, now: number): boolean {
  return now < (strikes.notes.get(note)?.coolUntil ?? 0)
}

/** Gives what this very note carries; undefined when nothing is remembered of it. */
export function carriedOf(strikes: Strikes, note: string, now: number): Carried | undefined {
  return current(strikes, note, now) ?? undefined
}

function current(strikes: Strikes, note: string, now: number): Strike | null {
  const known = strikes.notes.get(note)
  return known === undefined || known.forgetAt <= now ? null : known
}

function remember(strikes: Strikes, note: string, strike: Strike, now: number): Strikes {
  const notes = new Map([...strikes.notes].filter(([, { forgetAt }]) => forgetAt > now))
  notes.set(note, strike)
  if (notes.size > mostNotes) {
    const [first] = [...notes].reduce((a, b) => (b[1].forgetAt < a[1].forgetAt ? b : a))
    notes.delete(first)
  }
  return { notes }
}

/** A strike as it stands on disk, under its note: hundredths of its count, rounded up. */
export function writeStrike({ count, coolUntil, forgetAt }: Strike): Uint8Array {
  return write({ count: Math.ceil(100 * count), coolUntil, forgetAt })
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
export function readStrike(bytes: Uint8Array): Strike {
  const read = new Reader(bytes, 'strike', 128)
  read.map(3)
  const count = read.key('count').uint() / 100
  const forgetAt = read.key('forgetAt').uint()
  const coolUntil = read.key('coolUntil').uint()
  read.end()
  return { count, coolUntil, forgetAt }
}

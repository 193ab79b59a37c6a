// After a round: what a peer may do with its note, from its record and from what the ledger says. A join that it signed
// may come about long after the round has failed, because somebody withheld the last signature. No key goes on an
// inference: what the ledger does not show yet is asked again. docs/spec/payments-rounds.md 4.8.

import { same } from '../../encoding/bytes.ts'
import { isSpending, type Ledger, type NoteState, type Position, unknownSpender } from '../ledger/ledger.ts'
import type { Note } from '../ledger/transaction.ts'
import type { JoinScheme } from './join.ts'
import type { RoundRecord } from './record.ts'

/** A transaction of the record's that the ledger has, and what it paid this peer with. */
export interface Own {
  readonly position: Position
  readonly is: 'paid' | 'moved'
  /** This spends what it paid, 32 bytes. */
  readonly secret: Uint8Array
  /** The note that it paid, where the ledger shows that. */
  readonly note?: Note
}

/** Repeats what the ledger shows of a record. */
export interface Shown {
  /** The join of this record, or the move of its note, that the ledger has; null when it has none of them. */
  readonly own: Own | null
  /** null when it knows no such note (any more): it did, so this says nothing. */
  readonly note: NoteState | null
  /** Where the transaction stands that the ledger names as the note's spender, if that is none of this record's. */
  readonly foreign: Position | null
  /** Confirmations that a key is kept for. */
  readonly confirmations: number
}

/** Says what became of a note after a round that did not end as it should. */
export type Settlement =
  /** A join came about: this key spends its output, the note. */
  | {
      readonly is: 'paid'
      readonly outputSecret: Uint8Array
      readonly note?: Note
      /** Notes that it joined, where the ledger shows that. */
      readonly joined?: number
    }
  /** The note is as before, and nothing that was signed can spend it. */
  | { readonly is: 'free' }
  /** A signed join may still come about, or the ledger does not show yet what did: ask again later. */
  | { readonly is: 'open'; readonly until: number }
  /**
   * The time for it is over. Pay the note to a fresh output of one's own, whose key is on disk first: then either that
   * stands in the ledger, or the join was faster; in both cases the coin is there, and no later round can be surprised.
   */
  | { readonly is: 'reclaim' }
  /** This peer moved its note; the key is null when something else than this round is proven to have spent it. */
  | { readonly is: 'moved'; readonly outputSecret: Uint8Array | null; readonly note?: Note }

/** @param now milliseconds since 1970-01-01 UTC */
export function settle(record: RoundRecord, shown: Shown, now: number): Settlement {
  const { own, note, foreign, confirmations } = shown
  const open = { is: 'open', until: Math.max(now, record.expiry) } as const
  if (own !== null) {
    const { is, secret: outputSecret, note: paid, position } = own
    if (!isDeep(position, confirmations)) return open
    const shown = paid === undefined ? {} : { note: paid }
    const joined = position.spends?.length
    if (is === 'moved' || joined === undefined) return { is, outputSecret, ...shown }
    return { is, outputSecret, ...shown, joined }
  }
  if (note === null) return open
  if (note.spentBy !== null) {
    const isProven = isSpending(foreign, note.id) && isDeep(foreign, confirmations)
    return isProven ? { is: 'moved', outputSecret: null } : open
  }
  if (!record.attempts.some(({ sent }) => sent === 'commit')) return { is: 'free' }
  return now < record.expiry ? open : { is: 'reclaim' }
}

function isDeep(position: Position | null, confirmations: number): boolean {
  return position !== null && (position.depth ?? 1) >= confirmations
}

/** Asks the ledger for all that settles a record. @throws what the ledger throws: then nothing is known now */
export async function shownOf(ledger: Ledger, scheme: JoinScheme, record: RoundRecord): Promise<Shown> {
  const mine = transactionsOf(scheme, record)
  const own = await enteredOf(ledger, scheme, mine)
  const note = await ledger.note(record.note.id)
  const by = own !== null || note === null ? null : await spenderIn(ledger, note)
  const isOwn = by !== null && mine.some(({ id }) => same(id, by))
  const foreign = by === null || isOwn ? null : await ledger.positionOf(by)
  return { own, note, foreign, confirmations: ledger.confirmations ?? 1 }
}

interface Mine {
  readonly id: Uint8Array
  readonly is: Own['is']
  readonly secret: Uint8Array
}

/** The joins that a record's owner signed, and the move of its note. */
function transactionsOf(scheme: JoinScheme, { attempts, note, reclaim }: RoundRecord): Mine[] {
  const joins = attempts.flatMap(({ transaction, outputSecret }): Mine[] =>
    transaction === null ? [] : [{ id: transaction, is: 'paid', secret: outputSecret }],
  )
  if (reclaim === null) return joins
  const { id } = scheme.join([note], [scheme.outputOf(reclaim)])
  return [...joins, { id, is: 'moved', secret: reclaim }]
}

/** The first of these that the ledger has: they spend one note, so it has no other one. */
async function enteredOf(ledger: Ledger, scheme: JoinScheme, mine: readonly Mine[]): Promise<Own | null> {
  for (const { id, is, secret } of mine) {
    const position = await ledger.positionOf(id)
    if (position === null) continue
    const owner = scheme.outputOf(secret)
    const note = position.makes?.find(one => same(one.owner, owner))
    return { position, is, secret, ...(note === undefined ? {} : { note }) }
  }
  return null
}

/** Gives the transaction that a ledger names as a note's spender; null when nobody is known to have spent it. */
export async function spenderIn(ledger: Ledger, note: NoteState): Promise<Uint8Array | null> {
  if (note.spentBy === null || !same(note.spentBy, unknownSpender)) return note.spentBy
  return (await ledger.spenderOf?.(note.id)) ?? null
}

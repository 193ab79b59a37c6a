// After a round: what a peer may do with its note, from its record and from what the ledger says. A join that it signed
// may come about long after the round has failed, because somebody withheld the last signature.
// docs/spec/payments-rounds.md 4.8.

import type { RoundRecord } from './record.ts'

export interface Shown {
  /** The ledger has this one of the record's transactions: its id, or null. */
  readonly entered: Uint8Array | null
  readonly isNoteSpent: boolean
}

/** Says what became of a note after a round that did not end as it should. */
export type Settlement =
  /** A join came about: this key spends its output. */
  | { readonly is: 'paid'; readonly outputSecret: Uint8Array }
  /** The note is as before, and nothing that was signed can spend it. */
  | { readonly is: 'free' }
  /** A signed join may still come about: ask again later. */
  | { readonly is: 'open'; readonly until: number }
  /**
   * The time for it is over. Pay the note to a fresh output of one's own, whose key is on disk first: then either that
   * stands in the ledger, or the join was faster; in both cases the coin is there, and no later round can be surprised.
   */
  | { readonly is: 'reclaim' }
  /** This peer moved its note; the key is null when it did so outside of the round. */
  | { readonly is: 'moved'; readonly outputSecret: Uint8Array | null }

/** @param now milliseconds since 1970-01-01 UTC */
export function settle(record: RoundRecord, shown: Shown, now: number): Settlement {
  const { entered } = shown
  if (entered !== null) {
    const paid = record.attempts.find(({ transaction }) =>
      transaction?.every((byte, i) => byte === entered[i]),
    )
    if (paid !== undefined) return { is: 'paid', outputSecret: paid.outputSecret }
  }
  if (shown.isNoteSpent) return { is: 'moved', outputSecret: record.reclaim }
  if (!record.attempts.some(({ sent }) => sent === 'commit')) return { is: 'free' }
  return now < record.expiry ? { is: 'open', until: record.expiry } : { is: 'reclaim' }
}

// What a peer keeps on disk of a pairing: enough to spend every output that it ever offered, and to know what it must not
// send any more. docs/payments.md 4.8.

import { read, write } from '../document.ts'
import { PaymentError } from '../error.ts'
import { type Note, readNoteId } from '../ledger/transaction.ts'

/** One run. */
export interface Attempt {
  readonly number: number
  /** What spends its output, 32 bytes. */
  readonly outputSecret: Uint8Array
  /** After a commit nothing is revealed, and after a reveal nothing is committed. */
  readonly sent: 'nothing' | 'commit' | 'reveal'
  /** The join that was committed to: the ledger is watched for it. */
  readonly transaction: Uint8Array | null
}

/**
 * What must be on disk before anything of a round leaves: with it, a restart settles what the round left open.
 */
export interface RoundRecord {
  readonly pairing: Uint8Array
  readonly identitySeed: Uint8Array
  readonly note: Note
  readonly noteSecret: Uint8Array
  /** Milliseconds since 1970-01-01 UTC. */
  readonly expiry: number
  readonly attempts: readonly Attempt[]
  /** What spends the output that the note is moved to after a failed round, 32 bytes (settle.ts). */
  readonly reclaim: Uint8Array | null
}

const longestRecord = 16_384
const mostAttempts = 65

export function writeRecord(record: RoundRecord): Uint8Array {
  const { pairing, identitySeed, noteSecret, expiry, reclaim } = record
  const { id, denomination, owner } = record.note
  const attempts = record.attempts.map(attempt => ({ ...attempt }))
  return write({
    pairing,
    identitySeed,
    note: { id, denomination, owner },
    noteSecret,
    expiry,
    attempts,
    reclaim,
  })
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
export function readRecord(bytes: Uint8Array): RoundRecord {
  const fields = read(bytes, 'record', longestRecord)
  const note = fields.map('note')
  const record: RoundRecord = {
    pairing: fields.bytes('pairing', 32),
    identitySeed: fields.bytes('identitySeed', 32),
    note: {
      id: readNoteId(note),
      denomination: note.uint('denomination'),
      owner: note.bytes('owner', 32),
    },
    noteSecret: fields.bytes('noteSecret', 32),
    expiry: fields.uint('expiry'),
    attempts: fields.list('attempts', mostAttempts).map(attempt => {
      const read: Attempt = {
        number: attempt.uint('number'),
        outputSecret: attempt.bytes('outputSecret', 32),
        sent: attempt.one('sent', 'nothing', 'commit', 'reveal'),
        transaction: attempt.bytesOrNull('transaction', 32),
      }
      attempt.end()
      return read
    }),
    reclaim: fields.bytesOrNull('reclaim', 32),
  }
  note.end()
  fields.end()
  return record
}

/**
 * The record with the bit set for its last run.
 *
 * @throws PaymentError WRONG_STATE when the other bit is set: a commit after a reveal, or a reveal after a commit
 */
export function mark(
  attempts: readonly Attempt[],
  sent: 'commit' | 'reveal',
  transaction: Uint8Array | null,
): Attempt[] {
  const last = attempts[attempts.length - 1] as Attempt
  if (last.sent !== 'nothing' && last.sent !== sent) {
    throw new PaymentError('WRONG_STATE', `round: ${sent} after ${last.sent}`)
  }
  return [...attempts.slice(0, -1), { ...last, sent, transaction }]
}

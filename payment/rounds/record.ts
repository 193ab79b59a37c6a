// Keeps on disk what a peer needs of a pairing: enough to spend every output that it ever offered, and to know what it
// must not send any more. docs/spec/payments-rounds.md 4.8.

import { write } from '../../encoding/cbor.ts'
import { PaymentError } from '../error.ts'
import { type Note, readNote } from '../ledger/transaction.ts'
import { Reader } from '../reader.ts'

/** One run. */
export interface Attempt {
  readonly number: number
  /** This spends its output, 32 bytes. */
  readonly outputSecret: Uint8Array
  /** After a commit nothing is revealed, and after a reveal nothing is committed. */
  readonly sent: 'nothing' | 'commit' | 'reveal'
  /** The join that was committed to: the ledger is watched for it. */
  readonly transaction: Uint8Array | null
}

/**
 * Must be on disk before anything of a round leaves: with it, a restart settles what the round left open.
 */
export interface RoundRecord {
  readonly pairing: Uint8Array
  readonly identitySeed: Uint8Array
  readonly note: Note
  readonly noteSecret: Uint8Array
  /** Milliseconds since 1970-01-01 UTC. */
  readonly expiry: number
  readonly attempts: readonly Attempt[]
  /** This spends the output that the note is moved to after a failed round, 32 bytes (settle.ts). */
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
  const read = new Reader(bytes, 'record', longestRecord)
  read.map(7)
  const note = readNote(read.key('note'))
  const expiry = read.key('expiry').uint()
  const pairing = read.key('pairing').bytes(32)
  const reclaim = read.key('reclaim').bytesOrNull(32)
  const attempts = read.items('attempts', mostAttempts, () => readAttempt(read))
  const noteSecret = read.key('noteSecret').bytes(32)
  const identitySeed = read.key('identitySeed').bytes(32)
  read.end()
  return { pairing, identitySeed, note, noteSecret, expiry, attempts, reclaim }
}

function readAttempt(read: Reader): Attempt {
  read.map(4)
  const sent = read.key('sent').oneOf('nothing', 'commit', 'reveal')
  const number = read.key('number').uint()
  const transaction = read.key('transaction').bytesOrNull(32)
  const outputSecret = read.key('outputSecret').bytes(32)
  return { number, outputSecret, sent, transaction }
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

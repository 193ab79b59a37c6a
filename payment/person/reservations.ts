// Keeps which notes were handed to which payment, from before they are handed out: a note belongs to one payment. Once
// the payment stands in the temporal ledger, its pieces say which notes are theirs. docs/spec/payments-paymix.md 5.9.

import { hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Store } from '../../world/store.ts'
import { Reader } from '../reader.ts'
import { recordsUnder } from '../records.ts'

export interface Reservations {
  /** Notes that belong to payments, by their ids in hex, with the payments' ids (32 bytes). */
  all(): Promise<ReadonlyMap<string, Uint8Array>>
  /** On disk when this has returned, all or none of them. */
  reserve(notes: readonly Uint8Array[], payment: Uint8Array): Promise<void>
  /** Gives up all that was reserved for a payment. */
  release(payment: Uint8Array): Promise<void>
}

const prefix = 'reserved/'

/** @param aside is told the name of a record that cannot be read */
export function reservationsIn(store: Store, aside: (key: string) => void): Reservations {
  return {
    async all() {
      const records = await recordsUnder(store, prefix, readReservation, aside)
      return new Map(records.map(([key, payment]) => [key.slice(prefix.length), payment]))
    },
    async reserve(notes, payment) {
      const value = write({ payment })
      await store.batch(notes.map(id => ({ type: 'put', key: prefix + hex(id), value })))
    },
    async release(payment) {
      const records = await recordsUnder(store, prefix, readReservation, aside)
      const own = records.filter(([, other]) => same(other, payment))
      await store.batch(own.map(([key]) => ({ type: 'del', key })))
    },
  }
}

function readReservation(bytes: Uint8Array): Uint8Array {
  const read = new Reader(bytes, 'reservation', 64)
  read.map(1)
  const payment = read.key('payment').bytes(32)
  read.end()
  return payment
}

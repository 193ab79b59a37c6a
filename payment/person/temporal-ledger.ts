// The temporal ledger on its owner's disk: for each payment its pieces, when each may leave, and what became of it. The
// store seals its values (docs/payments.md 5.4); records are padded, so that their length does not tell how many pieces
// there are or how far they have come.

import { hex } from '../../encoding/bytes.ts'
import type { Store } from '../../world/store.ts'
import { type Fields, read, type Value, write } from '../document.ts'
import { PaymentError } from '../error.ts'
import type { Note } from '../ledger/transaction.ts'
import type { Payment, Piece, PieceState } from './pieces.ts'
import { mostPieces } from './request.ts'

/** A record is this long, whatever it holds. */
export const recordBytes = 12_288
const longestReason = 120

export function writePayment({ id, deadline, pieces }: Payment): Uint8Array {
  const record = write({ id, deadline, pieces: pieces.map(pieceToValue) })
  if (record.length + 4 > recordBytes) {
    throw new PaymentError(
      'TOO_LARGE',
      `payment: want at most ${recordBytes - 4} bytes, have ${record.length}`,
    )
  }
  const padded = new Uint8Array(recordBytes)
  new DataView(padded.buffer).setUint32(0, record.length)
  padded.set(record, 4)
  return padded
}

/** @throws PaymentError BAD_DOCUMENT */
export function readPayment(bytes: Uint8Array): Payment {
  if (bytes.length !== recordBytes) {
    throw new PaymentError('BAD_DOCUMENT', `payment: want ${recordBytes} bytes, have ${bytes.length}`)
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  if (length > recordBytes - 4)
    throw new PaymentError('BAD_DOCUMENT', 'payment: its length is beyond its record')
  const fields = read(bytes.subarray(4, 4 + length), 'payment', recordBytes)
  const payment: Payment = {
    id: fields.bytes('id', 32),
    deadline: fields.uint('deadline'),
    pieces: fields.list('pieces', mostPieces).map(readPiece),
  }
  fields.end()
  return payment
}

function pieceToValue({ denomination, owner, epoch, note, secret, state }: Piece): {
  [field: string]: Value
} {
  const { id, owner: holder } = note
  return { denomination, owner, epoch, note: { id, owner: holder }, secret, state: { ...state } }
}

function readPiece(fields: Fields): Piece {
  const denomination = fields.uint('denomination')
  const owner = fields.bytes('owner', 32)
  const held = fields.map('note')
  const note: Note = { id: held.bytes('id', 32), denomination, owner: held.bytes('owner', 32) }
  held.end()
  const state = fields.map('state')
  const piece: Piece = {
    denomination,
    owner,
    epoch: fields.uint('epoch'),
    note,
    secret: fields.bytes('secret', 32),
    state: readState(state),
  }
  state.end()
  fields.end()
  return piece
}

function readState(fields: Fields): PieceState {
  const at = fields.one('at', 'mixing', 'mixed', 'paying', 'paid', 'kept')
  switch (at) {
    case 'mixing':
      return { at }
    case 'mixed':
      return { at, notBefore: fields.uint('notBefore') }
    case 'paying':
      return { at, since: fields.uint('since') }
    case 'paid':
      return { at, when: fields.uint('when') }
    case 'kept':
      return { at, why: fields.text('why', longestReason) }
  }
}

/** @param store one that seals its values */
export function paymentsIn(store: Store): {
  save: (payment: Payment) => Promise<void>
  all: () => Promise<Payment[]>
} {
  return {
    save: async payment => await store.put(`payment/${hex(payment.id)}`, writePayment(payment)),
    all: async () => {
      const found: Payment[] = []
      for await (const [, value] of store.iterator({ gte: 'payment/', lt: 'payment0' }))
        found.push(readPayment(value))
      return found
    },
  }
}

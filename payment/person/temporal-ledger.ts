// The temporal ledger on its owner's disk: for each payment its pieces, when each may leave, and what became of it. The
// store seals its values (docs/spec/payments-paymix.md 5.4); records are padded, so that their length does not tell how
// many pieces there are or how far they have come.

import { hex } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import type { Store } from '../../world/store.ts'
import { PaymentError } from '../error.ts'
import type { Note } from '../ledger/transaction.ts'
import { Reader } from '../reader.ts'
import { recordsUnder } from '../records.ts'
import type { Joined } from './hiding.ts'
import { mostJoins, type Payment, type Piece, type PieceState } from './pieces.ts'
import { mostPieces } from './request.ts'

/** A record is this long, whatever it holds. */
export const recordBytes = 12_288
const longestReason = 120
const hundredths = 100

export function writePayment({ id, deadline, pieces, least, target }: Payment): Uint8Array {
  const record = write({
    id,
    deadline,
    pieces: pieces.map(pieceToValue),
    wants: [least ?? 0, target ?? 0],
  })
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
  const read = new Reader(bytes.subarray(4, 4 + length), 'payment', recordBytes)
  // Records of before have no wants, and no joins
  const isOld = read.openMap(4) === 3
  const id = read.key('id').bytes(32)
  const wants = isOld ? [0, 0] : read.items('wants', 2, () => read.uint())
  const pieces = read.items('pieces', mostPieces, () => readPiece(read))
  const deadline = read.key('deadline').uint()
  read.end()
  const [least = 0, target = 0] = wants
  return {
    id,
    deadline,
    pieces,
    ...(least === 0 ? {} : { least }),
    ...(target === 0 ? {} : { target }),
  }
}

function pieceToValue({ denomination, owner, epoch, note, secret, joins, state }: Piece): {
  [field: string]: Cbor
} {
  const { id, owner: holder } = note
  return {
    denomination,
    owner,
    epoch,
    note: { id, owner: holder },
    secret,
    joins: joins.map(({ notes, set }) => [notes, Math.round(hundredths * set)]),
    state: { ...state },
  }
}

function readJoined(read: Reader): Joined {
  read.tuple(2)
  const notes = read.uint()
  return { notes, set: read.uint() / hundredths }
}

function readPiece(read: Reader): Piece {
  const isOld = read.openMap(7) === 6
  read.key('note').map(2)
  const id = read.key('id').bytes(32)
  const holder = read.key('owner').bytes(32)
  const epoch = read.key('epoch').uint()
  const joins = isOld ? [] : read.items('joins', mostJoins, () => readJoined(read))
  const owner = read.key('owner').bytes(32)
  const state = readState(read.key('state'))
  const secret = read.key('secret').bytes(32)
  const denomination = read.key('denomination').uint()
  const note: Note = { id, denomination, owner: holder }
  return { denomination, owner, epoch, note, secret, joins, state }
}

function readState(read: Reader): PieceState {
  const fields = read.openMap(2)
  const at = read.key('at').oneOf('mixing', 'mixed', 'paying', 'paid', 'kept')
  if (fields !== (at === 'mixing' ? 1 : 2)) throw read.fail('BAD_DOCUMENT', `${fields} fields`)
  switch (at) {
    case 'mixing':
      return { at }
    case 'mixed':
      return { at, notBefore: read.key('notBefore').uint() }
    case 'paying':
      return { at, since: read.key('since').uint() }
    case 'paid':
      return { at, when: read.key('when').uint() }
    case 'kept':
      return { at, why: read.key('why').characters(longestReason) }
  }
}

/**
 * @param store one that seals its values
 * @param aside is told the name of a record that cannot be read
 */
export function paymentsIn(
  store: Store,
  aside: (key: string) => void = () => {},
): {
  save: (payment: Payment) => Promise<void>
  all: () => Promise<Payment[]>
} {
  return {
    save: async payment => await store.put(`payment/${hex(payment.id)}`, writePayment(payment)),
    all: async () =>
      (await recordsUnder(store, 'payment/', readPayment, aside)).map(([, payment]) => payment),
  }
}

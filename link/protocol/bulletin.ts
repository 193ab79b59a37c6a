// The words about the bulletin (docs/spec/bulletin.md): what a client puts into a packet to publish, what nodes pass on
// and tell each other, and what a page shows. No cryptography here: who signs what is directory/topics.ts.

import { FieldWriter } from '../../encoding/writer.ts'
import { LinkError } from '../link.ts'
import { Reader } from './reader.ts'

/** Nodes ask each other for entries that they missed. */
export const boardProtocol = '/chaffinch/bulletin/1'

export const entryIdBytes = 32
/** Bytes of an entry, whatever its topic. */
export const largestEntry = 16_384

/** A part of an entry, as a packet brings it to the service that publishes it. */
export interface Piece {
  /** The topic's number. */
  readonly topic: number
  /** 32 bytes: the entry's id. */
  readonly id: Uint8Array
  /** 0 to count - 1 */
  readonly index: number
  /** 1 to 255 */
  readonly count: number
  /** Tells the work behind the entry (directory/work.ts): whole minutes since 1970-01-01 UTC, and 0 to 2^53 - 1. */
  readonly minute: number
  readonly nonce: number
  /** Full but for the last one. */
  readonly data: Uint8Array
}

/** Bytes of a piece before its data: topic 1, id 32, index 1, count 1, minute 4, nonce 8, length 2. */
export const pieceHeadBytes: number = 1 + entryIdBytes + 1 + 1 + 4 + 8 + 2

/** Counts how many pieces an entry makes where a packet carries `userBytes`. */
export function pieceCount(entryBytes: number, userBytes: number): number {
  return Math.max(1, Math.ceil(entryBytes / (userBytes - pieceHeadBytes)))
}

/** The part of an entry that piece `index` carries, as a view. */
export function pieceData(entry: Uint8Array, index: number, userBytes: number): Uint8Array {
  const room = userBytes - pieceHeadBytes
  return entry.subarray(index * room, (index + 1) * room)
}

/** @returns `userBytes` bytes, the end zeros */
export function writePiece(piece: Piece, userBytes: number): Uint8Array {
  const { topic, id, index, count, minute, nonce, data } = piece
  const write = new FieldWriter(userBytes)
  write.u8(topic)
  write.put(id)
  write.u8(index)
  write.u8(count)
  write.u32(minute)
  write.u64(nonce)
  write.u16(data.length)
  write.put(data)
  return write.bytes
}

/** Fields are views. @throws LinkError BAD_MESSAGE */
export function readPiece(bytes: Uint8Array): Piece {
  const read = new Reader(bytes, 'piece')
  const topic = read.u8('topic')
  const id = read.take(entryIdBytes, 'id')
  const index = read.u8('index')
  const count = read.u8('count')
  if (index >= count) throw read.wrong('index', `${index} of ${count}`)
  const minute = read.u32('minute')
  const nonce = read.u64('nonce')
  const length = read.u16('length')
  const room = read.left
  if (length > room || (index < count - 1 && length < room))
    throw read.wrong('length', `${length} of ${room}`)
  const data = read.take(length, 'data')
  read.zeros('padding', read.left)
  return { topic, id, index, count, minute, nonce, data }
}

/** An entry as nodes pass it on: with the word of the node that published it. */
export interface Stamped {
  readonly topic: number
  /** Tells when it was published, milliseconds since 1970-01-01 UTC. */
  readonly time: number
  /** 32 bytes: the node that published it. */
  readonly origin: Uint8Array
  /** Tells the work behind the entry, as its pieces did. */
  readonly minute: number
  readonly nonce: number
  /** 64 bytes: Ed25519 by the origin. */
  readonly signature: Uint8Array
  readonly data: Uint8Array
}

/** Bytes of a stamped entry before its data: topic 1, time 8, origin 32, minute 4, nonce 8, signature 64. */
export const stampBytes: number = 1 + 8 + 32 + 4 + 8 + 64

export function writeStamped(stamped: Stamped): Uint8Array {
  const { topic, time, origin, minute, nonce, signature, data } = stamped
  const write = new FieldWriter(stampBytes + data.length)
  write.u8(topic)
  write.u64(time)
  write.put(origin)
  write.u32(minute)
  write.u64(nonce)
  write.put(signature)
  write.put(data)
  return write.bytes
}

/** Fields are views. @throws LinkError BAD_MESSAGE */
export function readStamped(bytes: Uint8Array): Stamped {
  if (bytes.length > stampBytes + largestEntry)
    throw new LinkError('BAD_MESSAGE', `entry: want at most ${largestEntry} bytes`)
  const read = new Reader(bytes, 'entry')
  const topic = read.u8('topic')
  const time = read.u64('time')
  const origin = read.take(32, 'origin')
  const minute = read.u32('minute')
  const nonce = read.u64('nonce')
  const signature = read.take(64, 'signature')
  return { topic, time, origin, minute, nonce, signature, data: read.take(read.left, 'data') }
}

/** Holds what a node answers to another one that asks what came from a cursor on. */
export interface Catch {
  /** Says whether there is more behind `next`. */
  readonly more: boolean
  /** The cursor to ask with next time. */
  readonly next: number
  /** As `writeStamped` wrote them. */
  readonly entries: readonly Uint8Array[]
}

/** Bytes of a request for entries: the cursor. */
export const catchRequestBytes = 8
/** Bytes of the largest answer: more 1, next 8, entries with 4 bytes of length each. */
export const largestCatch: number = 9 + 65_536

export function writeCatchRequest(at: number): Uint8Array {
  const write = new FieldWriter(catchRequestBytes)
  write.u64(at)
  return write.bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readCatchRequest(bytes: Uint8Array): number {
  return new Reader(bytes, 'bulletin request', catchRequestBytes).u64('cursor')
}

export function writeCatch({ more, next, entries }: Catch): Uint8Array {
  const write = new FieldWriter(9 + entries.reduce((sum, entry) => sum + 4 + entry.length, 0))
  write.u8(more ? 1 : 0)
  write.u64(next)
  for (const entry of entries) {
    write.u32(entry.length)
    write.put(entry)
  }
  return write.bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readCatch(bytes: Uint8Array): Catch {
  const read = new Reader(bytes, 'bulletin answer')
  const more = readFlag(read, 'more')
  const next = read.u64('next')
  const entries: Uint8Array[] = []
  while (read.left > 0) entries.push(read.take(read.u32('length'), 'entry'))
  return { more, next, entries }
}

/** A stretch of an entry on a page. */
export interface Stretch {
  /** 1 to 2^53 - 1: the entry's place on this gateway's board, larger for what came later. */
  readonly cursor: number
  readonly topic: number
  /** Bytes of the whole entry. */
  readonly total: number
  /** Tells where in the entry this stretch begins. */
  readonly offset: number
  readonly data: Uint8Array
}

/** Bytes of a stretch before its data: cursor 8, topic 1, total 4, offset 4, length 2. */
export const stretchHeadBytes: number = 8 + 1 + 4 + 4 + 2

/** Holds what a page shows of the bulletin. */
export interface BoardPage {
  /** Says whether there is more behind this page. For counting; a client's clock must not look at it. */
  readonly more: boolean
  readonly stretches: readonly Stretch[]
}

/**
 * @returns `boardBytes` bytes whatever it holds: more 1, the stretches, zeros
 * @throws RangeError when the stretches do not fit
 */
export function writeBoard({ more, stretches }: BoardPage, boardBytes: number): Uint8Array {
  const write = new FieldWriter(boardBytes)
  write.u8(more ? 1 : 0)
  for (const { cursor, topic, total, offset, data } of stretches) {
    write.u64(cursor)
    write.u8(topic)
    write.u32(total)
    write.u32(offset)
    write.u16(data.length)
    write.put(data)
  }
  return write.bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readBoard(bytes: Uint8Array): BoardPage {
  const read = new Reader(bytes, 'bulletin page')
  const more = readFlag(read, 'more')
  const stretches: Stretch[] = []
  while (read.left >= stretchHeadBytes) {
    const cursor = read.u64('cursor')
    if (cursor === 0) break
    if (cursor <= (stretches.at(-1)?.cursor ?? 0)) throw read.wrong('cursor', `${cursor} out of order`)
    const topic = read.u8('topic')
    const total = read.u32('total')
    if (total > largestEntry) throw read.wrong('total', `${total} of at most ${largestEntry}`)
    const offset = read.u32('offset')
    const data = read.take(read.u16('length'), 'data')
    if (data.length === 0) throw read.wrong('length', '0')
    if (offset + data.length > total) throw read.wrong('offset', `${offset} + ${data.length} of ${total}`)
    stretches.push({ cursor, topic, total, offset, data })
  }
  read.zeros('padding', read.left)
  return { more, stretches }
}

function readFlag(read: Reader, field: string): boolean {
  const byte = read.u8(field)
  if (byte > 1) throw read.wrong(field, `${byte} is none of 0, 1`)
  return byte === 1
}

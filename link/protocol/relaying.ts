// What a client, its entry gateway and its home gateway say to each other (docs/spec/gateway.md 7): cells that the
// client and the home seal to each other, and that the entry passes on without being able to open them. Every cell of
// one direction has one size.

import { FieldWriter } from '../../encoding/writer.ts'
import { type PageSize, pageBytes, requestBytes } from './mailbox.ts'
import { Reader } from './reader.ts'

/** A client asks its entry. */
export const entryProtocol = '/chaffinch/entry/1'
/** An entry asks a home, for several clients at once. */
export const homeProtocol = '/chaffinch/home/1'

/** Bytes of a channel's name: random, the client's. */
export const channelNameBytes = 16
/** Bytes that sealing adds to what a cell says. */
const tagBytes = 16
/** Bytes of what a cell holds beside its kind and number: a sealed request, or a handshake's message. */
export const sealedBytes: number = requestBytes + tagBytes
/** Bytes of a cell of a client: kind 1, number 8, sealed 113. */
export const cellBytes: number = 1 + 8 + sealedBytes
/** Bytes of what a client asks its entry: the home's id 32, the channel's name 16, a cell. */
export const errandBytes: number = 32 + channelNameBytes + cellBytes
/** Cells that an entry hands to a home at once. */
export const mostCells = 32
/** Bytes of the longest of these. */
export const mostBatchBytes: number = 1 + mostCells * (channelNameBytes + cellBytes)

/** A cell of a client. */
export interface Cell {
  /** `begin`: the first message of a handshake; `sealed`: a request. */
  readonly kind: 'begin' | 'sealed'
  /** The epoch whose key a handshake is for, or the number under which a request is sealed. */
  readonly number: number
  /** `sealedBytes` */
  readonly sealed: Uint8Array
}

/** A cell on its way to a home. */
export interface Errand {
  /** 16 bytes */
  readonly channel: Uint8Array
  /** `cellBytes` */
  readonly cell: Uint8Array
}

/**
 * `no-channel`: begin anew. `slow-down`: more than the consensus's rate allows. `full`: no room for another channel.
 * `no-home`: it is none that the entry knows, or it does not answer.
 */
export type CellStatus = 'ok' | 'no-channel' | 'slow-down' | 'full' | 'no-home'

const kinds = { begin: 1, sealed: 2 } as const
const statuses: readonly CellStatus[] = ['ok', 'no-channel', 'slow-down', 'full', 'no-home']

/** Bytes of each answer of a home to a cell: a sealed page. */
export function answerBytes(size: PageSize): number {
  return pageBytes(size) + tagBytes
}

/** Says what both ends of a channel must agree on: home, name and epoch. */
export function channelPrologue(home: Uint8Array, channel: Uint8Array, epoch: number): Uint8Array {
  const label = new TextEncoder().encode('chaffinch/channel/v1')
  const write = new FieldWriter(1 + label.length + 32 + channelNameBytes + 8)
  return write.u8(label.length).put(label).put(home).put(channel).u64(epoch).bytes
}

/** @returns `cellBytes` bytes */
export function writeCell({ kind, number, sealed }: Cell): Uint8Array {
  return new FieldWriter(cellBytes).u8(kinds[kind]).u64(number).put(sealed).bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readCell(bytes: Uint8Array): Cell {
  const read = new Reader(bytes, 'cell', cellBytes)
  const kind = read.u8('kind')
  if (kind !== kinds.begin && kind !== kinds.sealed) throw read.wrong('kind', `${kind} is none of 1, 2`)
  const number = read.u64('number')
  return { kind: kind === kinds.begin ? 'begin' : 'sealed', number, sealed: read.take(sealedBytes, 'sealed') }
}

/** @returns `errandBytes` bytes */
export function writeErrand(home: Uint8Array, { channel, cell }: Errand): Uint8Array {
  return new FieldWriter(errandBytes).put(home).put(channel).put(cell).bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readErrand(bytes: Uint8Array): Errand & { readonly home: Uint8Array } {
  const read = new Reader(bytes, 'errand', errandBytes)
  const home = read.take(32, 'home')
  return { home, channel: read.take(channelNameBytes, 'channel'), cell: read.take(cellBytes, 'cell') }
}

/** Writes an entry's answer: status 1, the home's answer, or zeros in its place. */
export function writeErrandAnswer(status: CellStatus, answer: Uint8Array): Uint8Array {
  return new FieldWriter(1 + answer.length).u8(statuses.indexOf(status)).put(answer).bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readErrandAnswer(bytes: Uint8Array): {
  readonly status: CellStatus
  readonly answer: Uint8Array
} {
  const read = new Reader(bytes, 'errand answer')
  return { status: readStatus(read), answer: read.take(read.left, 'answer') }
}

/** Writes: count 1, then each cell behind its channel's name. */
export function writeBatch(errands: readonly Errand[]): Uint8Array {
  const write = new FieldWriter(1 + errands.length * (channelNameBytes + cellBytes))
  write.u8(errands.length)
  for (const { channel, cell } of errands) write.put(channel).put(cell)
  return write.bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readBatch(bytes: Uint8Array): Errand[] {
  const read = new Reader(bytes, 'batch of cells')
  const count = read.u8('count')
  if (count < 1 || count > mostCells) throw read.wrong('count', `${count} is none of 1 to ${mostCells}`)
  const errands = Array.from({ length: count }, () => ({
    channel: read.take(channelNameBytes, 'channel'),
    cell: read.take(cellBytes, 'cell'),
  }))
  read.end()
  return errands
}

/** A home's answer to one cell. */
export interface CellAnswer {
  readonly status: CellStatus
  /** As long as all others of its batch. */
  readonly answer: Uint8Array
}

/** Writes: bytes of each answer 4, then each behind its status, in the order of the cells. */
export function writeBatchAnswer(answers: readonly CellAnswer[], bytesEach: number): Uint8Array {
  const write = new FieldWriter(4 + answers.length * (1 + bytesEach))
  write.u32(bytesEach)
  for (const { status, answer } of answers) {
    if (answer.length !== bytesEach)
      throw new RangeError(`answer: want ${bytesEach} bytes, have ${answer.length}`)
    write.u8(statuses.indexOf(status)).put(answer)
  }
  return write.bytes
}

/** @param count the cells of the batch @throws LinkError BAD_MESSAGE */
export function readBatchAnswer(bytes: Uint8Array, count: number): CellAnswer[] {
  const read = new Reader(bytes, 'answers to cells')
  const each = read.u32('bytes')
  const answers = Array.from({ length: count }, () => ({
    status: readStatus(read),
    answer: read.take(each, 'answer'),
  }))
  read.end()
  return answers
}

function readStatus(read: Reader): CellStatus {
  const byte = read.u8('status')
  const status = statuses[byte]
  if (status === undefined) throw read.wrong('status', `${byte} is not known`)
  return status
}

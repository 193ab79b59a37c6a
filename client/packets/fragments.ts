// Fragments: what one packet carries of a message (docs/spec/client.md 3). A forward packet's fragment is sealed
// to the receiver; a reply's is closed by the reply block itself.

import { FieldWriter } from '../../encoding/writer.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { ClientError } from '../error.ts'
import { Reader } from '../reader.ts'
import { answerFragmentBytes } from './answers.ts'

/** Names what a message is for. The first three and `moved` travel to an address, the others over a reply block. */
export type Kind = 'message' | 'blocks' | 'receipt' | 'reply' | 'read' | 'refill' | 'received' | 'moved'

export type Lane = 'forward' | 'reply'

export interface Fragment {
  readonly kind: Kind
  /** 16 bytes, drawn by the sender; known to sender and receiver only. */
  readonly id: Uint8Array
  /** 0 to count - 1 */
  readonly index: number
  /** 1 to 65,535 */
  readonly count: number
  /** 1 to 255: how often this fragment was sent, this time included. For ledgers; no decision rests on it. */
  readonly attempt: number
  /** This part of the content: full but for the last. */
  readonly data: Uint8Array
}

export const messageIdBytes = 16
/** kind 1, id 16, index 2, count 2, attempt 1, length 2 */
export const fragmentHeadBytes: number = 1 + messageIdBytes + 2 + 2 + 1 + 2
/** The largest message, bytes. */
export const maxMessageBytes: number = 16 * 1024 * 1024
/** Fragments of one message. */
export const maxFragments = 0xffff
export const maxAttempt = 0xff

const kindBytes: Readonly<Record<Kind, number>> = {
  message: 1,
  blocks: 2,
  receipt: 3,
  reply: 4,
  read: 5,
  refill: 6,
  received: 7,
  moved: 8,
}
const kinds: readonly (Kind | undefined)[] = [
  undefined,
  'message',
  'blocks',
  'receipt',
  'reply',
  'read',
  'refill',
  'received',
  'moved',
]

export function laneOf(kind: Kind): Lane {
  return kindBytes[kind] <= kindBytes.receipt || kind === 'moved' ? 'forward' : 'reply'
}

/** Bytes of a fragment with its head and padding: the packet's user data less what sealing adds, and a reply block. */
export function fragmentBytes(g: Geometry, lane: Lane, sealingOverhead: number): number {
  return lane === 'forward' ? g.userBytes - sealingOverhead : answerFragmentBytes(g)
}

/**
 * Counts the fragments of this size that a content makes; an empty one makes one.
 *
 * @throws ClientError TOO_LARGE
 */
export function fragmentCount(contentBytes: number, size: number): number {
  const count = Math.max(1, Math.ceil(contentBytes / (size - fragmentHeadBytes)))
  if (count > maxFragments)
    throw new ClientError('TOO_LARGE', `message: ${count} fragments, at most ${maxFragments}: split it`)
  return count
}

/** The part of the content that fragment `index` carries, as a view. */
export function partOf(content: Uint8Array, index: number, size: number): Uint8Array {
  const room = size - fragmentHeadBytes
  return content.subarray(index * room, (index + 1) * room)
}

/** @returns `size` bytes, the end zeros */
export function writeFragment(fragment: Fragment, size: number): Uint8Array {
  const { kind, id, index, count, attempt, data } = fragment
  return new FieldWriter(size)
    .u8(kindBytes[kind])
    .put(id)
    .u16(index)
    .u16(count)
    .u8(attempt)
    .u16(data.length)
    .put(data).bytes
}

/**
 * Reads what `writeFragment` wrote for this lane; `data` and `id` are views.
 *
 * @throws ClientError BAD_FRAGMENT
 */
export function readFragment(bytes: Uint8Array, lane: Lane, size: number): Fragment {
  const read = new Reader(bytes, 'fragment', 'BAD_FRAGMENT')
  if (bytes.length !== size) throw read.fail(`want ${size} bytes, have ${bytes.length}`)
  const kind = kinds[read.u8('kind')]
  if (kind === undefined || laneOf(kind) !== lane) throw read.fail(`kind: none of a ${lane} packet`)
  const id = read.take(messageIdBytes, 'id')
  const index = read.u16('index')
  const count = read.u16('count')
  if (index >= count) throw read.fail(`index: ${index} of ${count}`)
  const attempt = read.u8('attempt')
  if (attempt === 0) throw read.fail('attempt: 0')
  const length = read.u16('length')
  const room = size - fragmentHeadBytes
  if (length > room || (index < count - 1 && length < room)) throw read.fail(`length: ${length} of ${room}`)
  const data = read.take(length, 'data')
  read.zeros('padding')
  return { kind, id, index, count, attempt, data }
}

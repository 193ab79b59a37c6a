// The messages that pass between the relay's thread and one that peels. Packets travel as buffers of their own that are
// handed over, not copied; tags, verdicts and results as one array of records a batch. Keys never travel.

import { type Geometry, recipientBytes, replyIdBytes, zeroBytes } from '../../sphinx/geometry.ts'
import type { SuiteName } from '../../sphinx/suite-names.ts'
import type { DropReason, PeelResult } from './relay.ts'
import { tagBytes } from './tags.ts'

/** A thread is started with this. */
export interface ThreadData {
  /** Holds the key files. */
  readonly folder: string
  readonly geometry: Pick<Geometry, 'hops' | 'userBytes'> & { readonly suite: SuiteName }
}

export type ToThread =
  /** Find the keys of a batch's packets, trying those of these epochs in this order. */
  | {
      readonly do: 'open'
      readonly batch: number
      readonly epochs: readonly number[]
      readonly packets: readonly ArrayBuffer[]
    }
  /** `verdicts` has a byte for each packet that was opened: 1 to take the layer off, 0 to drop it. */
  | { readonly do: 'finish'; readonly batch: number; readonly verdicts: Uint8Array }
  | { readonly do: 'forget'; readonly before: number }
  | { readonly do: 'close' }

export type FromThread =
  | { readonly type: 'ready' }
  /** A record of `openedBytes` a packet; when none fits a key, the batch is over. */
  | { readonly type: 'opened'; readonly batch: number; readonly records: Uint8Array }
  /** A record of `resultBytes` for each packet that was to be finished, and the packets of the good ones. */
  | {
      readonly type: 'finished'
      readonly batch: number
      readonly records: Uint8Array
      readonly packets: readonly ArrayBuffer[]
    }
  | { readonly type: 'forgotten'; readonly before: number }

/** Reasons that a thread can give, by the byte that stands for them. */
const reasons: readonly DropReason[] = [
  'FAULT',
  'NO_KEY',
  'BAD_LENGTH',
  'BAD_AD',
  'BAD_POINT',
  'BAD_MAC',
  'BAD_COMMAND',
  'BAD_PAYLOAD',
]

function byteOf(reason: DropReason): number {
  return Math.max(0, reasons.indexOf(reason))
}

/** A record holds: fits (1), which of the epochs or which reason (1), tag (32). */
export const openedBytes: number = 2 + tagBytes

export type OpenedRecord = { readonly at: number; readonly tag: Uint8Array } | { readonly drop: DropReason }

/** Writes what the first half has found, `openedBytes`. */
export function writeOpened(record: Uint8Array, opened: OpenedRecord): void {
  record[0] = 'drop' in opened ? 0 : 1
  record[1] = 'drop' in opened ? byteOf(opened.drop) : opened.at
  if ('tag' in opened) record.set(opened.tag, 2)
}

/** Reads what `writeOpened` wrote; the tag is a copy. */
export function readOpened(record: Uint8Array): OpenedRecord {
  const second = record[1] as number
  if (record[0] === 0) return { drop: reasons[second] as DropReason }
  return { at: second, tag: record.slice(2, openedBytes) }
}

const kinds = ['drop', 'forward', 'deliver', 'reply'] as const
const delayAt = 2
const idAt = delayAt + 4
const replyIdAt = idAt + recipientBytes
/** A record holds: kind (1), reason (1), delay (4), next or recipient (32), reply id (16). */
export const resultBytes: number = replyIdAt + replyIdBytes

/** Writes all of a result but the bytes of its packet. */
export function writeResult(record: Uint8Array, result: PeelResult): void {
  if ('drop' in result) {
    record[0] = kinds.indexOf('drop')
    record[1] = byteOf(result.drop)
    return
  }
  const { peeled } = result
  record[0] = kinds.indexOf(peeled.at)
  new DataView(record.buffer, record.byteOffset).setUint32(delayAt, peeled.delayMs)
  record.set(peeled.at === 'forward' ? peeled.next : peeled.recipient, idAt)
  if (peeled.at === 'reply') record.set(peeled.replyId, replyIdAt)
}

/**
 * Reads what `writeResult` wrote.
 *
 * @param packet gives the packet of a good result, in whose bytes the layer was taken off
 * @returns views of the record and of the packet
 */
export function readResult(g: Geometry, record: Uint8Array, packet: () => Uint8Array): PeelResult {
  const kind = kinds[record[0] as number]
  if (kind === undefined || kind === 'drop') return { drop: reasons[record[1] as number] ?? 'FAULT' }
  const delayMs = new DataView(record.buffer, record.byteOffset).getUint32(delayAt)
  const id = record.subarray(idAt, replyIdAt)
  const bytes = packet()
  if (kind === 'forward') return { peeled: { at: kind, next: id, delayMs, packet: bytes } }
  const payload = bytes.subarray(g.headerBytes)
  if (kind === 'deliver')
    return { peeled: { at: kind, recipient: id, delayMs, body: payload.subarray(zeroBytes) } }
  const replyId = record.subarray(replyIdAt, resultBytes)
  return { peeled: { at: kind, recipient: id, replyId, delayMs, payload } }
}

/** Gives the records of this length in an array of them. */
export function* recordsOf(records: Uint8Array, bytes: number): Generator<Uint8Array> {
  for (let at = 0; at + bytes <= records.length; at += bytes) yield records.subarray(at, at + bytes)
}

// A gateway's mail as it stands in the store (docs/spec/gateway.md 3.1). Keys: mail/format, mail/box/<id>,
// mail/index/<id>/<cursor>, mail/data/<id>/<cursor>; ids in hex (64 digits), cursors in hex (14 digits), so that the
// order of keys is the order of arrival. The index stands apart from the data so that a start need not read the mail.

import type { MailboxEntry } from '../../link/protocol/mailbox.ts'
import type { Clock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import type { Ms } from '../../world/units.ts'
import { NodeError } from '../error.ts'
import type { Mail } from '../relay/relay.ts'
import { type Crowd, slotMs } from './crowd.ts'
import { heldAt } from './level.ts'

/** Marks mail as it stands now. Of format 1, which is read still, entries stood as they had come, with their kind. */
const format = 2
/** Bytes before an entry's data: its id. */
const headBytes = 16
/** One entry as the index has it. Its times are as `Clock.elapsed` counts: a clock that is set makes no mail older. */
export interface Indexed {
  readonly cursor: number
  readonly came: Ms
  readonly bytes: number
  /** Says whether it came over a reply block. Nothing on disk tells: of what was there at the start, undefined. */
  readonly returned: boolean | undefined
}

/** A mailbox as the index has it. */
export interface Box {
  readonly name: string
  entries: Indexed[]
  /** Counts the entries on their way to the disk. */
  pending: number
  nextCursor: number
  touched: Ms
  /** Holds the values of the entries that come next, while its owner reads: a page does not wait for the disk. */
  readonly ready: Map<number, Uint8Array>
  /** Sums its entries and those on their way. */
  bytes: number
  /** Tells how firm it is (room.ts): 0 while no owner has ever opened it. */
  level: number
  /** Tells how long its owners have held it, and since when one does now. */
  heldMs: Ms
  heldSince: Ms | undefined
  /** Counts its entries by when they came, from when one first had to give way. */
  crowd?: Crowd
}

export type Operation = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

/** Writes an entry, and its place in the index. */
export function putEntry(dates: Dates, box: Box, entry: Indexed, value: Uint8Array): Operation[] {
  return [
    { type: 'put', key: indexKey(box, entry.cursor), value: indexValue(dates, entry) },
    { type: 'put', key: dataKey(box, entry.cursor), value },
  ]
}

/** Writes what is known of a mailbox besides its entries. */
export function putBox(dates: Dates, box: Box): Operation {
  return { type: 'put', key: boxKey(box), value: boxValue(dates, box) }
}

/** Names all that the store has of an entry. */
export function entryKeys(box: Box, { cursor }: Indexed): readonly string[] {
  return [indexKey(box, cursor), dataKey(box, cursor)]
}

export function boxKey({ name }: Box): string {
  return `mail/box/${name}`
}

function indexKey(box: Box, cursor: number): string {
  return `mail/index/${box.name}/${cursorText(cursor)}`
}

export function dataKey(box: Box, cursor: number): string {
  return `mail/data/${box.name}/${cursorText(cursor)}`
}

function cursorText(cursor: number): string {
  return cursor.toString(16).padStart(14, '0')
}

/** Holds what dates on disk are made with: the clock, and how long mail is kept, minutes. */
export interface Dates {
  readonly clock: Clock
  readonly minutes: number
}

/**
 * Writes a moment of `Clock.elapsed` as a date: what it is to another process. Coarse, since whoever takes the disk
 * need not know when mail came; later than it was, so that none is too old too early.
 */
function dateOf({ clock, minutes }: Dates, moment: Ms): bigint {
  const unit = slotMs(minutes)
  const exact = Math.max(0, clock.now() - (clock.elapsed() - moment))
  return BigInt(Math.ceil(exact / unit) * Math.floor(unit))
}

/** Reads a date that `dateOf` wrote. It may be still to come: the clock was put back since, or is wrong now. */
function momentOf(clock: Clock, date: bigint): Ms {
  return clock.elapsed() - (clock.now() - Number(date))
}

/** Writes: next cursor 8, last touched 8, level 1. */
function boxValue(dates: Dates, box: Box): Uint8Array {
  const value = new Uint8Array(17)
  const view = new DataView(value.buffer)
  view.setBigUint64(0, BigInt(box.nextCursor))
  view.setBigUint64(8, dateOf(dates, box.touched))
  view.setUint8(16, box.level)
  return value
}

/** Writes: arrival 8, bytes 4. */
function indexValue(dates: Dates, entry: Indexed): Uint8Array {
  const value = new Uint8Array(12)
  const view = new DataView(value.buffer)
  view.setBigUint64(0, dateOf(dates, entry.came))
  view.setUint32(8, entry.bytes)
  return value
}

/**
 * Writes: id 16, then as many bytes as any entry has, random behind what came: messages, acknowledgements and answers
 * look alike to whoever takes the disk.
 */
export function dataValue({ kind, replyId, data }: Mail, payloadBytes: number, random: Random): Uint8Array {
  const value = random(headBytes + payloadBytes)
  if (kind === 'reply') value.set(replyId)
  value.set(data, headBytes)
  return value
}

/**
 * Reads an entry. Undefined when it was deleted in between, or the disk has damaged it: its owner misses one fragment.
 */
export function readData(
  cursor: number,
  value: Uint8Array | undefined,
  payloadBytes: number,
): MailboxEntry | undefined {
  if (value === undefined || value.length < headBytes + 1 || value.length > headBytes + 1 + payloadBytes)
    return undefined
  const from = value.length === headBytes + payloadBytes ? 0 : 1
  const payload = new Uint8Array(payloadBytes)
  payload.set(value.subarray(from + headBytes))
  return { cursor, replyId: new Uint8Array(value.subarray(from, from + headBytes)), payload }
}

/**
 * Reads the index of a store, and marks a new store as one of mail.
 *
 * @returns the mailboxes by name, their entries in the order of arrival
 * @throws NodeError NEWER_FORMAT, FOLDER
 */
export async function loadIndex(store: Store, clock: Clock): Promise<Map<string, Box>> {
  try {
    await checkFormat(store)
    const boxes = new Map<string, Box>()
    for (const [key, value] of await entriesUnder(store, 'mail/box/')) {
      const name = key.slice('mail/box/'.length)
      const view = new DataView(value.buffer, value.byteOffset, value.length)
      const level = view.getUint8(16)
      boxes.set(name, {
        name,
        entries: [],
        pending: 0,
        nextCursor: Number(view.getBigUint64(0)),
        touched: momentOf(clock, view.getBigUint64(8)),
        bytes: 0,
        ready: new Map(),
        level,
        heldMs: heldAt(level),
        heldSince: undefined,
      })
    }
    for (const [key, value] of await entriesUnder(store, 'mail/index/')) {
      const [, , name, cursor] = key.split('/')
      const view = new DataView(value.buffer, value.byteOffset, value.length)
      const [box, bytes] = [boxes.get(name ?? ''), view.getUint32(8)]
      if (box === undefined) continue
      box.bytes += bytes
      box.entries.push({
        cursor: Number.parseInt(cursor ?? '', 16),
        came: momentOf(clock, view.getBigUint64(0)),
        bytes,
        returned: undefined,
      })
    }
    return boxes
  } catch (error) {
    if (error instanceof NodeError) throw error
    throw new NodeError('FOLDER', `mailboxes: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function checkFormat(store: Store): Promise<void> {
  const written = await store.get('mail/format')
  if (written === undefined || written[0] === 1) return await store.put('mail/format', Uint8Array.of(format))
  if (written[0] === format) return
  throw new NodeError('NEWER_FORMAT', `mailboxes of format ${written[0]}: this version knows ${format} only`)
}

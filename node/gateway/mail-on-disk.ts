// A gateway's mail as it stands in the store (docs/spec/gateway.md 3.1). Keys: mail/format, mail/box/<id>,
// mail/index/<id>/<cursor>, mail/data/<id>/<cursor>; ids in hex (64 digits), cursors in hex (14 digits), so that the
// order of keys is the order of arrival. The index stands apart from the data so that a start need not read the mail.

import type { MailboxEntry } from '../../link/protocol/mailbox.ts'
import type { Clock } from '../../world/clock.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import type { Ms } from '../../world/units.ts'
import { NodeError } from '../error.ts'
import type { Mail } from '../relay/relay.ts'
import { heldAt } from './level.ts'

const format = 1
/** Bytes before an entry's data: kind 1, reply id 16. */
const headBytes = 17

/** One entry as the index has it. Its times are as `Clock.elapsed` counts: a clock that is set makes no mail older. */
export interface Indexed {
  readonly cursor: number
  readonly came: Ms
  readonly bytes: number
}

/** A mailbox as the index has it. */
export interface Box {
  readonly name: string
  entries: Indexed[]
  /** Counts the entries on their way to the disk. */
  pending: number
  nextCursor: number
  touched: Ms
  /** Sums its entries and those on their way. */
  bytes: number
  /** Tells how firm it is (room.ts): 0 while no owner has ever opened it. */
  level: number
  /** Tells how long its owners have held it, and since when one does now. */
  heldMs: Ms
  heldSince: Ms | undefined
}

export type Operation = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

/** Writes an entry, and its place in the index. */
export function putEntry(clock: Clock, box: Box, entry: Indexed, value: Uint8Array): Operation[] {
  return [
    { type: 'put', key: indexKey(box, entry.cursor), value: indexValue(clock, entry) },
    { type: 'put', key: dataKey(box, entry.cursor), value },
  ]
}

/** Writes what is known of a mailbox besides its entries. */
export function putBox(clock: Clock, box: Box): Operation {
  return { type: 'put', key: boxKey(box), value: boxValue(clock, box) }
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

/** Writes a moment of `Clock.elapsed` as a date: what it is to another process. */
function dateOf(clock: Clock, moment: Ms): bigint {
  return BigInt(Math.max(0, Math.floor(clock.now() - (clock.elapsed() - moment))))
}

/** Reads a date that `dateOf` wrote. One that is still to come is now: the clock was put back since. */
function momentOf(clock: Clock, date: bigint): Ms {
  return clock.elapsed() - Math.max(0, clock.now() - Number(date))
}

/** Writes: next cursor 8, last touched 8, level 1. */
function boxValue(clock: Clock, box: Box): Uint8Array {
  const value = new Uint8Array(17)
  const view = new DataView(value.buffer)
  view.setBigUint64(0, BigInt(box.nextCursor))
  view.setBigUint64(8, dateOf(clock, box.touched))
  view.setUint8(16, box.level)
  return value
}

/** Writes: arrival 8, bytes 4. */
function indexValue(clock: Clock, entry: Indexed): Uint8Array {
  const value = new Uint8Array(12)
  const view = new DataView(value.buffer)
  view.setBigUint64(0, dateOf(clock, entry.came))
  view.setUint32(8, entry.bytes)
  return value
}

/** Writes: kind 1 (1 forward, 2 reply), reply id 16, then the data. */
export function dataValue(mail: Mail): Uint8Array {
  const value = new Uint8Array(headBytes + mail.data.length)
  value[0] = mail.kind === 'forward' ? 1 : 2
  value.set(mail.replyId, 1)
  value.set(mail.data, headBytes)
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
  if (value === undefined || value.length < headBytes || value.length > headBytes + payloadBytes)
    return undefined
  const payload = new Uint8Array(payloadBytes)
  payload.set(value.subarray(headBytes))
  return {
    kind: value[0] === 1 ? 'forward' : 'reply',
    cursor,
    replyId: new Uint8Array(value.subarray(1, headBytes)),
    payload,
  }
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
  if (written === undefined) return await store.put('mail/format', Uint8Array.of(format))
  if (written[0] === format) return
  throw new NodeError('NEWER_FORMAT', `mailboxes of format ${written[0]}: this version knows ${format} only`)
}

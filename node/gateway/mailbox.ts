// Mail for clients that are away, on a Store: bounded, in order, deleted on acknowledgement (docs/spec/gateway.md
// 3). An index in memory answers every question but the contents.

import { hex } from '../../encoding/bytes.ts'
import type { MailboxEntry } from '../../link/protocol/mailbox.ts'
import type { Store } from '../../world/store.ts'
import { minute, second } from '../../world/units.ts'
import { NodeError } from '../error.ts'
import type { Mail } from '../relay/relay.ts'

const format = 1
/** Cursors of a new mailbox start at this times the clock: never below those of an older one of the same name. */
const cursorsPerMs = 1024
/** What LevelDB adds to an entry, about: keys, index, checksums. */
const overheadBytes = 250

export interface MailboxLimits {
  /** Entries of one mailbox: the consensus's mailboxEntries. */
  entries: number
  /** How long an entry is kept: the consensus's mailboxMinutes. */
  minutes: number
  /** Mailboxes. Of those that no owner ever opened, half as many. */
  readonly boxes: number
  /** Bytes of all entries together. */
  readonly bytes: number
  /** Entries that wait for the disk. */
  readonly waiting: number
}

export type StoreEnd = 'stored' | 'MAILBOX_FULL' | 'STORE_FAILED'

export interface Mailboxes {
  /** Stores; `done` is told once LevelDB has accepted the write (it then outlives SIGKILL), or that it will not be. */
  put(mail: Mail, done: (end: StoreEnd) => void): void
  /** Its owner has proved the key (32 bytes). Returns false when there is no place for another mailbox. */
  claim(owner: Uint8Array): boolean
  /**
   * Deletes up to the cursor `done`, then reads behind the cursor `after`.
   *
   * @returns at most `places` entries, and how many wait behind them
   */
  page(
    owner: Uint8Array,
    wanted: { readonly after: number; readonly done: number; readonly places: number },
  ): Promise<{ readonly entries: readonly MailboxEntry[]; readonly waiting: number }>
  /** Deletes what is too old, and mailboxes that have been empty and unread for as long. */
  sweep(): void
  /** Changes what the consensus sets. Entries over a lower limit stay until they are read or too old. */
  limit(limits: Pick<MailboxLimits, 'entries' | 'minutes'>): void
  readonly boxes: number
  readonly entries: number
  readonly bytes: number
  /** Resolves when everything accepted is written. */
  close(): Promise<void>
}

interface Indexed {
  readonly cursor: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly bytes: number
}

interface Box {
  readonly name: string
  entries: Indexed[]
  /** Entries on their way to the disk. */
  pending: number
  nextCursor: number
  touched: number
  claimed: boolean
}

type Operation = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

interface Write {
  readonly box: Box
  readonly entry: Indexed
  readonly value: Uint8Array
  readonly done: (end: StoreEnd) => void
}

/**
 * Reads the index of a store and opens it for mail. Its keys begin with `mail/`.
 *
 * @param options.payloadBytes the geometry's: bytes of an entry's payload
 * @throws NodeError NEWER_FORMAT, FOLDER
 */
export async function openMailboxes(options: {
  store: Store
  now: () => number
  payloadBytes: number
  limits: MailboxLimits
  /** Told after each write, with the error of one that was refused. */
  wrote?: (error?: unknown) => void
}): Promise<Mailboxes> {
  const { store, now, payloadBytes, wrote = () => {} } = options
  const limits = { ...options.limits }
  const boxes = await loadIndex(store)
  const time = (): number => Math.floor(now())
  let unclaimed = 0
  let bytes = 0
  let entries = 0
  for (const box of boxes.values()) {
    if (!box.claimed) unclaimed++
    for (const entry of box.entries) {
      bytes += entry.bytes
      entries++
    }
  }

  let writes: Write[] = []
  let changed = new Set<Box>()
  let deletions: string[] = []
  let writing: Promise<void> | undefined

  const newBox = (name: string, claimed: boolean): Box | undefined => {
    if (boxes.size >= limits.boxes || (!claimed && unclaimed * 2 >= limits.boxes)) return undefined
    const box = { name, entries: [], pending: 0, touched: time(), claimed, nextCursor: firstCursor(time()) }
    boxes.set(name, box)
    if (!claimed) unclaimed++
    return box
  }

  const forget = (box: Box, gone: readonly Indexed[]): void => {
    for (const entry of gone) {
      bytes -= entry.bytes
      entries--
      deletions.push(indexKey(box, entry.cursor), dataKey(box, entry.cursor))
    }
    if (gone.length > 0) work()
  }

  /** One batch after the other; what comes while one is written shares the next. */
  function work(): void {
    // a turn later, so that all mail of one arrival shares the batch
    writing ??= Promise.resolve().then(writeAll)
  }

  async function writeAll(): Promise<void> {
    while (writes.length > 0 || changed.size > 0 || deletions.length > 0) {
      const batch = { writes, changed, deletions }
      writes = []
      changed = new Set()
      deletions = []
      let failed = false
      try {
        await store.batch(operations(batch))
        wrote()
      } catch (error) {
        wrote(error)
        failed = true
      }
      for (const write of batch.writes) settle(write, failed)
      if (!failed) continue
      // the deletions are not forgotten: they go with the next batch that something asks for
      deletions = batch.deletions.concat(deletions)
      for (const box of batch.changed) if (boxes.has(box.name)) changed.add(box)
      if (writes.length === 0) break
    }
    // in the same turn as the last look at the queues: what comes later starts anew
    writing = undefined
  }

  function operations(batch: { writes: Write[]; changed: Set<Box>; deletions: string[] }): Operation[] {
    const touched = new Set(batch.changed)
    const all: Operation[] = batch.deletions.map(key => ({ type: 'del', key }))
    for (const { box, entry, value } of batch.writes) {
      touched.add(box)
      all.push({ type: 'put', key: indexKey(box, entry.cursor), value: indexValue(entry) })
      all.push({ type: 'put', key: dataKey(box, entry.cursor), value })
    }
    for (const box of touched) all.push({ type: 'put', key: boxKey(box.name), value: boxValue(box) })
    return all
  }

  function settle({ box, entry, done }: Write, failed: boolean): void {
    box.pending--
    if (failed) {
      bytes -= entry.bytes
      entries--
    } else box.entries.push(entry)
    done(failed ? 'STORE_FAILED' : 'stored')
  }

  return {
    put(mail, done) {
      const name = hex(mail.recipient)
      const size = mail.data.length + overheadBytes
      if (writes.length >= limits.waiting || bytes + size > limits.bytes) return done('MAILBOX_FULL')
      const box = boxes.get(name) ?? newBox(name, false)
      if (box === undefined || box.entries.length + box.pending >= limits.entries) return done('MAILBOX_FULL')
      const entry = { cursor: box.nextCursor++, at: time(), bytes: size }
      box.pending++
      box.touched = entry.at
      bytes += size
      entries++
      writes.push({ box, entry, value: dataValue(mail), done })
      work()
    },
    claim(owner) {
      const name = hex(owner)
      const box = boxes.get(name) ?? newBox(name, true)
      if (box === undefined) return false
      if (!box.claimed) unclaimed--
      box.claimed = true
      box.touched = time()
      changed.add(box)
      work()
      return true
    },
    async page(owner, { after, done, places }) {
      const box = boxes.get(hex(owner))
      if (box === undefined) return { entries: [], waiting: 0 }
      box.touched = time()
      const kept = firstAfter(box.entries, done)
      if (kept > 0) forget(box, box.entries.splice(0, kept))
      const from = firstAfter(box.entries, after)
      const chosen = box.entries.slice(from, from + places)
      const waiting = box.entries.length - from - chosen.length
      const values = await store.getMany(chosen.map(entry => dataKey(box, entry.cursor)))
      return {
        entries: chosen
          .map((entry, i) => readData(entry.cursor, values[i], payloadBytes))
          .filter(entry => entry !== undefined),
        waiting,
      }
    },
    sweep() {
      const cutoff = time() - limits.minutes * minute
      for (const box of boxes.values()) {
        const fresh = box.entries.findIndex(entry => entry.at >= cutoff)
        const old = fresh < 0 ? box.entries.length : fresh
        if (old > 0) forget(box, box.entries.splice(0, old))
        if (box.entries.length > 0 || box.pending > 0 || box.touched >= cutoff) continue
        boxes.delete(box.name)
        if (!box.claimed) unclaimed--
        changed.delete(box)
        deletions.push(boxKey(box.name))
        work()
      }
    },
    limit: next => void Object.assign(limits, next),
    get boxes() {
      return boxes.size
    },
    get entries() {
      return entries
    },
    get bytes() {
      return bytes
    },
    async close() {
      await writing
    },
  }
}

/** How often to sweep, milliseconds: an entry outlives its age by a tenth of it, or a minute. */
export function sweepMs(minutes: number): number {
  return Math.max(second, Math.min(minute, (minutes * minute) / 10))
}

function firstCursor(now: number): number {
  return Math.max(1, now * cursorsPerMs)
}

/** Index of the first entry whose cursor is larger; entries are in order. */
function firstAfter(entries: readonly Indexed[], cursor: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle] as Indexed).cursor > cursor) high = middle
    else low = middle + 1
  }
  return low
}

// Keys: mail/format, mail/box/<id>, mail/index/<id>/<cursor>, mail/data/<id>/<cursor>; ids in hex (64 digits),
// cursors in hex (14 digits), so that the order of keys is the order of arrival. The index stands apart from the
// data so that a start need not read the mail.

function boxKey(name: string): string {
  return `mail/box/${name}`
}

function indexKey(box: Box, cursor: number): string {
  return `mail/index/${box.name}/${cursor.toString(16).padStart(14, '0')}`
}

function dataKey(box: Box, cursor: number): string {
  return `mail/data/${box.name}/${cursor.toString(16).padStart(14, '0')}`
}

/** Next cursor 8, last touched 8, claimed 1. */
function boxValue(box: Box): Uint8Array {
  const value = new Uint8Array(17)
  const view = new DataView(value.buffer)
  view.setBigUint64(0, BigInt(box.nextCursor))
  view.setBigUint64(8, BigInt(box.touched))
  view.setUint8(16, box.claimed ? 1 : 0)
  return value
}

/** Arrival 8, bytes 4. */
function indexValue(entry: Indexed): Uint8Array {
  const value = new Uint8Array(12)
  const view = new DataView(value.buffer)
  view.setBigUint64(0, BigInt(entry.at))
  view.setUint32(8, entry.bytes)
  return value
}

/** Kind 1 (1 forward, 2 reply), reply id 16, then the data. */
function dataValue(mail: Mail): Uint8Array {
  const value = new Uint8Array(17 + mail.data.length)
  value[0] = mail.kind === 'forward' ? 1 : 2
  value.set(mail.replyId, 1)
  value.set(mail.data, 17)
  return value
}

/** Undefined when it was deleted in between, or the disk has damaged it: its owner misses one fragment. */
function readData(
  cursor: number,
  value: Uint8Array | undefined,
  payloadBytes: number,
): MailboxEntry | undefined {
  if (value === undefined || value.length < 17 || value.length > 17 + payloadBytes) return undefined
  const payload = new Uint8Array(payloadBytes)
  payload.set(value.subarray(17))
  return {
    kind: value[0] === 1 ? 'forward' : 'reply',
    cursor,
    replyId: new Uint8Array(value.subarray(1, 17)),
    payload,
  }
}

async function loadIndex(store: Store): Promise<Map<string, Box>> {
  try {
    const written = await store.get('mail/format')
    if (written === undefined) await store.put('mail/format', Uint8Array.of(format))
    else if (written[0] !== format)
      throw new NodeError(
        'NEWER_FORMAT',
        `mailboxes of format ${written[0]}: this version knows ${format} only`,
      )
    const boxes = new Map<string, Box>()
    for await (const [key, value] of store.iterator({ gt: 'mail/box/', lt: 'mail/box0' })) {
      const name = key.slice('mail/box/'.length)
      const view = new DataView(value.buffer, value.byteOffset, value.length)
      boxes.set(name, {
        name,
        entries: [],
        pending: 0,
        nextCursor: Number(view.getBigUint64(0)),
        touched: Number(view.getBigUint64(8)),
        claimed: view.getUint8(16) === 1,
      })
    }
    for await (const [key, value] of store.iterator({ gt: 'mail/index/', lt: 'mail/index0' })) {
      const [, , name, cursor] = key.split('/')
      const view = new DataView(value.buffer, value.byteOffset, value.length)
      boxes.get(name ?? '')?.entries.push({
        cursor: Number.parseInt(cursor ?? '', 16),
        at: Number(view.getBigUint64(0)),
        bytes: view.getUint32(8),
      })
    }
    return boxes
  } catch (error) {
    if (error instanceof NodeError) throw error
    throw new NodeError('FOLDER', `mailboxes: ${error instanceof Error ? error.message : String(error)}`)
  }
}

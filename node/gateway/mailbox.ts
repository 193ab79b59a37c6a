// Mail for clients that are away, on a Store: bounded, in order, deleted on acknowledgement (docs/spec/gateway.md
// 3). An index in memory answers every question but the contents.

import { hex } from '../../encoding/bytes.ts'
import type { MailboxEntry } from '../../link/protocol/mailbox.ts'
import type { Clock } from '../../world/clock.ts'
import { type Random, systemRandom } from '../../world/random.ts'
import { type Store, synced } from '../../world/store.ts'
import { MiB, type Ms, minute, second } from '../../world/units.ts'
import type { Mail } from '../relay/relay.ts'
import { Crowd, slotMs } from './crowd.ts'
import { levelOf } from './level.ts'
import {
  type Box,
  boxKey,
  dataKey,
  dataValue,
  entryKeys,
  type Indexed,
  loadIndex,
  type Operation,
  putBox,
  putEntry,
  readData,
} from './mail-on-disk.ts'
import { pressureOf, Room } from './room.ts'

/** Cursors of a new mailbox start at this times the wall clock: never below those of an older one of the same name. */
const cursorsPerMs = 1024
/** LevelDB adds about so much to an entry: keys, index, checksums. */
const overheadBytes = 250

export interface MailboxLimits {
  /**
   * One mailbox has so many entries at most: the consensus's mailboxEntries. For one more one goes of the hour that has
   * most (crowd.ts), and not by what its owner has read: whether something is taken says nothing of that. What came
   * over reply blocks, which only the owner gives, and messages, which anybody writes, have half each where both want
   * more.
   */
  entries: number
  /** An entry is kept so long: the consensus's mailboxMinutes. */
  minutes: number
  /** There are so many mailboxes at most; of those that no owner ever opened, half as many. Then one gives way. */
  readonly boxes: number
  /** All entries together have so many bytes at most. Then some give way of the mailbox that presses most. */
  readonly bytes: number
  /** So many entries wait for the disk at most. */
  readonly waiting: number
}

/** Entries of a mailbox that lie ready for its owner's next pages, and the bytes of all that lie ready. */
const mostReady = 96
const mostReadyBytes = 64 * MiB

export type StoreEnd = 'stored' | 'MAILBOX_FULL' | 'STORE_FAILED'

export interface Mailboxes {
  /** Stores; `done` is told once it is on the disk itself, or that it will not be. */
  put(mail: Mail, done: (end: StoreEnd) => void): void
  /**
   * Opens a mailbox for its owner, who has proved the key (32 bytes), and holds it until `release`. Returns false when
   * there is no place for another mailbox.
   */
  claim(owner: Uint8Array): boolean
  /** Tells whether an owner has ever opened it. */
  isOpened(owner: Uint8Array): boolean
  /** Says that its owner's connection holds it no longer. */
  release(owner: Uint8Array): void
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
  /** Counts entries that gave way before their time. */
  readonly drivenOut: number
  /** Resolves when everything accepted is written. */
  close(): Promise<void>
}

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
  clock: Clock
  payloadBytes: number
  limits: MailboxLimits
  /** Told after each write, with the error of one that was refused. */
  wrote?: (error?: unknown) => void
  /** Tells whether what the clock shows is sure: before, no mail is too old. Default: always. */
  isSure?: () => boolean
  /** Default: the system's. */
  random?: Random
}): Promise<Mailboxes> {
  const { store, clock, payloadBytes, wrote = () => {}, random = systemRandom } = options
  const { isSure = () => true } = options
  const limits = { ...options.limits }
  let readyBytes = 0
  const boxes = await loadIndex(store, clock)
  /** The clock by which the dates of what was found were read; undefined once a clock that is sure has read them. */
  let readBy: ReadBy | undefined = { wall: clock.now(), elapsed: clock.elapsed() }
  /** Has those that no owner ever opened, the one that was longest not written to first. */
  const unclaimed = new Set<Box>()
  const room = new Room(boxes)
  let bytes = 0
  let entries = 0
  let drivenOut = 0
  /** A new mailbox begins behind the cursors of all that were here: it may be one of them, and the clock put back. */
  let leastCursor = 1
  for (const box of [...boxes.values()].sort((a, b) => a.touched - b.touched)) {
    if (box.level === 0) unclaimed.add(box)
    leastCursor = Math.max(leastCursor, box.nextCursor)
    entries += box.entries.length
    for (const entry of box.entries) bytes += entry.bytes
  }

  let writes: Write[] = []
  let changed = new Set<Box>()
  let deletions: string[] = []
  let writing: Promise<void> | undefined

  const newBox = (name: string, claimed: boolean): Box | undefined => {
    const gives = room.place(claimed, unclaimed, limits.boxes)
    if (gives === 'none') return undefined
    if (gives !== undefined) {
      drivenOut += gives.entries.length
      remove(gives)
    }
    const nextCursor = Math.max(leastCursor, Math.floor(clock.now()) * cursorsPerMs)
    const [touched, level] = [clock.elapsed(), claimed ? 1 : 0]
    const box = { name, entries: [], pending: 0, bytes: 0, touched, level, nextCursor }
    const made = { ...box, ready: new Map(), heldMs: 0, heldSince: undefined }
    boxes.set(name, made)
    if (!claimed) unclaimed.add(made)
    return made
  }

  const remove = (box: Box): void => {
    forget(box, box.entries.splice(0))
    boxes.delete(box.name)
    leastCursor = Math.max(leastCursor, box.nextCursor)
    unclaimed.delete(box)
    changed.delete(box)
    deletions.push(boxKey(box))
    work()
  }

  /** Gives the counts of a mailbox that is full: of others nobody keeps any. */
  const crowdOf = (box: Box): Crowd => {
    const slot = slotMs(limits.minutes)
    if (box.crowd?.slotMs !== slot) box.crowd = new Crowd(slot, box.entries)
    return box.crowd
  }

  /** Has others give up something until there is room, while they press more than this one would. */
  const makeRoom = (box: Box | undefined, size: number): boolean => {
    const pressure = pressureOf({ bytes: (box?.bytes ?? 0) + size, level: box?.level ?? 0 })
    while (bytes + size > limits.bytes) {
      const gives = room.above(pressure) ?? box
      if (gives === undefined || gives.entries.length === 0) return false
      drivenOut++
      forget(gives, gives.entries.splice(crowdOf(gives).victim(gives.entries, undefined, random), 1))
    }
    return true
  }

  /** Has one go where a mailbox is full: of the kind that has more than half, or else of the other. */
  const makePlace = (box: Box, returned: boolean): boolean => {
    if (box.entries.length + box.pending < limits.entries) return true
    const crowd = crowdOf(box)
    const kind = crowd.known(returned) >= limits.entries / 2 ? returned : !returned
    let at = crowd.victim(box.entries, kind, random)
    if (at < 0) at = crowd.victim(box.entries, undefined, random)
    if (at < 0) return false
    drivenOut++
    forget(box, box.entries.splice(at, 1))
    return true
  }

  const makeReady = (box: Box, cursor: number, value: Uint8Array): void => {
    if (box.heldSince === undefined || box.ready.size >= mostReady || box.ready.has(cursor)) return
    if (readyBytes + value.length > mostReadyBytes) return
    box.ready.set(cursor, value)
    readyBytes += value.length
  }

  const unready = (box: Box, cursor: number): void => {
    readyBytes -= box.ready.get(cursor)?.length ?? 0
    box.ready.delete(cursor)
  }

  /** Reads what comes behind a cursor, for later. What the disk does not give is asked for again. */
  const readAhead = async (box: Box, after: number): Promise<void> => {
    const from = firstAfter(box.entries, after)
    const wanted = box.entries.slice(from, from + mostReady).filter(({ cursor }) => !box.ready.has(cursor))
    if (wanted.length === 0) return
    // What lies before is with the owner, and would keep others out
    for (const cursor of box.ready.keys()) if (cursor <= after) unready(box, cursor)
    const values = await store.getMany(wanted.map(({ cursor }) => dataKey(box, cursor)))
    for (const [i, { cursor }] of wanted.entries()) {
      const value = values[i]
      if (value !== undefined && box.entries.some(entry => entry.cursor === cursor))
        makeReady(box, cursor, value)
    }
  }

  const forget = (box: Box, gone: readonly Indexed[]): void => {
    for (const entry of gone) {
      unready(box, entry.cursor)
      box.crowd?.remove(entry)
      bytes -= entry.bytes
      box.bytes -= entry.bytes
      entries--
      deletions.push(...entryKeys(box, entry))
    }
    if (gone.length > 0) work()
  }

  /** Counts for how long its owner has held it. */
  const firm = (box: Box): void => {
    if (box.heldSince === undefined) return
    const now = clock.elapsed()
    box.heldMs += now - box.heldSince
    box.heldSince = now
    const level = levelOf(box.heldMs)
    if (level === box.level) return
    box.level = level
    changed.add(box)
    work()
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
        // What is acknowledged outlives a cut of the power; all that waited meanwhile shares the next wait
        await store.batch(operations(batch), batch.writes.length > 0 ? synced : {})
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
      all.push(...putEntry({ clock, minutes: limits.minutes }, box, entry, value))
    }
    // one that gave its place to another is not written again
    for (const box of touched)
      if (boxes.get(box.name) === box) all.push(putBox({ clock, minutes: limits.minutes }, box))
    return all
  }

  function settle({ box, entry, value, done }: Write, failed: boolean): void {
    box.pending--
    if (failed) {
      bytes -= entry.bytes
      box.bytes -= entry.bytes
      entries--
    } else {
      box.entries.push(entry)
      box.crowd?.add(entry)
      makeReady(box, entry.cursor, value)
      // it gave its place to another one while this was written
      if (boxes.get(box.name) !== box) forget(box, box.entries.splice(0))
    }
    done(failed ? 'STORE_FAILED' : 'stored')
  }

  const readPageOf = (
    box: Box,
    from: number,
    chosen: readonly Indexed[],
    values: readonly (Uint8Array | undefined)[],
  ): { readonly entries: readonly MailboxEntry[]; readonly waiting: number } => ({
    entries: chosen
      .map((entry, i) => readData(entry.cursor, values[i], payloadBytes))
      .filter(entry => entry !== undefined),
    waiting: box.entries.length - from - chosen.length,
  })

  return {
    put(mail, done) {
      const name = hex(mail.recipient)
      const size = payloadBytes + overheadBytes
      if (writes.length >= limits.waiting || !makeRoom(boxes.get(name), size)) return done('MAILBOX_FULL')
      const box = boxes.get(name) ?? newBox(name, false)
      const returned = mail.kind === 'reply'
      if (box === undefined || !makePlace(box, returned)) return done('MAILBOX_FULL')
      const entry = { cursor: box.nextCursor++, came: clock.elapsed(), bytes: size, returned }
      box.pending++
      box.touched = entry.came
      if (unclaimed.delete(box)) unclaimed.add(box)
      bytes += size
      box.bytes += size
      entries++
      writes.push({ box, entry, value: dataValue(mail, payloadBytes, random), done })
      work()
    },
    claim(owner) {
      const name = hex(owner)
      const box = boxes.get(name) ?? newBox(name, true)
      if (box === undefined) return false
      unclaimed.delete(box)
      box.level = Math.max(1, box.level)
      box.touched = clock.elapsed()
      box.heldSince ??= box.touched
      changed.add(box)
      work()
      readAhead(box, 0).catch(error => wrote(error))
      return true
    },
    isOpened: owner => (boxes.get(hex(owner))?.level ?? 0) > 0,
    release(owner) {
      const box = boxes.get(hex(owner))
      if (box?.heldSince === undefined) return
      firm(box)
      box.heldSince = undefined
      for (const cursor of box.ready.keys()) unready(box, cursor)
      box.touched = clock.elapsed()
      changed.add(box)
      work()
    },
    async page(owner, { after, done, places }) {
      const box = boxes.get(hex(owner))
      if (box === undefined) return { entries: [], waiting: 0 }
      box.touched = clock.elapsed()
      const kept = firstAfter(box.entries, done)
      if (kept > 0) forget(box, box.entries.splice(0, kept))
      const from = firstAfter(box.entries, after)
      const next = box.entries.slice(from, from + places)
      if (box.heldSince === undefined) {
        const values = await store.getMany(next.map(entry => dataKey(box, entry.cursor)))
        return readPageOf(box, from, next, values)
      }
      // docs/spec/gateway.md 4: of what lies ready, so that no read of a disk tells whether there is something
      const missing = next.findIndex(({ cursor }) => !box.ready.has(cursor))
      const chosen = missing < 0 ? next : next.slice(0, missing)
      const page = readPageOf(
        box,
        from,
        chosen,
        chosen.map(({ cursor }) => box.ready.get(cursor)),
      )
      readAhead(box, after).catch(error => wrote(error))
      return page
    },
    sweep() {
      if (!isSure()) return
      if (readBy !== undefined) redate(boxes.values(), readBy, clock)
      readBy = undefined
      const cutoff = clock.elapsed() - limits.minutes * minute
      for (const box of boxes.values()) {
        firm(box)
        const fresh = box.entries.findIndex(entry => entry.came >= cutoff)
        const old = fresh < 0 ? box.entries.length : fresh
        if (old > 0) forget(box, box.entries.splice(0, old))
        const isUsed = box.heldSince !== undefined || box.entries.length > 0 || box.pending > 0
        if (!isUsed && box.touched < cutoff) remove(box)
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
    get drivenOut() {
      return drivenOut
    },
    async close() {
      await writing
    },
  }
}

interface ReadBy {
  readonly wall: Ms
  readonly elapsed: Ms
}

/**
 * Dates what a start has found by a clock that is sure: the one that it was read by may have been put right since. What
 * is still to come is of now.
 */
function redate(boxes: Iterable<Box>, { wall, elapsed }: ReadBy, clock: Clock): void {
  const now = clock.elapsed()
  const forth = clock.now() - wall - (now - elapsed)
  const dated = (moment: Ms): Ms => Math.min(now, moment - forth)
  for (const box of boxes) {
    box.entries = box.entries.map(entry =>
      entry.returned === undefined ? { ...entry, came: dated(entry.came) } : entry,
    )
    delete box.crowd
    if (box.touched < elapsed) box.touched = dated(box.touched)
    else box.touched = Math.min(now, box.touched)
  }
}

/** Computes how often to sweep: an entry outlives its age by a tenth of it, or a minute. */
export function sweepMs(minutes: number): Ms {
  return Math.max(second, Math.min(minute, (minutes * minute) / 10))
}

/** Finds the first entry whose cursor is larger; entries are in order. */
function firstAfter(entries: readonly Indexed[], cursor: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle] as Indexed).cursor > cursor) high = middle
    else low = middle + 1
  }
  return low
}

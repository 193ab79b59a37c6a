// A node's board (docs/spec/bulletin.md 6): the newest entries of each topic, in the order in which they came. No I/O.

import { hex } from '../../encoding/bytes.ts'
import {
  type Catch,
  type Stamped,
  type Stretch,
  stampBytes,
  stretchHeadBytes,
  writeBoard,
  writeStamped,
} from '../../link/protocol/bulletin.ts'
import type { Clock } from '../../world/clock.ts'
import type { Ms } from '../../world/units.ts'

export interface BoardLimits {
  /** All entries of one topic have so many bytes at most, with their stamps. */
  readonly topicBytes: number
  readonly ageMs: Ms
}

interface Held {
  /** It was stamped then, as `Clock.elapsed` counts: a clock that is set makes no entry older. */
  readonly stamped: Ms
  readonly cursor: number
  readonly id: string
  readonly origin: string
  readonly entry: Stamped
  readonly bytes: number
}

/** Cursors begin at this times the wall clock, so that they go on after a restart. */
const cursorsPerMs = 1024
/** So many ids of entries are known again after they had to go. */
const mostForgotten = 16_384

export class Board {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>
  readonly #limits: () => BoardLimits
  #held: Held[] = []
  readonly #ids = new Set<string>()
  readonly #forgotten = new Set<string>()
  readonly #bytes = new Map<number, number>()
  #last = 0
  evicted = 0

  constructor(clock: Pick<Clock, 'now' | 'elapsed'>, limits: () => BoardLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  get entries(): number {
    return this.#held.length
  }

  get bytes(): number {
    return [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /**
   * Says whether an entry is here, or was.
   *
   * @param id lowercase hex
   */
  has(id: string): boolean {
    return this.#ids.has(id) || this.#forgotten.has(id)
  }

  /**
   * Adds an entry that is not there.
   *
   * @param at its time on this board, milliseconds since 1970-01-01 UTC: now, or what its stamp says when it comes late
   */
  put(id: string, entry: Stamped, at: Ms): void {
    const cursor = Math.max(this.#last + 1, Math.floor(at * cursorsPerMs))
    this.#last = cursor
    const bytes = stampBytes + entry.data.length
    const stamped = this.#clock.elapsed() - (this.#clock.now() - entry.time)
    this.#held.push({ stamped, cursor, id, origin: hex(entry.origin), entry, bytes })
    this.#ids.add(id)
    this.#bytes.set(entry.topic, (this.#bytes.get(entry.topic) ?? 0) + bytes)
    this.#shrink(entry.topic)
  }

  /** Lets go of what is too old. */
  expire(): void {
    const oldest = this.#clock.elapsed() - this.#limits().ageMs
    const gone = new Set(this.#held.filter(({ stamped }) => stamped < oldest))
    if (gone.size > 0) this.#drop(gone)
    for (const { id } of gone) this.#forgotten.delete(id)
  }

  /**
   * Writes what a page shows: the entries from a cursor on.
   *
   * @param offset bytes of the entry of just this cursor that the client has
   * @returns `boardBytes` bytes
   */
  page(from: number, offset: number, boardBytes: number): Uint8Array {
    const stretches: Stretch[] = []
    let room = boardBytes - 1
    let more = false
    for (const { cursor, entry } of this.#from(from)) {
      const { data, topic } = entry
      const start = cursor === from && offset < data.length ? offset : 0
      if (room <= stretchHeadBytes) {
        more = true
        break
      }
      const part = data.subarray(start, start + room - stretchHeadBytes)
      stretches.push({ cursor, topic, total: data.length, offset: start, data: part })
      room -= stretchHeadBytes + part.length
      if (start + part.length < data.length) more = true
    }
    return writeBoard({ more, stretches }, boardBytes)
  }

  /** Gives what another node missed, from a cursor on: at most so many bytes. */
  since(from: number, most: number): Catch {
    const entries: Uint8Array[] = []
    let room = most
    let next = from
    for (const { cursor, entry, bytes } of this.#from(from)) {
      if (bytes + 4 > room) return { more: true, next, entries }
      room -= bytes + 4
      next = cursor + 1
      entries.push(writeStamped(entry))
    }
    return { more: false, next, entries }
  }

  /** Gives the entries of this cursor and later ones. */
  *#from(cursor: number): Generator<Held> {
    let low = 0
    let high = this.#held.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#held[middle] as Held).cursor < cursor) low = middle + 1
      else high = middle
    }
    for (let i = low; i < this.#held.length; i++) yield this.#held[i] as Held
  }

  /** The oldest entry goes of whoever has published the most of this topic: a flood drives itself out. */
  #shrink(topic: number): void {
    const { topicBytes } = this.#limits()
    while ((this.#bytes.get(topic) ?? 0) > topicBytes) {
      const byOrigin = new Map<string, number>()
      for (const { entry, origin, bytes } of this.#held) {
        if (entry.topic === topic) byOrigin.set(origin, (byOrigin.get(origin) ?? 0) + bytes)
      }
      const [most] = [...byOrigin].reduce((a, b) => (b[1] > a[1] ? b : a))
      const oldest = this.#held.find(({ entry, origin }) => entry.topic === topic && origin === most) as Held
      this.evicted++
      this.#drop(new Set([oldest]))
    }
  }

  #drop(gone: ReadonlySet<Held>): void {
    this.#held = this.#held.filter(held => !gone.has(held))
    for (const { id, entry, bytes } of gone) {
      this.#ids.delete(id)
      this.#forget(id)
      this.#bytes.set(entry.topic, (this.#bytes.get(entry.topic) ?? 0) - bytes)
    }
  }

  #forget(id: string): void {
    this.#forgotten.add(id)
    if (this.#forgotten.size > mostForgotten)
      this.#forgotten.delete(this.#forgotten.values().next().value as string)
  }
}

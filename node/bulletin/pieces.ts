// Entries on their way to being published: packets bring them in pieces (docs/spec/bulletin.md 4). Bounded, without
// I/O.

import { entryId, topicNumbered } from '../../directory/topics.ts'
import { concat, hex } from '../../encoding/bytes.ts'
import { type Piece, pieceCount } from '../../link/protocol/bulletin.ts'
import type { Clock } from '../../world/clock.ts'
import { MiB, type Ms, minute } from '../../world/units.ts'

/** Bounds of the entries of which something is missing: how many, their bytes together, and how long they wait. */
const mostPartial = 256
const mostBytes = MiB
const patienceMs: Ms = 2 * minute

interface Unfinished {
  readonly since: Ms
  readonly pieces: (Uint8Array | undefined)[]
  missing: number
  bytes: number
}

/** Says what became of a piece: its entry waits for others, cannot be, or is whole. */
export type Joined =
  | { readonly at: 'waiting' }
  | { readonly at: 'refused' }
  | { readonly at: 'whole'; readonly id: string; readonly entry: Uint8Array }

export class Pieces {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #userBytes: number
  /** The oldest first. */
  readonly #partials = new Map<string, Unfinished>()
  #bytes = 0

  constructor(clock: Pick<Clock, 'elapsed'>, userBytes: number) {
    this.#clock = clock
    this.#userBytes = userBytes
  }

  get waiting(): number {
    return this.#partials.size
  }

  /** Takes a piece; the one that completes an entry gives all of it. */
  add({ topic, id, index, count, data }: Piece): Joined {
    const of = topicNumbered(topic)
    if (of === undefined || count > pieceCount(of.maxBytes, this.#userBytes)) return { at: 'refused' }
    this.#expire()
    const name = `${topic} ${hex(id)}`
    const partial = this.#partials.get(name) ?? {
      since: this.#clock.elapsed(),
      pieces: Array(count),
      missing: count,
      bytes: 0,
    }
    if (partial.pieces.length !== count) return { at: 'refused' }
    if (partial.pieces[index] === undefined) {
      partial.pieces[index] = data.slice()
      partial.missing--
      partial.bytes += data.length
      this.#bytes += data.length
    }
    this.#partials.set(name, partial)
    if (partial.missing > 0) {
      this.#shrink(name)
      return { at: 'waiting' }
    }
    this.#drop(name)
    const entry = concat(partial.pieces as Uint8Array[])
    const whole = hex(entryId(topic, entry))
    return whole === hex(id) ? { at: 'whole', id: whole, entry } : { at: 'refused' }
  }

  #expire(): void {
    for (const [name, { since }] of this.#partials) {
      if (this.#clock.elapsed() - since <= patienceMs) break
      this.#drop(name)
    }
  }

  /** The oldest give way. */
  #shrink(newest: string): void {
    for (const name of this.#partials.keys()) {
      if (this.#partials.size <= mostPartial && this.#bytes <= mostBytes) break
      if (name !== newest) this.#drop(name)
    }
  }

  #drop(name: string): void {
    this.#bytes -= this.#partials.get(name)?.bytes ?? 0
    this.#partials.delete(name)
  }
}

// Entries on their way to being published: packets bring them in pieces (docs/spec/bulletin.md 4). Bounded, without
// I/O: what has least work behind each byte gives way.

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
  /** The most work that a piece came with, and how it is found. */
  work: number
  minute: number
  nonce: number
  readonly pieces: (Uint8Array | undefined)[]
  missing: number
  bytes: number
}

/** Says what became of a piece: its entry waits for others, cannot be, or is whole. */
export type Joined =
  | { readonly at: 'waiting' }
  | { readonly at: 'refused' }
  | { readonly at: 'outbid' }
  | {
      readonly at: 'whole'
      readonly id: string
      readonly entry: Uint8Array
      /** The most that a piece came with. */
      readonly work: number
      readonly minute: number
      readonly nonce: number
    }

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

  /**
   * Takes a piece; the one that completes an entry gives all of it.
   *
   * @param work stands behind the entry (directory/work.ts)
   */
  add({ topic, id, index, count, minute, nonce, data }: Piece, work: number): Joined {
    const of = topicNumbered(topic)
    if (of === undefined || count > pieceCount(of.maxBytes, this.#userBytes)) return { at: 'refused' }
    this.#expire()
    const name = `${topic} ${hex(id)}`
    const partial = this.#partials.get(name) ?? {
      since: this.#clock.elapsed(),
      work,
      minute,
      nonce,
      pieces: Array(count),
      missing: count,
      bytes: 0,
    }
    if (partial.pieces.length !== count) return { at: 'refused' }
    if (work > partial.work) Object.assign(partial, { work, minute, nonce })
    if (partial.pieces[index] === undefined) {
      partial.pieces[index] = data.slice()
      partial.missing--
      partial.bytes += data.length
      this.#bytes += data.length
    }
    this.#partials.set(name, partial)
    if (partial.missing > 0) {
      this.#shrink()
      return { at: this.#partials.has(name) ? 'waiting' : 'outbid' }
    }
    this.#drop(name)
    const entry = concat(partial.pieces as Uint8Array[])
    const whole = hex(entryId(topic, entry))
    if (whole !== hex(id)) return { at: 'refused' }
    return { at: 'whole', id: whole, entry, work: partial.work, minute: partial.minute, nonce: partial.nonce }
  }

  #expire(): void {
    for (const [name, { since }] of this.#partials) {
      if (this.#clock.elapsed() - since <= patienceMs) break
      this.#drop(name)
    }
  }

  /** Those give way that have least work behind what they will be, of these the oldest. */
  #shrink(): void {
    const price = ({ work, pieces }: Unfinished): number => work / pieces.length
    while (this.#partials.size > mostPartial || this.#bytes > mostBytes) {
      const [first, ...others] = this.#partials
      const [cheapest] = others.reduce(
        (a, b) => (price(b[1]) < price(a[1]) ? b : a),
        first as (typeof others)[0],
      )
      this.#drop(cheapest)
    }
  }

  #drop(name: string): void {
    this.#bytes -= this.#partials.get(name)?.bytes ?? 0
    this.#partials.delete(name)
  }
}

// Entries on their way to being published: packets bring them in pieces (docs/spec/bulletin.md 4). Bounded, without
// I/O.

import { entryId, topicNumbered } from '../../directory/topics.ts'
import { hex } from '../../encoding/bytes.ts'
import { type Piece, pieceCount } from '../../link/protocol/bulletin.ts'

/** Entries of which something is missing, their bytes together, and how long they wait, milliseconds. */
const mostPartial = 256
const mostBytes = 1024 * 1024
const patienceMs = 120_000

interface Unfinished {
  readonly at: number
  readonly pieces: (Uint8Array | undefined)[]
  missing: number
  bytes: number
}

export type Joined =
  | { readonly is: 'waiting' }
  | { readonly is: 'refused' }
  | { readonly is: 'whole'; readonly id: string; readonly entry: Uint8Array }

export class Pieces {
  readonly #userBytes: number
  /** The oldest first. */
  readonly #partials = new Map<string, Unfinished>()
  #bytes = 0

  constructor(userBytes: number) {
    this.#userBytes = userBytes
  }

  get waiting(): number {
    return this.#partials.size
  }

  /** Takes a piece; the one that completes an entry gives all of it. */
  add({ topic, id, index, count, data }: Piece, now: number): Joined {
    const of = topicNumbered(topic)
    if (of === undefined || count > pieceCount(of.maxBytes, this.#userBytes)) return { is: 'refused' }
    this.#expire(now)
    const name = `${topic} ${hex(id)}`
    const partial = this.#partials.get(name) ?? { at: now, pieces: Array(count), missing: count, bytes: 0 }
    if (partial.pieces.length !== count) return { is: 'refused' }
    if (partial.pieces[index] === undefined) {
      partial.pieces[index] = data.slice()
      partial.missing--
      partial.bytes += data.length
      this.#bytes += data.length
    }
    this.#partials.set(name, partial)
    if (partial.missing > 0) {
      this.#shrink(name)
      return { is: 'waiting' }
    }
    this.#drop(name)
    const entry = joined(partial)
    const whole = hex(entryId(topic, entry))
    return whole === hex(id) ? { is: 'whole', id: whole, entry } : { is: 'refused' }
  }

  #expire(now: number): void {
    for (const [name, { at }] of this.#partials) {
      if (now - at <= patienceMs) break
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

function joined({ pieces, bytes }: Unfinished): Uint8Array {
  const entry = new Uint8Array(bytes)
  let at = 0
  for (const piece of pieces) {
    entry.set(piece as Uint8Array, at)
    at += (piece as Uint8Array).length
  }
  return entry
}

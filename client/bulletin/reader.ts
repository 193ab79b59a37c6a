// The board of one gateway, read page by page: stretches become whole entries (docs/spec/bulletin.md 7). No I/O.

import { concat } from '../../encoding/bytes.ts'
import type { BoardPage, Stretch } from '../../link/protocol/bulletin.ts'
import { ClientError } from '../error.ts'

/** An entry as a page gives it; nothing of it is checked. */
export interface Shown {
  readonly topic: number
  readonly data: Uint8Array
}

interface Partial {
  readonly cursor: number
  readonly topic: number
  readonly total: number
  readonly parts: Uint8Array[]
  have: number
}

/** Cursors are this times the gateway's clock, about. */
const cursorsPerMs = 1024
/** A gateway that was started anew has its entries in another order: so far back it is asked again, milliseconds. */
const stepBackMs = 120_000

export class BoardReader {
  /** The next entry that is wanted is this one or one behind it. */
  #next: number
  #partial: Partial | undefined

  /** @param next what `next` was when the client stopped; 0 for a gateway that it has not read yet */
  constructor(next: number) {
    this.#next = next
  }

  /** A cursor to keep: entries before it are whole. */
  get next(): number {
    return this.#next
  }

  /** Gives the board and the offset to ask for next. */
  get wanted(): { readonly board: number; readonly boardOffset: number } {
    return { board: this.#partial?.cursor ?? this.#next, boardOffset: this.#partial?.have ?? 0 }
  }

  /** The gateway has opened the mailbox anew. */
  reopened(): void {
    this.#partial = undefined
    this.#next = Math.max(0, this.#next - stepBackMs * cursorsPerMs)
  }

  /**
   * The entries that a page makes whole.
   *
   * @throws ClientError BAD_CONTENT for a page that is no answer to what was asked
   */
  take({ stretches }: BoardPage): Shown[] {
    const whole: Shown[] = []
    for (const stretch of stretches) {
      if (stretch.cursor < this.#next)
        throw new ClientError('BAD_CONTENT', 'bulletin page: cursor: out of order')
      const entry = this.#add(stretch)
      if (entry !== undefined) whole.push(entry)
    }
    return whole
  }

  #add({ cursor, topic, total, offset, data }: Stretch): Shown | undefined {
    const partial = offset === 0 ? { cursor, topic, total, parts: [], have: 0 } : this.#partial
    const isNext = partial?.cursor === cursor && partial.have === offset
    if (!isNext || partial.total !== total || partial.topic !== topic) {
      // Nothing can be made of it: it is asked for from its beginning.
      this.#partial = undefined
      this.#next = cursor
      return undefined
    }
    partial.parts.push(data.slice())
    partial.have += data.length
    if (partial.have < total) {
      this.#partial = partial
      this.#next = cursor
      return undefined
    }
    this.#partial = undefined
    this.#next = cursor + 1
    return { topic, data: concat(partial.parts) }
  }
}

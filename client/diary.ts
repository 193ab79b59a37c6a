// A client's own record of what happened to its messages, for its owner: in memory, bounded, never sent anywhere.
// Latency is computed from it: total = from `accepted` to `delivered`, drawn = the delays of the path of the
// fragment and attempt that completed the message (docs/spec/client-store.md 12).

/**
 * Something that happened to one of the client's messages (docs/spec/client-store.md 12). Kept in memory, for the
 * client's owner only.
 */
export type LedgerEntry =
  | { readonly at: number; readonly event: 'accepted'; readonly id: string; readonly count: number }
  | {
      readonly at: number
      readonly event: 'sent'
      readonly id: string
      readonly fragment: number
      readonly attempt: number
      /** Lowercase hex of the hops' ids, first hop first; empty for a reply, whose path its asker chose. */
      readonly path: readonly string[]
      /** The delays drawn on the way to the receiver's mailbox, milliseconds; undefined for a reply. */
      readonly drawnMs?: number | undefined
    }
  | {
      readonly at: number
      readonly event: 'acknowledged'
      readonly id: string
      readonly fragment: number
      readonly attempt: number
    }
  | {
      readonly at: number
      readonly event: 'state'
      readonly id: string
      readonly state: string
      readonly reason?: string | undefined
    }
  | {
      /** All fragments are here. */
      readonly at: number
      readonly event: 'received'
      readonly id: string
      /** The fragment that completed it, and which attempt of it. */
      readonly fragment: number
      readonly attempt: number
      /** For a reply: the message that it answers, and the delays drawn for the reply block it came with. */
      readonly inReplyTo?: string | undefined
      readonly drawnMs?: number | undefined
    }
  /** The app has it. */
  | { readonly at: number; readonly event: 'delivered'; readonly id: string }

export class Diary {
  readonly #most: number
  #entries: LedgerEntry[] = []
  #dropped = 0

  constructor(most: number) {
    this.#most = most
  }

  add(entry: LedgerEntry): void {
    this.#entries.push(entry)
    if (this.#entries.length < 2 * this.#most) return
    this.#entries = this.#entries.slice(-this.#most)
    this.#dropped += this.#most
  }

  /** Oldest first. */
  entries(): readonly LedgerEntry[] {
    return this.#entries
  }

  /** Entries that made room. */
  get dropped(): number {
    return this.#dropped
  }
}

// Which fragments have come of which message, and which messages are complete: bounded, without I/O. The bytes
// themselves lie in the store (inbox.ts). docs/spec/client-store.md 10.

import { countBits, emptyBitmap, hasBit, setBit } from '../outgoing/bitmap.ts'

export interface ReassemblyLimits {
  /** Unfinished messages. */
  readonly messages: number
  /** Bytes of fragments that wait for the rest of theirs. */
  readonly bytes: number
  /** Milliseconds without a new fragment after which an unfinished message is given up. */
  readonly ageMs: number
}

/** Repeats what a fragment says of its message; all fragments of one must agree. */
export interface Claim {
  /** Lowercase hex of the message id. */
  readonly id: string
  /** The kind, and for what came over a reply block the conversation: one sender cannot mix into another's. */
  readonly origin: string
  readonly count: number
  /** Whose message it is, where its id tells that; all strangers are one. */
  readonly owner?: string | undefined
}

export interface Partial {
  readonly origin: string
  readonly owner: string
  readonly count: number
  readonly have: Uint8Array
  readonly bytes: number
  readonly touchedAt: number
}

/**
 * `conflict`: it contradicts an earlier fragment of the same message; it is dropped. `refused`: there is no room,
 * and of all that is not whole its message would be the cheapest to lose.
 */
export type Verdict = 'kept' | 'complete' | 'duplicate' | 'conflict' | 'refused'

export class Reassembly {
  readonly #limits: ReassemblyLimits
  /** Longest untouched first. */
  readonly #partials = new Map<string, Partial>()
  #bytes = 0

  constructor(limits: ReassemblyLimits) {
    this.#limits = limits
  }

  /**
   * Takes notice of a fragment.
   *
   * @returns what to do with it, and the messages that had to go for it: those that are cheapest to lose
   */
  offer(claim: Claim, index: number, bytes: number, now: number): { verdict: Verdict; evicted: string[] } {
    const partial = this.#partials.get(claim.id)
    if (partial !== undefined) {
      if (partial.origin !== claim.origin || partial.count !== claim.count)
        return { verdict: 'conflict', evicted: [] }
      if (hasBit(partial.have, index)) return { verdict: 'duplicate', evicted: [] }
    }
    const have = partial?.have ?? emptyBitmap(claim.count)
    setBit(have, index)
    this.#partials.delete(claim.id)
    this.#partials.set(claim.id, {
      origin: claim.origin,
      owner: partial?.owner ?? claim.owner ?? '',
      count: claim.count,
      have,
      bytes: (partial?.bytes ?? 0) + bytes,
      touchedAt: now,
    })
    this.#bytes += bytes
    // It is about to leave, and takes no room
    if (countBits(have) === claim.count) return { verdict: 'complete', evicted: [] }
    const evicted = this.#evict()
    if (!evicted.includes(claim.id)) return { verdict: 'kept', evicted }
    return { verdict: 'refused', evicted: evicted.filter(id => id !== claim.id || partial !== undefined) }
  }

  /** Looks up what is known of an unfinished message. */
  get(id: string): Partial | undefined {
    return this.#partials.get(id)
  }

  /** Forgets a message: it is complete, or given up. */
  drop(id: string): void {
    const partial = this.#partials.get(id)
    if (partial === undefined) return
    this.#bytes -= partial.bytes
    this.#partials.delete(id)
  }

  /** Gives up what is too old. */
  expire(now: number): string[] {
    const gone: string[] = []
    for (const [id, partial] of this.#partials) {
      if (partial.touchedAt + this.#limits.ageMs > now) break
      gone.push(id)
    }
    for (const id of gone) this.drop(id)
    return gone
  }

  get messages(): number {
    return this.#partials.size
  }

  get bytes(): number {
    return this.#bytes
  }

  #evict(): string[] {
    const gone: string[] = []
    for (;;) {
      const id =
        this.#partials.size > this.#limits.messages
          ? this.#shortest()
          : this.#bytes > this.#limits.bytes
            ? this.#oldestLarge()
            : undefined
      if (id === undefined) return gone
      gone.push(id)
      this.drop(id)
    }
  }

  /**
   * Picks, of too many messages, but for the half of them that were touched last, the one of which least has come:
   * whoever wants to push out another's has to send as much as has come of it, for every place; and what has just
   * begun is not turned away by what lies there. Of several owners it is one of theirs who has the most.
   */
  #shortest(): string | undefined {
    const { owners, owner, messages } = this.#pressing('messages')
    let older = messages - Math.floor(this.#limits.messages / (2 * owners))
    let found: readonly [id: string, bytes: number] | undefined
    for (const [id, partial] of this.#partials) {
      if (partial.owner !== owner) continue
      if (older-- <= 0) break
      if (found === undefined || partial.bytes < found[1]) found = [id, partial.bytes]
    }
    return found?.[0]
  }

  /**
   * Picks, of too many bytes, the longest untouched of the messages that hold their part or more: short ones never
   * go for long ones. Of several owners it is one of theirs who has the most.
   */
  #oldestLarge(): string | undefined {
    const { owner, messages, bytes } = this.#pressing('bytes')
    for (const [id, partial] of this.#partials)
      if (partial.owner === owner && partial.bytes >= bytes / messages) return id
    return undefined
  }

  /** Finds who has most of it, and how many they are. */
  #pressing(what: 'messages' | 'bytes'): { owners: number; owner: string; messages: number; bytes: number } {
    const sums = new Map<string, { owner: string; messages: number; bytes: number }>()
    for (const { owner, bytes } of this.#partials.values()) {
      const sum = sums.get(owner) ?? { owner, messages: 0, bytes: 0 }
      sums.set(owner, { owner, messages: sum.messages + 1, bytes: sum.bytes + bytes })
    }
    let most = { owner: '', messages: 0, bytes: 0 }
    for (const sum of sums.values()) if (sum[what] > most[what]) most = sum
    return { ...most, owners: Math.max(1, sums.size) }
  }
}

/** Ids that were seen, the oldest forgotten first. */
export class Seen {
  readonly #most: number
  readonly #ids = new Set<string>()

  constructor(most: number) {
    this.#most = most
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** @returns the id that had to go for it */
  add(id: string): string | undefined {
    this.#ids.add(id)
    if (this.#ids.size <= this.#most) return undefined
    const [oldest] = this.#ids
    this.#ids.delete(oldest as string)
    return oldest
  }

  get size(): number {
    return this.#ids.size
  }
}

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
}

export interface Partial {
  readonly origin: string
  readonly count: number
  readonly have: Uint8Array
  readonly bytes: number
  readonly touchedAt: number
}

/** `conflict`: it contradicts an earlier fragment of the same message; it is dropped. */
export type Verdict = 'kept' | 'complete' | 'duplicate' | 'conflict'

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
   * @returns what to do with it, and the messages that had to go for it: those untouched for longest
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
      count: claim.count,
      have,
      bytes: (partial?.bytes ?? 0) + bytes,
      touchedAt: now,
    })
    this.#bytes += bytes
    const verdict = countBits(have) === claim.count ? 'complete' : 'kept'
    return { verdict, evicted: this.#evict(claim.id) }
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

  #evict(newest: string): string[] {
    const gone: string[] = []
    for (const id of this.#partials.keys()) {
      if (this.#partials.size <= this.#limits.messages && this.#bytes <= this.#limits.bytes) break
      if (id === newest) continue
      gone.push(id)
      this.drop(id)
    }
    return gone
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

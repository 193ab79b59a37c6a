// Copies of what the owner sent and wants to see again (docs/spec/client-store.md 11): what it handed over, without
// what the client adds. As many bytes as there is room for; the oldest go first.

import { keysUnder, type Store } from '../../world/store.ts'
import { del, type Operation, put, sequence } from '../folder/schema.ts'

const prefix = 'sent/'

export class KeptCopies {
  readonly #store: Store
  readonly #mostBytes: number
  /** Bytes of each by the sequence number of its message, oldest first. */
  readonly #sizes = new Map<number, number>()
  #bytes = 0

  private constructor(store: Store, mostBytes: number) {
    this.#store = store
    this.#mostBytes = mostBytes
  }

  /** @param size gives the bytes of a message that is listed; undefined for one that is not any more */
  static async open(
    store: Store,
    mostBytes: number,
    size: (seq: number) => number | undefined,
  ): Promise<KeptCopies> {
    const copies = new KeptCopies(store, mostBytes)
    for (const key of await keysUnder(store, prefix)) {
      const seq = Number(key.slice(prefix.length))
      copies.#count(seq, size(seq) ?? 0)
    }
    return copies
  }

  /** Keeps a copy; one that is larger than all the room is not kept. */
  add(seq: number, bytes: Uint8Array): Operation[] {
    if (bytes.length > this.#mostBytes) return []
    this.#count(seq, bytes.length)
    const going: Operation[] = []
    for (const oldest of this.#sizes.keys()) {
      if (this.#bytes <= this.#mostBytes) break
      going.push(...this.drop(oldest))
    }
    return [...going, put(keyOf(seq), bytes)]
  }

  /** Forgets one, where there is one. */
  drop(seq: number): Operation[] {
    const bytes = this.#sizes.get(seq)
    if (bytes === undefined) return []
    this.#sizes.delete(seq)
    this.#bytes -= bytes
    return [del(keyOf(seq))]
  }

  async get(seq: number): Promise<Uint8Array | undefined> {
    if (!this.#sizes.has(seq)) return undefined
    const found = await this.#store.get(keyOf(seq))
    // A store may hand out its own kind of Uint8Array
    return found && new Uint8Array(found.buffer, found.byteOffset, found.length)
  }

  #count(seq: number, bytes: number): void {
    this.#sizes.set(seq, bytes)
    this.#bytes += bytes
  }
}

function keyOf(seq: number): string {
  return `${prefix}${sequence(seq)}`
}

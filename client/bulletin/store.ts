// The client's own copy of the bulletin: what its gateways have shown, each entry once (docs/spec/bulletin.md 7.2). One
// page is one write, cursor included.

import * as v from 'valibot'
import { entriesUnder, keysUnder, type Store } from '../../world/store.ts'
import { del, type Operation, put, putRecord, readRecord, sequence, time } from '../folder/schema.ts'
import { Reader } from '../reader.ts'

export interface BoardRecord {
  /** Larger for what came later; a cursor for the app. */
  readonly seq: number
  /** Lowercase hex of the entry's id. */
  readonly id: string
  readonly topic: number
  /** When it came, milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly length: number
}

export interface BoardLimits {
  /** Bytes of entries that are kept; the oldest make room. */
  readonly bytes: number
  /** Entries whose ids are known again. */
  readonly ids: number
}

const schema: v.GenericSchema<unknown, Omit<BoardRecord, 'seq'>> = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  topic: v.pipe(v.number(), v.integer()),
  at: time,
  length: v.pipe(v.number(), v.integer(), v.minValue(1)),
})

export class BoardStore {
  readonly #store: Store
  readonly #limits: BoardLimits
  /** Oldest first; the bytes of the first ones may be gone. */
  #records: BoardRecord[] = []
  readonly #ids = new Set<string>()
  /** The first whose bytes are still here. */
  #kept = 0
  #bytes = 0
  #nextSeq = 0

  private constructor(store: Store, limits: BoardLimits) {
    this.#store = store
    this.#limits = limits
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(store: Store, limits: BoardLimits): Promise<BoardStore> {
    const board = new BoardStore(store, limits)
    for (const [key, value] of await entriesUnder(store, 'board/')) {
      const seq = Number(key.slice('board/'.length))
      board.#remember({ ...readRecord(key, value, schema), seq })
    }
    const [oldest] = await keysUnder(store, 'board-bytes/')
    board.#kept = oldest === undefined ? board.#nextSeq : Number(oldest.slice('board-bytes/'.length))
    for (const { seq, length } of board.#records) if (seq >= board.#kept) board.#bytes += length
    return board
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** Where to go on with each gateway's board. */
  async cursors(): Promise<Map<string, number>> {
    const cursors = new Map<string, number>()
    for (const [key, value] of await entriesUnder(this.#store, 'board-cursor/')) {
      const read = new Reader(value, key, 'STORE_DAMAGED')
      cursors.set(key.slice('board-cursor/'.length), read.u32('high') * 2 ** 32 + read.u32('low'))
    }
    return cursors
  }

  /**
   * Takes the new entries of a page.
   *
   * @returns those that were not known, when they are on disk
   */
  async take(
    page: readonly { readonly id: string; readonly topic: number; readonly data: Uint8Array }[],
    gateway: string,
    cursor: number,
    now: number,
  ): Promise<BoardRecord[]> {
    const operations: Operation[] = [put(`board-cursor/${gateway}`, u64(cursor))]
    const added: BoardRecord[] = []
    for (const { id, topic, data } of page) {
      if (this.#ids.has(id)) continue
      const record = { seq: this.#nextSeq, id, topic, at: now, length: data.length }
      this.#remember(record)
      this.#bytes += data.length
      added.push(record)
      const { seq, ...rest } = record
      operations.push(putRecord(`board/${sequence(seq)}`, rest), put(`board-bytes/${sequence(seq)}`, data))
    }
    operations.push(...this.#shrink())
    try {
      await this.#store.batch(operations)
    } catch (error) {
      // The page comes again
      for (const { id } of added) this.#ids.delete(id)
      this.#records = this.#records.filter(record => !added.includes(record))
      throw error
    }
    return added
  }

  /** Entries of a topic behind a cursor, oldest first, without those that had to go. */
  after(topic: number, seq: number, most: number): BoardRecord[] {
    const found: BoardRecord[] = []
    for (
      let i = this.#indexOf(Math.max(seq + 1, this.#kept));
      i < this.#records.length && found.length < most;
      i++
    ) {
      const record = this.#records[i] as BoardRecord
      if (record.topic === topic) found.push(record)
    }
    return found
  }

  /** Counts the bytes of a topic's entries that came since then, with so many more for each. */
  since(topic: number, at: number, each: number): number {
    let bytes = 0
    for (let i = this.#records.length - 1; i >= 0; i--) {
      const record = this.#records[i] as BoardRecord
      if (record.at < at) break
      if (record.topic === topic) bytes += record.length + each
    }
    return bytes
  }

  async bytes(seq: number): Promise<Uint8Array | undefined> {
    return await this.#store.get(`board-bytes/${sequence(seq)}`)
  }

  #remember(record: BoardRecord): void {
    this.#records.push(record)
    this.#ids.add(record.id)
    this.#nextSeq = record.seq + 1
  }

  #shrink(): Operation[] {
    const operations: Operation[] = []
    for (let i = this.#indexOf(this.#kept); this.#bytes > this.#limits.bytes; i++) {
      const { seq, length } = this.#records[i] as BoardRecord
      operations.push(del(`board-bytes/${sequence(seq)}`))
      this.#bytes -= length
      this.#kept = seq + 1
    }
    while (this.#records.length > this.#limits.ids) {
      const { seq, id, length } = this.#records.shift() as BoardRecord
      this.#ids.delete(id)
      operations.push(del(`board/${sequence(seq)}`))
      if (seq < this.#kept) continue
      operations.push(del(`board-bytes/${sequence(seq)}`))
      this.#bytes -= length
      this.#kept = seq + 1
    }
    return operations
  }

  /** The first record of this number or a later one. */
  #indexOf(seq: number): number {
    let low = 0
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#records[middle] as BoardRecord).seq < seq) low = middle + 1
      else high = middle
    }
    return low
  }
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

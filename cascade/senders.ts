// Who may send to a peer (docs/spec/cascade.md 4.3): a list in parts, each of which all owners have agreed on by its
// hash. What a sender on it has sent last takes the place of what it sent before, and stands for as many rows as the
// list says.

import { concat, fromHex, hex } from '../encoding/bytes.ts'
import { FieldReader } from '../encoding/reader.ts'
import { CascadeError } from './error.ts'
import { sha256Hex } from './signed.ts'

/** Bytes of a sender: its id, and its weight as u32. */
const senderBytes = 36
/** Senders of a part at most: in hexadecimal it fits into a payload. */
export const sendersInPart = 3000
const partsAtMost = 334
/** A sender may think again so often in a cycle: the log is everybody's. */
export const turnsAtMost = 100

/** Cuts a list into parts of 36 bytes a sender, by rising ids. */
export function partsOf(senders: ReadonlyMap<string, number>): Uint8Array[] {
  const sorted = [...senders].sort(([a], [b]) => (a < b ? -1 : 1))
  const all = sorted.map(([id, weight]) => {
    const out = new Uint8Array(senderBytes)
    out.set(fromHex(id))
    new DataView(out.buffer).setUint32(32, weight)
    return out
  })
  const count = Math.ceil(all.length / sendersInPart)
  return Array.from({ length: count }, (_, i) =>
    concat(all.slice(i * sendersInPart, (i + 1) * sendersInPart)),
  )
}

/** Gives what the owners agree on: the hashes of all parts, in hexadecimal, one after the other. */
export function sendersText(parts: readonly Uint8Array[]): string {
  return parts.map(sha256Hex).join('')
}

function wrong(message: string): CascadeError {
  return new CascadeError('BAD_REQUEST', `senders: ${message}`)
}

/** Holds the senders of a peer as far as they are known. Every method throws before it changes anything. */
export class SenderList {
  readonly #hashes: readonly string[]
  readonly #rowsAtMost: number
  readonly #parts = new Map<number, ReadonlyMap<string, number>>()
  #rows = 0

  /**
   * @param hashes SHA-256 of each part, one after the other
   * @param rowsAtMost the sum of all weights at most
   */
  constructor(hashes: Uint8Array, rowsAtMost: number) {
    const count = hashes.length / 32
    if (!Number.isInteger(count) || count < 1 || count > partsAtMost)
      throw wrong(`want 1 to ${partsAtMost} hashes of 32 bytes`)
    this.#hashes = Array.from({ length: count }, (_, i) => hex(hashes.subarray(32 * i, 32 * (i + 1))))
    this.#rowsAtMost = rowsAtMost
  }

  /** Counts the parts that there will be. */
  get parts(): number {
    return this.#hashes.length
  }

  /** Says whether all parts are known. */
  get isWhole(): boolean {
    return this.#parts.size === this.parts
  }

  /** Gives the number of the first part that is not known, from 1 on; undefined when all are. */
  get missing(): number | undefined {
    if (this.isWhole) return undefined
    let part = 1
    while (this.#parts.has(part)) part++
    return part
  }

  /** Counts the senders that are known. */
  get size(): number {
    return [...this.#parts.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** Sums up the weights of the senders that are known. */
  get rows(): number {
    return this.#rows
  }

  /** Says for how many rows a message of a sender stands; undefined for a stranger. */
  weightOf(id: string): number | undefined {
    for (const part of this.#parts.values()) {
      const weight = part.get(id)
      if (weight !== undefined) return weight
    }
    return undefined
  }

  /**
   * Reads a part, and gives what adds it.
   *
   * @throws CascadeError BAD_REQUEST for bytes that nobody agreed on, or that are no senders; REPLAYED for a part that
   *   is known
   */
  adding(index: number, bytes: Uint8Array): () => void {
    if (sha256Hex(bytes) !== this.#hashes[index - 1]) throw wrong('is not the part that was agreed')
    if (this.#parts.has(index)) throw new CascadeError('REPLAYED', 'senders: the part is known')
    const read = new FieldReader(bytes, wrong)
    const part = new Map<string, number>()
    let [last, rows] = ['', this.#rows]
    while (read.left > 0) {
      const id = hex(read.take(32, 'id'))
      const weight = read.u32('weight')
      if (id <= last || this.weightOf(id) !== undefined) throw read.wrong('id', 'want each once, rising')
      if (weight < 1) throw read.wrong('weight', 'want 1 at least')
      rows += weight
      part.set(id, weight)
      last = id
    }
    if (rows > this.#rowsAtMost) throw wrong(`want at most ${this.#rowsAtMost} rows`)
    return () => {
      this.#parts.set(index, part)
      this.#rows = rows
    }
  }
}

// An exact set of replay tags that costs little more than their bytes: 256 open-addressed tables, so that
// growing one of them is short.

import type { Random } from '../../world/random.ts'

/** Bytes of a tag: a key derivation's output (docs/spec/sphinx.md). */
export const tagBytes = 32

const tables = 256
const firstSlots = 16

/** Slots in use are marked in a byte each: a tag may be all zeros. */
interface Table {
  slots: number
  used: number
  tags: Uint8Array
  marks: Uint8Array
}

export interface TagSet {
  readonly size: number
  has(tag: Uint8Array): boolean
  /** Adds a tag (32 bytes) that is not in the set. */
  add(tag: Uint8Array): void
}

/**
 * Begins empty.
 *
 * @param random draws the multiplier and mask that spread tags over slots: a sender can grind its own tags, and
 *   must not be able to aim them at one slot
 */
export function tagSet(random: Random): TagSet {
  const secret = new DataView(random(8).slice().buffer)
  const multiplier = secret.getUint32(0) | 1
  const mask = secret.getUint32(4)
  const all: (Table | undefined)[] = new Array(tables).fill(undefined)
  let size = 0

  const spread = (bytes: Uint8Array, at: number): number => {
    let h = mask
    for (let i = at; i < at + tagBytes; i += 4) {
      const word =
        ((bytes[i] as number) << 24) |
        ((bytes[i + 1] as number) << 16) |
        ((bytes[i + 2] as number) << 8) |
        (bytes[i + 3] as number)
      h = Math.imul(h ^ word, multiplier)
      h ^= h >>> 15
    }
    return h >>> 0
  }

  /** Finds the slot that holds the tag, or the free one where it belongs (linear probing). */
  const slotOf = (table: Table, tag: Uint8Array, at: number): number => {
    for (let slot = (spread(tag, at) >>> 8) & (table.slots - 1); ; slot = (slot + 1) & (table.slots - 1))
      if (table.marks[slot] === 0 || isAt(table.tags, slot * tagBytes, tag, at)) return slot
  }

  const place = (table: Table, tag: Uint8Array, at: number): void => {
    const slot = slotOf(table, tag, at)
    table.tags.set(tag.subarray(at, at + tagBytes), slot * tagBytes)
    table.marks[slot] = 1
    table.used++
  }

  const grown = (old: Table): Table => {
    const table = emptyTable(old.slots * 2)
    for (let slot = 0; slot < old.slots; slot++)
      if (old.marks[slot] === 1) place(table, old.tags, slot * tagBytes)
    return table
  }

  return {
    get size() {
      return size
    },
    has(tag) {
      const table = all[spread(tag, 0) & (tables - 1)]
      return table !== undefined && table.marks[slotOf(table, tag, 0)] === 1
    },
    add(tag) {
      const index = spread(tag, 0) & (tables - 1)
      let table = all[index] ?? emptyTable(firstSlots)
      if (table.used * 4 >= table.slots * 3) table = grown(table)
      all[index] = table
      place(table, tag, 0)
      size++
    },
  }
}

function emptyTable(slots: number): Table {
  return { slots, used: 0, tags: new Uint8Array(slots * tagBytes), marks: new Uint8Array(slots) }
}

/** Compares 32 bytes of each, without views of them: this runs for every packet. */
function isAt(tags: Uint8Array, at: number, tag: Uint8Array, from: number): boolean {
  for (let i = 0; i < tagBytes; i++) if (tags[at + i] !== tag[from + i]) return false
  return true
}

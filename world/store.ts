// The disk of a role: an ordered map of bytes with one interface, on LevelDB in Node, in IndexedDB in browsers, or in
// memory.

import type { Store } from './store-face.ts'

export { memoryStore, openStore } from '#store'
export type { Listing, Store, StoreOperation, StoreRange, ValueEncoding } from './store-face.ts'

/** Has a write resolve once it outlives a cut of the power: LevelDB's own option, which abstract-level passes on. */
export const synced: object = { sync: true }

/** The keys under a prefix, as a range of abstract-level. */
export interface KeyRange {
  readonly gt: string
  readonly lt: string
}

/**
 * Spans all keys that begin with a prefix, for whatever takes a range: `store.values(under('order/'))`,
 * `store.keys({ ...under('order/'), reverse: true, limit: 1 })`, `store.clear(under('order/'))`.
 *
 * @param prefix ends in a slash; the key that is the prefix itself is not among them
 */
export function under(prefix: string): KeyRange {
  if (!prefix.endsWith('/')) throw new RangeError(`under: want a prefix that ends in a slash, have ${prefix}`)
  // 0 follows the slash
  return { gt: prefix, lt: `${prefix.slice(0, -1)}0` }
}

/** Gives all keys under a prefix that ends in a slash, with their values, in order. */
export async function entriesUnder(store: Store, prefix: string): Promise<[string, Uint8Array][]> {
  return await store.iterator(under(prefix)).all()
}

/** Gives all keys under a prefix that ends in a slash, in order. */
export async function keysUnder(store: Store, prefix: string): Promise<string[]> {
  return await store.keys(under(prefix)).all()
}

/** Gives the values of all keys under a prefix that ends in a slash, in order of the keys. */
export async function valuesUnder(store: Store, prefix: string): Promise<Uint8Array[]> {
  return await store.values(under(prefix)).all()
}

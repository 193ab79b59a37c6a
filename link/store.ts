// The disk of a role: an ordered map of bytes, on LevelDB or in memory, with one interface (abstract-level).

import type { AbstractLevel } from 'abstract-level'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'

/** Keys are text, values bytes; `batch` is atomic; what was written outlives `kill -9` of the process. */
export type Store = AbstractLevel<string | Buffer | Uint8Array, string, Uint8Array>

/** @throws when the folder cannot be written or another process holds it (code LEVEL_LOCKED) */
export async function openStore(folder: string): Promise<Store> {
  const store = new ClassicLevel<string, Uint8Array>(folder, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await store.open()
  return store
}

/** A store that ends with the process; for tests, and for clients that want to leave nothing behind. */
export function memoryStore(): Store {
  return new MemoryLevel<string, Uint8Array>({
    keyEncoding: 'utf8',
    valueEncoding: 'view',
  }) as unknown as Store
}

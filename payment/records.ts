// Reads what lies in a store, record by record: one that is damaged is set aside and named, and closes nothing. It
// stays where it is: a copy of the folder may mend it.

import { keysUnder, type Store } from '../world/store.ts'

/**
 * Reads all records under a prefix.
 *
 * @param read throws where the bytes are no such record
 * @param aside is told the name of each record that cannot be read
 */
export async function recordsUnder<T>(
  store: Store,
  prefix: string,
  read: (bytes: Uint8Array) => T,
  aside: (key: string) => void,
): Promise<[string, T][]> {
  const found: [string, T][] = []
  for (const key of await keysUnder(store, prefix)) {
    try {
      const bytes = await store.get(key)
      if (bytes !== undefined) found.push([key, read(bytes)])
    } catch {
      aside(key)
    }
  }
  return found
}

/** Names a record in a log, without telling whose it is: its kind, and the beginning of its name. */
export function shortName(key: string): string {
  const [kind = '', name = ''] = key.split('/')
  return `${kind}/${name.slice(0, 8)}`
}

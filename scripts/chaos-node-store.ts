// Stores with a fault, around a role's own.

import type { Store } from '../link/store.ts'

type Write = () => Promise<unknown>

const writes: ReadonlySet<PropertyKey> = new Set(['put', 'del', 'batch', 'clear'])

/** Says at once that it has written, and writes later. */
export function late(store: Store, ms: number): Store {
  return around(store, async write => {
    setTimeout(() => void write().catch(() => {}), ms)
  })
}

/** Tells of what the disk refused. */
export function onRefusal(store: Store, refused: (error: unknown) => never): Store {
  return around(store, write => write().catch(refused))
}

/** Refuses as a full disk does, while `isFull`. */
export function filling(store: Store, isFull: () => boolean): Store {
  return around(store, write =>
    isFull() ? Promise.reject(new Error('ENOSPC: no space left on device')) : write(),
  )
}

function around(store: Store, change: (write: Write) => Promise<unknown>): Store {
  return new Proxy(store, {
    get(_, name) {
      const value = Reflect.get(store, name, store) as unknown
      if (typeof value !== 'function') return value
      if (!writes.has(name)) return value.bind(store) as unknown
      return (...args: unknown[]) => change(() => Reflect.apply(value, store, args) as Promise<unknown>)
    },
  })
}

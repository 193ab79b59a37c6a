// Stores with a fault, around a role's own.

import { memoryStore, type Store } from '../../world/store.ts'

type Write = () => Promise<unknown>

const writes: ReadonlySet<PropertyKey> = new Set(['put', 'del', 'batch', 'clear'])

/** Has what was written in memory at once, and on disk later. */
export async function late(store: Store, ms: number): Promise<Store> {
  const memory = memoryStore()
  for await (const [key, value] of store.iterator()) await memory.put(key, value)
  return new Proxy(memory, {
    get(_, name) {
      const value = Reflect.get(memory, name, memory) as unknown
      if (typeof value !== 'function') return value
      if (!writes.has(name)) return value.bind(memory) as unknown
      return (...args: unknown[]) => {
        const write = Reflect.get(store, name, store) as (...args: unknown[]) => Promise<unknown>
        setTimeout(() => void write.apply(store, args).catch(() => {}), ms)
        return Reflect.apply(value, memory, args) as unknown
      }
    },
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

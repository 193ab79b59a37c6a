// Stores in browsers: in IndexedDB, and in memory. The same names in Node: store-node.ts.

import type { Listing, Store, StoreOperation, StoreRange, ValueEncoding } from './store-face.ts'

/** The object stores of a database: the records, and what lies beside them. */
export const records = 'records'
export const beside = 'beside'
/** Databases and locks of an origin are told from others by this. */
const prefix = 'chaffinch/'
/** Entries that a listing takes out of the database at a time. */
const page = 256

/**
 * Opens a store in the database of a name, and makes it where there is none. A write has resolved when the browser has
 * handed it to the disk (durability `strict`), all of it or nothing.
 *
 * @throws when a client of this origin holds it (code LEVEL_LOCKED), or the browser lets this page keep nothing
 */
export async function openStore(name: string): Promise<Store> {
  return storeIn(name, await openDatabase(name))
}

/** A database that is held by nobody else. */
export interface Held {
  readonly database: IDBDatabase
  close(): void
}

/** @throws as `openStore` does */
export async function openDatabase(name: string): Promise<Held> {
  const letGo = await hold(`${prefix}${name}`)
  try {
    const opening = indexedDB.open(`${prefix}${name}`, 1)
    opening.onupgradeneeded = () => {
      for (const store of [records, beside]) opening.result.createObjectStore(store)
    }
    const database = await resultOf(opening)
    // Somebody removes it: nothing of it is written any more
    database.onversionchange = () => database.close()
    return {
      database,
      close: () => {
        database.close()
        letGo()
      },
    }
  } catch (error) {
    letGo()
    throw error
  }
}

/** Lists the databases of this origin, by the names that they are opened by. */
export async function databaseNames(): Promise<string[]> {
  const found = await indexedDB.databases()
  return found.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : []))
}

/** Removes a database with all that is in it. @throws when a client of this origin holds it (code LEVEL_LOCKED) */
export async function removeDatabase(name: string): Promise<void> {
  const letGo = await hold(`${prefix}${name}`)
  try {
    await resultOf(indexedDB.deleteDatabase(`${prefix}${name}`))
  } finally {
    letGo()
  }
}

/** Takes a lock of the origin, until the function that it gives is called or this page or worker has ended. */
function hold(name: string): Promise<() => void> {
  if (navigator.locks === undefined)
    throw coded('INSECURE', 'a page keeps a client only over https, or from this machine')
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, lock => {
        if (lock === null) {
          reject(coded('LEVEL_LOCKED', 'another client of this page holds it'))
          return undefined
        }
        return new Promise<void>(letGo => resolve(letGo))
      })
      .catch(reject)
  })
}

/** Gives the records of a database as a store. */
export function storeIn(name: string, opened: Held): Store {
  let held = opened
  const reading = (): IDBObjectStore => held.database.transaction(records, 'readonly').objectStore(records)
  const write = (change: (store: IDBObjectStore) => void): Promise<void> =>
    writeTo(held.database, records, change)
  const batch = (operations: readonly StoreOperation[]): Promise<void> =>
    operations.length === 0
      ? Promise.resolve()
      : write(store => {
          for (const each of operations) {
            if (each.type === 'put') store.put(own(each.value), each.key)
            else store.delete(each.key)
          }
        })
  const listing = <T>(range: StoreRange, take: (key: string, value: Uint8Array) => T): Listing<T> =>
    listed(range, async (span, size) => {
      const store = reading()
      const [keys, values] = await Promise.all([
        resultOf(store.getAllKeys(span, size)),
        resultOf(store.getAll(span, size)),
      ])
      return keys.map((key, at) => [key as string, take(key as string, values[at] as Uint8Array)])
    })
  return {
    get: async key => (await resultOf(reading().get(key))) as Uint8Array | undefined,
    getMany: async keys => {
      const store = reading()
      return (await Promise.all(keys.map(key => resultOf(store.get(key))))) as (Uint8Array | undefined)[]
    },
    put: (key, value) => batch([{ type: 'put', key, value }]),
    del: key => batch([{ type: 'del', key }]),
    batch,
    clear: async (range = {}) => {
      const span = spanOf(range)
      if (span !== false) await write(store => (span === undefined ? store.clear() : store.delete(span)))
    },
    keys: (range = {}) => listing(range, key => key),
    values: (range = {}) => listing(range, (_, value) => value),
    iterator: (range = {}) => listing(range, (key, value) => [key, value]),
    open: async () => {
      held = await openDatabase(name)
    },
    close: async () => held.close(),
  }
}

/**
 * Changes an object store in one transaction. What the browser refuses for want of room has the code ENOSPC.
 *
 * @returns resolves once it is on the disk
 */
export function writeTo(
  database: IDBDatabase,
  name: string,
  change: (store: IDBObjectStore) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Chrome's own choice is `relaxed`: a write is then not yet on the disk
    const transaction = database.transaction(name, 'readwrite', { durability: 'strict' })
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(failure(transaction.error))
    change(transaction.objectStore(name))
    transaction.commit()
  })
}

function failure(error: DOMException | null): Error {
  if (error?.name === 'QuotaExceededError') return coded('ENOSPC', 'the browser gives no more room', error)
  return error ?? new Error('the browser has closed the database')
}

function coded(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code })
}

export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(failure(request.error))
  })
}

/** A view of a buffer would be stored with all of that buffer. */
function own(value: Uint8Array): Uint8Array {
  return value.byteLength === value.buffer.byteLength ? value : value.slice()
}

/** Undefined for everything, false for nothing. Keys are ASCII, so that text sorts as its bytes do. */
function spanOf({ gt, gte, lt, lte }: StoreRange): IDBKeyRange | undefined | false {
  const [low, high] = [gt ?? gte, lt ?? lte]
  const [isLowOpen, isHighOpen] = [gt !== undefined, lt !== undefined]
  if (low === undefined) return high === undefined ? undefined : IDBKeyRange.upperBound(high, isHighOpen)
  if (high === undefined) return IDBKeyRange.lowerBound(low, isLowOpen)
  if (low > high || (low === high && (isLowOpen || isHighOpen))) return false
  return IDBKeyRange.bound(low, high, isLowOpen, isHighOpen)
}

type Page<T> = (span: IDBKeyRange | undefined, size: number) => Promise<[key: string, entry: T][]>

/** Takes a range page by page; backwards all at once, and turned round: no caller goes back far. */
function listed<T>(range: StoreRange, take: Page<T>): Listing<T> {
  let left = range.limit ?? Number.POSITIVE_INFINITY
  let from: StoreRange | undefined = range
  let turned: T[] | undefined
  const nextv = async (size: number): Promise<T[]> => {
    const span = from === undefined ? false : spanOf(from)
    const most = Math.min(size, left)
    if (span === false || most <= 0) return []
    if (range.reverse === true) {
      turned ??= (await take(span, 2 ** 32 - 1)).map(([, entry]) => entry).toReversed()
      const some = turned.splice(0, most)
      left -= some.length
      return some
    }
    const found = await take(span, Math.min(most, 2 ** 32 - 1))
    const last = found.at(-1)
    left -= found.length
    const { gte: _, ...rest } = range
    from = last === undefined || found.length < most ? undefined : { ...rest, gt: last[0] }
    return found.map(([, entry]) => entry)
  }
  return {
    nextv,
    all: () => nextv(Number.POSITIVE_INFINITY),
    close: async () => {
      from = undefined
    },
    async *[Symbol.asyncIterator]() {
      for (let some = await nextv(page); some.length > 0; some = await nextv(page)) yield* some
    },
  }
}

/** A store that ends with the page or worker. */
export function memoryStore(encoding: ValueEncoding | 'view' = 'view'): Store {
  const values = new Map<string, Uint8Array>()
  const { encode, decode } = encoding === 'view' ? { encode: copy, decode: copy } : encoding
  const read = (key: string): Uint8Array | undefined => {
    const found = values.get(key)
    return found && decode(found)
  }
  const within = ({ gt, gte, lt, lte, reverse, limit }: StoreRange): string[] => {
    const keys = [...values.keys()].filter(
      key =>
        !(gt !== undefined && key <= gt) &&
        !(gte !== undefined && key < gte) &&
        !(lt !== undefined && key >= lt) &&
        !(lte !== undefined && key > lte),
    )
    const sorted = keys.toSorted((a, b) => (a < b ? -1 : 1))
    return (reverse === true ? sorted.toReversed() : sorted).slice(0, limit)
  }
  const listing = <T>(range: StoreRange, take: (key: string) => T): Listing<T> => {
    const entries = within(range).map(take)
    return {
      all: async () => entries.splice(0),
      nextv: async size => entries.splice(0, size),
      close: async () => {},
      async *[Symbol.asyncIterator]() {
        yield* entries.splice(0)
      },
    }
  }
  const batch = async (operations: readonly StoreOperation[]): Promise<void> => {
    for (const each of operations) {
      if (each.type === 'put') values.set(each.key, encode(each.value))
      else values.delete(each.key)
    }
  }
  const decoded = (key: string): Uint8Array => read(key) as Uint8Array
  return {
    get: async key => read(key),
    getMany: async keys => keys.map(read),
    put: (key, value) => batch([{ type: 'put', key, value }]),
    del: key => batch([{ type: 'del', key }]),
    batch,
    clear: async (range = {}) => {
      for (const key of within(range)) values.delete(key)
    },
    keys: (range = {}) => listing(range, key => key),
    values: (range = {}) => listing(range, decoded),
    iterator: (range = {}) => listing(range, key => [key, decoded(key)]),
    open: async () => {},
    close: async () => {},
  }
}

function copy(bytes: Uint8Array): Uint8Array {
  return bytes.slice()
}

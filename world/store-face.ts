// What every store has in common: an ordered map of bytes.

/** Bounds what is listed: the order is that of the keys as bytes. */
export interface StoreRange {
  readonly gt?: string
  readonly gte?: string
  readonly lt?: string
  readonly lte?: string
  readonly reverse?: boolean
  /** Entries at most; default: all. */
  readonly limit?: number
}

/** Changes one key of a store. */
export type StoreOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/** Lists what a range spans, in order; closed by itself at its end. */
export interface Listing<T> extends AsyncIterable<T> {
  all(): Promise<T[]>
  /** Gives up to so many; none at the end. */
  nextv(size: number): Promise<T[]>
  close(): Promise<void>
}

/**
 * Keys are text, values bytes; `batch` is atomic; what was written outlives `kill -9` of the process. Every
 * `AbstractLevel<…, string, Uint8Array>` is one.
 */
export interface Store {
  get(key: string, options?: object): Promise<Uint8Array | undefined>
  getMany(keys: string[]): Promise<(Uint8Array | undefined)[]>
  put(key: string, value: Uint8Array, options?: object): Promise<void>
  del(key: string, options?: object): Promise<void>
  batch(operations: StoreOperation[], options?: object): Promise<void>
  clear(range?: StoreRange): Promise<void>
  keys(range?: StoreRange): Listing<string>
  values(range?: StoreRange): Listing<Uint8Array>
  iterator(range?: StoreRange): Listing<[string, Uint8Array]>
  close(): Promise<void>
  /** Opens it again once it was closed. */
  open(): Promise<void>
}

/** Writes the values of a store (abstract-level's encodings). */
export interface ValueEncoding {
  readonly name: string
  readonly format: 'view'
  readonly encode: (value: Uint8Array) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Uint8Array
}

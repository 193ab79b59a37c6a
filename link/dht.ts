// The table that nodes and authorities keep together (docs/spec/link.md 5): values under keys, and who provides
// what. What may stand in it is said by whoever uses it; both versions of the link have one.

import type { Peer } from './peer.ts'

/** Throws when `value` is not what may stand under `key`. */
export type DhtCheck = (key: string, value: Uint8Array) => void

export interface DhtOptions {
  /** Milliseconds for the whole search. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface Dht {
  /**
   * Takes, keeps and gives out values under keys that begin with `/kind/`. From the first call on a host that is no
   * client answers others. A newer value replaces an older one whatever they say: the check alone has to suffice.
   */
  accept(kind: string, check: DhtCheck): void
  /**
   * Says whom to ask.
   *
   * @param closed nobody else is asked, told of or believed, and records that nobody has put again for eight such
   *   calls are forgotten; otherwise those that these name are asked too
   */
  keep(peers: readonly Peer[], closed: boolean): void
  /**
   * Has those keep a value who are closest to its key.
   *
   * @returns how many said that they do
   */
  put(key: string, value: Uint8Array, options: DhtOptions): Promise<number>
  /** The first value found that passes the check of its kind. */
  get(key: string, options: DhtOptions): Promise<Uint8Array | undefined>
  /** Tells those closest to a name that this host has what is named so. @param name 32 bytes */
  provide(name: Uint8Array, options: DhtOptions): Promise<void>
  /** Finds those who said so. @param name 32 bytes */
  providers(name: Uint8Array, options: DhtOptions): Promise<readonly Peer[]>
}

/** So many keep a value; and the size of a bucket of the routing table. */
export const replicas = 8

/** So many are asked at once in one search. */
export const askedAtOnce = 3

/** The largest value, bytes. */
export const maxValueBytes: number = 16 * 1024

/**
 * Values, provider records and peers that one host keeps at most; the oldest give way. A record that was not put again
 * while the host was told `turns` times of a new set of peers, which is once a document, is forgotten.
 */
export const mostKept = { records: 4096, peers: 1024, turns: 8 } as const

/** Records of one sort that a host keeps, by name. */
export class Shelf<T> {
  readonly #records = new Map<string, { readonly record: T; readonly turn: number }>()
  #turn = 0

  /** The newest stand last. */
  set(name: string, record: T): void {
    this.#records.delete(name)
    this.#records.set(name, { record, turn: this.#turn })
    if (this.#records.size > mostKept.records) this.delete(this.#records.keys().next().value as string)
  }

  get(name: string): T | undefined {
    return this.#records.get(name)?.record
  }

  delete(name: string): void {
    this.#records.delete(name)
  }

  /** Those whose name begins so. */
  find(prefix: string): T[] {
    return [...this.#records].filter(([name]) => name.startsWith(prefix)).map(([, { record }]) => record)
  }

  turn(): void {
    this.#turn++
    for (const [name, { turn }] of this.#records) {
      if (turn > this.#turn - mostKept.turns) return
      this.#records.delete(name)
    }
  }
}

/** The checks by kind. */
export class Checks {
  readonly #checks = new Map<string, DhtCheck>()

  set(kind: string, check: DhtCheck): void {
    this.#checks.set(kind, check)
  }

  get kinds(): readonly string[] {
    return [...this.#checks.keys()]
  }

  /** Says whether the value may stand under the key. */
  passes(key: string, value: Uint8Array): boolean {
    const check = this.#checks.get(key.split('/')[1] ?? '')
    if (check === undefined || value.length > maxValueBytes) return false
    try {
      check(key, value)
      return true
    } catch {
      return false
    }
  }
}

/** Peers that may be asked, by the hex of their ids. */
export class AddressBook {
  readonly #peers = new Map<string, Peer>()
  #kept: ReadonlySet<string> = new Set()
  #closed = false
  readonly #nameOf: (id: Uint8Array) => string

  constructor(nameOf: (id: Uint8Array) => string) {
    this.#nameOf = nameOf
  }

  /** Replaces the kept ones; in a closed book nobody else stays. */
  keep(peers: readonly Peer[], closed: boolean): void {
    this.#kept = new Set(peers.map(({ id }) => this.#nameOf(id)))
    this.#closed = closed
    if (closed) this.#peers.clear()
    for (const peer of peers) this.#peers.set(this.#nameOf(peer.id), peer)
  }

  /** A peer of which another one has told. What is kept does not change by hearsay. */
  hear(peer: Peer): void {
    const name = this.#nameOf(peer.id)
    if (this.#closed || this.#kept.has(name) || peer.addresses.length === 0) return
    this.#peers.set(name, peer)
    if (this.#peers.size <= mostKept.peers) return
    const oldest = [...this.#peers.keys()].find(other => !this.#kept.has(other))
    if (oldest !== undefined) this.#peers.delete(oldest)
  }

  get(id: Uint8Array): Peer | undefined {
    return this.#peers.get(this.#nameOf(id))
  }

  /** Says whether a peer's word about itself is taken. */
  believes(id: Uint8Array): boolean {
    return !this.#closed || this.#kept.has(this.#nameOf(id))
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()]
  }
}

/** The table of a link that reaches nobody. */
export const emptyTable: Dht = {
  accept: () => {},
  keep: () => {},
  put: async () => 0,
  get: async () => undefined,
  provide: async () => {},
  providers: async () => [],
}

// The table in memory: requests between hosts of one process, on the virtual clock. The same keys end up with the
// same hosts as over libp2p (dht-kad.ts); the search is the plain one of Kademlia, without buckets.

import { setMaxListeners } from 'node:events'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromHex, hex } from '../../encoding/bytes.ts'
import {
  AddressBook,
  askedAtOnce,
  Checks,
  type Dht,
  type DhtCheck,
  type DhtOptions,
  replicas,
  Shelf,
} from '../dht.ts'
import type { Link, Peer } from '../link.ts'

const protocol = '/memory/dht/1'
const largest = 64 * 1024
const requestMs = 5000

/** A host that is asked for a value or for providers may know them, and names peers that are closer. */
type Ask =
  | { readonly ask: 'find'; readonly key: string; readonly what: 'value' | 'providers' | 'nothing' }
  | { readonly ask: 'put'; readonly key: string; readonly value: string }
  | { readonly ask: 'provide'; readonly key: string; readonly addresses: readonly string[] }

interface Found {
  readonly value?: string
  readonly providers: readonly Told[]
  readonly closer: readonly Told[]
}

interface Told {
  readonly id: string
  readonly addresses: readonly string[]
}

export class MemoryTable implements Dht {
  readonly #link: Pick<Link, 'id' | 'addresses' | 'request' | 'serve'>
  readonly #serves: boolean
  readonly #checks = new Checks()
  readonly #book = new AddressBook(hex)
  readonly #values = new Shelf<Uint8Array>()
  readonly #providers = new Shelf<Told>()

  constructor(link: Pick<Link, 'id' | 'addresses' | 'request' | 'serve'>, serves: boolean) {
    this.#link = link
    this.#serves = serves
  }

  accept(kind: string, check: DhtCheck): void {
    if (this.#serves && this.#checks.kinds.length === 0) {
      this.#link.serve(protocol, largest, async (from, body) => write(this.#answer(from, read<Ask>(body))))
    }
    this.#checks.set(kind, check)
  }

  keep(peers: readonly Peer[], closed: boolean): void {
    this.#book.keep(peers, closed)
    if (!closed) return
    this.#values.turn()
    this.#providers.turn()
  }

  async put(key: string, value: Uint8Array, options: DhtOptions): Promise<number> {
    if (!this.#checks.passes(key, value)) return 0
    this.#values.set(key, value)
    const to = await this.#closest(key, options)
    const taken = to.map(peer => this.#ask<boolean>(peer, { ask: 'put', key, value: hex(value) }, options))
    return (await Promise.all(taken)).filter(took => took === true).length
  }

  async get(key: string, options: DhtOptions): Promise<Uint8Array | undefined> {
    let found = this.#values.get(key)
    await this.#search(key, 'value', options, ({ value }) => {
      const bytes = value === undefined ? undefined : fromHex(value)
      if (bytes !== undefined && this.#checks.passes(key, bytes)) found ??= bytes
      return found !== undefined
    })
    return found !== undefined && this.#checks.passes(key, found) ? found : undefined
  }

  async provide(name: Uint8Array, options: DhtOptions): Promise<void> {
    const key = hex(name)
    const { id, addresses } = this.#link
    this.#providers.set(`${key} ${hex(id)}`, { id: hex(id), addresses })
    const to = await this.#closest(key, options)
    await Promise.all(to.map(peer => this.#ask(peer, { ask: 'provide', key, addresses }, options)))
  }

  async providers(name: Uint8Array, options: DhtOptions): Promise<readonly Peer[]> {
    const found = new Map<string, Peer>()
    await this.#search(hex(name), 'providers', options, ({ providers }) => {
      for (const told of providers) {
        const peer = peerOf(told)
        if (this.#book.believes(peer.id)) found.set(told.id, this.#book.get(peer.id) ?? peer)
      }
      return found.size >= replicas
    })
    return [...found.values()]
  }

  #answer(from: Uint8Array, request: Ask): Found | boolean {
    if (request.ask === 'put') {
      const value = fromHex(request.value)
      if (!this.#checks.passes(request.key, value)) return false
      this.#values.set(request.key, value)
      return true
    }
    if (request.ask === 'provide') {
      if (!this.#book.believes(from)) return false
      const id = hex(from)
      this.#providers.set(`${request.key} ${id}`, { id, addresses: request.addresses })
      return true
    }
    const { key, what } = request
    const value = what === 'value' ? this.#values.get(key) : undefined
    const providers = what === 'providers' ? this.#providers.find(key) : []
    const closer = nearest(key, this.#book.peers)
      .filter(({ id }) => hex(id) !== hex(from))
      .slice(0, replicas)
      .map(({ id, addresses }) => ({ id: hex(id), addresses }))
    return {
      ...(value === undefined ? {} : { value: hex(value) }),
      providers: providers.slice(0, replicas),
      closer,
    }
  }

  async #closest(key: string, options: DhtOptions): Promise<Peer[]> {
    const heard = await this.#search(key, 'nothing', options, () => false)
    return nearest(key, heard).slice(0, replicas)
  }

  /** Asks ever closer ones until `enough` or nobody closer is left; gives those who answered. */
  async #search(
    key: string,
    what: 'value' | 'providers' | 'nothing',
    options: DhtOptions,
    enough: (found: Found) => boolean,
  ): Promise<Peer[]> {
    const asked = new Set<string>([hex(this.#link.id)])
    const answered: Peer[] = []
    for (;;) {
      const near = nearest(key, this.#book.peers).slice(0, replicas)
      const next = near.filter(({ id }) => !asked.has(hex(id))).slice(0, askedAtOnce)
      if (next.length === 0) return answered
      for (const { id } of next) asked.add(hex(id))
      const answers = await Promise.all(
        next.map(async peer => {
          const found = await this.#ask<Found>(peer, { ask: 'find', key, what }, options)
          if (found !== undefined) answered.push(peer)
          return found
        }),
      )
      for (const found of answers) {
        for (const told of found?.closer ?? []) this.#book.hear(peerOf(told))
        if (found !== undefined && enough(found)) return answered
      }
    }
  }

  async #ask<T>(to: Peer, request: Ask, options: DhtOptions): Promise<T | undefined> {
    const { signal } = options
    // Twenty are asked at once: more listeners than Node expects of one signal
    if (signal !== undefined) setMaxListeners(0, signal)
    try {
      const timeoutMs = Math.min(options.timeoutMs, requestMs)
      const within = { timeoutMs, maxBytes: largest, ...(signal && { signal }) }
      return read<T>(await this.#link.request(to, protocol, write(request), within))
    } catch {
      return undefined
    }
  }
}

/** By the distance of Kademlia: the exclusive or of two SHA-256 digests, as a number. */
function nearest(key: string, peers: readonly Peer[]): Peer[] {
  const target = sha256(new TextEncoder().encode(key))
  const distance = ({ id }: Peer): string => hex(placeOf(id).map((byte, i) => byte ^ (target[i] as number)))
  return peers
    .map(peer => ({ peer, at: distance(peer) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ peer }) => peer)
}

const places = new WeakMap<Uint8Array, Uint8Array>()

function placeOf(id: Uint8Array): Uint8Array {
  const place = places.get(id) ?? sha256(id)
  places.set(id, place)
  return place
}

function peerOf({ id, addresses }: Told): Peer {
  return { id: fromHex(id), addresses }
}

function write(what: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(what))
}

function read<T>(bytes: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T
}

// The store of a client's folder (docs/spec/client-store.md 11.5): a write is on the disk itself when it has
// resolved, writes that wait are made together, values are bound to their keys, and what is lost inside the store is
// noticed when it is opened. A used folder never begins anew by itself.

import { same } from '../../encoding/bytes.ts'
import { type Store, synced, under } from '../../world/store.ts'
import { ClientError } from '../error.ts'
import { areSamePerson, isIdentity } from './identity.ts'
import type { KeptDisk, Place } from './kept-face.ts'
import { del, type Operation, put, sequence } from './schema.ts'
import type { KeyedValues } from './vault.ts'

/** Each commit writes its number; a number that is missing is a commit that was lost. Behind all other keys. */
const commits = '~commit/'
/** Numbers that are kept: more commits than LevelDB's log holds, where a lost one would not be noticed. */
const mostCommits = 65_536
const identityKey = 'identity'

/** Marks PREFIX.json as it stands now. Before 2 the values of an open folder had no checksum. */
const version = 2

interface Marked {
  readonly version: unknown
  readonly commits: unknown
}

type Batch = {
  readonly operations: readonly Operation[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Opens the store in a place, or makes it where nothing was ever kept. Where only the identity is left
 * (PREFIX.identity, and nothing else), the store begins with that.
 *
 * @throws ClientError STORE_DAMAGED; and what the folder says (code LEVEL_LOCKED: another process has it open)
 */
export async function openKeptOn(disk: KeptDisk, place: Place, values: KeyedValues): Promise<Store> {
  const kept = new Kept(place, values, disk)
  await kept.open()
  return kept.face()
}

class Kept {
  readonly #place: Place
  readonly #values: KeyedValues
  readonly #disk: KeptDisk
  #level!: Store
  #next = 0
  /** The oldest number that is kept. */
  #oldest = 0
  readonly #waiting: Batch[] = []
  #isWriting = false
  #writing: Promise<void> | undefined
  #marking: Promise<void> | undefined
  #marked = -1
  #identity: Uint8Array | undefined

  constructor(place: Place, values: KeyedValues, disk: KeptDisk) {
    this.#place = place
    this.#values = values
    this.#disk = disk
  }

  async open(): Promise<void> {
    const marked = this.#markedCommits()
    const found = this.#disk.found()
    if (found === 'remains') throw this.#damaged('CURRENT is gone, without which its store does not open')
    const isThere = found === 'store'
    if (marked !== undefined && !isThere) throw this.#damaged('its store is gone')
    this.#level = await this.#disk.open().catch((error: unknown) => {
      throw isCorruption(error) || (isThere && isTorn(error))
        ? this.#damaged('its store does not open', error)
        : error
    })
    try {
      await this.#check(marked?.commits)
      if (isThere && marked?.version !== version) await this.#bindAll()
      await this.#checkIdentity(this.#disk.read('identity'), isThere)
      await this.#mark()
      // Nothing is taken that could be lost unnoticed
      if (marked === undefined && this.#marked < 0) await this.#writeMark()
    } catch (error) {
      await this.#level.close()
      throw isCorruption(error) || isTorn(error) ? this.#damaged('a record cannot be read', error) : error
    }
  }

  /** Reads what was committed at least from what lies beside the store; undefined where nothing does. */
  #markedCommits(): { readonly version: unknown; readonly commits: number } | undefined {
    const file = this.#disk.read('json')
    if (file === undefined) return undefined
    try {
      const read = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file)) as Partial<Marked>
      const { commits: count, version: of } = read
      if (typeof count === 'number' && count >= 0) return { version: of, commits: count }
    } catch {
      // As below
    }
    throw this.#damaged(`${this.#place.beside}.json cannot be read`)
  }

  /** Checks that every commit is there. */
  async #check(marked: number | undefined): Promise<void> {
    const numbers = (await this.#level.keys(under(commits)).all()).map(key =>
      Number(key.slice(commits.length)),
    )
    const first = numbers[0] ?? 0
    const last = numbers.at(-1) ?? -1
    this.#oldest = first
    this.#next = last + 1
    const lost = last + 1 - first - numbers.length
    if (lost > 0) throw this.#damaged(`${lost} of its writes are lost`)
    if (marked !== undefined && this.#next < marked)
      throw this.#damaged(`its last ${marked - this.#next} writes are lost`)
    // The first may be older than the mark
    if (marked === undefined && this.#next > 1)
      throw this.#damaged(`${this.#place.beside}.json is gone, which counts its writes`)
  }

  /** Seals anew, once, what was sealed before values were bound to their keys. */
  async #bindAll(): Promise<void> {
    const { rebind } = this.#values
    if (rebind === undefined) return
    const found = this.#level.iterator()
    for (let some = await found.nextv(256); some.length > 0; some = await found.nextv(256))
      await this.#level.batch(
        some.flatMap(([key, value]) => {
          const bound = key.startsWith(commits) ? undefined : rebind(key, value)
          return bound === undefined ? [] : [put(key, bound)]
        }),
        synced,
      )
    await found.close()
  }

  async #checkIdentity(copy: Uint8Array | undefined, isThere: boolean): Promise<void> {
    const stored = await this.#level.get(identityKey)
    if (stored !== undefined) {
      const identity = this.#values.decode(identityKey, stored)
      const apart = copy && (await this.#legible(copy, stored))
      // The newer of the two may lie apart, with other gateways; another's is never overwritten
      if (apart !== undefined && !areSamePerson(apart, identity))
        throw this.#damaged(`the identity in its store and ${this.#place.beside}.identity are two`)
      if (apart === undefined || !same(copy as Uint8Array, stored)) await this.#keepIdentity(stored)
      this.#identity = stored
    } else if (copy !== undefined) {
      // Read before it is believed
      const identity = this.#readCopy(copy)
      if (isThere && !(await this.#isNew())) throw this.#damaged('its identity is gone from the store')
      await this.write([put(identityKey, identity)])
    }
  }

  /** It may be from before values had checksums. @throws ClientError STORE_DAMAGED */
  #readCopy(copy: Uint8Array): Uint8Array {
    return this.#values.decode(identityKey, this.#values.rebind?.(identityKey, copy) ?? copy)
  }

  /**
   * Reads the copy; sets it aside where it is what the store has but for a few bytes, and cannot be read.
   *
   * @throws ClientError STORE_DAMAGED for what cannot be read and may be another's
   */
  async #legible(copy: Uint8Array, stored: Uint8Array): Promise<Uint8Array | undefined> {
    if (!isNearly(copy, stored) || this.#isLegible(copy)) return this.#readCopy(copy)
    await this.#disk.replace('damaged', copy)
    return undefined
  }

  #isLegible(copy: Uint8Array): boolean {
    try {
      return isIdentity(this.#readCopy(copy))
    } catch {
      return false
    }
  }

  /** Tells whether its first start ended before it had an identity in it. */
  async #isNew(): Promise<boolean> {
    return own(await this.#level.keys().all()).every(key => key === 'version')
  }

  async #keepIdentity(sealed: Uint8Array): Promise<void> {
    await this.#disk.replace('identity', sealed)
  }

  /** Resolves when it is on the disk. What waits meanwhile is written together. */
  write(operations: readonly Operation[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operations, resolve, reject })
      if (this.#isWriting) return
      this.#isWriting = true
      this.#writing = this.#writeAll()
    })
  }

  async #writeAll(): Promise<void> {
    // Those of the same turn belong together
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batches = this.#waiting.splice(0)
      try {
        await this.#commit(batches.flatMap(({ operations }) => operations))
        for (const { resolve } of batches) resolve()
      } catch (error) {
        for (const { reject } of batches) reject(error)
      }
    }
    this.#isWriting = false
  }

  async #commit(operations: readonly Operation[]): Promise<void> {
    const sealed = operations.map(each =>
      each.type === 'put' ? put(each.key, this.#values.encode(each.key, each.value)) : each,
    )
    const identity = sealed.findLast(({ key }) => key === identityKey)
    const number = put(`${commits}${sequence(this.#next)}`, new Uint8Array(0))
    const old = this.#next - this.#oldest >= mostCommits ? [del(`${commits}${sequence(this.#oldest)}`)] : []
    // An identity lies apart before anything is built on it
    if (identity?.type === 'put') await this.#keepIdentity(identity.value)
    try {
      await this.#level.batch([...sealed, number, ...old], synced)
    } catch (error) {
      if (identity !== undefined && this.#identity !== undefined) await this.#keepIdentity(this.#identity)
      throw error
    }
    if (identity?.type === 'put') this.#identity = identity.value
    this.#next++
    this.#oldest += old.length
    void this.#mark()
  }

  /** Notes beside the store how many commits there are; one note is under way at a time. */
  #mark(): Promise<void> {
    this.#marking ??= this.#markNow().finally(() => {
      this.#marking = undefined
    })
    return this.#marking
  }

  async #markNow(): Promise<void> {
    if (this.#marked === this.#next) return
    // A disk that is full refuses the next write too, and says so there
    await this.#writeMark().catch(() => {})
  }

  async #writeMark(): Promise<void> {
    const now = this.#next
    const text = `${JSON.stringify({ version, commits: now })}\n`
    await this.#disk.replace('json', new TextEncoder().encode(text))
    this.#marked = now
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#marking
    await this.#mark()
    await this.#level.close()
  }

  /** The store as everybody else sees it. */
  face(): Store {
    const read = async (key: string): Promise<Uint8Array | undefined> => {
      const found = await this.#level.get(key)
      return found && this.#values.decode(key, found)
    }
    const keysOf = (range: object): Promise<string[]> => this.#level.keys(range).all().then(own)
    const faces: Readonly<Record<string, unknown>> = {
      get: read,
      getMany: (keys: string[]) => Promise.all(keys.map(read)),
      put: (key: string, value: Uint8Array) => this.write([put(key, value)]),
      del: (key: string) => this.write([del(key)]),
      batch: (operations: Operation[]) => this.write(operations),
      clear: async (range: object = {}) => this.write((await keysOf(range)).map(del)),
      keys: (range: object = {}) => ({ all: () => keysOf(range) }),
      values: (range: object = {}) => {
        const entries = this.#entries(range)
        return { all: async () => (await entries.all()).map(([, value]) => value) }
      },
      iterator: (range: object = {}) => this.#entries(range),
      close: () => this.close(),
    }
    return new Proxy(this.#level, {
      get(level, name) {
        if (typeof name === 'string' && Object.hasOwn(faces, name)) return faces[name]
        const value = Reflect.get(level, name, level) as unknown
        return typeof value === 'function' ? (value.bind(level) as unknown) : value
      },
    })
  }

  #entries(range: object): Entries {
    const iterator = this.#level.iterator(range)
    const read = (some: [string, Uint8Array][]): [string, Uint8Array][] =>
      some.flatMap(([key, value]) =>
        key.startsWith(commits) ? [] : [[key, this.#values.decode(key, value)] as [string, Uint8Array]],
      )
    return {
      all: async () => read(await iterator.all()),
      nextv: async size => read(await iterator.nextv(size)),
      close: () => iterator.close(),
    }
  }

  #damaged(what: string, cause?: unknown): ClientError {
    const { named, beside } = this.#place
    const text =
      `${named}: ${what}; nothing begins anew. Restore the folder from a copy; or, for the same address without ` +
      `its messages, move away what is in it but ${beside}.identity and vault.json`
    return new ClientError('STORE_DAMAGED', text, { cause })
  }
}

interface Entries {
  all(): Promise<[string, Uint8Array][]>
  /** Gives up to so many; none at the end. */
  nextv(size: number): Promise<[string, Uint8Array][]>
  close(): Promise<void>
}

/** Tells whether two records are as long, and nine of ten of their bytes the same. */
function isNearly(one: Uint8Array, other: Uint8Array): boolean {
  const differing = one.reduce((sum, byte, at) => sum + Number(byte !== other[at]), 0)
  return one.length === other.length && differing <= one.length / 10
}

function own(keys: string[]): string[] {
  return keys.filter(key => !key.startsWith(commits))
}

/** Tells whether LevelDB misses a file of a store, or cannot have written it so. */
function isTorn(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, message } = error as { readonly code?: unknown; readonly message: string }
  if (code === 'LEVEL_IO_ERROR') return /(No such file or directory|Invalid argument)$/.test(message)
  return isTorn(error.cause)
}

function isCorruption(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (error as { readonly code?: unknown }).code === 'LEVEL_CORRUPTION' || isCorruption(error.cause)
}

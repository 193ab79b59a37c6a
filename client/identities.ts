// Several identities in one process (docs/spec/client-store.md 11.3): each is a client of its own, with keys, link,
// gateway, clocks, mailbox, reply blocks and store that no other has a part of. Only their owner sees that they
// belong together.

import { identityStores } from '#folder'
import type { View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { type Clock, systemClock } from '../world/clock.ts'
import { exponential, fraction, type Random, systemRandom } from '../world/random.ts'
import type { Store } from '../world/store.ts'
import { type Turns, turns } from '../world/turns.ts'
import { sleep } from '../world/wait.ts'
import { checkOptions } from './checked-options.ts'
import type { Client } from './client.ts'
import { type ClientOptions, open, openOwnFolder } from './connect.ts'
import { ClientError } from './error.ts'
import {
  addIdentity,
  dropIdentity,
  type IdentityStores,
  type ListedIdentity,
  mainIdentity,
  readIdentities,
} from './folder/identity-list.ts'
import type { Unlock } from './folder/vault.ts'
import { canDial, pickGateway } from './incoming/choice.ts'

/** Configures all identities of a folder: each becomes a client of its own. */
export interface IdentitiesOptions extends ClientOptions {
  /** Where the stores of the others lie; default: in `folder`. */
  readonly stores?: IdentityStores
  /** Parts that another identity than the first is handed; default: each makes its own. */
  readonly parts?: (name: string) => Pick<ClientOptions, 'link' | 'directory' | 'random'>
  /** Mean time after which another identity than the first starts, milliseconds; default: one minute. */
  readonly spreadMs?: number
}

interface Open {
  readonly client: Client
  readonly store: Store
}

const usualSpreadMs = 60_000
/** Ends lie so far apart at most, milliseconds: whoever waits for the process waits so long. */
const endSpreadMs = 3000

/**
 * Opens all identities of a folder. The first starts at once, each of the others after a time drawn for it.
 *
 *     const identities = await openIdentities({ network, folder: 'me' })
 *     const work = await identities.create('work')
 *     await work.send(address, 'hello')
 *
 * @throws what `openClient` throws
 */
export async function openIdentities(options: IdentitiesOptions): Promise<Identities> {
  checkOptions('openIdentities', options)
  const { folder, unlock, random = systemRandom } = options
  const store = options.store ?? (await openOwnFolder(folder, unlock, random))
  const close = async (): Promise<void> => {
    if (options.store === undefined) await store.close()
  }
  try {
    const stores = options.stores ?? (await storesIn(folder, random))
    return await Identities.open(store, stores, options, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function storesIn(folder: string | undefined, random: Random): Promise<IdentityStores> {
  if (folder === undefined) throw new ClientError('BAD_OPTION', 'identities: want a folder, or stores')
  return await identityStores(folder, random)
}

/**
 * Several identities in one folder, each with keys, queue and inbox of its own, that share nothing on the wire
 * (docs/spec/client.md).
 */
export class Identities {
  readonly #options: IdentitiesOptions
  readonly #clock: Clock
  readonly #random: Random
  readonly #store: Store
  readonly #stores: IdentityStores
  readonly #release: () => Promise<void>
  readonly #open = new Map<string, Open>()
  /** The gateway that each has just drawn and may not have written down yet: lowercase hex. */
  readonly #drawn = new Map<string, readonly string[]>()
  /** Changes of the list take turns. */
  readonly #turns: Turns = turns()
  #closed: Promise<void> | undefined

  private constructor(
    store: Store,
    stores: IdentityStores,
    options: IdentitiesOptions,
    release: () => Promise<void>,
  ) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? systemRandom
    this.#store = store
    this.#stores = stores
    this.#release = release
  }

  /**
   * Opens the identities that a folder lists.
   *
   * @param release closes what was opened for these only
   */
  static async open(
    store: Store,
    stores: IdentityStores,
    options: IdentitiesOptions,
    release: () => Promise<void>,
  ): Promise<Identities> {
    const identities = new Identities(store, stores, options, release)
    try {
      await identities.#start()
    } catch (error) {
      await Promise.all([...identities.#open.values()].map(each => identities.#shut(each)))
      throw error
    }
    return identities
  }

  /** The first: every client has it. */
  get main(): Client {
    return this.#of(mainIdentity).client
  }

  /** The names of all, the first in front. */
  get names(): readonly string[] {
    return [...this.#open.keys()]
  }

  /**
   * The client of this identity, for as long as it is kept.
   *
   * @throws ClientError NO_IDENTITY
   */
  client(name: string): Client {
    return this.#of(name).client
  }

  /**
   * Makes one, which starts at once.
   *
   * @param name for its owner alone: 1 to 32 of a to z, 0 to 9, dot and hyphen
   * @throws ClientError BAD_OPTION, CLOSED
   */
  async create(name: string): Promise<Client> {
    return await this.#inTurn(async () => {
      const listed = await addIdentity(this.#store, name, this.#random)
      return await this.#begin(listed, 0)
    })
  }

  /**
   * Forgets one with its keys, messages and reply blocks. What is under way for it is lost.
   *
   * @throws ClientError NO_IDENTITY; BAD_OPTION for the first; CLOSED
   */
  async remove(name: string): Promise<void> {
    await this.#inTurn(async () => {
      const { client, store } = this.#of(name)
      if (name === mainIdentity)
        throw new ClientError('BAD_OPTION', `identity '${name}': goes with the folder only`)
      const left = await dropIdentity(this.#store, name)
      this.#open.delete(name)
      this.#drawn.delete(name)
      await this.#shut({ client, store })
      await this.#stores.keepOnly(left)
    })
  }

  /**
   * Writes the keys and gateways of one as text for a file, under a passphrase or key of its own: not its messages.
   *
   * @throws ClientError NO_IDENTITY, BAD_OPTION (the passphrase is short), CLOSED
   */
  async export(name: string, unlock: Unlock): Promise<string> {
    const { exportIdentity } = await import('./folder/export.ts')
    return await this.#inTurn(() =>
      exportIdentity(this.#of(name).store, this.#options.network.name, unlock, this.#random),
    )
  }

  /** Stops all, each at a moment of its own. Never rejects. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** Closes them at the end of a block that says `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    // What is under way ends first
    await this.#turns(async () => {})
    const all = [...this.#open.values()]
    const alone = all.length === 1
    const end = async (each: Open): Promise<void> => {
      if (!alone) await sleep(this.#clock, fraction(this.#random) * endSpreadMs)
      await this.#shut(each)
    }
    await Promise.all(all.map(end))
    await this.#release()
  }

  async #shut({ client, store }: Open): Promise<void> {
    await client.close()
    if (store !== this.#store) await store.close()
  }

  async #start(): Promise<void> {
    const listed = await readIdentities(this.#store)
    await this.#stores.keepOnly(listed)
    await this.#enter(mainIdentity, this.#store, this.#options)
    for (const identity of listed)
      await this.#begin(identity, exponential(this.#random, this.#options.spreadMs ?? usualSpreadMs))
  }

  async #begin(identity: ListedIdentity, startAfterMs: number): Promise<Client> {
    const { parts, stores: _, spreadMs: __, ...shared } = this.#options
    const { folder, unlock, gateways, link, directory, ...configured } = shared
    const store = await this.#stores.open(identity)
    try {
      return await this.#enter(identity.name, store, {
        ...configured,
        ...parts?.(identity.name),
        startAfterMs,
      })
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async #enter(name: string, store: Store, options: ClientOptions): Promise<Client> {
    const client = await open({ ...options, store, chooseGateway: view => this.#choose(name, view) })
    this.#open.set(name, { client, store })
    return client
  }

  /**
   * A gateway that runs, at random: of those that no other identity enters by, nor another of their operator, if
   * there are any.
   */
  #choose(name: string, view: View): Uint8Array | undefined {
    const used = [...this.#open.values()].flatMap(({ client }) => client.gateways.map(hex))
    const names = new Set([...used, ...[...this.#drawn.values()].flat()])
    const running = view.gateways.filter(canDial)
    const taken = view.gateways.filter(({ id }) => names.has(hex(id)))
    const families = new Set(taken.map(({ family }) => family).filter(family => family !== ''))
    const others = running.filter(gateway => !taken.includes(gateway))
    const strangers = others.filter(({ family }) => !families.has(family))
    const from = [strangers, others, running].find(some => some.length > 0)
    if (from === undefined) return undefined
    const { id } = pickGateway(this.#random, from, running)
    this.#drawn.set(name, [...(this.#drawn.get(name) ?? []), hex(id)])
    return id
  }

  #of(name: string): Open {
    const found = this.#open.get(name)
    if (found === undefined)
      throw new ClientError('NO_IDENTITY', `identity '${name}': there is none of this name`)
    return found
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new ClientError('CLOSED', 'identities: closed')
    return await this.#turns(act)
  }
}

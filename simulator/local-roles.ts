// The roles of a local network, each as one that can be started, killed and started again on what it wrote.

import { type Client, openClient } from '../client/index.ts'
import { type Authority, startAuthority } from '../directory/authority/authority.ts'
import type { Network } from '../directory/documents/network.ts'
import type { Parameters, RelayRole } from '../directory/documents/view.ts'
import type { Host, Link } from '../link/link.ts'
import { memoryFiles } from '../node/files.ts'
import { type RunningNode, startNode } from '../node/node.ts'
import { admission } from '../node/routes.ts'
import { geometry } from '../sphinx/geometry.ts'
import type { Log } from '../world/log.ts'
import { memoryStore, type Store } from '../world/store.ts'
import type { Tracer } from './local-trace.ts'
import type { World } from './local-world.ts'

/** The status that every role has, among other things. */
export interface RoleStatus {
  readonly role: string
  readonly epoch: number
  readonly consensus: { readonly epoch: number; readonly hash: string } | null
}

interface Given {
  readonly network: Network
  readonly world: World
  readonly tracer: Tracer
  readonly name: string
  readonly seed: Uint8Array
  readonly log: Log
}

/** Holds what an authority votes for. */
interface Voting {
  readonly wanted: Partial<Parameters>
  readonly mixing?: string | undefined
}

const cellBytes = (network: Network): number => geometry(network).packetBytes

export class AuthorityRole {
  readonly #given: Given & Voting
  readonly #store: Store = memoryStore()
  #running: { readonly link: Link; readonly authority: Authority } | undefined

  constructor(given: Given & Voting) {
    this.#given = given
  }

  async start(): Promise<void> {
    const { network, world, seed, wanted, mixing } = this.#given
    const admits = (): boolean => false
    const link = await world.host({ seed, role: 'authority', cellBytes: cellBytes(network), admits })
    const authority = await startAuthority({
      network,
      seed,
      link,
      wanted,
      mixing,
      store: this.#store,
      clock: world.clock,
      random: world.dice(),
      log: this.#given.log,
    })
    this.#running = { link, authority }
  }

  status(): RoleStatus | undefined {
    return this.#running?.authority.status()
  }

  async kill(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    if (running === undefined) return
    await this.#given.world.kill(running.link)
    await running.authority.close()
  }
}

export class NodeRole {
  readonly #given: Given & { readonly role: RelayRole }
  readonly #store: Store = memoryStore()
  readonly #files = memoryFiles()
  #running: { readonly link: Host; readonly node: RunningNode } | undefined

  constructor(given: Given & { readonly role: RelayRole }) {
    this.#given = given
  }

  async start(): Promise<void> {
    const { network, world, seed, role } = this.#given
    const admitted = admission(role)
    const link = await world.host({
      seed,
      role: 'node',
      cellBytes: cellBytes(network),
      admits: admitted.admits,
    })
    const node = await startNode({
      role,
      network,
      link,
      admission: admitted,
      seed,
      family: '',
      files: this.#files,
      store: this.#store,
      clock: world.clock,
      random: world.dice(),
      log: this.#given.log,
    })
    this.#running = { link, node }
  }

  status(): RoleStatus | undefined {
    return this.#running?.node.status()
  }

  async kill(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    if (running === undefined) return
    await this.#given.world.kill(running.link)
    await running.node.close()
  }
}

export class ClientRole {
  readonly #given: Given
  readonly #store: Store = memoryStore()
  #running: { readonly link: Link; readonly client: Client } | undefined

  constructor(given: Given) {
    this.#given = given
  }

  async start(): Promise<void> {
    const { network, world, name, tracer } = this.#given
    const link = await world.host({
      role: 'client',
      cellBytes: cellBytes(network),
      admits: () => false,
    })
    const client = await openClient({
      network,
      link,
      log: this.#given.log,
      store: this.#store,
      clock: world.clock,
      random: world.dice(),
    })
    client.on('state', ({ id, state }) => tracer.add(name, `message ${id} ${state}`))
    client.on('message', ({ id, inReplyTo }) =>
      tracer.add(name, inReplyTo === undefined ? `got ${id}` : `got ${id} in reply to ${inReplyTo}`),
    )
    this.#running = { link, client }
  }

  /** Throws when the client cannot send within `ms`. */
  async ready(ms: number): Promise<void> {
    const late = new AbortController()
    const timer = this.#given.world.clock.after(ms, () =>
      late.abort(new Error(`${this.#given.name}: not ready within ${ms / 1000} s`)),
    )
    await this.client.ready(late.signal)
    timer.cancel()
  }

  get client(): Client {
    if (this.#running === undefined) throw new Error(`${this.#given.name} was killed: restart it first`)
    return this.#running.client
  }

  status(): RoleStatus | undefined {
    return this.#running?.client.status()
  }

  async kill(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    if (running === undefined) return
    await this.#given.world.kill(running.link)
    await running.client.close()
  }
}

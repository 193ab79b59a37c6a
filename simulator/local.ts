// chaffinch/local: a whole network inside anyone's test, over TCP on loopback or in memory on a virtual clock.
//
//     const local = await localNetwork({ link: 'memory', seed: 7 })
//     const [alice, bob] = local.clients
//     const message = await alice.send(bob.address, 'hello', { replies: true })
//     await local.advance(5_000)
//     await local.stop()

import type { Client } from '../client/index.ts'
import { authorityEntry } from '../directory/authority/keys.ts'
import { checkNetwork, type Network } from '../directory/documents/network.ts'
import type { Parameters } from '../directory/documents/view.ts'
import { nearest } from '../encoding/nearest.ts'
import type { SuiteName } from '../sphinx/suite-names.ts'
import { type Log, silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { AuthorityRole, ClientRole, NodeRole, type RoleStatus } from './local-roles.ts'
import { type TraceEvent, Tracer } from './local-trace.ts'
import { memoryWorld, tcpWorld, type World } from './local-world.ts'

export type { RoleStatus } from './local-roles.ts'
export type { TraceEvent } from './local-trace.ts'

/** Says how large a network is, and on what it runs. By default 3 authorities, 6 mixes, 2 gateways and 4 clients. */
export interface LocalOptions {
  readonly authorities?: number
  readonly mixes?: number
  readonly gateways?: number
  readonly clients?: number
  /** Milliseconds; default 20,000. */
  readonly epochMs?: number
  /** Votes of the authorities; the rest is the usual. */
  readonly parameters?: Partial<Parameters>
  /** Names how nodes mix (docs/spec/mixing.md 1). Default `poisson`. */
  readonly mixing?: string
  /** `tcp` (default): libp2p on loopback, real time. `memory`: one seed, one trace; time passes by `advance`. */
  readonly link?: 'tcp' | 'memory'
  /** Over TCP: hosts listen for WebSockets too, so that clients in browsers reach them. Default false. */
  readonly webSockets?: boolean
  /** The suite of all packets. Default `x25519`. */
  readonly suite?: SuiteName
  /** User data of a packet, bytes. Default 2,000. */
  readonly userBytes?: number
  /** Seed of all dice in memory, and of the keys. Default 1. */
  readonly seed?: number
  /** Where all roles of this network write their logs. Default: nowhere. */
  readonly log?: Log
  /** One way in memory, milliseconds. Default 1 to 5. */
  readonly latencyMs?: { readonly min: number; readonly max: number }
}

/** A network that runs in this process. Made by `localNetwork`. */
export interface LocalNetwork extends AsyncDisposable {
  readonly network: Network
  /** Ready to send, in the order of their names `client 0`, `client 1`, … A restart puts a new one in its place. */
  readonly clients: readonly Client[]
  /** `authority 0`, `mix 0`, `gateway 0`, `client 0`, … */
  readonly names: readonly string[]
  /** Milliseconds since 1970-01-01 UTC, by the network's clock. */
  now(): number
  /** Tells what the role says of itself; undefined while it is dead. */
  status(name: string): RoleStatus | undefined
  /** Ends a role without a word, as SIGKILL ends a process; what it had written stays. */
  kill(name: string): Promise<void>
  /** Starts a killed role again on what it had written. */
  restart(name: string): Promise<void>
  /** Lets time pass: at once in memory, by waiting over TCP. */
  advance(ms: number): Promise<void>
  /**
   * Waits for something while time passes; in memory nobody else lets it pass, and `await message.stored()` alone
   * never ends.
   *
   *     await local.until(message.stored())
   */
  until<T>(promise: Promise<T>): Promise<T>
  /** Everything that happened, oldest first; in memory the same for the same seed and the same calls. */
  readonly trace: readonly TraceEvent[]
  /** Number and digest (hex) of all that hosts sent in memory, in order: time, from, to, length. */
  traffic(): { readonly sights: number; readonly digest: string }
  stop(): Promise<void>
}

/** Rates at which messages of a few fragments arrive within a second or two. */
const localParameters: Partial<Parameters> = {
  hopDelayMs: 20,
  payloadPerMinute: 600,
  loopPerMinute: 30,
  dropPerMinute: 30,
  readPerMinute: 240,
  pageEntries: 16,
  nodeLoopPerMinute: 20,
  waitingEpochs: 0,
}

const readyWithinMs = 60_000
const alsoForBrowsers = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']

type LocalRole = AuthorityRole | NodeRole | ClientRole

const known: Readonly<Record<keyof LocalOptions, true>> = {
  ...{ authorities: true, mixes: true, gateways: true, clients: true, epochMs: true },
  ...{ parameters: true, mixing: true, link: true, webSockets: true, suite: true, userBytes: true },
  ...{ seed: true, log: true, latencyMs: true },
}

/** A misspelt option would change nothing, and nobody would be told. */
function checkKnown(options: LocalOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new RangeError('localNetwork: want an object of options')
  const names = Object.keys(known)
  const strange = Object.keys(options).find(name => !Object.hasOwn(known, name))
  if (strange === undefined) return
  const near = nearest(strange, names)
  const hint = near === undefined ? `want one of ${names.join(', ')}` : `did you mean '${near}'?`
  throw new RangeError(`localNetwork: no option '${strange}': ${hint}`)
}

/**
 * Starts a network and resolves when every client can send.
 *
 * @throws RangeError for options that there are not, and numbers that make no network
 */
export async function localNetwork(options: LocalOptions = {}): Promise<LocalNetwork> {
  checkKnown(options)
  const { authorities = 3, mixes = 6, gateways = 2, clients = 4, seed = 1 } = options
  const { link = 'tcp', webSockets = false, latencyMs = { min: 1, max: 5 }, epochMs = 20_000 } = options
  const { suite = 'x25519', userBytes = 2000 } = options
  const counts = { authorities, mixes, gateways, clients }
  for (const [kind, count] of Object.entries(counts))
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`${kind}: want a number, have ${count}`)
  if (mixes < 3 || authorities < 1 || gateways < 1)
    throw new RangeError('want an authority, three mixes and a gateway at least')

  const random = seededRandom(seed)
  const world =
    link === 'memory'
      ? memoryWorld({ random, latencyMs })
      : tcpWorld(webSockets ? { listen: alsoForBrowsers } : {})
  const tracer = new Tracer(world.now)
  const seeds = Array.from({ length: authorities }, () => random(32))
  const network: Network = {
    name: `local-${seed}`,
    genesis: world.now(),
    epochMs,
    authorities: await Promise.all(
      seeds.map(async authority => authorityEntry(authority, await world.addressesFor(authority))),
    ),
    threshold: Math.floor(authorities / 2) + 1,
    suite,
    hops: 5,
    userBytes,
    topology: mixes === 3 ? 'cascade' : 'stratified',
    layers: 3,
    minimum: { mixes, gateways },
  }
  checkNetwork(network)

  const given = { network, world, tracer, log: options.log ?? silent }
  const wanted = { ...localParameters, ...options.parameters }
  const roles = new Map<string, LocalRole>()
  const add = (kind: string, count: number, make: (name: string, i: number) => LocalRole): void => {
    for (let i = 0; i < count; i++) roles.set(`${kind} ${i}`, make(`${kind} ${i}`, i))
  }
  add(
    'authority',
    authorities,
    (name, i) =>
      new AuthorityRole({ ...given, name, seed: seeds[i] as Uint8Array, wanted, mixing: options.mixing }),
  )
  add('mix', mixes, name => new NodeRole({ ...given, name, seed: random(32), role: 'mix' }))
  add('gateway', gateways, name => new NodeRole({ ...given, name, seed: random(32), role: 'gateway' }))
  add('client', clients, name => new ClientRole({ ...given, name, seed: random(32) }))

  const local = new Running(network, world, tracer, roles)
  try {
    await world.during(local.start())
    return local
  } catch (error) {
    await local.stop()
    throw error
  }
}

class Running implements LocalNetwork {
  readonly network: Network
  readonly #world: World
  readonly #tracer: Tracer
  readonly #roles: ReadonlyMap<string, LocalRole>
  readonly #hashes = new Map<string, string>()

  constructor(network: Network, world: World, tracer: Tracer, roles: ReadonlyMap<string, LocalRole>) {
    this.network = network
    this.#world = world
    this.#tracer = tracer
    this.#roles = roles
  }

  /** Resolves when all clients are ready. In memory somebody has to let time pass meanwhile: `World.during`. */
  async start(): Promise<void> {
    for (const role of this.#roles.values()) await role.start()
    await Promise.all(this.#clientRoles().map(role => role.ready(readyWithinMs)))
    this.#lookAtConsensus()
  }

  get clients(): readonly Client[] {
    return this.#clientRoles().map(role => role.client)
  }

  get names(): readonly string[] {
    return [...this.#roles.keys()]
  }

  now(): number {
    return this.#world.now()
  }

  status(name: string): RoleStatus | undefined {
    return this.#role(name).status()
  }

  async kill(name: string): Promise<void> {
    this.#tracer.add(name, 'killed')
    await this.#role(name).kill()
  }

  async restart(name: string): Promise<void> {
    this.#tracer.add(name, 'started again')
    await this.#world.during(this.#role(name).start())
  }

  async advance(ms: number): Promise<void> {
    const looks = Math.max(1, Math.ceil((8 * ms) / this.network.epochMs))
    for (let look = 1; look <= looks; look++) {
      await this.#world.advance(ms / looks)
      this.#lookAtConsensus()
    }
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    const value = await this.#world.during(promise)
    this.#lookAtConsensus()
    return value
  }

  /** Notes who works with another document than when we looked last. */
  #lookAtConsensus(): void {
    for (const [name, role] of this.#roles) {
      const consensus = role.status()?.consensus
      if (consensus == null || consensus.hash === this.#hashes.get(name)) continue
      this.#hashes.set(name, consensus.hash)
      this.#tracer.add(name, `consensus ${consensus.epoch} ${consensus.hash}`)
    }
  }

  get trace(): readonly TraceEvent[] {
    return this.#tracer.events
  }

  traffic(): { readonly sights: number; readonly digest: string } {
    return this.#world.traffic()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async stop(): Promise<void> {
    for (const role of [...this.#roles.values()].toReversed()) await role.kill()
    await this.#world.close()
  }

  #clientRoles(): ClientRole[] {
    return [...this.#roles.values()].filter(role => role instanceof ClientRole)
  }

  #role(name: string): LocalRole {
    const role = this.#roles.get(name)
    if (role === undefined) throw new RangeError(`no ${name} here: ${[...this.#roles.keys()].join(', ')}`)
    return role
  }
}

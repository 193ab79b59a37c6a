// Starts a client: what is not handed in is made here.

import { openFolder, placeOf } from '#folder'
import { believedTime } from '../directory/believed-time.ts'
import { checkNetwork, type Network } from '../directory/documents/network.ts'
import type { Directory, View } from '../directory/documents/view.ts'
import { followDirectory } from '../directory/follow/follow.ts'
import type { Link, Peer } from '../link/link.ts'
import { geometry } from '../sphinx/geometry.ts'
import { type Clock, stayAlive, systemClock } from '../world/clock.ts'
import { type Log, silent } from '../world/log.ts'
import { type Random, systemRandom } from '../world/random.ts'
import type { Store } from '../world/store.ts'
import { guardedClock } from '../world/timers.ts'
import { wait, within } from '../world/wait.ts'
import { checkOptions } from './checked-options.ts'
import { Client } from './client.ts'
import type { Acknowledge } from './contacts/choices.ts'
import { directoryAfter } from './directory-after.ts'
import { ClientError } from './error.ts'
import { folderError } from './folder/folder-error.ts'
import type { Unlock } from './folder/vault.ts'
import { anyGateway } from './incoming/choose-homes.ts'
import { type ClientLimits, defaultLimits } from './limits.ts'
import type { CoverLevel } from './outgoing/cover.ts'
import type { LoopFate } from './outgoing/returns.ts'
import { maxGateways } from './packets/address.ts'
import { hpkeSealing, type Sealing } from './packets/sealing.ts'

/** Configures a client. Only `network`, and a `folder` or a `store`, must be given. */
export interface ClientOptions {
  /** The network to join, as everybody of it is configured. */
  readonly network: Network
  /** Where the client keeps its keys, queue and inbox; or hand in a `store`. */
  readonly folder?: string
  readonly store?: Store
  /** Opens a locked `folder`; a new one is locked with it from the start. */
  readonly unlock?: Unlock
  /** 32 bytes each, at most three, the first to use in front. Default: those of the last time, else one at random. */
  readonly gateways?: readonly Uint8Array[]
  /**
   * So many gateways keep its mail, 1 to 3, where `gateways` names none; default 2. Fewer where the network has too few
   * of different hands, besides one to enter by.
   */
  readonly homes?: number
  /** Picks one of a view's gateways for a client that lacks one (32 bytes); default: any that runs, at random. */
  readonly chooseGateway?: (view: View) => Uint8Array | undefined
  /** Milliseconds during which nothing of it shows on the network; default 0. */
  readonly startAfterMs?: number
  /** Without one the client makes a libp2p host of its own, with a throw-away identity. */
  readonly link?: Link
  /** The address of this machine that such a host dials from; default: the system's choice. */
  readonly dialFrom?: string
  /** Without one the client follows the network's documents itself. */
  readonly directory?: Directory
  /** Nodes to ask for documents before the authorities. */
  readonly sources?: readonly Peer[]
  readonly clock?: Clock
  readonly random?: Random
  readonly sealing?: Sealing
  /** The level of cover traffic that it sends; default `default`. */
  readonly cover?: CoverLevel
  /** Says whom it tells that it has all of a message, if they ask; default `contacts`. */
  readonly acknowledge?: Acknowledge
  /** Says for how long a message is tried that has no deadline of its own, milliseconds; default a day. */
  readonly patienceMs?: number
  readonly log?: Log
  /** Hears of each packet of cover whose fate is known. For who measures a network. */
  readonly onLoop?: (loop: LoopFate) => void
  readonly limits?: Partial<ClientLimits>
}

/** The same, and how long to wait for the network. */
export interface ConnectOptions extends ClientOptions {
  /** Milliseconds until the client must be ready. Default: two minutes. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

const usualDeadlineMs = 120_000
const usualHomes = 2

/**
 * Opens a client and waits until it can send: it has a consensus, and its gateway has opened its mailbox.
 *
 *     const client = await connect({ network, folder: 'me' })
 *     const message = await client.send(address, 'hello', { replies: true })
 *     await message.stored()
 *
 * The signal takes effect in the turn in which it aborts; what had been opened is closed behind it, and whoever opens
 * the folder again in this process waits for that.
 *
 * @throws ClientError NO_CONSENSUS, NO_GATEWAY (not ready by the deadline), ABORTED, and what `openClient` throws
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  checkOptions('connect', options)
  const { clock = systemClock, deadlineMs = usualDeadlineMs, signal } = options
  if (isAborted(signal)) throw calledOff()
  const opening = open(options, signal)
  // Timers alone keep no process alive: one that waits for its client would end without a word
  const letGo = stayAlive()
  try {
    const client = await orAborted(signal, opening)
    await within(clock, deadlineMs, [signal], either => client.ready(either))
    return client
  } catch (error) {
    const why = await endOf(opening, options, isAborted(signal))
    throw isAborted(signal) ? calledOff() : (why ?? error)
  } finally {
    letGo()
  }
}

function calledOff(): ClientError {
  return new ClientError('ABORTED', 'connect: called off by the caller')
}

/** Asked anew each time: it changes while something else is waited for. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function orAborted(signal: AbortSignal | undefined, opening: Promise<Client>): Promise<Client> {
  return wait<Client>({ signal, aborted: calledOff }, ({ resolve, reject }) => {
    opening.then(resolve, reject)
    return undefined
  })
}

/** Closes what is open or will be, at once or behind the caller's back; says why it was not ready. */
async function endOf(
  opening: Promise<Client>,
  { folder }: ClientOptions,
  behind: boolean,
): Promise<ClientError | undefined> {
  let why: ClientError | undefined
  const closed = opening.then(
    client => {
      why = client.notReady()
      return client.close()
    },
    // What failed to open has closed everything itself
    () => undefined,
  )
  if (!behind) await closed
  else if (folder !== undefined) givesBack(folder, closed)
  return why
}

/**
 * Opens a client without waiting for the network: messages may be queued at once, `ready` tells when they leave.
 *
 * @throws ClientError BAD_OPTION, LOCKED, IN_USE, NO_FOLDER, STORE_NEWER, STORE_DAMAGED; DirectoryError BAD_NETWORK
 */
export async function openClient(options: ClientOptions): Promise<Client> {
  checkOptions('openClient', options)
  const letGo = stayAlive()
  try {
    return await open(options)
  } finally {
    letGo()
  }
}

/** The same for options that were checked before; a signal ends it between two of its steps. */
export async function open(options: ClientOptions, signal?: AbortSignal): Promise<Client> {
  const { network, random = systemRandom, log = silent, gateways = [] } = options
  const clock = guardedClock(options.clock ?? systemClock, log, 'client')
  if (gateways.length > maxGateways || gateways.some(id => id.length !== 32))
    throw new ClientError('BAD_OPTION', `gateways: want at most ${maxGateways} ids of 32 bytes`)
  if (options.directory === undefined) checkNetwork(network)
  const { suite, hops, userBytes } = network
  const g = geometry({ suite, hops, userBytes })
  const made: (() => Promise<void>)[] = []
  const release = async (): Promise<void> => {
    for (const close of made.splice(0).toReversed()) await close()
  }
  const stillWanted = (): void => {
    if (isAborted(signal)) throw calledOff()
  }
  try {
    const store = options.store ?? (await openOwnFolder(options.folder, options.unlock, random))
    if (options.store === undefined) made.push(() => store.close())
    stillWanted()
    const link = options.link ?? (await startLink(g.packetBytes, options.dialFrom, { clock, random, log }))
    if (options.link === undefined) made.push(() => link.close())
    stillWanted()
    const { sources, startAfterMs = 0 } = options
    const follow = async (): Promise<Directory> =>
      options.directory ?? (await followDirectory({ network, link, clock, random, log, store, sources }))
    const end = async (directory: Directory): Promise<void> => {
      if (directory !== options.directory) await directory.close()
    }
    const directory =
      startAfterMs > 0 ? directoryAfter({ clock, log, afterMs: startAfterMs, follow, end }) : await follow()
    made.push(() => end(directory))
    const believed = believedTime(clock, network)
    const followed = believed.follow(directory)
    made.push(async () => believed.stop())
    stillWanted()
    const { sealing = hpkeSealing, cover = 'default', acknowledge = 'contacts' } = options
    const { homes = usualHomes, patienceMs = options.limits?.lifetimeMs ?? defaultLimits.lifetimeMs } =
      options
    const limits = { ...defaultLimits, ...options.limits, lifetimeMs: patienceMs }
    const choose = options.chooseGateway ?? anyGateway(random)
    const time = {
      clock: believed.clock,
      directory: followed,
      clockErrorMs: believed.seemsAheadMs,
      timeIsSure: believed.isSure,
    }
    const parts = { network, g, link, ...time, store, random, sealing, log, limits, onLoop: options.onLoop }
    const given = { ...parts, gateways, chooseGateway: choose, homes, cover, acknowledge }
    return await Client.open(given, release)
  } catch (error) {
    await release()
    throw error
  }
}

/** Folders that a client which was called off is just giving back. */
const givenBack = new Map<string, Promise<void>>()

function givesBack(folder: string, closed: Promise<void>): void {
  const path = placeOf(folder)
  const over = closed.finally(() => {
    if (givenBack.get(path) === over) givenBack.delete(path)
  })
  givenBack.set(path, over)
}

/** @throws ClientError BAD_OPTION, IN_USE, NO_FOLDER, and what `openFolder` throws */
export async function openOwnFolder(
  folder: string | undefined,
  unlock: Unlock | undefined,
  random: Random,
): Promise<Store> {
  if (folder === undefined) throw new ClientError('BAD_OPTION', 'connect: want a folder or a store')
  // Looked up before anything is waited for: whoever is called off meanwhile must not wait for itself
  const before = givenBack.get(placeOf(folder))
  try {
    await before
    return await openFolder(folder, unlock, random)
  } catch (error) {
    throw folderError(folder, error)
  }
}

/** Imported only here: whoever hands in a link need not load libp2p. */
async function startLink(
  cellBytes: number,
  dialFrom: string | undefined,
  what: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<Link> {
  const { startHost } = await import('../link/libp2p/host.ts')
  const nobody = (): boolean => false
  const from = dialFrom === undefined ? {} : { localAddress: dialFrom }
  return await startHost({
    ...what,
    ...from,
    seed: undefined,
    listen: [],
    cellBytes,
    admits: nobody,
    role: 'client',
  })
}

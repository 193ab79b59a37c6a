// Starts a client: what is not handed in is made here.

import type { Network } from '../directory/documents/network.ts'
import type { Directory, View } from '../directory/documents/view.ts'
import { followDirectory } from '../directory/follow/follow.ts'
import type { Link, Peer } from '../link/link.ts'
import { geometry } from '../sphinx/geometry.ts'
import { type Clock, systemClock } from '../world/clock.ts'
import { type Log, silent } from '../world/log.ts'
import { type Random, systemRandom } from '../world/random.ts'
import type { Store } from '../world/store.ts'
import { within } from '../world/wait.ts'
import { Client } from './client.ts'
import { directoryAfter } from './directory-after.ts'
import { ClientError } from './error.ts'
import type { Unlock } from './folder/vault.ts'
import { chooseGateway } from './incoming/gateways.ts'
import { type ClientLimits, defaultLimits } from './limits.ts'
import { checkCover } from './options.ts'
import type { CoverLevel } from './outgoing/cover.ts'
import { maxGateways } from './packets/address.ts'
import { hpkeSealing, type Sealing } from './packets/sealing.ts'

/** What a client is made of. Only `network`, and a `folder` or a `store`, must be given. */
export interface ClientOptions {
  /** The network to join, as everybody of it is configured. */
  readonly network: Network
  /** Where the client keeps its keys, queue and inbox; or hand in a `store`. */
  readonly folder?: string
  readonly store?: Store
  /** What opens a locked `folder`; a new one is locked with it from the start. */
  readonly unlock?: Unlock
  /** 32 bytes each, at most three, the first to use in front. Default: those of the last time, else one at random. */
  readonly gateways?: readonly Uint8Array[]
  /** Picks the gateway of a client that has none (32 bytes); default: any that runs, at random. */
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
  /** How much cover traffic it sends; default `default`. */
  readonly cover?: CoverLevel
  readonly log?: Log
  readonly limits?: Partial<ClientLimits>
}

/** The same, and how long to wait for the network. */
export interface ConnectOptions extends ClientOptions {
  /** Milliseconds until the client must be ready. Default: two minutes. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

const usualDeadlineMs = 120_000

/**
 * Opens a client and waits until it can send: it has a consensus, and its gateway has opened its mailbox.
 *
 *     const client = await connect({ network, folder: 'me' })
 *     const message = await client.send(address, 'hello', { replies: true })
 *     await message.stored()
 *
 * @throws ClientError NO_CONSENSUS, NO_GATEWAY (not ready by the deadline), ABORTED, and what `openClient` throws
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { clock = systemClock, deadlineMs = usualDeadlineMs, signal } = options
  if (signal?.aborted) throw new ClientError('ABORTED', 'connect: called off by the caller')
  const client = await openClient(options)
  try {
    await within(clock, deadlineMs, signal === undefined ? [] : [signal], either => client.ready(either))
    return client
  } catch (error) {
    const why = client.notReady()
    await client.close()
    throw signal?.aborted ? error : why
  }
}

/**
 * Opens a client without waiting for the network: messages may be queued at once, `ready` tells when they leave.
 *
 * @throws ClientError BAD_OPTION, LOCKED, STORE_NEWER, STORE_DAMAGED; DirectoryError BAD_NETWORK; and what the folder says
 *   (another process has it open)
 */
export async function openClient(options: ClientOptions): Promise<Client> {
  const { network, clock = systemClock, random = systemRandom, log = silent, gateways = [] } = options
  if (gateways.length > maxGateways || gateways.some(id => id.length !== 32))
    throw new ClientError('BAD_OPTION', `gateways: want at most ${maxGateways} ids of 32 bytes`)
  if (options.cover !== undefined) checkCover(options.cover)
  const { suite, hops, userBytes } = network
  const g = geometry({ suite, hops, userBytes })
  const made: (() => Promise<void>)[] = []
  const release = async (): Promise<void> => {
    for (const close of made.toReversed()) await close()
  }
  try {
    const store = options.store ?? (await openOwnFolder(options.folder, options.unlock, random))
    if (options.store === undefined) made.push(() => store.close())
    const link = options.link ?? (await startLink(g.packetBytes, options.dialFrom, { clock, random, log }))
    if (options.link === undefined) made.push(() => link.close())
    const { sources, startAfterMs = 0 } = options
    const follow = async (): Promise<Directory> =>
      options.directory ?? (await followDirectory({ network, link, clock, random, log, store, sources }))
    const end = async (directory: Directory): Promise<void> => {
      if (directory !== options.directory) await directory.close()
    }
    const directory =
      startAfterMs > 0 ? directoryAfter({ clock, log, afterMs: startAfterMs, follow, end }) : await follow()
    made.push(() => end(directory))
    const { sealing = hpkeSealing, cover = 'default' } = options
    const limits = { ...defaultLimits, ...options.limits }
    const choose = options.chooseGateway ?? (view => chooseGateway(view, random))
    const parts = { network, g, link, directory, store, clock, random, sealing, log, limits }
    return await Client.open({ ...parts, gateways, chooseGateway: choose, cover }, release)
  } catch (error) {
    await release()
    throw error
  }
}

/** @throws ClientError BAD_OPTION, and what `openFolder` throws */
export async function openOwnFolder(
  folder: string | undefined,
  unlock: Unlock | undefined,
  random: Random,
): Promise<Store> {
  if (folder === undefined) throw new ClientError('BAD_OPTION', 'connect: want a folder or a store')
  const { openFolder } = await import('./folder/folder.ts')
  return await openFolder(folder, unlock, random)
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

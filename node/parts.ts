// The parts of a node that packets do not pass through, opened in an order in which what may refuse comes first, and
// what would have to be undone last.

import { ed25519Sign } from '#crypto'
import type { BelievedTime } from '../directory/believed-time.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import type { Directory, Parameters } from '../directory/documents/view.ts'
import { type JoinedDirectory, joinDirectory } from '../directory/join/join.ts'
import type { ReporterInit } from '../directory/join/report.ts'
import { pool } from '../directory/rounds/reliability.ts'
import type { PageSize } from '../link/protocol/mailbox.ts'
import { type Geometry, geometry } from '../sphinx/geometry.ts'
import type { Clock } from '../world/clock.ts'
import { Announcements } from './announcements.ts'
import { Bulletin } from './bulletin/bulletin.ts'
import { type Counts, openCounts } from './counts/counts.ts'
import { type Disk, diskWatch } from './disk.ts'
import { type Channels, channelIdleMs, channels } from './gateway/channels.ts'
import { type Entry, entry } from './gateway/entry.ts'
import { type Gateway, gateway } from './gateway/gateway.ts'
import { Load } from './gateway/load.ts'
import { type Mailboxes, openMailboxes } from './gateway/mailbox.ts'
import { defaultNodeLimits, type NodeLimits } from './limits.ts'
import { type Loops, nodeLoops } from './loops/loops.ts'
import { type LoopWatch, loopWatch } from './loops/watch.ts'
import type { NodeOptions } from './options.ts'
import { openJournals } from './relay/journals.ts'
import { type KeyRing, openKeys } from './relay/keys.ts'
import { type ReplayStore, replayStore } from './relay/replay.ts'
import { gatewayIn } from './routes.ts'
import { Worth } from './worth.ts'

export interface Parts {
  readonly limits: NodeLimits
  readonly geometry: Geometry
  /** Gives the consensus's parameters of this moment. */
  readonly parameters: () => Parameters
  readonly disk: Disk
  readonly keys: KeyRing
  readonly replay: ReplayStore
  readonly loops: Loops
  readonly watch: LoopWatch
  readonly worth: Worth
  /** The counts that it publishes, which begin once packets come in. */
  readonly counts: Counts
  /** By the time that is believed, as all that is here. */
  readonly directory: Directory
  readonly time: BelievedTime
  /** The directory, where this node has joined it itself. */
  readonly joined: JoinedDirectory | undefined
  readonly bulletin: Bulletin
  /** A mix has none. */
  readonly mail: Mail | undefined
}

/** A gateway's mailboxes, and what serves them to its clients and carries others' to theirs (docs/spec/gateway.md). */
export interface Mail {
  readonly boxes: Mailboxes
  readonly gateway: Gateway
  readonly channels: Channels
  readonly entry: Entry
  /** Undefined where nothing is measured. */
  readonly load: Load | undefined
}

/**
 * Opens what packets do not pass through.
 *
 * @param options with `clock` that of `time`
 * @param time goes by `machine`, the clock that a directory which is joined here goes by
 * @throws NodeError FOLDER, BAD_FILE, NEWER_FORMAT; DirectoryError BAD_NETWORK
 */
export async function openParts(options: NodeOptions, time: BelievedTime, machine: Clock): Promise<Parts> {
  const { role, network, link, admission, files, clock, random, log, seed } = options
  const { suite, hops, userBytes } = network
  const g = geometry({ suite, hops, userBytes })
  const limits = { ...defaultNodeLimits, ...options.limits }
  const parameters = (): Parameters => admission.views[0]?.parameters ?? defaultParameters
  const disk = diskWatch(log)
  const announcements = new Announcements(clock, options.mayAnnounce)
  const { payloadBytes } = g
  const { isSure } = time
  const boxes =
    role === 'gateway'
      ? await openBoxes(options, { limits, parameters, disk, payloadBytes, isSure })
      : undefined
  const keys = await openKeys({ network, files, random })
  const replay = replayStore({ files, random, tagsPerKey: limits.tagsPerKey })
  // Before a document has come the clock may be wrong: nothing is over
  await keys.advance(clock.now(), false)
  await openJournals(options, keys, replay)
  const { loops, watch } = watchedLoops(options, g, limits.loops)
  const load = role === 'gateway' && options.load ? new Load(options.load.cores) : undefined
  const isOn = options.counts ?? true
  const counts = await openCounts({
    role,
    network,
    files,
    clock,
    isSure,
    random,
    parameters,
    disk,
    log,
    isOn,
  })
  const saying = {
    services: () => announcements.list(),
    capacity: () => load?.class(parameters()),
    count: () => counts.newest(),
  }
  const joining = { ...options, clock: machine, time }
  const probed = options.probes?.(clock)
  const measured: Measured = half => pool(loops.measured(half), probed?.measured(half) ?? new Map())
  const joined = options.directory === undefined ? await join(joining, keys, measured, saying) : undefined
  const directory = time.follow(options.directory ?? (joined as JoinedDirectory))
  admission.refresh(directory)
  const sign = (message: Uint8Array): Uint8Array => ed25519Sign(seed, message)
  const bulletin = new Bulletin({ network: network.name, userBytes, link, admission, sign, clock, random })
  const given = { ...options, limits, parameters, payloadBytes }
  const mail = boxes && openMail(given, boxes, bulletin, announcements, keys, load)
  return {
    limits,
    geometry: g,
    parameters,
    disk,
    keys,
    replay,
    loops,
    watch,
    worth: new Worth(),
    counts,
    directory,
    time,
    joined,
    bulletin,
    mail,
  }
}

/** Opens the mailboxes on the node's store. */
function openBoxes(
  { store, clock }: NodeOptions,
  {
    limits,
    parameters,
    disk,
    payloadBytes,
    isSure,
  }: Pick<Parts, 'limits' | 'parameters' | 'disk'> &
    Pick<BelievedTime, 'isSure'> & { readonly payloadBytes: number },
): Promise<Mailboxes> {
  const { mailboxEntries, mailboxMinutes } = parameters()
  return openMailboxes({
    store,
    clock,
    payloadBytes,
    limits: {
      entries: mailboxEntries,
      minutes: mailboxMinutes,
      boxes: limits.mailboxes,
      bytes: limits.mailboxBytes,
      waiting: limits.mailWaiting,
    },
    wrote: error => disk.wrote('mail', error),
    isSure,
  })
}

/** Makes what clients meet at a gateway: of its own mailboxes, and on the way to those of others. */
function openMail(
  options: NodeOptions & Pick<Parts, 'limits' | 'parameters'> & { readonly payloadBytes: number },
  boxes: Mailboxes,
  bulletin: Bulletin,
  announcements: Announcements,
  keys: KeyRing,
  load: Load | undefined,
): Mail {
  const { link, admission, clock, random, limits, parameters, payloadBytes } = options
  const pageSize = (): PageSize => {
    const { pageEntries: places, bulletinPageBytes: boardBytes } = parameters()
    return { places, payloadBytes, boardBytes }
  }
  const ends = channels({
    id: link.id,
    keys: () => keys.opening(clock.now()),
    gateway: () => served,
    pageSize,
    most: limits.clients,
    idleMs: () => channelIdleMs(parameters()),
    clock,
    random,
  })
  const served = gateway({
    id: link.id,
    mailboxes: boxes,
    parameters,
    board: (...wanted) => bulletin.page(...wanted),
    announce: service => announcements.announce(service),
    payloadBytes,
    clients: limits.clients,
    capacity: load && (() => Math.min(limits.clients, load.capacity(parameters()))),
    isProven: client => carries.isClient(client),
    isConnected: client => link.isConnected(client) || ends.isOpen(client),
    isHere: client => link.isConnected(client),
    clock,
    random,
  })
  const carries = entry({
    id: link.id,
    link,
    home: id => gatewayIn(admission.views, id),
    here: batch => ends.answer(link.id, batch),
    mayAsk: client => served.mayAsk(client),
    pageSize,
    payloadBytes,
    clock,
  })
  return { boxes, gateway: served, channels: ends, entry: carries, load }
}

type Measured = ReporterInit['counts']

/** Makes the node's loops, and the alarm that looks after them. */
function watchedLoops(
  { network, link, clock, random, log, probes }: NodeOptions,
  geometry: Geometry,
  limit: number,
): Pick<Parts, 'loops' | 'watch'> {
  const onFate = (returned: boolean): void => watch.fate(returned)
  const onBack = (): void => watch.back()
  const probed = probes !== undefined
  const loops = nodeLoops({ network, geometry, self: link.id, clock, random, limit, probed, onFate, onBack })
  const { findMissing } = loops
  const watch = loopWatch({ clock, log, missingAt: () => loops.missingAt, findMissing })
  return { loops, watch }
}

/** Follows the consensus, and has the authorities know this node and the packet keys of the next epochs. */
function join(
  options: NodeOptions & { readonly time: BelievedTime },
  keys: KeyRing,
  counts: Measured,
  saying: {
    readonly services: () => ReturnType<Announcements['list']>
    readonly capacity: () => number | undefined
    readonly count: Counts['newest']
  },
): Promise<JoinedDirectory> {
  const { role, link, time, seed, family, operator } = options
  return joinDirectory({
    ...options,
    sign: message => ed25519Sign(seed, message),
    counts,
    describe: async epoch => {
      await keys.advance(time.clock.now(), time.isSure())
      const packetKeys = [...keys.published(epoch).values()]
      const [services, capacity, count] = [saying.services(), saying.capacity(), await saying.count()]
      const said = { services, capacity, count, addresses: link.addresses, packetKeys }
      return { ...operator?.(), role, family, ...said }
    },
  })
}

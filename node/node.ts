// A mix or gateway as a running thing: it owns the timers, feeds the pure relay with events and carries its
// actions out (docs/spec/node.md).

import { ed25519Sign } from '#crypto'
import { epochAt, type Network } from '../directory/documents/network.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import type { Directory, Parameters, Role } from '../directory/documents/view.ts'
import { type JoinedDirectory, joinDirectory, type NodeDescription } from '../directory/join/join.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import type { NodeLink, Peer } from '../link/link.ts'
import { mailboxProtocol, requestBytes } from '../link/protocol/mailbox.ts'
import { type Geometry, geometry } from '../sphinx/geometry.ts'
import type { Clock, Timer } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import type { Random } from '../world/random.ts'
import type { Store } from '../world/store.ts'
import { second } from '../world/units.ts'
import { Announcements } from './announcements.ts'
import { Bulletin } from './bulletin/bulletin.ts'
import { diskWatch } from './disk.ts'
import { engine } from './engine.ts'
import type { Files } from './files.ts'
import { openMail } from './gateway/mail.ts'
import { type Mailboxes, sweepMs } from './gateway/mailbox.ts'
import { defaultNodeLimits, type NodeLimits } from './limits.ts'
import { type Loops, nodeLoops } from './loops/loops.ts'
import { type LoopWatch, loopWatch } from './loops/watch.ts'
import { usualStrategy, votedStrategy } from './mixing/voted.ts'
import { type KeyRing, openingEpochs, openKeys } from './relay/keys.ts'
import { openPeeler, type StartThread } from './relay/peel-pool.ts'
import type { Fit } from './relay/peeling.ts'
import { type Action, type DropReason, type End, type Mixed, newRelay, type Thanks } from './relay/relay.ts'
import { type ReplayStore, replayStore } from './relay/replay.ts'
import { type Admission, neighboursOf, nextHop } from './routes.ts'
import { type NodeStatus, statusOf } from './status.ts'

/** How long until a disk that refused is asked again, milliseconds. */
const retryMs = 10 * second
/** How long the link may take to empty its queues when a node drains, milliseconds. */
const flushMs = 5 * second

/** What a mix or gateway is made of. */
export interface NodeOptions {
  readonly role: Role
  readonly network: Network
  /** Its cells have the geometry's packetBytes, its identity is this node's. Closed by whoever made it. */
  readonly link: NodeLink
  /** The one that the link asks; this node keeps it fresh. */
  readonly admission: Admission
  /** 32 bytes: the Ed25519 seed of the link's identity, which signs the descriptors. */
  readonly seed: Uint8Array
  /** The operator's other nodes have the same; empty for none. */
  readonly family: string
  /** What the operator says besides; asked for each descriptor, since a certificate is renewed while the node runs. */
  readonly operator?:
    | (() => Pick<NodeDescription, 'country' | 'contact' | 'software' | 'certified'>)
    | undefined
  /** Of a gateway: whether it announces services of the owner of this mailbox, 32 bytes. Default: of anyone. */
  readonly mayAnnounce?: (mailboxKey: Uint8Array) => boolean
  /** Whom to ask for documents before the authorities: any nodes. */
  readonly sources?: readonly Peer[]
  /** Default: the node joins the directory itself. One that is handed in is closed by whoever made it. */
  readonly directory?: Directory
  /** Packet keys and replay journals. */
  readonly files: Files
  /** Mail and documents. Closed by whoever opened it. */
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits?: Partial<NodeLimits>
  /** Threads that peel; 0, the default, for none but the node's own. Files in memory have none but that. */
  readonly threads?: number
  /** How one is started; default: from compiled code. */
  readonly startThread?: StartThread
}

/** A mix or gateway that runs. Made by `startNode`. */
export interface RunningNode {
  /** 32 bytes */
  readonly id: Uint8Array
  status(): NodeStatus
  /**
   * Tells the authorities that it leaves; it goes on until the documents that have it are over.
   *
   * @returns by the hex of each authority: whether it knows now
   */
  leave(): Promise<ReadonlyMap<string, boolean>>
  /** Takes nothing more, and resolves when what it holds has left: at most the longest delay later. */
  drain(): Promise<void>
  /** Stops at once; what it holds is lost. */
  close(): Promise<void>
}

/**
 * Starts a mix or gateway on a link.
 *
 * @throws NodeError FOLDER, BAD_FILE, NEWER_FORMAT, THREAD; DirectoryError BAD_NETWORK
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { role, network, link, admission, clock, random, log } = options
  const now = (): number => clock.now()
  const limits = { ...defaultNodeLimits, ...options.limits }
  const g = geometryOf(network)
  const parameters = (): Parameters => admission.views[0]?.parameters ?? defaultParameters

  // what may refuse comes first, what would have to be undone last
  const board: Bulletin['page'] = (...wanted) => bulletin.page(...wanted)
  const disk = diskWatch(log)
  const announcements = new Announcements(now, options.mayAnnounce)
  const mail =
    role === 'gateway'
      ? await openMail({
          ...options,
          id: link.id,
          limits,
          parameters,
          board,
          disk,
          announce: service => announcements.announce(service),
          payloadBytes: g.payloadBytes,
        })
      : undefined
  const keys = await openKeys({ network, files: options.files, random })
  const replay = replayStore({ files: options.files, random, tagsPerKey: limits.tagsPerKey })
  await keys.advance(now())
  await openJournals(options, keys, replay)
  const loops: Loops = nodeLoops({
    network,
    geometry: g,
    self: link.id,
    now,
    random,
    limit: limits.loops,
    onFate: returned => watch.fate(returned),
  })
  const watch: LoopWatch = loopWatch({
    clock,
    log,
    missingAt: () => loops.missingAt,
    findMissing: loops.findMissing,
  })
  const joined = options.directory === undefined ? await join(options, keys, loops, announcements) : undefined
  const directory = options.directory ?? (joined as JoinedDirectory)
  admission.refresh(directory)
  const bulletin = new Bulletin({
    network: network.name,
    userBytes: network.userBytes,
    link,
    admission,
    sign: message => ed25519Sign(options.seed, message),
    clock,
    random,
  })
  const peeler = await openPeeler({
    folder: options.files.folder,
    network,
    threads: options.threads ?? 0,
    startThread: options.startThread,
    clock,
    geometry: g,
    keys,
    replay,
    now,
    log,
    peeled: outcomes => happen({ t: 'peeled', outcomes }),
    judged,
  })
  const hold = votedStrategy<Mixed>({ random, limit: limits.hold })
  const relay = newRelay({
    geometry: g,
    self: link.id,
    keepsMail: role === 'gateway',
    passingLimit: limits.passing,
    maxDelayMs: parameters().maxHopDelayMs,
    hold,
  })

  let state: NodeStatus['state'] = 'running'
  const timers = new Map<string, Timer>()
  /** One timer a purpose. */
  const wakeIn = (purpose: string, ms: number, run: () => void): void => {
    timers.get(purpose)?.cancel()
    if (state !== 'closed') timers.set(purpose, clock.after(ms, run))
  }
  let loopRate = 0
  const { happen, empty, stop } = engine({
    relay,
    clock,
    carryOut,
    fault: error => log.error({ error: String(error) }, 'a step of the relay failed'),
  })

  const ended = (end: End, thanks?: Thanks): void => happen({ t: 'ended', end, thanks })

  function carryOut(action: Action): void {
    switch (action.t) {
      case 'peel':
        peeler.peel(action.from, action.packets)
        break
      case 'record':
        record(action.batch)
        break
      case 'forward':
        forward(action)
        break
      case 'store':
        if (mail === undefined) ended('NO_MAILBOX')
        else mail.boxes.put(action.mail, end => ended(end, action.thanks))
        break
      case 'serve':
        ended('served', action.thanks)
        break
      case 'publish':
        ended(bulletin.publish(action.user) ? 'served' : 'NOT_PUBLISHED', action.thanks)
        break
      case 'loop':
        ended(loops.returned(action.replyId, action.payload) ? 'served' : 'UNKNOWN_LOOP')
        break
    }
  }

  function forward({ next, way, packet }: Extract<Action, { t: 'forward' }>): void {
    const to = nextHop(admission.views, link.id, next, way)
    if (to === undefined) ended('NO_ROUTE')
    else ended(link.send(to, packet) ? 'forwarded' : 'LINK_REFUSED')
  }

  function record(batch: number): void {
    replay.flush().then(
      () => {
        disk.wrote('journal')
        happen({ t: 'recorded', batch, ok: true })
      },
      (error: unknown) => {
        disk.wrote('journal', error)
        happen({ t: 'recorded', batch, ok: false })
      },
    )
  }

  /** Whose packets are of no use pays for it, unless a key is missing here: then the fault may be this node's. */
  function judged(from: string, fit: Fit): void {
    if (from === '' || !keys.complete(now())) return
    const id = fromHex(from)
    if (link.judge(id, fit) && admission.isNode(id))
      log.warn({ node: from }, 'too many packets of this node do not open: it is shut out for a while')
  }

  /** @returns when more of this neighbour's packets may come */
  function receive(from: Uint8Array, packets: readonly Uint8Array[]): Promise<void> | undefined {
    if (state === 'closed') return undefined
    const refuse = (count: number, reason: DropReason): void => happen({ t: 'refused', count, reason })
    const name = hex(from)
    if (state === 'draining') refuse(packets.length, 'DRAINING')
    else if (admission.isNode(from)) {
      watch.arrived(packets.length)
      happen({ t: 'arrived', from: name, packets })
    } else if (mail === undefined || admission.views.length === 0) refuse(packets.length, 'NOT_ADMITTED')
    else {
      const admitted = mail.gateway.admit(from, packets.length)
      if (admitted < packets.length) refuse(packets.length - admitted, 'CLIENT_RATE')
      if (admitted > 0) happen({ t: 'arrived', from: name, packets: packets.slice(0, admitted) })
    }
    return peeler.room(name)
  }

  /** Takes over what the consensus of this moment says. */
  function adopt(): void {
    admission.refresh(directory)
    const { maxHopDelayMs, mailboxEntries, mailboxMinutes, nodeLoopPerMinute } = parameters()
    relay.maxDelayMs = maxHopDelayMs
    mail?.boxes.limit({ entries: mailboxEntries, minutes: mailboxMinutes })
    const view = admission.views[0]
    if (view === undefined) return
    if (state !== 'closed') bulletin.adopt()
    if (state === 'running') mixAs(view.mixing)
    if (nodeLoopPerMinute !== loopRate) {
      loopRate = nodeLoopPerMinute
      loopLater()
    }
    const neighbours = neighboursOf(admission.views, link.id)
    link.keepNeighbours(neighbours.map(node => node.id))
    loops.keep(new Set(neighbours.map(node => hex(node.id))))
  }

  /** From now on, and with what is held. */
  function mixAs(mixing: string): void {
    if (!hold.follow(mixing, parameters(), now())) return
    if (hold.name !== mixing)
      log.warn({ mixing, instead: hold.name }, 'unknown mixing strategy in the consensus')
    happen({ t: 'due' })
  }

  /** The clock of loops. */
  function loopLater(): void {
    const wait = state === 'running' ? loops.nextIn(loopRate) : undefined
    if (wait === undefined) timers.get('loop')?.cancel()
    else wakeIn('loop', wait, loopNow)
  }

  function loopNow(): void {
    const view = admission.views[0]
    const loop = view && loops.make(view)
    if (loop !== undefined) {
      happen({ t: 'originated', ...loop })
      watch.plan()
    }
    loopLater()
  }

  /** Keys and journals follow the epochs; a disk that refuses is asked again, and stops nothing else. */
  async function turn(): Promise<void> {
    let next = now() + retryMs
    try {
      adopt()
      await keys.advance(now())
      await openJournals(options, keys, replay)
      const oldest = Math.min(...openingEpochs(network, now()))
      await peeler.forget(oldest)
      await replay.free(oldest)
      next = keys.nextAdvance(now())
      disk.wrote('keys')
    } catch (error) {
      disk.wrote('keys', error)
    }
    turnAt(next)
  }

  function turnAt(at: number): void {
    wakeIn('turn', Math.max(1, at - now()), () => void turn())
  }

  function sweepLater(boxes: Mailboxes): void {
    wakeIn('sweep', sweepMs(parameters().mailboxMinutes), () => {
      boxes.sweep()
      sweepLater(boxes)
    })
  }

  const unfollow = directory.onView(adopt)
  adopt()
  turnAt(keys.nextAdvance(now()))
  if (mail !== undefined) {
    mail.boxes.sweep()
    sweepLater(mail.boxes)
    link.serve(mailboxProtocol, requestBytes, mail.gateway.answer)
    link.onGone(mail.gateway.gone)
  }
  link.onCells(receive)

  return {
    id: link.id,
    status: () =>
      statusOf({
        role,
        network,
        state,
        now: now(),
        link,
        admission,
        directory,
        joined,
        relay,
        loops,
        alarm: watch.state,
        replay,
        disk,
        mail,
        bulletin,
      }),
    leave: async () => (await joined?.leave()) ?? new Map(),
    async drain() {
      if (state !== 'running') return
      state = 'draining'
      timers.get('loop')?.cancel()
      // a batch may never be complete any more
      mixAs(usualStrategy)
      await empty(relay.maxDelayMs)
      await link.flush(flushMs)
    },
    async close() {
      if (state === 'closed') return
      state = 'closed'
      watch.close()
      unfollow()
      stop()
      for (const timer of timers.values()) timer.cancel()
      bulletin.stop()
      await joined?.close()
      await peeler.close()
      await replay.close()
      await mail?.boxes.close()
      keys.close()
    },
  }
}

/** Follows the consensus, and has the authorities know this node and the packet keys of the next epochs. */
function join(
  options: NodeOptions,
  keys: KeyRing,
  loops: Loops,
  announcements: Announcements,
): Promise<JoinedDirectory> {
  const { role, link, clock, seed, family, operator } = options
  return joinDirectory({
    ...options,
    sign: message => ed25519Sign(seed, message),
    counts: half => loops.measured(half),
    describe: async epoch => {
      await keys.advance(clock.now())
      const packetKeys = [...keys.published(epoch).values()]
      const services = announcements.list()
      return { ...operator?.(), role, family, services, addresses: link.addresses, packetKeys }
    },
  })
}

/**
 * Opens the journals of the keys that open packets now or in the next epoch. A key whose journal may have lost its
 * end opens nothing any more: better no packet of an epoch than one packet twice.
 */
async function openJournals(
  { network, clock, log }: Pick<NodeOptions, 'network' | 'clock' | 'log'>,
  keys: KeyRing,
  replay: ReplayStore,
): Promise<void> {
  const last = Math.max(0, epochAt(network, clock.now())) + 1
  for (const epoch of keys.epochs()) {
    if (epoch > last || (await replay.open(epoch)) === 'ready') continue
    keys.retire(epoch)
    log.warn({ epoch }, 'the machine started anew in this epoch: its packet key is retired')
  }
}

function geometryOf({ suite, hops, userBytes }: Network): Geometry {
  return geometry({ suite, hops, userBytes })
}

// The running parts of a client, put together: queue, clocks, gateways, inbox (docs/spec/client.md). client.ts is its
// face to an app.

import type { Network } from '../directory/documents/network.ts'
import { epochAt } from '../directory/documents/network.ts'
import { batchWaitMs, defaultParameters } from '../directory/documents/parameters.ts'
import type { Directory, NodeEntry, View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import type { Link } from '../link/link.ts'
import type { Geometry } from '../sphinx/geometry.ts'
import type { Clock, Timer } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import type { Random } from '../world/random.ts'
import type { Store } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { noApp } from './app-name.ts'
import { Bulletin } from './bulletin/bulletin.ts'
import { Ledger } from './diary.ts'
import { ClientError, type ClientErrorCode } from './error.ts'
import { onDisk } from './folder/disk-full.ts'
import { type Identity, withGateways } from './folder/identity.ts'
import { openStored, type Stored } from './folder/reopen.ts'
import type { Operation } from './folder/schema.ts'
import { Announcing } from './incoming/announcing.ts'
import { Gateways } from './incoming/gateways.ts'
import type { Inbox, InboxEntry } from './incoming/inbox.ts'
import { Receiver } from './incoming/receiver.ts'
import type { ClientLimits } from './limits.ts'
import { type Clocks, startClocks } from './outgoing/clocks.ts'
import { type CoverLevel, coverRates, covers } from './outgoing/cover.ts'
import type { Accepted, MessageState } from './outgoing/delivery.ts'
import { Sender } from './outgoing/dispatch.ts'
import type { Outbox, Outgoing } from './outgoing/outbox.ts'
import type { OwnBlocks } from './outgoing/own-blocks.ts'
import { Replies } from './outgoing/replies.ts'
import { Returns } from './outgoing/returns.ts'
import { Suspicion } from './outgoing/suspicion.ts'
import type { TheirBlocks } from './outgoing/their-blocks.ts'
import { fragmentBytes, fragmentCount, type Kind, laneOf, messageIdBytes } from './packets/fragments.ts'
import type { Surroundings } from './packets/packets.ts'
import type { Sealing } from './packets/sealing.ts'

export interface EngineInit {
  readonly network: Network
  readonly g: Geometry
  readonly link: Link
  readonly directory: Directory
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly sealing: Sealing
  readonly log: Log
  readonly limits: ClientLimits
  /** 32 bytes each; empty: those in the store, else one that is chosen. */
  readonly gateways: readonly Uint8Array[]
  readonly chooseGateway: (view: View) => Uint8Array | undefined
  /** The level to begin with. */
  readonly cover: CoverLevel
}

/** What the engine tells the app's face of it. */
export interface EngineEvents {
  readonly onState: (message: Outgoing) => void
  readonly onMessage: (entry: InboxEntry) => void
  readonly onReady: (ready: boolean) => void
}

const housekeepingMs = 2 * second
/** What queues, retries and busy machines may add to a round trip. */
const longestWayMs = 5 * second
/** What the client itself sends (receipts, blocks) is of no use later, milliseconds. */
const ownLifetimeMs = 5 * minute
/** Contents of the client's own under way. */
const mostPosted = 512

export class Engine {
  readonly outbox: Outbox
  readonly inbox: Inbox
  readonly theirs: TheirBlocks
  readonly replies: Replies
  readonly returns: Returns
  readonly sender: Sender
  readonly receiver: Receiver
  readonly ledger: Ledger
  readonly bulletin: Bulletin
  readonly announcing: Announcing
  readonly #init: EngineInit
  readonly #events: EngineEvents
  readonly #own: OwnBlocks
  readonly #suspicion: Suspicion
  readonly #clocks: Clocks
  /** What `post` has under way. */
  readonly #posted = new Set<string>()
  /** State changes on their way to the disk. */
  readonly #writes = new Set<Promise<void>>()
  #identity: Identity
  #gateways: Gateways | undefined
  #choosing = false
  #cover: CoverLevel
  #housekeeping: Timer | undefined
  #stopViews: () => void = () => {}
  #ended = false

  private constructor(init: EngineInit, events: EngineEvents, stored: Stored, bulletin: Bulletin) {
    const { clock, network, g, sealing, log, random, store, limits } = init
    this.#init = init
    this.#events = events
    this.#identity = stored.identity
    this.#cover = init.cover
    this.outbox = stored.outbox
    this.inbox = stored.inbox
    this.#own = stored.own
    this.theirs = stored.theirs
    this.ledger = new Ledger(limits.ledger)
    this.announcing = new Announcing(() => clock.elapsed())
    this.bulletin = bulletin
    // A dead mix is gone from the consensus after an epoch or two.
    this.#suspicion = new Suspicion(Math.min(20 * minute, Math.max(minute, network.epochMs)))
    this.returns = new Returns(
      this.#suspicion,
      () => this.#mostSlackMs(),
      () => this.#batchesMs(),
    )
    this.replies = new Replies({
      clock,
      network,
      g,
      own: this.#own,
      theirs: this.theirs,
      answers: id => this.outbox.answers(id),
      cameAt: id => this.inbox.askedAt(id),
      surroundings: () => this.surroundings(),
      maker: () => this.#maker(),
      gateways: () => this.#identity.gateways,
      write: operations => store.batch([...operations]),
      post: (kind, to, content) => this.post(kind, to, content),
    })
    this.sender = new Sender({
      clock,
      log,
      networkName: network.name,
      sealing,
      ledger: this.ledger,
      returns: this.returns,
      replies: this.replies,
      surroundings: () => this.surroundings(),
      covers: () => covers(this.#cover),
      send: packet => this.#toHome(packet),
      onState: (id, state, reason) => this.moved(id, state, reason),
    })
    const receiving = {
      clock,
      log,
      g,
      sealing,
      sealingKey: this.#identity.sealingKey,
      inbox: this.inbox,
      own: this.#own,
      replies: this.replies,
      sender: this.sender,
      ledger: this.ledger,
      post: (kind: Kind, to: string, content: Uint8Array) => this.post(kind, to, content),
      appOf: (id: string) => this.outbox.get(id)?.app ?? noApp,
      onRead: (id: string) => this.#wasRead(id),
      onMessage: events.onMessage,
    }
    this.receiver = new Receiver(receiving, stored.cursors)
    this.#clocks = startClocks({
      clock,
      random,
      tick: name => {
        if (name !== 'read') return this.sender.tick(name)
        this.receiver.remind()
        void this.#gateways?.read()
      },
    })
  }

  /**
   * Opens the store. Nothing happens before `start`.
   *
   * @throws ClientError STORE_NEWER, STORE_DAMAGED
   */
  static async open(init: EngineInit, events: EngineEvents): Promise<Engine> {
    let engine: Engine | undefined
    const { store, directory, limits } = init
    const bulletin = await Bulletin.open({
      ...init,
      store,
      limits: limits.board,
      view: () => directory.current(),
      post: (posting, giveUpAt) => engine?.sender.accept(posting, { by: 'gateway', urgent: false, giveUpAt }),
      cancel: id => engine?.fail(id, 'ABORTED'),
    })
    engine = new Engine(init, events, await openStored(init), bulletin)
    return engine
  }

  get identity(): Identity {
    return this.#identity
  }

  get gateways(): Gateways | undefined {
    return this.#gateways
  }

  /** What packets are made with now; undefined while none can leave. */
  surroundings(): Surroundings | undefined {
    return this.#gateways?.open === true && !this.#ended ? this.#maker() : undefined
  }

  /** The same while the gateway does not answer. */
  #maker(): Surroundings | undefined {
    const { directory, g, network, clock, random } = this.#init
    const view = directory.current()
    const gateway = (id: string): NodeEntry | undefined => this.#gateway(id)
    const home = this.#gateways && gateway(hex(this.#gateways.home))
    if (view === undefined || home === undefined) return undefined
    return {
      g,
      view,
      epochAt: time => epochAt(network, time),
      home,
      gateway,
      mailbox: this.#identity.mailboxKey,
      weight: id => this.#suspicion.weight(id, clock.elapsed()),
      reliability: id => this.#suspicion.reliability(id, clock.elapsed()),
      random,
    }
  }

  /** Six mean waits for a tick of the reading clock, and so much for the way: what takes longer was an outage. */
  #mostSlackMs(): number {
    const parameters = this.#init.directory.current()?.parameters ?? defaultParameters
    return longestWayMs + this.#batchesMs() + (6 * minute) / coverRates(this.#cover, parameters).read
  }

  /** What mixing in batches may add at every hop, there and back. */
  #batchesMs(): number {
    const view = this.#init.directory.current()
    return view === undefined ? 0 : 2 * this.#init.g.hops * batchWaitMs(view.mixing, view.parameters)
  }

  /**
   * A gateway by the lowercase hex of its id. One that was away when it should have announced itself is missing from
   * one consensus; nodes still reach it by the one before or after, and so does this client.
   */
  #gateway(id: string): NodeEntry | undefined {
    const { directory } = this.#init
    const current = directory.current()
    if (current === undefined) return undefined
    for (const view of [current, directory.view(current.epoch - 1), directory.view(current.epoch + 1)]) {
      const found = view?.nodes.get(id)
      if (found?.role === 'gateway') return found
    }
    return undefined
  }

  /** Fragments of a content of this kind. @throws ClientError TOO_LARGE */
  count(kind: Kind, contentBytes: number): number {
    const { g, sealing } = this.#init
    return fragmentCount(contentBytes, fragmentBytes(g, laneOf(kind), sealing.overhead))
  }

  /**
   * Takes a message over: it is on disk when this resolves.
   *
   * @param also what must be on disk together with it
   * @throws ClientError QUEUE_FULL, DISK_FULL; and what the disk says besides
   */
  async accept(
    message: Pick<
      Outgoing,
      'id' | 'kind' | 'to' | 'bytes' | 'wantsRead' | 'deadline' | 'way' | 'app' | 'priority'
    >,
    content: Uint8Array,
    also: readonly Operation[],
  ): Promise<Outgoing> {
    const count = this.count(message.kind, content.length)
    const acceptedAt = this.#init.clock.now()
    const accepted = await onDisk(() => this.outbox.add({ ...message, count, acceptedAt }, content, also))
    const { id, kind, to, deadline } = accepted
    this.ledger.add({ at: acceptedAt, event: 'accepted', id, count })
    this.sender.accept(
      { id, kind, to, content, count, way: accepted.way },
      { by: acknowledgedBy(kind), urgent: false, deadline, ...queuedAs(accepted) },
    )
    return accepted
  }

  /**
   * Sends something of the client's own; it does not survive a restart, and need not: whoever misses it asks again.
   * With too much of that under way it is dropped.
   *
   * @returns the id it travels under
   */
  post(kind: Kind, to: string, content: Uint8Array): string {
    const { random, clock, log } = this.#init
    const id = hex(random(messageIdBytes))
    const giveUpAt = clock.elapsed() + ownLifetimeMs
    if (this.#posted.size >= mostPosted) return id
    try {
      const count = this.count(kind, content.length)
      this.#posted.add(id)
      this.sender.accept(
        { id, kind, to, content, count },
        { by: acknowledgedBy(kind), urgent: true, giveUpAt },
      )
    } catch (error) {
      this.#posted.delete(id)
      log.warn({ reason: error instanceof ClientError ? error.code : 'FAULT' }, 'an answer could not be sent')
    }
    return id
  }

  /** Calls a message off. */
  fail(id: string, reason: ClientErrorCode): void {
    this.sender.apply({ type: 'failed', id, reason })
  }

  /** The app has taken a message whose sender asks to be told: over a second block too where there are enough. */
  tellRead({ id, wantsRead }: InboxEntry): void {
    const left = this.theirs.left(id)
    if (!wantsRead || left === 0) return
    for (let copy = 0; copy < (left >= 4 ? 2 : 1); copy++) this.post('read', id, new Uint8Array(0))
  }

  /** Stops everything. Resolves when what was in work is on disk. */
  async end(): Promise<void> {
    this.#ended = true
    this.#stopViews()
    this.#clocks.stop()
    this.#housekeeping?.cancel()
    this.#gateways?.end()
    this.bulletin.close()
    await this.receiver.idle()
    await Promise.allSettled(this.#writes)
    await this.outbox.saveProgress(this.sender.takeProgress()).catch(() => {})
  }

  /** Goes on with messages that were under way, and arrivals that were whole but not handed over. */
  async start(): Promise<void> {
    for (const message of this.outbox.unfinished()) {
      const { id, kind, to, count, deadline, state } = message
      const content = this.outbox.content(id)
      const acknowledged = (await this.outbox.progress(message)) ?? new Uint8Array(Math.ceil(count / 8))
      if (content === undefined || (state !== 'queued' && state !== 'sent')) continue
      const how: Omit<Accepted, 'id' | 'count'> = {
        by: acknowledgedBy(kind),
        urgent: false,
        deadline,
        ...queuedAs(message),
        resume: { state, acknowledged },
      }
      if (kind === 'reply') this.replies.resume(to)
      try {
        this.sender.accept({ id, kind, to, content, count, way: message.way }, how)
      } catch (error) {
        // The network of the configuration is another one now
        this.moved(id, 'failed', error instanceof ClientError ? error.code : 'BAD_ADDRESS')
      }
    }
    await this.receiver.resume()
    const { directory } = this.#init
    this.#stopViews = directory.onView(view => this.#view(view))
    const current = directory.current()
    if (current !== undefined) this.#view(current)
    this.#housekeep()
  }

  get cover(): CoverLevel {
    return this.#cover
  }

  /** The clocks take the level's rates at once. */
  setCover(level: CoverLevel): void {
    this.#cover = level
    const view = this.#init.directory.current()
    if (view !== undefined) this.#clocks.set(coverRates(level, view.parameters))
  }

  #view(view: View): void {
    this.#clocks.set(coverRates(this.#cover, view.parameters))
    if (this.#gateways === undefined && !this.#choosing) void this.#enter(view)
  }

  /** Opens the mailbox at each gateway; a client that has none takes one at random and keeps it. */
  async #enter(view: View): Promise<void> {
    const { store, random, link, clock, log, g } = this.#init
    this.#choosing = true
    try {
      if (this.#identity.gateways.length === 0) {
        const chosen = this.#init.chooseGateway(view)
        if (chosen === undefined) return
        this.#identity = await withGateways(store, this.#identity, [chosen])
      }
      if (this.#ended) return
      const { mailboxSeed, mailboxKey, gateways } = this.#identity
      this.#gateways = new Gateways(
        {
          link,
          clock,
          random,
          log,
          gateway: id => this.#gateway(id),
          mailboxSeed,
          mailboxKey,
          payloadBytes: g.payloadBytes,
          cursor: gateway => this.receiver.cursor(gateway),
          take: (gateway, entries, behind) => this.receiver.take(gateway, entries, behind),
          bulletin: this.bulletin,
          announcing: this.announcing,
          onChange: () => this.#events.onReady(this.surroundings() !== undefined),
        },
        gateways,
      )
      this.#gateways.start()
    } catch (error) {
      log.error({ reason: error instanceof Error ? error.name : 'unknown' }, 'the gateway could not be kept')
    } finally {
      this.#choosing = false
    }
  }

  #toHome(packet: Uint8Array): void {
    const home = this.#gateways && this.#gateway(hex(this.#gateways.home))
    if (home !== undefined) this.#init.link.send(home, packet)
  }

  /** A message of ours has changed its state. */
  moved(id: string, state: MessageState, reason: ClientErrorCode | undefined): void {
    const { log, clock } = this.#init
    const deadlineSet = (message: Outgoing): boolean =>
      message.deadline - message.acceptedAt < this.#init.limits.lifetimeMs
    const before = this.outbox.get(id)
    if (before === undefined) {
      if (state !== 'queued' && !this.sender.carries(id)) this.#posted.delete(id)
      this.bulletin.moved(id, state)
      return
    }
    const why = reason === 'EXPIRED' && deadlineSet(before) ? 'DEADLINE' : reason
    const moved = this.outbox.move(id, state, why)
    if (moved === undefined) return
    this.ledger.add({ at: clock.now(), event: 'state', id, state, reason: why })
    const written = moved.written
      .catch((error: unknown) => {
        log.error({ reason: error instanceof Error ? error.name : 'unknown' }, 'a state could not be written')
      })
      .finally(() => this.#writes.delete(written))
    this.#writes.add(written)
    this.#events.onState(moved.message)
    if (state === 'stored') this.#freshen(moved.message)
  }

  /** Of the three epochs of a message's blocks only the last is left when it has arrived: more blocks follow it. */
  #freshen({ id, acceptedAt }: Outgoing): void {
    const { network, clock, log } = this.#init
    const now = clock.now()
    const asked = this.#own.asked(id)
    if (asked === undefined || epochAt(network, now) < epochAt(network, acceptedAt) + 2) return
    this.replies
      .freshen(asked)
      .catch((error: unknown) =>
        log.debug({ reason: error instanceof ClientError ? error.code : 'FAULT' }, 'no blocks could follow'),
      )
  }

  /** The other side has a message of ours: it says so, or it has answered. */
  #wasRead(id: string): void {
    if (this.sender.carries(id)) this.sender.apply({ type: 'read', id })
    else this.moved(id, 'read', undefined)
  }

  #housekeep(): void {
    const { clock, log } = this.#init
    this.#housekeeping = clock.after(housekeepingMs, () => {
      const work = async (): Promise<void> => {
        await this.outbox.saveProgress(this.sender.takeProgress())
        await this.#own.expire(clock.now())
        await this.replies.tidy()
      }
      work().catch(() => log.error({}, 'housekeeping could not write'))
      if (!this.#ended) this.#housekeep()
    })
  }
}

/** How the queue treats a message among the others. */
function queuedAs({ app, priority, way }: Outgoing): Pick<Accepted, 'app' | 'priority' | 'copies'> {
  return { app, priority, copies: way?.copies }
}

function acknowledgedBy(kind: Kind): Accepted['by'] {
  if (laneOf(kind) === 'forward') return 'gateway'
  return kind === 'reply' ? 'peer' : 'none'
}

// The running parts of a client, put together: queue, clocks, gateways, inbox (docs/spec/client.md). client.ts is its
// face to an app.

import { epochAt } from '../directory/documents/network.ts'
import type { View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import type { Timer } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { type Ms, minute, second } from '../world/units.ts'
import { noApp } from './app-name.ts'
import { Bulletin } from './bulletin/bulletin.ts'
import { Acknowledging } from './contacts/acknowledging.ts'
import type { Contact, Contacts } from './contacts/contacts.ts'
import { Moving } from './contacts/moving.ts'
import { People } from './contacts/people.ts'
import type { ReceivingKeys } from './contacts/receiving-keys.ts'
import { Diary } from './diary.ts'
import type { EngineEvents, EngineInit } from './engine-init.ts'
import type { Homes } from './folder/homes.ts'
import type { Identity } from './folder/identity.ts'
import { openStored, type Stored } from './folder/reopen.ts'
import { putRecord } from './folder/schema.ts'
import { Announcing } from './incoming/announcing.ts'
import type { InboxEntry } from './incoming/arrivals.ts'
import { Gateways } from './incoming/gateways.ts'
import type { Inbox } from './incoming/inbox.ts'
import { FullGateways, keepHomes } from './incoming/keep-homes.ts'
import { Receiver } from './incoming/receiver.ts'
import { Arrivals } from './outgoing/arrivals.ts'
import { carriedByAddress } from './outgoing/by-address.ts'
import { type Clocks, startClocks } from './outgoing/clocks.ts'
import { CommonStart } from './outgoing/common-start.ts'
import { type CoverLevel, covers, paceOf } from './outgoing/cover.ts'
import { CoverPackets } from './outgoing/cover-packets.ts'
import { Dispatch } from './outgoing/dispatch.ts'
import type { Outbox } from './outgoing/outbox.ts'
import type { OwnBlocks } from './outgoing/own-blocks.ts'
import { Parcels } from './outgoing/parcels.ts'
import { Replies } from './outgoing/replies.ts'
import { Returns } from './outgoing/returns.ts'
import { Suspicion } from './outgoing/suspicion.ts'
import type { TheirBlocks } from './outgoing/their-blocks.ts'
import { Whereabouts } from './outgoing/whereabouts.ts'
import type { Kind } from './packets/fragments.ts'
import type { Innards } from './status.ts'

/** Holds what a client opens before it begins. */
interface Opened {
  readonly stored: Stored
  readonly bulletin: Bulletin
  readonly acknowledging: Acknowledging
}

const housekeepingMs = 2 * second
/** Reply blocks are made for so many epochs. */
const epochsOfBlocks = 3

export class Engine {
  readonly outbox: Outbox
  readonly inbox: Inbox
  readonly theirs: TheirBlocks
  readonly replies: Replies
  readonly returns: Returns
  readonly dispatch: Dispatch
  readonly parcels: Parcels
  readonly whereabouts: Whereabouts
  readonly receiver: Receiver
  readonly diary: Diary
  readonly bulletin: Bulletin
  readonly announcing: Announcing
  readonly contacts: Contacts
  readonly acknowledging: Acknowledging
  readonly people: People
  readonly #keys: ReceivingKeys
  readonly #homes: Homes
  readonly #full: FullGateways
  readonly #moving: Moving
  readonly #init: EngineInit
  readonly #events: EngineEvents
  readonly #own: OwnBlocks
  readonly #clocks: Clocks
  #identity: Identity
  readonly #entries: readonly Uint8Array[]
  #gateways: Gateways | undefined
  #choosing = false
  #cover: CoverLevel
  #housekeeping: Timer | undefined
  #stopViews: () => void = () => {}
  #ended = false

  private constructor(init: EngineInit, events: EngineEvents, { stored, bulletin, acknowledging }: Opened) {
    const { clock, network, g, sealing, log, random, store, limits } = init
    this.#init = init
    this.#events = events
    this.#identity = stored.identity
    this.#entries = stored.entries
    this.#cover = init.cover
    this.outbox = stored.outbox
    this.inbox = stored.inbox
    this.#own = stored.own
    this.contacts = stored.contacts
    this.contacts.onChange(() => this.inbox.recount())
    this.#keys = stored.keys
    this.#homes = stored.homes
    this.#full = new FullGateways(() => clock.elapsed())
    this.#moving = new Moving({
      log,
      network: network.name,
      homes: stored.homes,
      contacts: stored.contacts,
      identity: () => this.#identity,
      post: (to, content) => this.parcels.post('moved', to, content),
    })
    this.acknowledging = acknowledging
    const { sealingKey } = this.#identity
    const { contacts } = stored
    this.people = new People({
      network: network.name,
      sealing,
      g,
      own: this.#identity,
      contacts,
      keys: stored.keys,
      acknowledging,
    })
    this.theirs = stored.theirs
    this.diary = new Diary(limits.ledger)
    this.announcing = new Announcing(() => clock.elapsed())
    this.bulletin = bulletin
    // A dead mix is gone from the consensus after an epoch or two.
    const suspicion = new Suspicion(Math.min(20 * minute, Math.max(minute, network.epochMs)))
    const whereabouts = new Whereabouts({
      ...init,
      suspicion,
      mailbox: this.#identity.mailboxKey,
      home: () => this.#gateways,
      cover: () => this.#cover,
    })
    this.whereabouts = whereabouts
    this.returns = new Returns(
      suspicion,
      () => whereabouts.mostSlackMs(),
      () => whereabouts.batchesMs(),
      () => this.#gateways?.openSince,
      (returned, nodes) => {
        this.#gateways?.entry.loop(returned)
        init.onLoop?.({ returned, nodes })
      },
      () => this.dispatch.apply({ type: 'revived', slackMs: this.returns.slackMs }),
    )
    const arrivals = new Arrivals()
    this.replies = new Replies({
      clock,
      network,
      g,
      whereabouts,
      own: this.#own,
      theirs: this.theirs,
      answers: id => this.outbox.answers(id),
      cameAt: id => this.inbox.askedAt(id),
      write: operations => store.batch([...operations]),
      mayPost: (kind, to, bytes) => this.parcels.mayPost(kind, to, bytes),
      post: (kind, to, content) => this.parcels.carry(kind, to, content),
    })
    this.dispatch = new Dispatch({
      clock,
      log,
      link: init.link,
      networkName: network.name,
      sealing,
      diary: this.diary,
      returns: this.returns,
      replies: this.replies,
      cover: new CoverPackets(arrivals, sealing, this.#identity.sealingKey.public),
      whereabouts,
      covers: () => covers(this.#cover),
      timeIsSure: init.timeIsSure,
      keyFor: key => this.contacts.keyFor(key, this.#documentTime()),
      current: address => this.contacts.current(address),
      redirect: id => this.parcels.redirect(id),
      onState: (id, state, reason) => this.parcels.moved(id, state, reason),
      onProgress: id => {
        const message = this.outbox.get(id)
        if (message !== undefined) events.onProgress(message)
      },
    })
    const byAddress = {
      ...{ network: network.name, g, random, people: this.people },
      gateways: () => this.#identity.gateways,
    }
    this.parcels = new Parcels({
      ...init,
      lifetimeMs: limits.lifetimeMs,
      outbox: this.outbox,
      own: this.#own,
      diary: this.diary,
      bulletin,
      dispatch: this.dispatch,
      replies: this.replies,
      carry: reply => carriedByAddress(byAddress, reply),
      onState: events.onState,
      onPosted: (id, state) => {
        void this.acknowledging.over(id)
        void this.#moving.over(id, state === 'stored')
      },
    })
    const receiving = {
      clock,
      log,
      g,
      sealing,
      sealingKey,
      people: this.people,
      inbox: this.inbox,
      own: this.#own,
      arrivals,
      isHome: (gateway: string) => this.#gateways?.isHome(gateway) ?? true,
      replies: this.replies,
      dispatch: this.dispatch,
      diary: this.diary,
      post: (kind: Kind, to: string, content: Uint8Array) => this.parcels.post(kind, to, content),
      appOf: (id: string) => this.outbox.get(id)?.app ?? noApp,
      askedOf: (id: string) => this.#own.asked(id)?.to ?? this.outbox.get(id)?.to,
      onReceipt: (id: string, count: number, have: Uint8Array) => this.parcels.receipt(id, count, have),
      onReached: (id: string, state: 'received' | 'read') => this.parcels.reached(id, state),
      onMessage: events.onMessage,
    }
    this.receiver = new Receiver(receiving, stored.cursors)
    this.#clocks = startClocks({
      clock,
      // Dice of their own: what else is drawn, and whatever makes it be drawn, changes nothing of when a packet
      // leaves
      random: seededRandom(random(32)),
      start: new CommonStart(
        () => epochAt(network, clock.now()),
        () => whereabouts.isReady,
      ),
      tick: name => {
        if (name !== 'read') return this.dispatch.tick(name)
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
      post: (posting, giveUpAt) => engine?.dispatch.accept(posting, { by: 'gateway', giveUpAt }),
      cancel: id => engine?.parcels.fail(id, 'ABORTED'),
    })
    const stored = await openStored(init)
    const acknowledging = await Acknowledging.open(
      {
        ...init,
        tellReadMs: init.limits.tellReadMs,
        left: id => stored.theirs.left(id),
        keys: () => stored.keys.told(),
        post: (word, id, content) => engine?.parcels.post(word, id, content),
      },
      init.acknowledge,
    )
    engine = new Engine(init, events, { stored, bulletin, acknowledging })
    return engine
  }

  /** Tells whether a reply can be handed in: over a block, or to whoever wrote it and says who they are. */
  canAnswer({ id, from, blocks }: InboxEntry): boolean {
    return blocks > 0 && (from !== undefined || this.replies.canAnswer(id))
  }

  /** Finds the contact who wrote a message. */
  contactOf({ from }: InboxEntry): Contact | undefined {
    return this.people.contact(from)
  }

  /** The owner has read a message: its writer is told where that is allowed. */
  taken(entry: InboxEntry): void {
    const { id, wantsRead } = entry
    this.acknowledging
      .read(id, wantsRead, this.contactOf(entry))
      .catch(() => this.#init.log.error({}, 'that something was read could not be noted'))
  }

  /** The time by a signed document: it has come, whatever a clock shows. */
  #documentTime(): Ms {
    return this.#init.directory.current()?.validAfter ?? 0
  }

  get identity(): Identity {
    return this.#identity
  }

  /** Gives the parts that its status is read from. */
  innards(): Omit<Innards, 'address' | 'received'> {
    const { network, directory, clock, g } = this.#init
    return {
      g,
      cover: this.#cover,
      clockErrorMs: this.#init.clockErrorMs(),
      epoch: epochAt(network, clock.now()),
      view: directory.current(),
      health: directory.health(),
      gateways: this.#gateways,
      messages: this.outbox.all(),
      dispatch: this.dispatch,
      ownTraffic: this.parcels.ownTraffic,
      receiver: this.receiver,
      inbox: this.inbox,
      returns: this.returns,
      bulletin: this.bulletin,
      announcement: this.announcing.state,
    }
  }

  get gateways(): Gateways | undefined {
    return this.#gateways
  }

  /** Stops everything. Resolves when what was in work is on disk. */
  async end(): Promise<void> {
    this.#ended = true
    this.whereabouts.end()
    this.#stopViews()
    this.#clocks.stop()
    this.#housekeeping?.cancel()
    this.#gateways?.end()
    this.bulletin.close()
    await this.receiver.idle()
    await this.parcels.idle()
    await this.parcels.saveProgress().catch(() => {})
  }

  /** Goes on with messages that were under way, and arrivals that were whole but not handed over. */
  async start(): Promise<void> {
    await this.parcels.resume()
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
    if (view !== undefined) this.#pace(view)
  }

  #pace(view: View): void {
    const { rates, roundMs } = paceOf(this.#cover, view)
    this.#clocks.set(rates, roundMs)
  }

  #view(view: View): void {
    this.#pace(view)
    this.#gateways?.look()
    if (!this.#choosing) void this.#settle(view)
  }

  /** Sees to the gateways that keep its mail, and opens its mailbox at each. */
  async #settle(view: View): Promise<void> {
    const { log, gateways, homes, chooseGateway, network, clock } = this.#init
    this.#choosing = true
    try {
      const before = this.#identity
      const keeping = {
        homes: this.#homes,
        wanted: gateways.length === 0 ? homes : undefined,
        choose: chooseGateway,
        isFull: (id: Uint8Array) => this.#full.has(id),
        isListed: (id: Uint8Array) => this.whereabouts.gateway(hex(id)) !== undefined,
        contacts: () => this.contacts.sealingKeys(),
        now: () => clock.now(),
        blocksMs: epochsOfBlocks * network.epochMs,
      }
      this.#identity = await keepHomes(keeping, before, view)
      if (this.#ended || this.#identity.gateways.length === 0) return
      if (this.#gateways === undefined || before !== this.#identity) this.#open()
      else this.#gateways.keepOnly(this.#homes.former)
    } catch (error) {
      log.error({ reason: error instanceof Error ? error.name : 'unknown' }, 'the gateway could not be kept')
    } finally {
      this.#choosing = false
    }
  }

  #open(): void {
    const { random, link, clock, log, g, network, directory } = this.#init
    const { mailboxSeed, mailboxKey, gateways } = this.#identity
    const before = this.#gateways
    before?.end()
    this.#moving.changed()
    this.#gateways = new Gateways(
      {
        link,
        clock,
        random,
        log,
        gateway: id => this.whereabouts.gateway(id),
        view: () => directory.current(),
        epoch: () => epochAt(network, clock.now()),
        entries: before?.entry.all ?? this.#entries,
        save: entries => this.#saveEntries(entries),
        mailboxSeed,
        mailboxKey,
        payloadBytes: g.payloadBytes,
        cursor: gateway => this.receiver.cursor(gateway),
        take: (gateway, entries, behind) => this.receiver.take(gateway, entries, behind),
        bulletin: this.bulletin,
        announcing: this.announcing,
        onFull: id => {
          const view = directory.current()
          if (this.#full.note(id) && view !== undefined && !this.#choosing) void this.#settle(view)
        },
        onFailed: () => this.parcels.nodeFailed(),
        onChange: () => this.#events.onReady(this.whereabouts.isReady),
      },
      gateways,
      this.#homes.former,
    )
    this.#gateways.start()
  }

  #saveEntries(entries: readonly Uint8Array[]): void {
    const { store, log } = this.#init
    store
      .batch([putRecord('entries', { entries: [...entries] })])
      .catch(() => log.error({}, 'the entry gateways could not be kept'))
  }

  async #advanceKeys(): Promise<void> {
    const view = this.#init.directory.current()
    if (view !== undefined) await this.#keys.advance(view.validAfter, view.parameters.mailboxMinutes * minute)
  }

  #housekeep(): void {
    const { clock, log } = this.#init
    this.#housekeeping = clock.after(housekeepingMs, () => {
      const work = async (): Promise<void> => {
        await this.parcels.saveProgress()
        if (this.returns.losesAnother(clock.elapsed())) this.parcels.nodeFailed()
        await this.parcels.freshenAll()
        if (this.#init.timeIsSure()) {
          await this.#own.expire(clock.now())
          await this.replies.tidy()
        }
        await this.#advanceKeys()
        await this.acknowledging.tell()
        await this.#moving.tell()
      }
      work().catch(() => log.error({}, 'housekeeping could not write'))
      if (!this.#ended) this.#housekeep()
    })
  }
}

// A client as an app sees it (docs/spec/client.md). Made by `connect`.

import { isServiceName } from '../directory/documents/announced.ts'
import type { View } from '../directory/documents/view.ts'
import type { Geometry } from '../sphinx/geometry.ts'
import { isAppName, noApp } from './app-name.ts'
import { untilReady, whyNotReady } from './bootstrap.ts'
import { type BulletinTopic, bulletinTopic } from './bulletin/topic.ts'
import { checkHandler, checkOptions, checkSignal, checkText } from './checked-options.ts'
import type { Acknowledge, Senders } from './contacts/choices.ts'
import type { Contacts } from './contacts/contacts.ts'
import type { LedgerEntry } from './diary.ts'
import { Engine } from './engine.ts'
import type { EngineInit } from './engine-init.ts'
import { ClientError } from './error.ts'
import { findService, type KnownService, servicesOf } from './incoming/announcing.ts'
import type { InboxEntry } from './incoming/arrivals.ts'
import { Listeners } from './listeners.ts'
import { Mail } from './mail.ts'
import { allReach, Handles, type Message, type Received } from './message.ts'
import {
  type ClientEvents,
  checkAcknowledge,
  checkCover,
  clientEventNames,
  type InboxOptions,
  type SendOptions,
} from './options.ts'
import { Composer } from './outgoing/compose.ts'
import type { CoverLevel } from './outgoing/cover.ts'
import type { Outgoing } from './outgoing/outbox.ts'
import { writeAddress } from './packets/address.ts'
import { answersApp, Requests } from './requests.ts'
import { type Service, type ServiceHandler, type ServiceOptions, serveRequests } from './service.ts'
import { type ClientStatus, statusOf } from './status.ts'
import { Chores } from './upkeep.ts'

/**
 * An app's end of the network. `connect` and `openClient` make one; it works until `close`, and what was accepted
 * goes on when its
 * folder is opened again.
 */
export class Client {
  readonly #init: EngineInit
  readonly #engine: Engine
  readonly #release: () => Promise<void>
  readonly #handles: Handles
  readonly #mail: Mail
  readonly #listeners: Listeners
  readonly #composer: Composer
  readonly #requests: Requests
  /** Does what a person asks for by hand. */
  readonly chores: Chores
  readonly #received = { messages: 0, replies: 0 }
  #closed: Promise<void> | undefined

  private constructor(init: EngineInit, release: () => Promise<void>, open: Opening) {
    this.#init = init
    this.#listeners = new Listeners(init.log)
    this.#release = release
    this.#engine = open.engine
    const { inbox, outbox, diary, parcels, dispatch } = open.engine
    this.#handles = new Handles(
      id => outbox.get(id),
      id => parcels.fail(id, 'ABORTED'),
      id => dispatch.left(id),
    )
    this.#composer = new Composer(init, open.engine, this.#handles)
    this.#mail = new Mail({
      inbox,
      canReply: entry => open.engine.canAnswer(entry),
      onDelivered: ({ id }) => diary.add({ at: init.clock.now(), event: 'delivered', id }),
      onTaken: entry => open.engine.taken(entry),
      contactOf: entry => open.engine.contactOf(entry),
    })
    this.chores = new Chores(init, open.engine)
    this.#requests = new Requests({
      bytes: seq => inbox.bytes(seq),
      markRead: seq => inbox.markRead(seq),
    })
    for (const entry of inbox.after(-1)) this.#count(entry)
    for (const entry of inbox.after(-1, answersApp)) if (!entry.read) this.#answered(entry)
    open.events.state = message => this.#changed(message)
    open.events.progress = message => this.#listeners.tell('progress', this.#handles.handle(message))
    open.events.message = entry => this.#arrived(entry)
    open.events.ready = ready => this.#listeners.tell('ready', ready)
  }

  /**
   * Opens the store and goes on where the client stopped. Packets leave once it is `ready`.
   *
   * @param release closes what was made for this client only
   * @throws ClientError STORE_NEWER, STORE_DAMAGED
   */
  static async open(init: EngineInit, release: () => Promise<void>): Promise<Client> {
    // The engine exists before its client, and says nothing before the two are joined: it has not begun.
    const events: Opening['events'] = {
      state: () => {},
      progress: () => {},
      message: () => {},
      ready: () => {},
    }
    const engine = await Engine.open(init, {
      onState: message => events.state(message),
      onProgress: message => events.progress(message),
      onMessage: entry => events.message(entry),
      onReady: ready => events.ready(ready),
    })
    const client = new Client(init, release, { engine, events })
    await engine.start()
    return client
  }

  /** The address that others write to. @throws ClientError NO_GATEWAY before there was a consensus to choose from */
  get address(): string {
    const { gateways, sealingKey, mailboxKey } = this.#engine.identity
    if (gateways.length === 0)
      throw new ClientError(
        'NO_GATEWAY',
        'client: no gateway yet: wait for `ready`, or name one in the options',
      )
    return writeAddress({ sealingKey: sealingKey.public, mailboxKey, gateways }, this.#init.network.name)
  }

  /** The gateways of its address, 32 bytes each; none before the first consensus let it choose. */
  get gateways(): readonly Uint8Array[] {
    return this.#engine.identity.gateways
  }

  /** The sizes of this network's packets. */
  get geometry(): Geometry {
    return this.#init.g
  }

  /**
   * Accepts a message: it resolves when the message is on disk, and from then on it is delivered or fails with a
   * reason, whatever process ends in between.
   *
   * @param to an address
   * @param content text is sent as UTF-8; at most 16 MiB
   * @throws ClientError BAD_ADDRESS, WRONG_NETWORK, WRONG_VERSION, TOO_LARGE, QUEUE_FULL, DISK_FULL, BAD_OPTION,
   *   ABORTED, CLOSED, and where reply blocks go with it NO_CONSENSUS, NO_GATEWAY, NO_PATH
   */
  async send(to: string, content: Uint8Array | string, options: SendOptions = {}): Promise<Message> {
    checkOptions('send', options)
    return await this.#composer.send(to, content, options, options.app ?? noApp)
  }

  /**
   * Answers a message that brought reply blocks. Accepted like a message; its `stored` and `read` mean that the
   * asker's client has it.
   *
   * @param received the message, or its id
   * @param content at most 1 MiB
   * @throws ClientError UNKNOWN_MESSAGE, NO_REPLY, REPLY_EXPIRED, TOO_LARGE, QUEUE_FULL, BAD_OPTION, ABORTED, CLOSED
   */
  async reply(
    received: Pick<Received, 'id'> | string,
    content: Uint8Array | string,
    options: Pick<SendOptions, 'signal' | 'deadlineMs' | 'priority' | 'keep'> = {},
  ): Promise<Message> {
    checkOptions('reply', options)
    const id = typeof received === 'string' ? received : received?.id
    checkText('reply', 'received', id)
    return await this.#composer.reply(id, content, options)
  }

  /**
   * Asks a service and waits for its answer. The service does not learn who asks.
   *
   * @param to the service's address
   * @param name the app that it serves as
   * @param content at most 16 MiB; many services take less
   * @throws ClientError what `send` throws; SERVICE_BUSY, SERVICE_REFUSED, SERVICE_FAILED, BAD_CONTENT as it answers;
   *   DEADLINE or EXPIRED when no answer came in time
   */
  async request(
    to: string,
    name: string,
    content: Uint8Array | string,
    options: Omit<SendOptions, 'app' | 'receipt'> = {},
  ): Promise<Uint8Array> {
    checkOptions('request', options)
    checkText('request', 'name', name)
    const { clock, limits } = this.#init
    const asked = { replies: true, ...options, app: name }
    const { id } = await this.#composer.send(to, content, asked, answersApp)
    return await this.#requests.within(clock, options.deadlineMs ?? limits.lifetimeMs, id, options.signal)
  }

  /**
   * Answers requests that others make to this client's address under a name, until the service or the client ends.
   *
   *     client.serve('echo', ({ bytes }) => bytes)
   *
   * @throws ClientError BAD_OPTION, CLOSED
   */
  serve(name: string, handler: ServiceHandler, options: ServiceOptions = {}): Service {
    checkOptions('serve', options)
    checkText('serve', 'name', name)
    checkHandler('serve: handler', handler)
    if (!isAppName(name)) throw new ClientError('BAD_OPTION', `serve: '${name}' is no app's name`)
    if (this.#closed !== undefined) throw new ClientError('CLOSED', 'client: closed')
    const { clock, log } = this.#init
    if (options.announce === true) this.#announce(name)
    const service = serveRequests(
      {
        clock,
        log,
        messages: signal => this.messages({ app: name, signal }),
        reply: (to, answer) => this.reply(to, answer),
      },
      handler,
      options,
    )
    if (options.announce === true) void service.ended.then(() => this.#engine.announcing.end())
    return service
  }

  /** @throws ClientError BAD_OPTION */
  #announce(name: string): void {
    if (!isServiceName(name))
      throw new ClientError('BAD_OPTION', `serve: '${name}': a name of 1 to 16 characters can be announced`)
    this.#engine.announcing.begin(name, this.#engine.identity.sealingKey.public)
  }

  /** The services that gateways announce, as the consensus has them: looking is seen by nobody. */
  services(): KnownService[] {
    return servicesOf(this.consensus(), this.#init.network.name)
  }

  /**
   * The address of a service by its name.
   *
   * @param name NAME, or NAME@GATEWAY with the beginning of the gateway's id where several have it
   * @throws ClientError NO_SERVICE
   */
  service(name: string): KnownService {
    checkText('service', 'name', name)
    const [of = '', at] = name.split('@')
    return findService(this.services(), of, at)
  }

  /**
   * Resolves when everything that was accepted has left once (`sent`), or is with the receivers' gateways or failed
   * (`stored`). Nothing leaves sooner for it: the clocks do not change.
   *
   * @throws ClientError ABORTED, CLOSED, BAD_OPTION
   */
  async flush(until: 'sent' | 'stored' = 'stored', signal?: AbortSignal): Promise<void> {
    if (until !== 'sent' && until !== 'stored')
      throw new ClientError('BAD_OPTION', `flush: until: want sent or stored, have ${String(until)}`)
    checkSignal('flush', signal)
    await allReach(until, this.#engine.outbox.unfinished(), this.#handles, signal)
  }

  /**
   * Every message that comes for an app (default: those that name none), once, beginning with those that no app has
   * read yet. A message counts as read when the next one is asked for or the loop ends. Ends when the signal aborts
   * or the client closes.
   */
  messages(
    options: { readonly signal?: AbortSignal; readonly app?: string; readonly senders?: Senders } = {},
  ): AsyncGenerator<Received, void, undefined> {
    checkOptions('messages', options)
    return this.#mail.messages(options.app ?? noApp, options.senders ?? 'everyone', options.signal)
  }

  /**
   * Messages behind a cursor, oldest first; those that no app had read yet count as read from now on.
   *
   * @param options.after the `seq` of the last message that the app has; default -1, for all that are kept
   * @param options.ids only these of them, which count as read
   * @param options.most messages, default 100
   * @param options.mostBytes no further message once there are this many bytes, default 16 MiB
   * @param options.until when there is none: wait for one until this aborts
   */
  async inbox(options: InboxOptions = {}): Promise<Received[]> {
    checkOptions('inbox', options)
    const { app = noApp, senders = 'everyone', after = -1, most = 100 } = options
    const { mostBytes = 16 * 1024 * 1024, until, ids } = options
    if (until !== undefined) await this.#mail.wait(app, senders, after, until)
    const wanted = ids === undefined ? undefined : new Set(ids)
    return await this.#mail.list({ app, senders, after, ids: wanted }, most, mostBytes)
  }

  /** A message or reply of ours by its id. */
  message(id: string): Message | undefined {
    const found = this.#engine.outbox.get(id)
    return found && this.#handles.handle(found)
  }

  /** The consensus that packets are made with now. */
  consensus(): View | undefined {
    return this.#init.directory.current()
  }

  /** The app that a message which came is for; undefined when none of this id is kept. */
  receivedBy(id: string): string | undefined {
    return this.#engine.inbox.find(id)?.app
  }

  /** The people whom its owner knows: whose messages are told from strangers', and are sealed to keys of their time. */
  get contacts(): ClientContacts {
    return this.#engine.contacts
  }

  /**
   * Twelve words that this client and that of a contact show alike, when each has the other's address.
   *
   * @param who a contact's name, or an address
   * @throws ClientError NO_CONTACT, BAD_ADDRESS, WRONG_NETWORK, WRONG_VERSION
   */
  safetyWords(who: string): string[] {
    checkText('safetyWords', 'who', who)
    return this.#engine.people.words(who)
  }

  /** Says whom it tells that it has all of a message of theirs (docs/spec/client-contacts.md 17.3). */
  get acknowledge(): Acknowledge {
    return this.#engine.acknowledging.level
  }

  /** Changes that, for what comes from now on. @throws ClientError BAD_OPTION */
  setAcknowledge(level: Acknowledge): void {
    checkAcknowledge(level)
    this.#engine.acknowledging.level = level
  }

  /** The level of cover traffic that it sends (docs/spec/client-clocks.md 8.1). */
  get cover(): CoverLevel {
    return this.#engine.cover
  }

  /**
   * Changes the level of cover traffic; whoever watches the link sees the change.
   *
   * @throws ClientError BAD_OPTION
   */
  setCover(level: CoverLevel): void {
    checkCover(level)
    this.#engine.setCover(level)
  }

  /**
   * A topic of the bulletin: what everybody can read and nobody can tell who wrote.
   *
   * @throws ClientError NO_TOPIC when no network has it
   */
  bulletin(topic: string): BulletinTopic {
    return bulletinTopic(this.#engine.bulletin, topic)
  }

  /** Describes how it is now, as `GET /status` does. */
  status(): ClientStatus {
    const address = this.#engine.identity.gateways.length === 0 ? '' : this.address
    return statusOf({ ...this.#engine.innards(), address, received: this.#received })
  }

  /** Lists what happened to this client's messages, oldest first: for its owner, never sent anywhere. */
  ledger(): readonly LedgerEntry[] {
    return this.#engine.diary.entries()
  }

  /**
   * Calls `handler` from now on; returns how to stop.
   *
   * @throws ClientError BAD_OPTION
   */
  on<Name extends keyof ClientEvents>(name: Name, handler: ClientEvents[Name]): () => void {
    if (!clientEventNames.includes(name))
      throw new ClientError(
        'BAD_OPTION',
        `on: no event '${name}': want one of ${clientEventNames.join(', ')}`,
      )
    checkHandler('on: handler', handler)
    return this.#listeners.on(name, handler)
  }

  /**
   * Resolves when packets can leave: there is a consensus, and the gateway has opened the mailbox.
   *
   * @throws ClientError ABORTED with the signal, CLOSED
   */
  async ready(signal?: AbortSignal): Promise<void> {
    checkSignal('ready', signal)
    if (this.#engine.whereabouts.isReady) return
    if (this.#closed !== undefined) throw new ClientError('CLOSED', 'client: closed')
    await untilReady(
      tell => this.on('ready', tell),
      () => this.#closed !== undefined,
      signal,
    )
  }

  /** Why it is not ready, as an error to show. */
  notReady(): ClientError {
    return whyNotReady(this.#init.directory)
  }

  /** Stops; what was accepted and is not over goes on when the client is started again. Never rejects. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** Closes it at the end of a block that says `await using client = await connect(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#composer.close()
    await this.#engine.end()
    this.#mail.close()
    this.#requests.close()
    this.#handles.close()
    this.#listeners.tell('ready', false)
    await this.#release()
  }

  #changed(message: Outgoing): void {
    if (message.state !== 'queued' && message.state !== 'sent') this.#composer.over(message.id)
    this.#handles.changed(message)
    const { id, state, reason, app } = message
    if (app === answersApp && state === 'failed')
      this.#requests.failed(id, new ClientError(reason ?? 'EXPIRED', `request: failed (${reason})`))
    this.#listeners.tell('state', this.#handles.handle(message))
  }

  #arrived(entry: InboxEntry): void {
    this.#count(entry)
    if (entry.app === answersApp) this.#answered(entry)
    else this.#mail.arrived(entry)
    const { id, seq, app, inReplyTo } = entry
    this.#listeners.tell('message', { id, seq, app, inReplyTo })
  }

  #answered(entry: InboxEntry): void {
    if (entry.inReplyTo !== undefined) void this.#engine.replies.answered(entry.inReplyTo)
    this.#requests.arrived(entry).catch(() => this.#init.log.error({}, 'an answer could not be read'))
  }

  #count({ inReplyTo }: InboxEntry): void {
    this.#received.messages++
    if (inReplyTo !== undefined) this.#received.replies++
  }
}

/** Keeps the people whom a client's owner knows: what of it is an app's to use. */
export type ClientContacts = Pick<Contacts, 'list' | 'find' | 'add' | 'change' | 'remove'>

interface Opening {
  readonly engine: Engine
  readonly events: {
    state: (message: Outgoing) => void
    progress: (message: Outgoing) => void
    message: (entry: InboxEntry) => void
    ready: (ready: boolean) => void
  }
}

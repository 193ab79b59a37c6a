// What the page knows of the daemon, as signals: read once, then kept by its events. Lists are read in parts and only
// what is new is read again, so that ten thousand messages cost no more than ten.

import { computed, signal } from '@preact/signals'
import type { Contact } from '../../client/remote/index.ts'
import {
  type ConsensusJson,
  type ContentJson,
  type IdentityJson,
  type ListedJson,
  type Progress,
  type QueuedJson,
  RemoteClient,
  type RemoteEvent,
  type RemoteStatus,
} from '../../client/remote/index.ts'
import { History } from '../parts/history.ts'
import { askFetch, session, tokenOfTab } from '../parts/session.ts'
import { conversationsOf } from './conversations.ts'
import { fileApp } from './file-content.ts'

/** Messages of a list that are read at once: more would hold up the keyboard. */
const part = 500
/** Bytes of a text that is drawn: a longer one, which anybody can send, would hold up the page. */
const longestDrawn = 20_000
const lookEveryMs = 2000
const againMs = 1500

type Shown = { readonly id: string; readonly app: string; readonly bytes: number }

/** Tells what is saved as a file rather than drawn. */
export function isToSave({ app, bytes }: Shown): boolean {
  return app === fileApp || bytes > longestDrawn
}

export class Daemon {
  readonly client: RemoteClient
  readonly identity: string
  readonly status = signal<RemoteStatus | undefined>(undefined)
  readonly consensus = signal<ConsensusJson | undefined>(undefined)
  readonly contacts = signal<readonly Contact[]>([])
  readonly identities = signal<readonly IdentityJson[]>([])
  readonly sent = signal<ReadonlyMap<string, QueuedJson>>(new Map())
  readonly received = signal<ReadonlyMap<string, ListedJson>>(new Map())
  readonly progress = signal<ReadonlyMap<string, Progress>>(new Map())
  readonly contents = signal<ReadonlyMap<string, ContentJson>>(new Map())
  readonly isConnected = signal(true)
  readonly isLoaded = signal(false)
  readonly history = new History()
  readonly conversations = computed(() =>
    conversationsOf(this.sent.value.values(), this.received.value.values()),
  )
  /** Names of payment events that came, for whoever shows payments. */
  readonly payments = signal(0)
  readonly #ending = new AbortController()
  readonly #asked = new Set<string>()

  constructor(identity: string) {
    this.identity = identity
    const as = identity === 'main' ? {} : { as: identity }
    this.client = new RemoteClient({ url: location.origin, token: tokenOfTab, fetch: askFetch, ...as })
  }

  /** Begins to listen, and to look now and then. */
  start(): void {
    void this.#listen()
    void this.#look()
  }

  stop(): void {
    this.#ending.abort()
  }

  get #isOver(): boolean {
    return this.#ending.signal.aborted || session.value.at !== 'open'
  }

  async #listen(): Promise<void> {
    while (!this.#isOver) {
      try {
        let isListening = false
        for await (const event of this.client.events(this.#ending.signal)) {
          // From here on what happens is told; what happened while nobody listened, here or frozen, is read
          if (!isListening) await this.#readLists()
          isListening = true
          await this.#take(event)
        }
      } catch {
        // It is asked again
      }
      if (this.#isOver) return
      this.isConnected.value = false
      await new Promise(resolve => setTimeout(resolve, againMs))
    }
  }

  /** Reads everything anew: states may have changed since, and messages gone. */
  async #readLists(): Promise<void> {
    const lists = this.isLoaded.value
      ? [renew(this.sent, this.#askSent), renew(this.received, this.#askReceived)]
      : [this.#readSent(), this.#readReceived()]
    await Promise.all([this.readContacts(), this.readIdentities(), ...lists])
    this.isLoaded.value = true
    this.isConnected.value = true
  }

  async #take(event: RemoteEvent): Promise<void> {
    if (event.type === 'message') await this.#readReceived()
    else if (event.type === 'state') await this.#moved(event.data)
    else if (event.type === 'progress') {
      this.progress.value = new Map(this.progress.value).set(event.data.id, event.data)
    } else if (event.type === 'consensus') this.consensus.value = await this.client.consensus()
    else if (event.type === 'bootstrap' || event.type === 'settings') await this.readStatus()
    else if (event.type === 'other') this.payments.value++
  }

  async #moved({
    id,
    state,
    reason = null,
  }: Pick<QueuedJson, 'id' | 'state'> & { reason?: string | null | undefined }): Promise<void> {
    const before = this.sent.value.get(id)
    if (before === undefined) return await this.#readSent()
    this.sent.value = new Map(this.sent.value).set(id, { ...before, state, reason })
  }

  async #look(): Promise<void> {
    while (!this.#isOver) {
      if (document.visibilityState === 'visible') await this.readStatus().catch(() => {})
      await new Promise(resolve => setTimeout(resolve, lookEveryMs))
    }
  }

  async readStatus(): Promise<void> {
    const status = await this.client.status()
    this.status.value = status
    const { payload, loop, drop } = status.packets
    const { bytesIn, bytesOut } = status.traffic
    this.history.add(Date.now(), { payload, loop, drop, bytesIn, bytesOut })
  }

  async readContacts(): Promise<void> {
    this.contacts.value = await this.client.contacts()
  }

  async readIdentities(): Promise<void> {
    const { identities } = (await this.client.ask('/identities').catch(() => ({ identities: [] }))) as {
      readonly identities: readonly IdentityJson[]
    }
    this.identities.value = identities
  }

  /** A contact that comes or goes changes whose messages these are. */
  async contactsChanged(): Promise<void> {
    this.sent.value = new Map()
    this.received.value = new Map()
    await Promise.all([this.readContacts(), this.#readSent(), this.#readReceived()])
  }

  readonly #askSent: Ask<QueuedJson> = (after, most) => this.client.queue(true, { after, most })
  readonly #askReceived: Ask<ListedJson> = (after, most) => this.client.listInbox(undefined, { after, most })

  async #readSent(): Promise<void> {
    await readOn(this.sent, this.#askSent)
  }

  async #readReceived(): Promise<void> {
    await readOn(this.received, this.#askReceived)
  }

  /** Has a message that was just accepted listed. */
  async accepted(): Promise<void> {
    await this.#readSent()
  }

  /** Reads the texts of these messages, those that are not read yet; what is to be saved is read by `readOne` alone. */
  async readContents(messages: readonly Shown[]): Promise<void> {
    const wanted = messages.filter(
      one => !isToSave(one) && !this.contents.value.has(one.id) && !this.#asked.has(one.id),
    )
    if (wanted.length === 0) return
    const ids = wanted.map(({ id }) => id)
    for (const id of ids) this.#asked.add(id)
    try {
      const mine = ids.filter(id => this.sent.value.has(id))
      const theirs = ids.filter(id => this.received.value.has(id))
      const [copies, page] = await Promise.all([
        mine.length === 0 ? [] : this.client.sent(mine),
        theirs.length === 0 ? { messages: [] } : this.client.messages({ ids: theirs }),
      ])
      this.contents.value = new Map([
        ...this.contents.value,
        ...[...copies, ...page.messages].map(one => [one.id, one] as const),
      ])
      this.#markRead(page.messages.map(({ id }) => id))
    } finally {
      for (const id of ids) this.#asked.delete(id)
    }
  }

  /** Reads a file or a long text that came, or the copy of one that was sent. */
  async readOne({ id, app }: Shown): Promise<ContentJson | undefined> {
    if (this.sent.value.has(id)) return (await this.client.sent([id]))[0]
    const { messages } = await this.client.messages({ app, ids: [id] })
    this.#markRead([id])
    return messages[0]
  }

  #markRead(ids: readonly string[]): void {
    const all = new Map(this.received.value)
    for (const id of ids) {
      const message = all.get(id)
      if (message !== undefined) all.set(id, { ...message, read: true })
    }
    this.received.value = all
  }
}

type Listed = { readonly id: string; readonly seq: number }
type List<T> = { value: ReadonlyMap<string, T> }
type Ask<T> = (after: number, most: number) => Promise<readonly T[]>

/** Reads a list from its beginning, and shows it when it is whole. */
async function renew<T extends Listed>(list: List<T>, read: Ask<T>): Promise<void> {
  const fresh: List<T> = { value: new Map() }
  await readOn(fresh, read)
  list.value = fresh.value
}

/** Reads what stands behind the last one that is known, part by part. */
async function readOn<T extends Listed>(list: List<T>, read: Ask<T>): Promise<void> {
  for (;;) {
    let after = -1
    for (const { seq } of list.value.values()) if (seq > after) after = seq
    const found = await read(after, part)
    if (found.length > 0) list.value = new Map([...list.value, ...found.map(one => [one.id, one] as const)])
    if (found.length < part) return
  }
}

/** The daemon as the identity that is looked at. */
export const daemon = signal<Daemon>(undefined as unknown as Daemon)

/** Looks at the daemon as another identity. */
export function become(identity: string): void {
  daemon.value?.stop()
  daemon.value = new Daemon(identity)
  daemon.value.start()
}

// How an app gets what arrived: as a stream, or listed behind a cursor (docs/spec/client-store.md 10).

import { Waiting } from '../world/wait.ts'
import type { Senders } from './contacts/choices.ts'
import type { Contact } from './contacts/contacts.ts'
import type { InboxEntry } from './incoming/arrivals.ts'
import type { Inbox } from './incoming/inbox.ts'
import type { Received } from './message.ts'

export interface MailInit {
  readonly inbox: Inbox
  /** Tells whether a reply to a message can be handed in now. */
  readonly canReply: (entry: InboxEntry) => boolean
  /** The app is being handed a message for the first time. */
  readonly onDelivered: (entry: InboxEntry) => void
  /** The app has it, and that is on disk. */
  readonly onTaken: (entry: InboxEntry) => void
  /** Finds the contact who wrote a message. */
  readonly contactOf: (entry: InboxEntry) => Contact | undefined
}

/** Says which messages are listed. */
interface Which {
  readonly app: string
  readonly senders: Senders
  /** The `seq` of the last message that the app has; -1 for all. */
  readonly after: number
  /** Undefined: whatever their ids. */
  readonly ids: ReadonlySet<string> | undefined
}

export class Mail {
  readonly #init: MailInit
  /** Oldest first; what one reader takes no other gets. */
  readonly #unread: InboxEntry[]
  readonly #waiting = new Waiting()
  #closed = false

  constructor(init: MailInit) {
    this.#init = init
    this.#unread = init.inbox.after(-1).filter(entry => !entry.read)
  }

  /** A message is on disk. */
  arrived(entry: InboxEntry): void {
    this.#unread.push(entry)
    this.#waiting.wake()
  }

  /**
   * Every message of an app once, as it comes, beginning with those that no app has read yet. A message counts as
   * read when the next is asked for or the loop ends; if the process dies before that, it comes again. Ends when
   * the signal aborts or the client closes.
   */
  async *messages(
    app: string,
    senders: Senders,
    signal?: AbortSignal,
  ): AsyncGenerator<Received, void, undefined> {
    this.#asks(app)
    while (!this.#closed && !signal?.aborted) {
      const entry = this.#next(app, senders)
      if (entry === undefined) {
        await this.#waiting.next(signal)
        continue
      }
      const received = await this.#load(entry)
      if (received === undefined) continue
      try {
        this.#init.onDelivered(entry)
        yield received
      } finally {
        await this.#take(entry)
      }
    }
  }

  /**
   * An app's messages behind a cursor, read or not, oldest first; those that were unread count as read from now on.
   *
   * @param mostBytes no further message once there are this many bytes
   */
  async list(which: Which, most: number, mostBytes: number): Promise<Received[]> {
    const { app, senders, after, ids } = which
    this.#asks(app)
    const out: Received[] = []
    let bytes = 0
    const listed = this.#after(app, senders, after).filter(({ id }) => ids?.has(id) ?? true)
    for (const entry of listed.slice(0, most)) {
      if (out.length > 0 && bytes + entry.length > mostBytes) break
      const received = await this.#load(entry)
      if (received === undefined) continue
      out.push(received)
      bytes += entry.length
      const at = this.#unread.findIndex(other => other.seq === entry.seq)
      if (at < 0) continue
      this.#unread.splice(at, 1)
      this.#init.onDelivered(entry)
      await this.#take(entry)
    }
    return out
  }

  /** Resolves when something has come behind the cursor, or the signal aborts. */
  async wait(app: string, senders: Senders, after: number, signal: AbortSignal): Promise<void> {
    while (!this.#closed && !signal.aborted && this.#after(app, senders, after).length === 0) {
      await this.#waiting.next(signal)
    }
  }

  close(): void {
    this.#closed = true
    this.#waiting.wake()
  }

  /** That it is on disk does not matter to whoever reads now: it is written again when it was not. */
  #asks(app: string): void {
    this.#init.inbox.know(app).catch(() => {})
  }

  #after(app: string, senders: Senders, after: number): InboxEntry[] {
    return this.#init.inbox.after(after, app).filter(entry => this.#isMeant(entry, senders))
  }

  /** A reply comes from whom was written to. */
  #isMeant(entry: InboxEntry, senders: Senders): boolean {
    if (senders === 'everyone') return true
    const isKnown = entry.inReplyTo !== undefined || this.#init.contactOf(entry) !== undefined
    return isKnown === (senders === 'known')
  }

  /** The app's oldest message that nobody has taken, taken. */
  #next(app: string, senders: Senders): InboxEntry | undefined {
    const at = this.#unread.findIndex(entry => entry.app === app && this.#isMeant(entry, senders))
    return at < 0 ? undefined : this.#unread.splice(at, 1)[0]
  }

  async #load(entry: InboxEntry): Promise<Received | undefined> {
    const bytes = await this.#init.inbox.bytes(entry.seq)
    if (bytes === undefined) return undefined
    const contact = this.#init.contactOf(entry)?.name
    return receivedOf(entry, bytes, { contact, canReply: this.#init.canReply(entry) })
  }

  async #take(entry: InboxEntry): Promise<void> {
    await this.#init.inbox.markRead(entry.seq)
    this.#init.onTaken(entry)
  }
}

function receivedOf(
  entry: InboxEntry,
  bytes: Uint8Array,
  { contact, canReply }: Pick<Received, 'contact' | 'canReply'>,
): Received {
  const { id, seq, at, app, inReplyTo, from } = entry
  return {
    id,
    seq,
    at,
    app,
    bytes,
    get text() {
      return new TextDecoder().decode(bytes)
    },
    inReplyTo,
    from,
    contact,
    canReply,
  }
}

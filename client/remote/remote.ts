// A running client, reached over its HTTP API (docs/spec/client-http.md 15): a method for each route, with the types
// of the schemas that the daemon itself checks and describes its routes with.

import type * as v from 'valibot'
import { base64, fromBase64 } from '../../encoding/base64.ts'
import type { MessageId } from '../../encoding/ids.ts'
import { type Names, unknownOption } from '../../encoding/unknown-option.ts'
import type { LogLine } from '../../world/log-lines.ts'
import { second } from '../../world/units.ts'
import * as gives from '../api/answers.ts'
import type * as takes from '../api/schemas.ts'
import * as about from '../api/status.ts'
import type { Acknowledge } from '../contacts/choices.ts'
import type { Contact } from '../contacts/contacts.ts'
import type { LedgerEntry } from '../diary.ts'
import type { KnownService } from '../incoming/announcing.ts'
import type { CoverLevel } from '../outgoing/cover.ts'
import { type Asked, type AskedFor, type AskOptions, ask, type RemoteOptions } from './ask.ts'
import { RemoteError } from './error.ts'
import { type RemoteEvent, readEvents } from './events.ts'

/** Repeats how the daemon says that it is, and what its process holds. */
export type RemoteStatus = v.InferOutput<typeof about.processStatus>

/** The fields of a message besides its receiver and its bytes. */
export type RemoteSendOptions = Omit<takes.SendBody, 'to' | keyof takes.Content> & AskOptions

/** Asks for what stands behind a cursor. */
export interface PageOptions extends AskOptions {
  /** The `next` of the page before; default -1: from the beginning. */
  readonly after?: number | undefined
  /** Where nothing is there: how long to wait for something, milliseconds, at most 30,000. Default 0. */
  readonly waitMs?: number | undefined
  /** Entries, at most 100. */
  readonly most?: number | undefined
}

/** Asks for a part of a list without contents; default: all of it. */
export interface ListOptions extends AskOptions {
  /** The `seq` of the last one that is known. */
  readonly after?: number | undefined
  /** At most 10,000. */
  readonly most?: number | undefined
}

/** A long message takes a while to be cut and written. */
const sendTimeoutMs = 30 * second
/** Longer than a client tries to publish an entry. */
const publishTimeoutMs = 150 * second
/** A request to a service without a deadline of its own: as long as the network may take. */
const requestTimeoutMs = 150 * second

/**
 * A client that runs in another process of this machine. Makes one request of the HTTP API a call; nothing is kept.
 * Every method throws RemoteError.
 */
export class RemoteClient {
  readonly #options: RemoteOptions

  constructor(options: RemoteOptions) {
    checkNames('RemoteClient', options, optionNames)
    this.#options = options
  }

  /**
   * Asks for what has no method here, such as the routes of a part beside the client.
   *
   * @param path with its query, such as `/pay/status`
   * @returns the answer, checked by `asked.answer` where there is one
   */
  ask<T>(path: string, asked: AskedFor<T>): Promise<T>
  ask(path: string, asked?: Asked): Promise<unknown>
  async ask(path: string, asked: Asked & { readonly answer?: v.GenericSchema } = {}): Promise<unknown> {
    checkNames('RemoteClient: options', asked, askedNames)
    return await ask(this.#options, path, asked)
  }

  /** Tells how the client is. */
  async status(options: AskOptions = {}): Promise<RemoteStatus> {
    return await this.ask('/status', { ...options, answer: about.processStatus })
  }

  /** Hands a message over: it is on the daemon's disk when this resolves. @param to an address */
  async send(
    to: string,
    content: Uint8Array | string,
    { signal, timeoutMs = sendTimeoutMs, ...options }: RemoteSendOptions = {},
  ): Promise<gives.Handed> {
    const body = { to, ...bodyOf(content), ...options }
    return await this.ask('/messages', { method: 'POST', body, signal, timeoutMs, answer: gives.handed })
  }

  /** Answers a message that brought reply blocks. @param id of the message that is answered */
  async reply(
    id: MessageId,
    content: Uint8Array | string,
    {
      signal,
      timeoutMs = sendTimeoutMs,
      ...options
    }: Omit<takes.ReplyBody, keyof takes.Content> & AskOptions = {},
  ): Promise<gives.Handed> {
    const path = `/messages/${encodeURIComponent(id)}/reply`
    const body = { ...bodyOf(content), ...options }
    return await this.ask(path, { method: 'POST', body, signal, timeoutMs, answer: gives.handed })
  }

  /** Tells what became of a message or reply of the client's own, and how many of its fragments have arrived. */
  async message(id: MessageId, options: AskOptions = {}): Promise<gives.Progress> {
    return await this.ask(`/messages/${encodeURIComponent(id)}`, { ...options, answer: gives.handedProgress })
  }

  /** Calls a message off: nothing of it is sent any more. */
  async cancel(id: MessageId, options: AskOptions = {}): Promise<gives.Handed> {
    const path = `/messages/${encodeURIComponent(id)}`
    return await this.ask(path, { ...options, method: 'DELETE', answer: gives.handed })
  }

  /**
   * Gives messages behind a cursor, oldest first; those that were unread count as read. Default: those for no app.
   */
  async messages({
    app,
    senders,
    ids,
    ...page
  }: PageOptions & Pick<takes.InboxQuery, 'app' | 'senders' | 'ids'> = {}): Promise<gives.InboxPage> {
    return await this.ask(`/messages${pageQuery(page, { app, senders, ids: ids?.join(',') })}`, {
      ...paging(page),
      answer: gives.inboxPage,
    })
  }

  /** Lists what lies in the inboxes, of one app or of all, without contents; nothing counts as read for it. */
  async listInbox(app?: string, options: ListOptions = {}): Promise<readonly gives.ListedJson[]> {
    const { after, most, ...ask } = options
    const path = `/inbox${queryOf({ app, after, most })}`
    return (await this.ask(path, { ...ask, answer: gives.inboxList })).messages
  }

  /** Lists what the client was given to send and is not over; with `all` also what is. */
  async queue(all = false, options: ListOptions = {}): Promise<readonly gives.QueuedJson[]> {
    const { after, most, ...ask } = options
    const path = `/queue${queryOf({ all: all ? 'true' : undefined, after, most })}`
    return (await this.ask(path, { ...ask, answer: gives.queue })).messages
  }

  /** Gives the copies that are kept of messages that were sent with `keep`. @param ids 1 to 100 */
  async sent(ids: readonly MessageId[], options: AskOptions = {}): Promise<readonly gives.SentJson[]> {
    const path = `/sent?ids=${ids.join(',')}`
    return (await this.ask(path, { ...options, timeoutMs: sendTimeoutMs, answer: gives.sent })).messages
  }

  /**
   * Forgets messages that are over, and received ones that were read, from before so long ago. Tells how many went.
   */
  async clean(
    olderThanMs: number,
    options: AskOptions = {},
  ): Promise<{ readonly sent: number; readonly received: number }> {
    const body = { olderThanMs }
    return await this.ask('/queue', { ...options, method: 'DELETE', body, answer: gives.cleaned })
  }

  /**
   * Waits until all that was accepted has left once, or is stored or failed; nothing leaves sooner for it.
   *
   * @param waitMs milliseconds, at most 30,000
   * @returns how many are not there yet
   */
  async flush(until: 'sent' | 'stored', waitMs: number, options: AskOptions = {}): Promise<number> {
    const timeoutMs = waitMs + sendTimeoutMs
    const body = { until, wait: waitMs }
    const asked = { timeoutMs, ...options, method: 'POST', body, answer: gives.flushed } as const
    return (await this.ask('/flush', asked)).left
  }

  /** Lists the services that gateways announce. */
  async services(options: AskOptions = {}): Promise<readonly KnownService[]> {
    return (await this.ask('/services', { ...options, answer: gives.services })).services
  }

  /**
   * Asks a service and waits for its answer.
   *
   * @param options.to its address; default: wherever a gateway announces it
   */
  async request(
    service: string,
    content: Uint8Array | string,
    options: Pick<takes.RequestBody, 'to' | 'deadlineMs'> & AskOptions = {},
  ): Promise<Uint8Array> {
    checkNames('RemoteClient.request', options, requestNames)
    const { to, deadlineMs, signal } = options
    const usualMs = deadlineMs === undefined ? requestTimeoutMs : deadlineMs + sendTimeoutMs
    const timeoutMs = options.timeoutMs ?? usualMs
    const body = { to, service, ...bodyOf(content), deadlineMs }
    const asked = { method: 'POST', body, signal, timeoutMs, answer: gives.answer } as const
    return bytesOf(await this.ask('/requests', asked))
  }

  /**
   * Publishes on a topic of the bulletin.
   *
   * @returns the entry's id, 64 hex digits, once the client's gateway shows it
   */
  async publish(topic: string, content: Uint8Array | string, options: AskOptions = {}): Promise<string> {
    const timeoutMs = publishTimeoutMs
    const asked = {
      timeoutMs,
      ...options,
      method: 'POST',
      body: bodyOf(content),
      answer: gives.published,
    } as const
    return (await this.ask(`/bulletin/${encodeURIComponent(topic)}`, asked)).id
  }

  /** Gives entries of a topic of the bulletin behind a cursor, oldest first. */
  async entries(topic: string, page: PageOptions = {}): Promise<gives.BulletinPage> {
    const path = `/bulletin/${encodeURIComponent(topic)}${pageQuery(page)}`
    return await this.ask(path, { ...paging(page), answer: gives.bulletinPage })
  }

  /** Makes reply blocks to hand over by hand, as one text. @param count 1 to 64 */
  async makeSurbs(user: string, count: number, options: AskOptions = {}): Promise<string> {
    const body = { for: user, count }
    return (await this.ask('/surbs', { ...options, method: 'POST', body, answer: gives.surb })).surb
  }

  /** Tells what reply blocks that were handed over as text are, without using one. */
  async inspectSurbs(surb: string, options: AskOptions = {}): Promise<gives.SurbJson> {
    return await this.ask(`/surbs${queryOf({ surb })}`, { ...options, answer: gives.surbSummary })
  }

  /** Sends with reply blocks that somebody handed over. */
  async useSurbs(
    surb: string,
    content: Uint8Array | string,
    options: AskOptions = {},
  ): Promise<gives.Handed> {
    const body = { surb, ...bodyOf(content) }
    const asked = {
      timeoutMs: sendTimeoutMs,
      ...options,
      method: 'POST',
      body,
      answer: gives.handed,
    } as const
    return await this.ask('/surbs/use', asked)
  }

  /** Gives the network as the client sees it. */
  async consensus(options: AskOptions = {}): Promise<gives.ConsensusJson> {
    return await this.ask('/consensus', { ...options, answer: gives.consensusSummary })
  }

  /** Lists the paths that the client's own fragments took, the newest last. */
  async paths(options: AskOptions = {}): Promise<readonly gives.PathJson[]> {
    return (await this.ask('/paths', { ...options, answer: gives.paths })).paths
  }

  /** Lists what happened to the client's messages, oldest first (docs/spec/client-store.md 12). */
  async ledger(options: AskOptions = {}): Promise<readonly LedgerEntry[]> {
    return (await this.ask('/ledger', { ...options, answer: about.ledger })).entries
  }

  /** Tells the level of cover traffic. */
  async cover(options: AskOptions = {}): Promise<CoverLevel> {
    return (await this.ask('/settings', { ...options, answer: gives.settings })).cover
  }

  /** Changes the level of cover traffic; whoever watches the link sees the change. */
  async setCover(cover: CoverLevel, options: AskOptions = {}): Promise<void> {
    await this.ask('/settings', { ...options, method: 'PUT', body: { cover }, answer: gives.settings })
  }

  /** Tells whom the client tells that it has all of a message. */
  async acknowledge(options: AskOptions = {}): Promise<Acknowledge> {
    return (await this.ask('/settings', { ...options, answer: gives.settings })).acknowledge
  }

  /** Changes that, for what comes from now on. */
  async setAcknowledge(acknowledge: Acknowledge, options: AskOptions = {}): Promise<void> {
    const body = { acknowledge }
    await this.ask('/settings', { ...options, method: 'PUT', body, answer: gives.settings })
  }

  /** Lists the people whom the client's owner knows, by name. */
  async contacts(options: AskOptions = {}): Promise<readonly Contact[]> {
    return (await this.ask('/contacts', { ...options, answer: gives.contacts })).contacts
  }

  /** Takes a name for an address, or changes what of a contact's messages is acknowledged. */
  async keepContact(name: string, body: takes.ContactBody, options: AskOptions = {}): Promise<Contact> {
    const path = `/contacts/${encodeURIComponent(name)}`
    return await this.ask(path, { ...options, method: 'PUT', body, answer: gives.contact })
  }

  /** Forgets a contact: what comes from them is a stranger's again. */
  async removeContact(name: string, options: AskOptions = {}): Promise<void> {
    const path = `/contacts/${encodeURIComponent(name)}`
    await this.ask(path, { ...options, method: 'DELETE', answer: gives.removedContact })
  }

  /** Gives the words that both ends see alike when nobody stands between them. */
  async safetyWords(name: string, options: AskOptions = {}): Promise<readonly string[]> {
    const path = `/contacts/${encodeURIComponent(name)}/words`
    return (await this.ask(path, { ...options, answer: gives.safetyWords })).words
  }

  /** Lists the identities of the process, the first in front. */
  async identities(options: AskOptions = {}): Promise<readonly gives.IdentityJson[]> {
    return (await this.ask('/identities', { ...options, answer: gives.identities })).identities
  }

  /** Makes an identity that nobody on the wire can link to the others. */
  async createIdentity(name: string, options: AskOptions = {}): Promise<gives.IdentityJson> {
    const asked = { ...options, method: 'POST', body: { name }, answer: gives.identity } as const
    return await this.ask('/identities', asked)
  }

  /** Lists the newest lines of the daemon's log. @param after the `seq` of the last one that is known; -1 for all */
  async log(after: number, options: AskOptions = {}): Promise<readonly LogLine[]> {
    return (await this.ask(`/log?after=${after}`, { ...options, answer: gives.log })).lines
  }

  /** Gives the keys and gateways of an identity as the text of a file, under a passphrase of its own. */
  async exportIdentity(name: string, passphrase: string, options: AskOptions = {}): Promise<string> {
    const path = `/identities/${encodeURIComponent(name)}/export`
    const asked = { timeoutMs: sendTimeoutMs, ...options, method: 'POST', body: { passphrase } } as const
    return (await this.ask(path, { ...asked, answer: gives.exported })).file
  }

  /** Forgets an identity with its keys, messages and reply blocks. */
  async removeIdentity(name: string, options: AskOptions = {}): Promise<void> {
    const path = `/identities/${encodeURIComponent(name)}`
    await this.ask(path, { ...options, method: 'DELETE', answer: gives.removedIdentity })
  }

  /** Tells what happens, beginning with how it is now, until the signal aborts or the daemon ends. */
  events(signal?: AbortSignal): AsyncGenerator<RemoteEvent, void, undefined> {
    return readEvents(this.#options, signal)
  }
}

const optionNames: Names<RemoteOptions> = { url: true, token: true, as: true, fetch: true }
const askNames: Names<AskOptions> = { timeoutMs: true, signal: true }
const askedNames: Names<AskedFor<unknown>> = { ...askNames, method: true, body: true, answer: true }
const pageNames: Names<PageOptions> = { ...askNames, after: true, waitMs: true, most: true }
const requestNames: Names<Pick<takes.RequestBody, 'to' | 'deadlineMs'> & AskOptions> = {
  ...askNames,
  to: true,
  deadlineMs: true,
}

function checkNames<T>(what: string, options: unknown, names: Names<T>): void {
  const wrong = unknownOption(what, options, names)
  if (wrong !== undefined) throw new RemoteError('BAD_OPTION', undefined, wrong)
}

/** Reads the bytes of a message, an entry or an answer. */
export function bytesOf({ base64 }: Pick<gives.ContentJson, 'base64'>): Uint8Array {
  return fromBase64(base64)
}

function bodyOf(content: Uint8Array | string): takes.Content {
  return typeof content === 'string' ? { text: content } : { base64: base64(content) }
}

function queryOf(fields: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return given.length === 0 ? '' : `?${given.join('&')}`
}

function pageQuery(
  { after, waitMs: wait, most }: PageOptions,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  return queryOf({ after, wait, most, ...more })
}

function paging(page: PageOptions): AskOptions {
  checkNames('RemoteClient: page', page, pageNames)
  const { waitMs = 0, timeoutMs = waitMs + sendTimeoutMs, signal } = page
  return { timeoutMs, signal }
}

// The HTTP API of a running client (docs/spec/client-http.md 15), as the commands and the local network call it.

import type { ClientStatus, LedgerEntry, Listed, Way } from '../../client/index.ts'
import { askJson, type Endpoint } from './http.ts'

/** A message or reply that the client has accepted. */
export interface Handed {
  readonly id: string
  readonly state: string
  readonly reason?: string
}

/** The same with how many of its fragments have arrived. */
export interface Progress extends Handed {
  readonly fragments: number
  readonly arrived: number
}

/** A message that has come, as the API tells it. */
export interface Incoming {
  readonly id: string
  readonly seq: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly inReplyTo: string | null
  readonly canReply: boolean
  readonly base64: string
  readonly text?: string
}

export interface Page {
  readonly messages: readonly Incoming[]
  /** What to hand in as `after` for the page behind this one. */
  readonly next: number
}

/** An entry of the bulletin, as the API tells it. */
export interface Entry {
  /** Lowercase hex, 64 digits. */
  readonly id: string
  readonly seq: number
  /** When this client got it, milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly base64: string
  readonly text?: string
}

/** A long message takes a while to be cut and written. */
const sendTimeoutMs = 30_000
/** Longer than a client tries to publish an entry. */
const publishTimeoutMs = 150_000

export async function clientStatus(endpoint: Endpoint): Promise<ClientStatus> {
  return (await askJson(endpoint, '/status')) as ClientStatus
}

export async function sendMessage(
  endpoint: Endpoint,
  to: string,
  bytes: Uint8Array,
  options: {
    readonly replies: boolean
    readonly receipt?: boolean
    readonly way?: Way
    readonly app?: string
  },
): Promise<Handed> {
  const body = { to, base64: Buffer.from(bytes).toString('base64'), ...options }
  return (await askJson(endpoint, '/messages', { method: 'POST', body, timeoutMs: sendTimeoutMs })) as Handed
}

export async function replyTo(endpoint: Endpoint, id: string, bytes: Uint8Array): Promise<Handed> {
  const body = { base64: Buffer.from(bytes).toString('base64') }
  const path = `/messages/${encodeURIComponent(id)}/reply`
  return (await askJson(endpoint, path, { method: 'POST', body, timeoutMs: sendTimeoutMs })) as Handed
}

/**
 * @param waitMs when there is nothing behind `after`: wait so long for something
 * @param app whose messages; default: those for no app
 */
export async function readMessages(
  endpoint: Endpoint,
  after: number,
  waitMs: number,
  app?: string,
): Promise<Page> {
  const path = `/messages?after=${after}&wait=${waitMs}${app === undefined ? '' : `&app=${app}`}`
  return (await askJson(endpoint, path, { timeoutMs: waitMs + sendTimeoutMs })) as Page
}

/** What lies in the inbox, without contents; nothing counts as read for it. */
export async function listInbox(endpoint: Endpoint, app?: string): Promise<readonly Listed[]> {
  const path = app === undefined ? '/inbox' : `/inbox?app=${encodeURIComponent(app)}`
  return ((await askJson(endpoint, path)) as { messages: Listed[] }).messages
}

/** Asks a service, and waits for its answer. @param to undefined: wherever a gateway announces it */
export async function askService(
  endpoint: Endpoint,
  to: string | undefined,
  service: string,
  question: Uint8Array,
  deadlineMs: number,
): Promise<Uint8Array> {
  const body = { to, service, base64: Buffer.from(question).toString('base64'), deadlineMs }
  const asked = { method: 'POST', body, timeoutMs: deadlineMs + sendTimeoutMs } as const
  return bytesOf((await askJson(endpoint, '/requests', asked)) as { base64: string })
}

/** Publishes on the bulletin. @returns the entry's id, once the client's gateway shows it */
export async function publishEntry(
  endpoint: Endpoint,
  topic: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<string> {
  const body = { base64: Buffer.from(bytes).toString('base64') }
  const asked = { method: 'POST', body, timeoutMs: publishTimeoutMs, ...(signal && { signal }) } as const
  const { id } = (await askJson(endpoint, `/bulletin/${encodeURIComponent(topic)}`, asked)) as { id: string }
  return id
}

/** @param waitMs when there is nothing behind `after`: wait so long for something */
export async function readEntries(
  endpoint: Endpoint,
  topic: string,
  after: number,
  waitMs: number,
  signal?: AbortSignal,
): Promise<{ readonly entries: readonly Entry[]; readonly next: number }> {
  const path = `/bulletin/${encodeURIComponent(topic)}?after=${after}&wait=${waitMs}`
  const asked = { timeoutMs: waitMs + sendTimeoutMs, ...(signal && { signal }) }
  return (await askJson(endpoint, path, asked)) as { entries: readonly Entry[]; next: number }
}

/** A message or reply of the client's own. */
export async function handedState(endpoint: Endpoint, id: string): Promise<Progress> {
  return (await askJson(endpoint, `/messages/${encodeURIComponent(id)}`)) as Progress
}

export async function readLedger(endpoint: Endpoint): Promise<readonly LedgerEntry[]> {
  const { entries } = (await askJson(endpoint, '/ledger')) as { entries: readonly LedgerEntry[] }
  return entries
}

export function bytesOf({ base64 }: { readonly base64: string }): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

// Messages and the bulletin over HTTP (docs/spec/client-http.md 15.2).

import { type Context, Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import type { Clock } from '../../world/clock.ts'
import { isOctets, notUtf8Body } from '../../world/http-body.ts'
import { until, within } from '../../world/wait.ts'
import type { BulletinEntry } from '../bulletin/bulletin.ts'
import type { Client } from '../client.ts'
import { ClientError } from '../error.ts'
import type { Identities } from '../identities.ts'
import type { Message, Received } from '../message.ts'
import type { SendOptions } from '../options.ts'
import { utf8Of } from '../packets/utf8.ts'
import type { Env } from './access.ts'
import type { AnonymityStatus } from './anonymity.ts'
import { says } from './openapi.ts'
import type { ApiPart } from './part.ts'
import * as form from './schemas.ts'

/** Holds what the routes of a client work with. */
export interface RoutesInit {
  readonly client: Client
  readonly clock: Clock
  /** All of the process, for their owner; default: this client is the only one. */
  readonly identities?: Identities | undefined
  /** Ends requests that wait. */
  readonly closing: AbortSignal
  /** Parts that the API serves besides. */
  readonly parts?: readonly ApiPart[]
  /** Gives how well a message sent now is hidden, as it was computed last. */
  readonly anonymity?: (() => AnonymityStatus | undefined) | undefined
}

/** Bytes of messages in one answer, about: the rest is behind the cursor. */
const maxAnswerBytes = 16 * 1024 * 1024

export function messageRoutes({ client, clock, closing }: RoutesInit): Hono<Env> {
  const app = new Hono<Env>()
  app.post('/messages', describeRoute(says.send), async context => {
    const { to, bytes, options } = await readSend(context)
    return context.json(
      stateOf(await client.send(to, bytes, { ...options, app: appOf(context, options.app) })),
      202,
    )
  })
  app.get('/messages', describeRoute(says.inbox), async context => {
    const query = v.parse(form.inboxQuery, context.req.query())
    const { after = -1, wait = 0, most = form.mostMessages } = query
    const { senders = 'everyone', ids } = query
    const app = appOf(context, query.app)
    const which = ids === undefined ? {} : { ids }
    const options = { app, senders, after, most, mostBytes: maxAnswerBytes, ...which }
    const messages = await waiting(clock, wait, [closing, context.req.raw.signal], until =>
      client.inbox(until === undefined ? options : { ...options, until }),
    )
    return context.json({ messages: messages.map(messageOf), next: messages.at(-1)?.seq ?? after })
  })
  app.get('/messages/:id', describeRoute(says.state), context => {
    const message = find(client, context)
    return context.json({ ...stateOf(message), ...message.progress })
  })
  app.delete('/messages/:id', describeRoute(says.cancel), context => {
    const message = find(client, context)
    message.cancel()
    return context.json(stateOf(message))
  })
  app.post('/messages/:id/reply', describeRoute(says.reply), async context => {
    const { bytes, options } = await readReplyRequest(context)
    const id = context.req.param('id')
    mayReply(client, context, id)
    return context.json(stateOf(await client.reply(id, bytes, options)), 202)
  })
  app.post('/requests', describeRoute(says.request), async context => {
    const { to, service, text, base64, deadlineMs } = v.parse(form.requestBody, await readJson(context))
    const found = to === undefined ? client.service(service) : { name: service, address: to }
    const answer = await until([closing, context.req.raw.signal], signal =>
      client.request(
        found.address,
        found.name,
        contentOf(text, base64),
        deadlineMs === undefined ? { signal } : { signal, deadlineMs },
      ),
    )
    return context.json(bytesOf(answer))
  })
  app.post('/bulletin/:topic', describeRoute(says.publish), async context => {
    const bytes = await readBytes(context)
    const id = await until([closing, context.req.raw.signal], signal =>
      client.bulletin(context.req.param('topic')).publish(bytes, { signal }),
    )
    return context.json({ id }, 201)
  })
  app.get('/bulletin/:topic', describeRoute(says.entries), async context => {
    const topic = client.bulletin(context.req.param('topic'))
    const { after = -1, wait = 0, most = form.mostMessages } = v.parse(form.pageQuery, context.req.query())
    const entries = await waiting(clock, wait, [closing, context.req.raw.signal], until =>
      topic.list(until === undefined ? { after, most } : { after, most, until }),
    )
    return context.json({ entries: entries.map(entryOf), next: entries.at(-1)?.seq ?? after })
  })
  return app
}

/** An app asks for itself; the owner for any. @throws ClientError BAD_OPTION */
function appOf(context: Context<Env>, wanted: string | undefined): string {
  const own = context.get('asker')?.app
  if (own !== undefined && wanted !== undefined && wanted !== own)
    throw new ClientError('BAD_OPTION', `app: this token is the app's '${own}': leave it out`)
  return own ?? wanted ?? ''
}

/** Runs at once, or with a signal that aborts after `ms` or with any of `signals`. */
async function waiting<T>(
  clock: Clock,
  ms: number,
  signals: AbortSignal[],
  run: (until: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  return ms === 0 ? await run(undefined) : await within(clock, ms, signals, run)
}

/** Raw bytes with the rest in the query, or JSON. */
async function readSend(context: Context): Promise<{ to: string; bytes: Uint8Array; options: SendOptions }> {
  if (isOctets(context.req.header('content-type'))) {
    const { to, ...options } = v.parse(form.sendQuery, context.req.query())
    return { to, bytes: await rawBytes(context), options: given(options) }
  }
  const { to, text, base64, ...options } = v.parse(form.sendBody, await readJson(context))
  return { to, bytes: contentOf(text, base64), options: given(options) }
}

async function readReplyRequest(context: Context): Promise<{ bytes: Uint8Array; options: SendOptions }> {
  if (isOctets(context.req.header('content-type'))) {
    const options = v.parse(form.replyQuery, context.req.query())
    return { bytes: await rawBytes(context), options: given(options) }
  }
  const { text, base64, ...options } = v.parse(form.replyBody, await readJson(context))
  return { bytes: contentOf(text, base64), options: given(options) }
}

async function readBytes(context: Context): Promise<Uint8Array> {
  if (isOctets(context.req.header('content-type'))) return await rawBytes(context)
  const { text, base64 } = v.parse(form.contentBody, await readJson(context))
  return contentOf(text, base64)
}

async function rawBytes(context: Context): Promise<Uint8Array> {
  return new Uint8Array(await context.req.arrayBuffer())
}

/** @throws ClientError BAD_OPTION, BAD_TEXT */
export async function readJson(context: Context): Promise<unknown> {
  const bytes = new Uint8Array(await context.req.arrayBuffer())
  const broken = notUtf8Body(context.req.header('content-type'), bytes)
  if (broken !== undefined) throw new ClientError('BAD_TEXT', broken)
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new ClientError(
      'BAD_OPTION',
      'the body is no JSON; for raw bytes say content-type: application/octet-stream',
      { cause },
    )
  }
}

/** @throws ClientError BAD_OPTION, BAD_TEXT */
export function contentOf(text: string | undefined, base64: string | undefined): Uint8Array {
  if (text !== undefined && base64 === undefined) return utf8Of(text, 'text')
  if (text !== undefined || base64 === undefined)
    throw new ClientError('BAD_OPTION', 'the body wants either text or base64')
  const bytes = Buffer.from(base64, 'base64')
  // Node skips what is none of the alphabet
  if (bytes.toString('base64') !== base64)
    throw new ClientError('BAD_OPTION', 'base64: want RFC 4648 with padding')
  return new Uint8Array(bytes)
}

/** Without the options that were not given. */
export function given(
  options: { readonly [name in keyof SendOptions]?: SendOptions[name] | undefined },
): SendOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** A message of the asker's own. @throws ClientError UNKNOWN_MESSAGE */
function find(client: Client, context: Context<Env>): Message {
  const message = client.message(context.req.param('id') ?? '')
  const own = context.get('asker')?.app
  if (message === undefined || (own !== undefined && message.app !== own))
    throw new ClientError('UNKNOWN_MESSAGE', 'no message of this client has this id')
  return message
}

/** @throws ClientError UNKNOWN_MESSAGE for a message of another app */
function mayReply(client: Client, context: Context<Env>, id: string): void {
  const own = context.get('asker')?.app
  if (own !== undefined && client.receivedBy(id) !== own)
    throw new ClientError('UNKNOWN_MESSAGE', `reply: no message ${id} is kept here`)
}

export function stateOf({ id, state, reason }: Pick<Message, 'id' | 'state' | 'reason'>): {
  id: string
  state: string
  reason?: string
} {
  return reason === undefined ? { id, state } : { id, state, reason }
}

interface EntryJson {
  readonly id: string
  readonly seq: number
  readonly at: number
  readonly base64: string
  readonly text?: string
}

interface MessageJson extends EntryJson {
  readonly app: string
  readonly inReplyTo: string | null
  readonly from: string | null
  readonly contact: string | null
  readonly canReply: boolean
}

function messageOf(received: Received): MessageJson {
  const { id, seq, at, app, inReplyTo = null, from = null, contact = null, canReply, bytes } = received
  return { id, seq, at, app, inReplyTo, from, contact, canReply, ...bytesOf(bytes) }
}

function entryOf({ id, seq, at, bytes }: BulletinEntry): EntryJson {
  return { id, seq, at, ...bytesOf(bytes) }
}

/** The bytes as base64, and as text where they are text. */
export function bytesOf(bytes: Uint8Array): { base64: string; text?: string } {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  try {
    return { base64, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { base64 }
  }
}

// The client for programs in any language: HTTP on loopback, behind a token (docs/client.md, HTTP API).

import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { type Clock, systemClock } from '../link/clock.ts'
import { type Loopback, serveLoopback } from '../link/http.ts'
import { resources } from '../link/resources.ts'
import type { BulletinEntry } from './bulletin.ts'
import type { Client } from './client.ts'
import { ClientError, type ClientErrorCode } from './error.ts'
import { maxMessageBytes } from './fragments.ts'
import type { Message, Received } from './message.ts'
import type { SendOptions } from './options.ts'
import { waySchema } from './way.ts'

export interface DaemonOptions {
  readonly client: Client
  /** 0 takes a free one. */
  readonly port: number
  /** What `Authorization: Bearer` must say. */
  readonly token: string
  /** Ends waits. */
  readonly clock?: Clock
}

/** The largest message as base64 in JSON, and some. */
const maxBodyBytes = Math.ceil((maxMessageBytes * 4) / 3) + 64 * 1024
/** Bytes of messages in one answer, about: the rest is behind the cursor. */
const maxAnswerBytes = 16 * 1024 * 1024
const mostMessages = 100
const longestWaitMs = 30_000

const content = {
  text: v.optional(v.string()),
  base64: v.optional(v.string()),
}
const deadlineMs = v.optional(v.pipe(v.number(), v.minValue(1)))
const replies = v.optional(v.union([v.boolean(), v.pipe(v.number(), v.integer())]))
const sendBody = v.strictObject({
  to: v.string(),
  ...content,
  replies,
  receipt: v.optional(v.boolean()),
  way: v.optional(waySchema),
  deadlineMs,
})
const replyBody = v.strictObject({ ...content, deadlineMs })

const flag = v.pipe(
  v.picklist(['true', 'false']),
  v.transform(text => text === 'true'),
)
const count = v.pipe(v.string(), v.regex(/^-?\d{1,15}$/), v.transform(Number))
const sendQuery = v.strictObject({
  to: v.string(),
  replies: v.optional(v.union([flag, count])),
  receipt: v.optional(flag),
  deadlineMs: v.optional(v.pipe(count, v.minValue(1))),
})
const replyQuery = v.strictObject({ deadlineMs: v.optional(v.pipe(count, v.minValue(1))) })
const inboxQuery = v.strictObject({
  after: v.optional(v.pipe(count, v.minValue(-1))),
  wait: v.optional(v.pipe(count, v.minValue(0), v.maxValue(longestWaitMs))),
  most: v.optional(v.pipe(count, v.minValue(1), v.maxValue(mostMessages))),
})

/**
 * Serves a client until `close`. Besides the token, a request that a web page makes is refused by its Origin.
 *
 * @throws LinkError LISTEN when the port is taken
 */
export async function serveClient({
  client,
  port,
  token,
  clock = systemClock,
}: DaemonOptions): Promise<Loopback> {
  const closing = new AbortController()
  const loopback = await serveLoopback({
    port,
    token,
    maxBodyBytes,
    routes: app => app.route('/', clientRoutes(client, clock, closing.signal)),
  })
  return {
    ...loopback,
    close: () => {
      closing.abort()
      return loopback.close()
    },
  }
}

/** @param closing ends requests that wait for messages */
export function clientRoutes(client: Client, clock: Clock, closing: AbortSignal): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    // Programs send no Origin; a page in a browser cannot leave it out.
    if (context.req.header('origin') !== undefined)
      return problem(403, 'BAD_ORIGIN', 'web pages may not use this interface')
    return next()
  })
  app.onError(error => {
    if (error instanceof ClientError) return problem(statuses[error.code] ?? 500, error.code, error.message)
    if (error instanceof v.ValiError) return problem(400, 'BAD_REQUEST', says(error))
    return problem(500, 'INTERNAL', 'the request could not be carried out')
  })

  app.post('/messages', async context => {
    const { to, bytes, options } = await readSend(context)
    return context.json(stateOf(await client.send(to, bytes, options)), 202)
  })
  app.get('/messages', async context => {
    const { after = -1, wait = 0, most = mostMessages } = v.parse(inboxQuery, context.req.query())
    const options = { after, most, mostBytes: maxAnswerBytes }
    const messages =
      wait === 0
        ? await client.inbox(options)
        : await waiting(clock, wait, [closing, context.req.raw.signal], until =>
            client.inbox({ ...options, until }),
          )
    return context.json({ messages: messages.map(messageOf), next: messages.at(-1)?.seq ?? after })
  })
  app.get('/messages/:id', context => context.json(stateOf(find(client, context.req.param('id')))))
  app.delete('/messages/:id', context => {
    const message = find(client, context.req.param('id'))
    message.cancel()
    return context.json(stateOf(message))
  })
  app.post('/messages/:id/reply', async context => {
    const { bytes, options } = await readReplyRequest(context)
    return context.json(stateOf(await client.reply(context.req.param('id'), bytes, options)), 202)
  })
  app.post('/bulletin/:topic', async context => {
    const { signal } = context.req.raw
    const bytes = await readBytes(context)
    const id = await client
      .bulletin(context.req.param('topic'))
      .publish(bytes, { signal: AbortSignal.any([closing, signal]) })
    return context.json({ id }, 201)
  })
  app.get('/bulletin/:topic', async context => {
    const topic = client.bulletin(context.req.param('topic'))
    const { after = -1, wait = 0, most = mostMessages } = v.parse(inboxQuery, context.req.query())
    const entries =
      wait === 0
        ? await topic.list({ after, most })
        : await waiting(clock, wait, [closing, context.req.raw.signal], until =>
            topic.list({ after, most, until }),
          )
    return context.json({ entries: entries.map(entryOf), next: entries.at(-1)?.seq ?? after })
  })
  app.get('/status', context => context.json({ ...client.status(), process: resources() }))
  app.get('/ledger', context => context.json({ entries: client.ledger() }))
  return app
}

/** Runs with a signal that aborts after `ms`, or with any of `signals`. */
async function waiting<T>(
  clock: Clock,
  ms: number,
  signals: AbortSignal[],
  run: (until: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = clock.after(ms, () => late.abort())
  try {
    return await run(AbortSignal.any([late.signal, ...signals]))
  } finally {
    timer.cancel()
  }
}

const octets = 'application/octet-stream'

/** Raw bytes with the rest in the query, or JSON. */
async function readSend(context: Context): Promise<{ to: string; bytes: Uint8Array; options: SendOptions }> {
  if (context.req.header('content-type') === octets) {
    const { to, ...options } = v.parse(sendQuery, context.req.query())
    return { to, bytes: await rawBytes(context), options: given(options) }
  }
  const { to, text, base64, ...options } = v.parse(sendBody, await readJson(context))
  return { to, bytes: contentOf(text, base64), options: given(options) }
}

async function readReplyRequest(context: Context): Promise<{ bytes: Uint8Array; options: SendOptions }> {
  if (context.req.header('content-type') === octets) {
    const options = v.parse(replyQuery, context.req.query())
    return { bytes: await rawBytes(context), options: given(options) }
  }
  const { text, base64, ...options } = v.parse(replyBody, await readJson(context))
  return { bytes: contentOf(text, base64), options: given(options) }
}

async function readBytes(context: Context): Promise<Uint8Array> {
  if (context.req.header('content-type') === octets) return await rawBytes(context)
  const { text, base64 } = v.parse(v.strictObject(content), await readJson(context))
  return contentOf(text, base64)
}

async function rawBytes(context: Context): Promise<Uint8Array> {
  return new Uint8Array(await context.req.arrayBuffer())
}

async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json()
  } catch (cause) {
    throw new ClientError(
      'BAD_OPTION',
      'the body is no JSON; for raw bytes say content-type: application/octet-stream',
      {
        cause,
      },
    )
  }
}

function contentOf(text: string | undefined, base64: string | undefined): Uint8Array {
  if (text !== undefined && base64 === undefined) return new TextEncoder().encode(text)
  if (text !== undefined || base64 === undefined)
    throw new ClientError('BAD_OPTION', 'the body wants either text or base64')
  const bytes = Buffer.from(base64, 'base64')
  // Node skips what is none of the alphabet
  if (bytes.toString('base64') !== base64)
    throw new ClientError('BAD_OPTION', 'base64: want RFC 4648 with padding')
  return new Uint8Array(bytes)
}

/** Without the options that were not given. */
function given(
  options: { readonly [name in keyof SendOptions]?: SendOptions[name] | undefined },
): SendOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function find(client: Client, id: string): Message {
  const message = client.message(id)
  if (message === undefined) throw new ClientError('UNKNOWN_MESSAGE', 'no message of this client has this id')
  return message
}

function stateOf({ id, state, reason }: Message): { id: string; state: string; reason?: string } {
  return reason === undefined ? { id, state } : { id, state, reason }
}

interface MessageJson {
  readonly id: string
  readonly seq: number
  readonly at: number
  readonly inReplyTo: string | null
  readonly canReply: boolean
  readonly base64: string
  readonly text?: string
}

function messageOf({ id, seq, at, inReplyTo, canReply, bytes }: Received): MessageJson {
  return { id, seq, at, inReplyTo: inReplyTo ?? null, canReply, ...bytesOf(bytes) }
}

interface EntryJson {
  readonly id: string
  readonly seq: number
  readonly at: number
  readonly base64: string
  readonly text?: string
}

function entryOf({ id, seq, at, bytes }: BulletinEntry): EntryJson {
  return { id, seq, at, ...bytesOf(bytes) }
}

/** The bytes as base64, and as text where they are text. */
function bytesOf(bytes: Uint8Array): { base64: string; text?: string } {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  try {
    return { base64, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { base64 }
  }
}

const statuses: Partial<Record<ClientErrorCode, 400 | 404 | 409 | 410 | 413 | 429 | 503>> = {
  BAD_ADDRESS: 400,
  WRONG_NETWORK: 400,
  WRONG_VERSION: 400,
  BAD_OPTION: 400,
  BAD_ENTRY: 400,
  UNKNOWN_MESSAGE: 404,
  NO_TOPIC: 404,
  NO_REPLY: 409,
  REPLY_EXPIRED: 410,
  TOO_LARGE: 413,
  QUEUE_FULL: 429,
  NO_CONSENSUS: 503,
  NO_GATEWAY: 503,
  NO_PATH: 503,
  NOT_PUBLISHED: 503,
  CLOSED: 503,
}

/** RFC 9457, with the code as an extension member. */
function problem(status: number, code: string, detail: string): Response {
  const title = code.toLowerCase().replaceAll('_', ' ')
  return new Response(JSON.stringify({ title, status, code, detail }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })
}

function says({ issues }: v.ValiError<v.GenericSchema>): string {
  const [issue] = issues
  const path = issue === undefined ? null : v.getDotPath(issue)
  return `${path ?? 'request'}: ${issue?.message ?? 'not understood'}`
}

// What happens in a client, told as it happens (docs/spec/client-http.md 15.3): server-sent events and a WebSocket
// with the same words.

import { upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import { consensusStatus } from '../../directory/documents/view.ts'
import { problem } from '../../world/problem.ts'
import { until, Waiting, within } from '../../world/wait.ts'
import { type Bootstrap, bootstrapOf } from '../bootstrap.ts'
import type { Client } from '../client.ts'
import { ClientError } from '../error.ts'
import type { Message } from '../message.ts'
import type { Access, Asker, Env } from './access.ts'
import { settingsOf } from './control.ts'
import { contentOf, given, type RoutesInit, stateOf } from './messages.ts'
import { says } from './openapi.ts'
import type { ApiEvent } from './part.ts'
import { problemOf } from './problem.ts'
import { replyBody, sendBody } from './schemas.ts'

const lookEveryMs = 1000
/** Events that wait for a slow listener; with more it is dropped, and may ask again. */
const mostWaiting = 1000
/** The same over a WebSocket, which counts bytes. */
const mostWaitingBytes = 1024 * 1024
/** Characters of a name that an asker gives its request. */
const longestRef = 256
/** Between two signs of life on a stream that is silent. */
const keepAliveMs = 15_000

/** A socket, as hono and the package ws have it. */
interface Socket {
  send(text: string): void
  readonly raw?: { readonly bufferedAmount: number; terminate(): void }
}

const refSchema = v.optional(v.union([v.pipe(v.string(), v.maxLength(longestRef)), v.number()]))
const asked = v.looseObject({
  ref: refSchema,
  do: v.picklist(['send', 'reply']),
  id: v.optional(v.string(), ''),
})

export function eventRoutes(init: RoutesInit, who?: Pick<Access, 'take'>): Hono<Env> {
  const { client, clock, closing } = init
  const app = new Hono<Env>()
  app.get('/events', describeRoute(says.events), context =>
    streamSSE(context, async stream => {
      const queue: ApiEvent[] = []
      const waiting = new Waiting()
      const ending = new AbortController()
      const stop = listen(init, context.get('asker'), told => {
        if (queue.push(told) <= mostWaiting) return waiting.wake()
        // It may hang in a write that never ends
        stop()
        queue.length = 0
        ending.abort()
        const { outgoing } = context.env as { outgoing?: { destroy(): void } }
        outgoing?.destroy()
      })
      stream.onAbort(() => ending.abort())
      try {
        await until([ending.signal, closing], async over => {
          while (!over.aborted) {
            const told = queue.shift()
            if (told !== undefined) {
              await stream.writeSSE({ event: told.event, data: JSON.stringify(told.data) })
              continue
            }
            await within(clock, keepAliveMs, [over], either => waiting.next(either))
            if (!over.aborted && queue.length === 0) await stream.write(': still here\n\n')
          }
        })
      } finally {
        stop()
      }
    }),
  )
  app.get(
    '/socket',
    describeRoute(says.socket),
    upgradeWebSocket(context => {
      const asker = context.get('asker') as Asker
      let stop = (): void => {}
      /** Drops who does not read, as on the stream of events. */
      const tell = (socket: Socket, told: unknown): void => {
        socket.send(JSON.stringify(told))
        if ((socket.raw?.bufferedAmount ?? 0) <= mostWaitingBytes) return
        stop()
        socket.raw?.terminate()
      }
      return {
        onOpen(_, socket) {
          const end = (): void => socket.close()
          const quiet = listen(init, asker, told => tell(socket as unknown as Socket, told))
          closing.addEventListener('abort', end, { once: true })
          stop = () => {
            quiet()
            closing.removeEventListener('abort', end)
          }
        },
        onMessage({ data }, socket) {
          const wait = who?.take(asker)
          void answer(client, asker, data, wait).then(said => tell(socket as unknown as Socket, said))
        },
        onClose: () => stop(),
      }
    }),
  )
  return app
}

/** Tells what is the asker's: first where the client stands. Returns how to stop. */
function listen(
  { client, clock, parts = [] }: RoutesInit,
  asker: Asker,
  tell: (told: ApiEvent) => void,
): () => void {
  const own = (app: string): boolean => asker === undefined || asker.app === app
  const last = new Map<string, string>()
  /** Tells what is so now, and again when it has changed. */
  const now = (event: string, data: ApiEvent['data']): void => {
    const text = JSON.stringify(data)
    if (last.get(event) === text) return
    last.set(event, text)
    tell({ event, data })
  }
  let stage: Bootstrap['tag'] | undefined
  let since = clock.elapsed()
  const look = (): void => {
    const { tag } = bootstrapOf(client.status(), 0)
    if (tag !== stage) since = clock.elapsed()
    stage = tag
    now('bootstrap', { ...bootstrapOf(client.status(), clock.elapsed() - since) })
    if (asker !== undefined) return
    const consensus = consensusStatus(client.consensus())
    if (consensus !== null) now('consensus', { ...consensus })
    now('settings', settingsOf(client))
  }
  let timer = clock.after(0, again)
  function again(): void {
    look()
    timer = clock.after(lookEveryMs, again)
  }
  const offs = [
    client.on('ready', look),
    client.on('state', message => {
      if (own(message.app)) tell({ event: 'state', data: stateOf(message) })
    }),
    client.on('progress', message => {
      if (own(message.app)) tell({ event: 'progress', data: { ...stateOf(message), ...message.progress } })
    }),
    client.on('message', ({ id, seq, app, inReplyTo }) => {
      if (own(app)) tell({ event: 'message', data: { id, seq, app, inReplyTo: inReplyTo ?? null } })
    }),
    ...parts.flatMap(({ listen }) => (listen === undefined ? [] : [listen(asker, tell)])),
  ]
  return () => {
    timer.cancel()
    for (const off of offs.splice(0)) off()
  }
}

/** Carries out a request over the socket and gives the answer to send; never rejects. */
async function answer(
  client: Client,
  asker: Asker,
  data: unknown,
  wait: number | undefined,
): Promise<Record<string, unknown>> {
  let ref: string | number | undefined
  try {
    const request = parsed(data)
    // Whoever asked for something that there is not wants to know which answer is to what
    const named = v.safeParse(refSchema, (request as { ref?: unknown } | null)?.ref)
    if (named.success) ref = named.output
    const { do: what, id, ref: _, ...fields } = v.parse(asked, request)
    if (wait !== undefined) {
      const slowDown = problem(429, 'SLOW_DOWN', `too many requests: ask again in ${wait} s`)
      return { event: 'answer', ref, ok: false, problem: await slowDown.json() }
    }
    const handed =
      what === 'send' ? await send(client, asker, fields) : await reply(client, asker, id, fields)
    return { event: 'answer', ref, ok: true, data: stateOf(handed) }
  } catch (error) {
    return { event: 'answer', ref, ok: false, problem: await problemOf(error).json() }
  }
}

async function send(client: Client, asker: Asker, fields: unknown): Promise<Message> {
  const { to, text, base64, app, ...options } = v.parse(sendBody, fields)
  return await client.send(to, contentOf(text, base64), given({ ...options, app: asker?.app ?? app }))
}

async function reply(client: Client, asker: Asker, id: string, fields: unknown): Promise<Message> {
  const { text, base64, ...options } = v.parse(replyBody, fields)
  if (asker !== undefined && client.receivedBy(id) !== asker.app)
    throw new ClientError('UNKNOWN_MESSAGE', `reply: no message ${id} is kept here`)
  return await client.reply(id, contentOf(text, base64), given(options))
}

function parsed(data: unknown): unknown {
  try {
    return JSON.parse(String(data))
  } catch {
    throw new ClientError('BAD_OPTION', 'the message is no JSON')
  }
}

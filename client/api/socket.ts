// The WebSocket of a client's HTTP API (docs/spec/client-http.md 15.3): events as on the stream, and requests within
// the bounds that there are for requests over HTTP.

import { upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import { problem } from '../../world/problem.ts'
import type { Client } from '../client.ts'
import { ClientError } from '../error.ts'
import type { Message } from '../message.ts'
import type { Access, Asker, Env } from './access.ts'
import { Backlog } from './backlog.ts'
import { listen } from './events.ts'
import { contentOf, given, type RoutesInit, stateOf } from './messages.ts'
import { says } from './openapi.ts'
import { problemOf } from './problem.ts'
import { replyBody, sendBody } from './schemas.ts'

/** Requests of one socket that are worked on at a time; meanwhile no more is read from it. */
export const mostUnderWay = 16
/** Characters of a name that an asker gives its request. */
const longestRef = 256

/** A socket of the package ws, as far as this needs it. */
interface Socket {
  send(text: string, sent: () => void): void
  terminate(): void
  close(): void
  pause(): void
  resume(): void
}

const refSchema = v.optional(v.union([v.pipe(v.string(), v.maxLength(longestRef)), v.number()]))
const asked = v.looseObject({
  ref: refSchema,
  do: v.picklist(['send', 'reply']),
  id: v.optional(v.string(), ''),
})

export function socketRoutes(init: RoutesInit, who?: Pick<Access, 'take'>): Hono<Env> {
  const app = new Hono<Env>()
  app.get(
    '/socket',
    describeRoute(says.socket),
    upgradeWebSocket(context => {
      const asker = context.get('asker') as Asker
      let conversation: Conversation | undefined
      return {
        onOpen(_, { raw }) {
          if (raw !== undefined) conversation = new Conversation(init, asker, raw as unknown as Socket, who)
        },
        onMessage: ({ data }) => conversation?.ask(data),
        onClose: () => conversation?.stop(),
      }
    }),
  )
  return app
}

/** One socket: tells it what happens, and answers what it asks, in any order. */
class Conversation {
  readonly #client: Client
  readonly #asker: Asker
  readonly #socket: Socket
  readonly #take: () => number | undefined
  readonly #backlog = new Backlog()
  readonly #waiting: unknown[] = []
  readonly #quiet: () => void
  #underWay = 0
  #over = false

  constructor(init: RoutesInit, asker: Asker, socket: Socket, who: Pick<Access, 'take'> | undefined) {
    this.#client = init.client
    this.#asker = asker
    this.#socket = socket
    this.#take = () => who?.take(asker)
    const end = (): void => socket.close()
    const deaf = listen(init, asker, told => this.#tell(told))
    init.closing.addEventListener('abort', end, { once: true })
    this.#quiet = () => {
      deaf()
      init.closing.removeEventListener('abort', end)
    }
  }

  /** Takes a request. What one piece of TCP brings waits for its turn; beyond, the socket is not read. */
  ask(data: unknown): void {
    this.#waiting.push(data)
    this.#work()
  }

  stop(): void {
    this.#over = true
    this.#waiting.length = 0
    this.#quiet()
  }

  #work(): void {
    while (this.#underWay < mostUnderWay && this.#waiting.length > 0) {
      this.#underWay++
      void answer(this.#client, this.#asker, this.#waiting.shift(), this.#take()).then(said => {
        this.#underWay--
        this.#tell(said)
        this.#work()
      })
    }
    if (this.#over) return
    if (this.#underWay < mostUnderWay) this.#socket.resume()
    else this.#socket.pause()
  }

  /** Drops who does not read, as on the stream of events. */
  #tell(told: unknown): void {
    if (this.#over) return
    const text = JSON.stringify(told)
    if (this.#backlog.took(text)) {
      this.#socket.send(text, () => this.#backlog.gave(text))
      return
    }
    this.stop()
    this.#socket.terminate()
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
  if (typeof data !== 'string')
    throw new ClientError('BAD_OPTION', 'the message is binary: want JSON as text')
  try {
    return JSON.parse(data)
  } catch {
    throw new ClientError('BAD_OPTION', 'the message is no JSON')
  }
}

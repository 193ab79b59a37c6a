// The client for programs in any language: HTTP and a WebSocket on loopback, behind tokens
// (docs/spec/client-http.md 15).

import { Hono } from 'hono'
import { type Clock, systemClock } from '../../world/clock.ts'
import { type Loopback, serveLoopback } from '../../world/http.ts'
import { utf8Body } from '../../world/http-body.ts'
import { isForeignPage } from '../../world/http-fields.ts'
import { Pages } from '../../world/pages/pages.ts'
import { noSuchPath, problem } from '../../world/problem.ts'
import { systemRandom } from '../../world/random.ts'
import type { Client } from '../client.ts'
import type { Identities } from '../identities.ts'
import { maxMessageBytes } from '../packets/fragments.ts'
import { type Access, access, type Env } from './access.ts'
import { contactRoutes } from './contacts.ts'
import { controlRoutes } from './control.ts'
import { docsPath, serveDocument } from './docs-page.ts'
import { eventRoutes } from './events.ts'
import { byIdentity, identityRoutes } from './identities.ts'
import { messageRoutes, type RoutesInit } from './messages.ts'
import type { ApiPart } from './part.ts'
import { problemOf } from './problem.ts'
import { socketRoutes } from './socket.ts'

/** Says what the HTTP API serves, and to whom. */
export interface DaemonOptions {
  readonly client: Client
  /** 0 takes a free one. */
  readonly port: number
  /** The owner's, as `Authorization: Bearer` must name it. */
  readonly token: string
  /** Tokens of apps, by name: each sees its own messages only. */
  readonly apps?: ReadonlyMap<string, string>
  /** All identities of the process, `client` the first of them: each is reached under /as/NAME. */
  readonly identities?: Identities
  /** By app: the identity that its token is for; others are for the first. */
  readonly appIdentities?: ReadonlyMap<string, string>
  /** Requests a minute of the owner and of each app; default 6,000. */
  readonly perMinute?: number
  /** Ends waits. */
  readonly clock?: Clock
  /** Routes and events of what lives beside `client`. */
  readonly parts?: readonly ApiPart[]
  /** Gives how well a message sent now is hidden, for `/status`. Default: nobody computes it. */
  readonly anonymity?: RoutesInit['anonymity']
}

/** The largest message as base64 in JSON, and some. */
const maxBodyBytes = Math.ceil((maxMessageBytes * 4) / 3) + 64 * 1024
const usualPerMinute = 6000

/**
 * Serves a client until `close`, with the page that `chaffinch open` shows. Besides the token, a request that a page
 * of elsewhere makes is refused by its Origin.
 *
 * @throws ListenError when the port is taken
 */
export async function serveClient(options: DaemonOptions): Promise<Loopback> {
  const { client, identities, port, token, perMinute = usualPerMinute, clock = systemClock } = options
  const { apps = new Map(), appIdentities = new Map(), parts = [], anonymity } = options
  const closing = new AbortController()
  const { signal } = closing
  const owner = (header: string | undefined): boolean => who.asker(header) === undefined
  const pages = new Pages({ page: 'client', owner, clock, random: systemRandom })
  const who = access({ clock, token, apps, perMinute, isPage: header => pages.admits(header) })
  const routesOf = (one: Client): Hono<Env> =>
    clientRoutes(
      { client: one, clock, identities, closing: signal, parts: one === client ? parts : [], anonymity },
      who,
    )
  const routes =
    identities === undefined
      ? routesOf(client)
      : byIdentity({ identities, appIdentities, access: who, routesOf })
  const loopback = await serveLoopback({
    port,
    admits: header => who.asker(header) !== false,
    open: [docsPath],
    pages,
    maxBodyBytes,
    sockets: true,
    clock,
    routes: app => app.use(utf8Body).route('/', routes),
  })
  const close = (): Promise<void> => {
    closing.abort()
    return loopback.close()
  }
  return { ...loopback, close, [Symbol.asyncDispose]: close }
}

/**
 * Makes the routes of a client without a port, for a program that asks itself.
 *
 * @param who knows the askers; without it everybody is the owner, for tests
 */
export function clientRoutes(init: RoutesInit, who?: Access): Hono<Env> {
  const app = new Hono<Env>()
  app.use(async (context, next) => {
    // Programs send no Origin; a page in a browser cannot leave it out.
    const [host, origin, site] = ['host', 'origin', 'sec-fetch-site'].map(name => context.req.header(name))
    if (isForeignPage({ host, origin, site }))
      return problem(403, 'BAD_ORIGIN', 'web pages of elsewhere may not use this interface')
    if (context.req.path === docsPath) return next()
    const asker = who?.asker(context.req.header('authorization'))
    if (asker === false) return problem(401, 'BAD_TOKEN', 'the token is missing or wrong')
    const wait = who?.take(asker)
    if (wait !== undefined)
      return problem(429, 'SLOW_DOWN', 'too many requests', { 'retry-after': String(wait) })
    context.set('asker', asker)
    return next()
  })
  app.onError(problemOf)
  app.notFound(noSuchPath)
  app.route('/', messageRoutes(init))
  app.route('/', controlRoutes(init))
  app.route('/', contactRoutes(init))
  app.route('/', eventRoutes(init))
  app.route('/', socketRoutes(init, who))
  for (const { routes } of init.parts ?? []) app.route('/', routes)
  if (init.identities !== undefined) app.route('/', identityRoutes(init.identities))
  serveDocument(app)
  return app
}

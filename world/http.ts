// An HTTP server for the people and programs of this machine only: on loopback, behind a token
// (docs/guide/running.md 4).

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { WebSocketServer } from 'ws'
import { type Clock, systemClock } from './clock.ts'
import { bearerOf, isForeignPage, notUtf8In, type PageFields, readHost } from './http-fields.ts'
import { type Pages, pagesPath } from './pages/pages.ts'
import { noSuchPath, problem } from './problem.ts'
import { second } from './units.ts'
import { dropUnread } from './unread.ts'

const host = '127.0.0.1'
/** Bytes of a token before it is written as hex. */
const tokenBytes = 32

const usualBodyBytes = 64 * 1024

type AdaptorSockets = NonNullable<Parameters<typeof createAdaptorServer>[0]['websocket']>['server']

/** Says what is served on a port of 127.0.0.1, and to whom. */
export interface LoopbackOptions {
  /** 0 takes a free one. */
  readonly port: number
  /**
   * An IP address of this machine; default 127.0.0.1. Others let in whoever has the token, by any name: for a
   * container or pod whose network is its own.
   */
  readonly address?: string | undefined
  /** The token that `Authorization: Bearer` must carry; or hand in `admits`. */
  readonly token?: string
  /** Tells whether whoever sends this `Authorization` header may ask. */
  readonly admits?: (authorization: string | undefined) => boolean
  /** Routes may take WebSockets. */
  readonly sockets?: boolean
  /** Adds the routes. */
  readonly routes: (app: Hono) => void
  /** Paths that need no token. Default: none. */
  readonly open?: readonly string[]
  /** Paths to which pages of elsewhere may lead people: of a page that is for everybody. Default: none. */
  readonly linked?: readonly string[]
  /** Says whether a proxy for TLS may stand before the port, so that its own pages may have https. Default: false. */
  readonly isBehindTls?: boolean
  /** A page below /ui for the people of this machine; none is served where others reach the port. Default: none. */
  readonly pages?: Pages | undefined
  /** Largest body of a request, bytes; default 64 KiB. */
  readonly maxBodyBytes?: number
  /** Connections at a time; default 64. */
  readonly connections?: number
  /** Tells how long an answer waits for who does not read it. */
  readonly clock?: Clock
}

/** A port of 127.0.0.1 that is served. Made by `serveLoopback`. */
export interface Loopback extends AsyncDisposable {
  readonly port: number
  /** http://ADDRESS:PORT, with 127.0.0.1 for all addresses */
  readonly url: string
  /**
   * Gives the address that opens the page, for one browser and within a minute.
   *
   * @throws Error where there is no page
   */
  pageUrl(): string
  /** Ends open requests too. */
  close(): Promise<void>
}

/** A port that cannot be listened on; the message names it. */
export class ListenError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ListenError'
  }
}

/** A token file that cannot be used; the message names it. */
export class TokenError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TokenError'
  }
}

/**
 * Serves routes on 127.0.0.1. A request whose Host header names anything else gets 403: a page in this machine's
 * browser could otherwise reach the port under a name of its own (DNS rebinding). So does one that a page of somewhere
 * else makes, by its Origin or by what the browser says of it. One whose path, query or headers
 * are not UTF-8 gets 400, one without the token 401, a route that throws 500 without a reason. Who does not read what
 * it asked for is cut off.
 *
 * @throws ListenError when the port is taken or not allowed
 */
export async function serveLoopback(options: LoopbackOptions): Promise<Loopback> {
  let port = options.port
  const { token, address = host } = options
  const isKnown = options.admits ?? (header => token !== undefined && isBearer(header, token))
  const pages = isLoopback(address) ? options.pages : undefined
  const admits = (header: string | undefined): boolean => isKnown(header) || pages?.admits(header) === true
  const schemes = options.isBehindTls === true ? ['http', 'https'] : ['http']
  const app = new Hono()
  app.use(async (context, next) => {
    if (isLoopback(address) && !namesLoopback(context.req.header('host'), address, port))
      return problem(403, 'BAD_HOST', `the Host header names another machine: want ${host}:${port}`)
    if (
      !isFollowedLink(context, options.linked) &&
      isForeignPage(pageFieldsOf(context.req.raw.headers), schemes)
    )
      return problem(403, 'BAD_ORIGIN', 'web pages of elsewhere may not use this interface')
    const broken = notUtf8In(targetOf(context), context.req.raw.headers)
    if (broken !== undefined) return problem(400, 'BAD_TEXT', broken)
    const { method, path } = context.req
    const free = options.open?.includes(path) === true || pages?.isOpen(method, path) === true
    if (!free && !admits(context.req.header('authorization')))
      return problem(401, 'BAD_TOKEN', 'the token is missing or wrong: want Authorization: Bearer TOKEN', {
        'www-authenticate': 'Bearer',
      })
    return next()
  })
  const { maxBodyBytes = usualBodyBytes } = options
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => problem(413, 'TOO_LARGE', `the body is longer than ${maxBodyBytes} bytes`),
    }),
  )
  pages?.routes(app)
  options.routes(app)
  app.notFound(noSuchPath)
  app.onError(() => problem(500, 'INTERNAL', 'the request could not be carried out'))

  const sockets =
    options.sockets === true ? new WebSocketServer({ noServer: true, maxPayload: maxBodyBytes }) : undefined
  // a frame that is none ends its connection, and nobody else's
  sockets?.on('error', () => {}).on('connection', socket => socket.on('error', () => {}))
  // Its types and ws's own differ in `send`, not in what they do
  const taken = sockets as unknown as AdaptorSockets | undefined
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...(taken === undefined ? {} : { websocket: { server: taken } }),
  }) as Server
  server.maxConnections = options.connections ?? 64
  server.headersTimeout = 10 * second
  server.requestTimeout = 60 * second
  const stopWatching = dropUnread(server, options.clock ?? systemClock)
  port = await listen(server, options.port, address)
  const close = (): Promise<void> =>
    new Promise(resolve => {
      stopWatching()
      server.close(() => resolve())
      for (const socket of sockets?.clients ?? []) socket.terminate()
      server.closeAllConnections()
    })
  const url = `http://${reachedAt(address)}:${port}`
  return {
    port,
    url,
    pageUrl() {
      if (pages === undefined) throw new Error('this port has no page')
      return `${url}${pagesPath}#${pages.code()}`
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * The token in a file, which is made (0600) with a new random one when it is not there.
 *
 * @throws TokenError naming the file when it can be neither read nor made, or holds no token
 */
export async function tokenFrom(path: string): Promise<string> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      const token = randomBytes(tokenBytes).toString('hex')
      await file.writeFile(`${token}\n`)
      return token
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error)
  }
  const token = (await readFile(path, 'utf8').catch(error => Promise.reject(unusable(path, error)))).trim()
  if (token.length < 16) throw new TokenError(`token file ${path}: no token of 16 characters or more`)
  return token
}

function unusable(path: string, error: unknown): TokenError {
  return new TokenError(`token file ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`)
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** One that a program of this machine can ask. */
function reachedAt(address: string): string {
  if (address === '0.0.0.0' || address === '::') return host
  return address.includes(':') ? `[${address}]` : address
}

function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${error.code})`
      reject(new ListenError(`port ${port} of ${address} ${why}`))
    })
    server.listen(port, address, () => {
      // from here on an error is one of a single connection, and ends that connection only
      server.on('error', () => {})
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** The target as it was sent, before anything is made of it. */
function targetOf(context: Context): string {
  const { incoming } = context.env as { readonly incoming?: { readonly url?: string } }
  return incoming?.url ?? context.req.url
}

/** Tells whether a Host field names this machine and this port, by a name that no page can have. */
function namesLoopback(field: string | undefined, address: string, port: number): boolean {
  const named = readHost(field ?? '')
  return named?.port === port && [host, 'localhost', '[::1]', reachedAt(address)].includes(named.name)
}

/**
 * Tells whether an `Authorization` field bears a token. By digests, so that neither the length nor the place of a
 * difference shows in the time.
 */
export function isBearer(field: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(bearerOf(field) ?? ''), digest(token))
}

/** Tells whether a person follows a link, in a letter say, to a path that may be led to: a page loads nothing so. */
function isFollowedLink(context: Context, linked: readonly string[] = []): boolean {
  const { method, path } = context.req
  const [mode, place] = ['sec-fetch-mode', 'sec-fetch-dest'].map(name => context.req.header(name))
  return method === 'GET' && mode === 'navigate' && place === 'document' && linked.includes(path)
}

function pageFieldsOf(fields: Headers): PageFields {
  const field = (name: string): string | undefined => fields.get(name) ?? undefined
  return { host: field('host'), origin: field('origin'), site: field('sec-fetch-site') }
}

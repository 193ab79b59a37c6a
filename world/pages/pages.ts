// Pages for the people of this machine on a loopback port (docs/spec/pages.md): the files of one, which anybody here
// may load, since they say nothing; and how the one whom its owner sends there gets in.

import type { Hono } from 'hono'
import type { Clock } from '../clock.ts'
import { bearerOf } from '../http-fields.ts'
import { noSuchPath, problem } from '../problem.ts'
import type { Random } from '../random.ts'
import { type PageFile, type PageName, readPage } from './files.ts'
import { codeLivesMs, Sessions } from './sessions.ts'

export const pagesPath = '/ui/'
const codesPath = '/ui/codes'
const sessionPath = '/ui/session'

/** Lets a page run its own script, show its own style and ask its own server, and nothing else. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export interface PagesInit {
  readonly page: PageName
  /** Tells whether whoever sends this `Authorization` header may open the page: the owner, and no app. */
  readonly owner: (authorization: string | undefined) => boolean
  readonly clock: Clock
  readonly random: Random
  /** Default: what was built. */
  readonly files?: ReadonlyMap<string, PageFile>
}

/** The page of a port, and who may use it. */
export class Pages {
  readonly #init: PagesInit
  readonly #files: ReadonlyMap<string, PageFile>
  readonly #sessions: Sessions

  constructor(init: PagesInit) {
    this.#init = init
    this.#files = init.files ?? readPage(init.page)
    this.#sessions = new Sessions(init.clock, init.random)
  }

  /** Tells whether this header bears the token of somebody for whom the owner opened the page. */
  admits(authorization: string | undefined): boolean {
    return this.#sessions.has(bearerOf(authorization))
  }

  /** Makes a code to open the page with, once and within a minute. */
  code(): string {
    return this.#sessions.code()
  }

  /** Tells whether a request needs no token. */
  isOpen(method: string, path: string): boolean {
    if (method === 'GET') return path === '/' || path === '/ui' || this.#fileAt(path) !== undefined
    return method === 'POST' && path === sessionPath
  }

  /** Adds the page's files, and the ways in and out. */
  routes(app: Hono): void {
    app.get('/', context => context.redirect(pagesPath))
    app.get('/ui', context => context.redirect(pagesPath))
    app.post(codesPath, context => {
      if (!this.#init.owner(context.req.header('authorization')))
        return problem(403, 'OWNER_ONLY', "this is the owner's: use the token of the role itself")
      return context.json({ code: this.code(), seconds: codeLivesMs / 1000 }, 201)
    })
    app.post(sessionPath, async context => {
      if (!this.#sessions.mayTry) return problem(429, 'SLOW_DOWN', 'too many codes that are none')
      const { code } = await context.req.json<{ code?: unknown }>().catch(() => ({ code: undefined }))
      const token = typeof code === 'string' ? this.#sessions.open(code) : undefined
      if (token === undefined)
        return problem(401, 'BAD_CODE', 'the code was used before, or is older than a minute: open it again')
      return context.json({ token }, 201)
    })
    app.delete(sessionPath, context => {
      this.#sessions.end(bearerOf(context.req.header('authorization')))
      return context.json({})
    })
    app.get(`${pagesPath}*`, context => {
      const file = this.#fileAt(context.req.path)
      if (file === undefined) return noSuchPath()
      // A name holds the hash of its file; the page itself is asked for again
      const cache = file.type.startsWith('text/html') ? 'no-store' : 'private, max-age=31536000, immutable'
      return context.body(file.bytes, 200, {
        ...pageHeaders,
        'content-type': file.type,
        'cache-control': cache,
      })
    })
  }

  #fileAt(path: string): PageFile | undefined {
    if (!path.startsWith(pagesPath)) return undefined
    const name = path.slice(pagesPath.length)
    return this.#files.get(name === '' ? 'index.html' : name)
  }
}

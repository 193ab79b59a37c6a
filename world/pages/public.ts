// A page for everybody who reaches a port (docs/spec/pages.md 8), and not only for the owner of a role: nobody has to
// be let in to load its files, and it may compile WebAssembly and start the one worker that is packed with it.

import type { Hono } from 'hono'
import { noSuchPath } from '../problem.ts'
import { type PageFile, type PageName, readPage } from './files.ts'
import { pageHeaders } from './pages.ts'

/** Changes the policy of the pages of an owner in two places. */
const policy = (pageHeaders['content-security-policy'] ?? '')
  .replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'")
  .replace("trusted-types 'none'", 'trusted-types chaffinch-worker')

/** Lets such a page compile, and start its worker, beside what `pageHeaders` lets it do. */
export const publicHeaders: Readonly<Record<string, string>> = {
  ...pageHeaders,
  'content-security-policy': policy,
}

/**
 * Serves the files of a page below a path.
 *
 * @param path ends with a slash
 * @param files default: what was built
 */
export function publicPage(
  app: Hono,
  page: PageName,
  path: string,
  files: ReadonlyMap<string, PageFile> = readPage(page),
): void {
  app.get(`${path}*`, context => {
    const name = context.req.path.slice(path.length)
    const file = files.get(name === '' ? 'index.html' : name)
    if (file === undefined) return noSuchPath()
    const cache = file.type.startsWith('text/html') ? 'no-store' : 'public, max-age=31536000, immutable'
    return context.body(file.bytes, 200, {
      ...publicHeaders,
      'content-type': file.type,
      'cache-control': cache,
    })
  })
}

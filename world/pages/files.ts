// The built files of the pages (web/, dist/web): read once, and served from a fixed list, so that no path leads
// anywhere else.

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'

/**
 * Names the page of a client's daemon, of an authority or node, of a network on this machine, of a mix-net's elections
 * and of its surveys, and of a mixer or trustee.
 */
export type PageName = 'client' | 'role' | 'net' | 'election' | 'survey' | 'member'

export interface PageFile {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Gives the folder that `npm run build` leaves the pages in. */
export function pagesFolder(): string {
  const file = createRequire(import.meta.url).resolve('chaffinch/package.json')
  return join(dirname(file), 'dist', 'web')
}

/**
 * Reads what a page consists of, by name; `index.html` is the page itself. Nothing where nothing is built.
 *
 * @param folder where the pages lie
 */
export function readPage(page: PageName, folder: string = pagesFolder()): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>()
  for (const name of namesIn(folder)) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const bytes = new Uint8Array(readFileSync(join(folder, name)))
    if (name === `${page}.html`) files.set('index.html', { type, bytes })
    else if (extname(name) !== '.html') files.set(name, { type, bytes })
  }
  return files
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

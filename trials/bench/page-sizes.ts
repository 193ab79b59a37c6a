// How large the pages and the client of a browser are as they are sent: packed, and compressed by gzip.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type BuildResult, build } from 'esbuild'

export type Packed = BuildResult<{ metafile: true; write: false }>

/**
 * Packs what a page imports, with the package as its manifest describes it.
 *
 * @param root the repository, built
 * @param home an empty folder
 * @param text the page's own script
 * @throws what esbuild cannot pack
 */
export async function packPage(root: string, home: string, text: string): Promise<Packed> {
  mkdirSync(join(home, 'node_modules'), { recursive: true })
  symlinkSync(root, join(home, 'node_modules', 'chaffinch'))
  writeFileSync(join(home, 'page.mjs'), text)
  return await build({
    entryPoints: [join(home, 'page.mjs')],
    outdir: join(home, 'out'),
    bundle: true,
    platform: 'browser',
    format: 'esm',
    splitting: true,
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
}

/** The script of a page that has a client. */
export const clientScript = "import { connect } from 'chaffinch/client'\nglobalThis.connect = connect\n"

export interface ClientSize {
  /** Bytes of all that a client loads when it starts, its wasm among them. */
  readonly bytes: number
  /** Bytes of the chunks that it loads by need: the table of nodes. */
  readonly byNeed: readonly number[]
}

/** Measures what was packed of `clientScript`. */
export function clientSize({ metafile, outputFiles }: Packed): ClientSize {
  const tables = Object.entries(metafile.outputs)
    .filter(([, { inputs }]) => Object.keys(inputs).some(path => path.includes('@libp2p/kad-dht')))
    .map(([path]) => basename(path))
  const isTable = (path: string): boolean => tables.includes(basename(path))
  const sizes = outputFiles.map(({ path, contents }) => [path, gzipped(contents)] as const)
  return {
    bytes: sizes.reduce((sum, [path, size]) => (isTable(path) ? sum : sum + size), 0),
    byNeed: sizes.filter(([path]) => isTable(path)).map(([, size]) => size),
  }
}

/** Sums what a browser loads of a built page: its HTML, and every file that this or another of them names. */
export function pageBytes(folder: string, page: string): number {
  const found = new Map<string, number>()
  const take = (name: string): void => {
    if (found.has(name)) return
    const bytes = readFileSync(join(folder, name))
    found.set(name, gzipped(bytes))
    for (const [next] of bytes.toString('latin1').matchAll(/[\w.-]+\.(?:js|css|svg)\b/g))
      if (isThere(folder, next)) take(next)
  }
  take(`${page}.html`)
  return [...found.values()].reduce((sum, size) => sum + size, 0)
}

function isThere(folder: string, name: string): boolean {
  try {
    return readFileSync(join(folder, name)).length > 0
  } catch {
    return false
  }
}

function gzipped(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length
}

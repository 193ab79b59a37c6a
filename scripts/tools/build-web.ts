// Packs the pages of web/ into dist/web/: one HTML file a page, and scripts and styles whose names hold their hashes.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { notices, noticesName } from './notices.ts'

interface PageEntry {
  readonly entry: string
  readonly title: string
  /** Where the worker begins that the page starts. */
  readonly worker?: string
}

/** By name, where each page begins and what its tab is called before it has drawn itself. */
export const pages: Readonly<Record<string, PageEntry>> = {
  client: { entry: 'web/client/main.tsx', title: 'Chaffinch' },
  role: { entry: 'web/role/main.tsx', title: 'Chaffinch' },
  net: { entry: 'web/net/main.tsx', title: 'Chaffinch' },
  election: { entry: 'web/election/main.tsx', title: 'Chaffinch', worker: 'web/election/worker.ts' },
  survey: { entry: 'web/survey/main.tsx', title: 'Chaffinch', worker: 'web/survey/worker.ts' },
  member: { entry: 'web/member/main.tsx', title: 'Chaffinch' },
}

/**
 * Packs all pages, and removes what an earlier build left.
 *
 * @param root the repository
 * @param outdir where they go, and nothing else
 */
export async function buildWeb(root: string, outdir: string): Promise<void> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      Object.entries(pages).flatMap(([name, { entry, worker }]) => [
        [name, entry],
        ...(worker === undefined ? [] : [[`${name}-worker`, worker]]),
      ]),
    ),
    outdir,
    bundle: true,
    splitting: true,
    entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    conditions: ['chaffinch-source'],
    // What reads spreadsheets wants a Buffer, which this build of it brings along
    alias: { 'csv-parse/sync': 'csv-parse/browser/esm/sync' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  mkdirSync(outdir, { recursive: true })
  const wanted = new Map<string, Uint8Array | string>([
    ['icon.svg', readFileSync(join(root, 'web', 'icon.svg'))],
    [noticesName, notices(root, metafile)],
    ...outputFiles.map(({ path, contents }) => [basename(path), contents] as const),
    ...Object.keys(pages).map(name => [`${name}.html`, pageOf(name, metafile)] as const),
  ])
  for (const [name, contents] of wanted) {
    const path = join(outdir, name)
    if (!existsSync(path) || !readFileSync(path).equals(Buffer.from(contents))) writeFileSync(path, contents)
  }
  for (const name of readdirSync(outdir)) if (!wanted.has(name)) rmSync(join(outdir, name))
}

/** Writes the HTML of a page: what it loads, and a place to draw in. */
function pageOf(name: string, { outputs }: Metafile): string {
  const { entry, title, worker } = pages[name] as PageEntry
  const packed = (from: string): [string, Metafile['outputs'][string]] => {
    const found = Object.entries(outputs).find(([, output]) => output.entryPoint === from)
    if (found === undefined) throw new Error(`${from}: was not packed`)
    return found
  }
  const [script, { cssBundle }] = packed(entry)
  const started =
    worker === undefined ? '' : `\n<meta name="worker" content="${basename(packed(worker)[0])}">`
  const style = cssBundle === undefined ? '' : `<link rel="stylesheet" href="${basename(cssBundle)}">`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">${started}<title>${title}</title><link rel="icon" href="icon.svg">${style}
<script type="module" src="${basename(script)}"></script></head>
<body><div id="app"></div><noscript>This page needs its own script, and nothing from elsewhere.</noscript></body></html>
`
}

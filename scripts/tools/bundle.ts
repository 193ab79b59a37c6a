// Packs the command line into dist/scripts/: a role that starts opens a few files instead of resolving hundreds, and
// what only the command line uses is no package that anybody installs. Addons stay outside, a thread's file is an entry
// of its own, and each file has its source map.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build, type OutputFile } from 'esbuild'
import { notices, noticesName } from './notices.ts'

/** Native addons find their binaries beside their own files. */
export const addons: readonly string[] = ['@libsql/client', 'classic-level', 'sodium-native']
/** Packages of the CommonJS kind ask for parts of Node with `require`, which a module has not. */
const requireInModules =
  "import { createRequire as chaffinchRequire } from 'node:module'; const require = chaffinchRequire(import.meta.url);"

/**
 * Packs scripts/chaffinch.ts with all that it imports, and removes what an earlier build left.
 *
 * @param root the repository
 * @param outdir where the packed files go, and nothing else
 */
export async function bundle(root: string, outdir: string): Promise<void> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: {
      chaffinch: 'scripts/chaffinch.ts',
      'peel-thread': 'node/relay/peel-thread.ts',
      'watched-mix': 'simulator/processes/watched-mix.ts',
      'sweep-thread': 'simulator/study/sweep-thread.ts',
    },
    outdir,
    bundle: true,
    // What a command does not need stays in files that it does not open.
    splitting: true,
    chunkNames: '[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    conditions: ['chaffinch-source'],
    external: [...addons],
    banner: { js: requireInModules },
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    // Names stay, so that a trace can be read without the map.
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  mkdirSync(outdir, { recursive: true })
  for (const { path, contents } of outputFiles) if (!holds(path, contents)) writeFileSync(path, contents)
  writeFileSync(join(outdir, noticesName), notices(root, metafile))
  const wanted = new Set([noticesName, ...outputFiles.map(({ path }) => basename(path))])
  for (const name of readdirSync(outdir))
    if (!wanted.has(name)) rmSync(join(outdir, name), { recursive: true })
}

/** A file that is as it should be is left alone: a program that runs may open it. */
function holds(path: string, contents: OutputFile['contents']): boolean {
  return existsSync(path) && readFileSync(path).equals(contents)
}

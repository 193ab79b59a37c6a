// Processes to be measured, packed as the release is (scripts/tools/bundle.ts). From sources every function that is
// made while a program runs has a name of its own, which costs 256 bytes each: more than many of them hold.

import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..', '..')
const requireInModules =
  "import { createRequire as madeRequire } from 'node:module'; const require = madeRequire(import.meta.url);"

/**
 * Packs files of the repository, beside the packages whose addons they load.
 *
 * @param entryPoints paths below the repository, by the names of what is made of them, without `.js`
 * @returns a new folder
 */
export async function packed(entryPoints: Readonly<Record<string, string>>): Promise<string> {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const outdir = mkdtempSync(join(cache, 'bench-'))
  await build({
    ...{ absWorkingDir: root, entryPoints: { ...entryPoints }, outdir },
    ...{ bundle: true, splitting: true, platform: 'node', format: 'esm', target: 'node20.19' },
    conditions: ['chaffinch-source'],
    external: ['@libsql/client', 'classic-level', 'sodium-native'],
    banner: { js: requireInModules },
    logLevel: 'warning',
  })
  return outdir
}

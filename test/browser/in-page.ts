// Runs test files and other programs of this repository in a page: packed for browsers, with the files that they read
// packed along.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Browser } from 'playwright-core'
import { openPage } from './browser.ts'

const root = join(import.meta.dirname, '..', '..')
/** Where the repository lies for what runs in a page. */
const there = '/repository'

/** Tells what a page may run besides its own script, by the end of its name. */
const policies: Readonly<Record<string, string>> = { '': " 'wasm-unsafe-eval'", '-without-wasm': '' }

/** Holds what a page said until it was done. */
export interface Said {
  readonly text: string
  readonly complaints: readonly string[]
}

/**
 * Packs programs that Node runs, as a bundler packs them for browsers.
 *
 * @param entries files by name
 * @param outdir where they go, with pages for each: NAME.html, and NAME-without-wasm.html whose policy forbids wasm
 * @param folders of this machine whose files they read, by where they find them
 */
export async function packPrograms(
  entries: Readonly<Record<string, string>>,
  outdir: string,
  folders: Readonly<Record<string, string>>,
): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { ...entries },
    outdir,
    bundle: true,
    splitting: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    conditions: ['chaffinch-source'],
    // Nothing here is started as a program by itself
    define: {
      'import.meta.dirname': JSON.stringify(`${there}/test`),
      'import.meta.filename': JSON.stringify(there),
      'process.argv': '[]',
    },
    plugins: [readingPlugin(folders)],
    logLevel: 'error',
  })
  for (const name of Object.keys(entries))
    for (const [kind, policy] of Object.entries(policies))
      writeFileSync(
        join(outdir, `${name}${kind}.html`),
        `<!doctype html><title>${name}</title>
<meta http-equiv="content-security-policy" content="script-src 'self'${policy}">
<script type="module" src="${name}.js"></script>`,
      )
}

/** Gives what is packed the two modules of Node with which tests read their vectors, and nothing else of it. */
function readingPlugin(folders: Readonly<Record<string, string>>): Plugin {
  const files = Object.fromEntries(
    Object.entries(folders).flatMap(([place, folder]) =>
      filesIn(folder).map(file => [
        `${there}/${place}/${relative(folder, file)}`,
        readFileSync(file).toString('base64'),
      ]),
    ),
  )
  const modules: Readonly<Record<string, string>> = {
    'node:fs': `
      const files = new Map(Object.entries(${JSON.stringify(files)}))
      const bytesOf = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
      export function readFileSync(path, encoding) {
        const found = files.get(path)
        if (found === undefined) throw new Error('no file ' + path)
        return encoding === undefined ? bytesOf(found) : new TextDecoder().decode(bytesOf(found))
      }
      export function writeFileSync(path) {
        throw new Error('a page writes no file ' + path)
      }`,
    'node:path': `
      export function join(...parts) {
        const path = []
        for (const part of parts.join('/').split('/')) {
          if (part === '..') path.pop()
          else if (part !== '.' && (part !== '' || path.length === 0)) path.push(part)
        }
        return path.join('/')
      }`,
  }
  return {
    name: 'reading',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:(fs|path)$/ }, ({ path }) => ({ path, namespace: 'reading' }))
      onLoad({ filter: /.*/, namespace: 'reading' }, ({ path }) => ({ contents: modules[path] ?? '' }))
    },
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesIn(path) : [path]
  })
}

/** Opens a page and waits until what it says on its console fits. */
export async function sayings(browser: Browser, url: string, last: RegExp): Promise<Said> {
  const { page, complaints } = await openPage(browser)
  let text = ''
  const done = new Promise<void>(resolve => {
    page.on('console', message => {
      text += message.text()
      if (last.test(text)) resolve()
    })
    page.on('pageerror', () => resolve())
  })
  await page.goto(url)
  await done
  await page.context().close()
  return { text, complaints: complaints.all }
}

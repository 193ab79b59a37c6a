// The packed command line, dist/scripts/: it opens few files, and what cannot be packed stays outside.
// needs: dist

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'dist', 'scripts')
const files = readdirSync(folder).filter(name => name.endsWith('.js'))
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

/** The files that a packed file imports as it is loaded. */
function importsOf(source: string): string[] {
  return [...source.matchAll(/\b(?:from|import)"([@a-z.][\w@./:-]*)"/g)].map(match => match[1] as string)
}

test('packed files import each other, parts of Node, and the packages with native addons', () => {
  const outside = new Set(files.flatMap(name => importsOf(read(name))).filter(name => !name.startsWith('.')))
  const packages = [...outside].filter(name => !isBuiltin(name)).sort()
  assert.ok(outside.size > 5, 'the imports are found')
  assert.equal(packages, [
    '@libsql/client/sqlite3',
    'classic-level',
    'sodium-native',
    'sodium-native/binding.js',
  ])
})

test('a role opens few files: what it imports, and what that imports', () => {
  const reach = (name: string, seen: Set<string>): Set<string> => {
    if (seen.has(name)) return seen
    seen.add(name)
    for (const file of importsOf(read(name))) if (file.startsWith('./')) reach(file.slice('./'.length), seen)
    return seen
  }
  const mix = files.find(name => name.startsWith('node-command-')) as string
  const opened = reach(mix, reach('chaffinch.js', new Set()))
  assert.ok(opened.size > 5 && opened.size < 100, `${opened.size} files`)
})

test('each file has its source map, which names sources', () => {
  for (const name of files) {
    const map = JSON.parse(read(`${name}.map`)) as { readonly sources: readonly string[] }
    assert.ok(Array.isArray(map.sources), name)
    assert.match(read(name), new RegExp(`sourceMappingURL=${name.replaceAll('.', '\\.')}\\.map`))
  }
  const main = JSON.parse(read('chaffinch.js.map')) as { readonly sources: readonly string[] }
  assert.ok(main.sources.includes('../../scripts/main.ts'))
})

test('what threads run is a file of its own, and what Node 20 lacks is there', () => {
  for (const name of ['peel-thread', 'sweep-thread']) assert.ok(existsSync(join(folder, `${name}.js`)))
  assert.ok(files.some(name => read(name).includes('"withResolvers"in Promise')))
})

test('the licences of the packages that were packed are there', () => {
  const notices = read('THIRD-PARTY.txt')
  for (const name of ['libp2p', '@noble/curves', 'hono', 'pino'])
    assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'))
})

test('the pack runs, and knows its version', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const out = execFileSync(process.execPath, [join(folder, 'chaffinch.js'), '--version'], {
    encoding: 'utf8',
  })
  assert.is(out, `chaffinch ${version}\n`)
})

test.run()

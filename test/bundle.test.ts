// An app that a bundler has packed into one file: it works as it does unbundled. docs/guide/tutorial.md.
// tier: slow
// needs: dist

import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { initNetwork } from '../roles/files/init.ts'
import { localNetwork } from '../simulator/local.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-bundle-'))
test.after(() => rmSync(folder, { recursive: true }))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly sideEffects: readonly string[]
}

const app = `
import { ClientError, connect, readNetwork } from 'chaffinch'
const [networkFile, to, folder] = process.argv.slice(2)
const client = await connect({ network: readNetwork(networkFile), folder })
const message = await client.send(to, 'from a bundle')
await message.stored()
console.log('stored')
if (!(await client.send('nobody', 'x').catch(error => error) instanceof ClientError)) throw new Error('no ClientError')
await client.close()
`

/** Packs the app into one file, with the package as its manifest describes it, or with another one. */
async function bundle(name: string, sideEffects: readonly string[] | false): Promise<string> {
  const home = join(folder, name)
  const there = join(home, 'node_modules', 'chaffinch')
  mkdirSync(there, { recursive: true })
  writeFileSync(join(there, 'package.json'), JSON.stringify({ ...manifest, sideEffects }))
  symlinkSync(join(root, 'dist'), join(there, 'dist'))
  symlinkSync(join(root, 'node_modules'), join(there, 'node_modules'))
  writeFileSync(join(home, 'app.mjs'), app)
  const native = ['classic-level', 'sodium-native']
  for (const library of native)
    symlinkSync(join(root, 'node_modules', library), join(home, 'node_modules', library))
  const outfile = join(home, 'bundle.mjs')
  await build({
    entryPoints: [join(home, 'app.mjs')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    preserveSymlinks: true,
    external: native,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  })
  return outfile
}

test('what is compiled names no source that is not in the package', () => {
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
  const library = files.filter(file => !file.startsWith('scripts') && /\.(js|ts|map)$/.test(file))
  assert.ok(library.length > 300)
  assert.equal(
    library.filter(
      file =>
        file.endsWith('.map') ||
        /^\/\/# sourceMappingURL/m.test(readFileSync(join(root, 'dist', file), 'utf8')),
    ),
    [],
  )
})

test('a bundled app connects and sends', async () => {
  const file = await bundle('app', manifest.sideEffects)
  assert.match(readFileSync(file, 'utf8'), /"withResolvers" in Promise/)
  const local = await localNetwork({ mixes: 3, gateways: 1, clients: 1, epochMs: 20 * 60_000 })
  try {
    const { network, clients } = local
    const networkFile = join(folder, 'network.toml')
    initNetwork(networkFile, network)
    const args = [file, networkFile, clients[0]?.address ?? '', join(folder, 'me')]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
    assert.is(stdout, 'stored\n')
  } finally {
    await local.stop()
  }
})

test('a manifest that says that nothing has effects costs the bundle what Node 20 lacks', async () => {
  assert.not.match(readFileSync(await bundle('pure', false), 'utf8'), /"withResolvers" in Promise/)
})

test('every file that is imported for its effect alone is named as one that has effects', () => {
  const rooms = ['world', 'encoding', 'sphinx', 'link', 'directory', 'node', 'client', 'payment', 'simulator']
  const files = rooms.flatMap(room =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => join(root, room, name)),
  )
  const imported = files.flatMap(file =>
    [...readFileSync(file, 'utf8').matchAll(/^import '(\.[^']*)\.ts'/gm)].map(match =>
      relative(root, join(file, '..', `${match[1]}.js`)),
    ),
  )
  assert.ok(imported.length > 0)
  for (const file of imported) assert.ok(manifest.sideEffects.includes(`./dist/${file}`), file)
})

test.run()

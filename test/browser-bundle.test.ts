// The client as a bundler packs it for browsers (docs/spec/client-browser.md): nothing of Node in it, and small enough.
// needs: dist

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type BuildResult, build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-browser-'))
test.after(() => rmSync(folder, { recursive: true }))

type Packed = BuildResult<{ metafile: true; write: false }>

/** Packs what a page imports, with the package as its manifest describes it. @throws what esbuild cannot pack */
async function pack(name: string, text: string): Promise<Packed> {
  const home = join(folder, name)
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

const client = pack('client', "import { connect } from 'chaffinch/client'\nglobalThis.connect = connect\n")

test('nothing of Node is in the bundle of a client', async () => {
  const { metafile } = await client
  const ofNode = new Set(builtinModules)
  const imports = Object.values(metafile.inputs).flatMap(input => input.imports)
  const outside = imports.filter(({ path, external }) => external === true || ofNode.has(path))
  assert.equal(
    outside.filter(({ path }) => path.startsWith('node:') || ofNode.has(path)),
    [],
  )
  const inputs = Object.keys(metafile.inputs)
  assert.ok(inputs.some(path => path.endsWith('dist/client/connect.js')))
  for (const seam of ['crypto', 'machine', 'store', 'sockets', 'folder']) {
    assert.ok(
      inputs.some(path => path.endsWith(`/${seam}-browser.js`)),
      seam,
    )
    assert.not.ok(
      inputs.some(path => path.endsWith(`/${seam}-node.js`)),
      seam,
    )
  }
})

test('what stands on Node is refused, with the name of what is missing', async () => {
  const refused = await pack('node', "export * from 'chaffinch/node'\n").catch((error: Error) => error)
  assert.match((refused as Error).message, /Could not resolve "node:/)
})

test('a client with its wasm takes less than 430 kB, gzipped, and the table less than it would without being asked', async () => {
  const { metafile, outputFiles } = await client
  const sizes = new Map(
    outputFiles.map(({ path, contents }) => [path, gzipSync(contents, { level: 9 }).length]),
  )
  const whole = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  /** Chunks that are loaded by need: the table of nodes, which a client asks where its authorities are silent. */
  const table = Object.entries(metafile.outputs).filter(([, { inputs }]) =>
    Object.keys(inputs).some(path => path.includes('@libp2p/kad-dht')),
  )
  assert.is(table.length, 1)
  const byNeed = [...sizes].find(([path]) =>
    path.endsWith((table[0]?.[0] ?? '').split('/').at(-1) ?? '?'),
  )?.[1]
  assert.ok(byNeed !== undefined && byNeed > 50_000)
  assert.ok(whole - byNeed < 430_000, `${whole - byNeed} bytes`)
  assert.not.ok(Object.keys(metafile.inputs).some(path => path.includes('@libp2p/gossipsub')))
})

test.run()

// The client as a bundler packs it for browsers (docs/spec/client-browser.md): nothing of Node in it, and small enough.
// needs: dist

import { mkdtempSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientScript, clientSize, packPage, pageBytes } from '../trials/bench/page-sizes.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-browser-'))
test.after(() => rmSync(folder, { recursive: true }))

const client = packPage(root, join(folder, 'client'), clientScript)

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
  const refused = await packPage(root, join(folder, 'node'), "export * from 'chaffinch/node'\n").catch(
    (error: Error) => error,
  )
  assert.match((refused as Error).message, /Could not resolve "node:/)
})

test('a client with its wasm takes less than 430 kB, gzipped, and the table less than it would without being asked', async () => {
  const packed = await client
  const { bytes, byNeed } = clientSize(packed)
  assert.is(byNeed.length, 1)
  assert.ok((byNeed[0] as number) > 50_000)
  assert.ok(bytes < 430_000, `${bytes} bytes`)
  assert.not.ok(Object.keys(packed.metafile.inputs).some(path => path.includes('@libp2p/gossipsub')))
})

test('each page takes less than 100 kB, gzipped', () => {
  for (const page of ['client', 'role', 'net']) {
    const bytes = pageBytes(join(root, 'dist', 'web'), page)
    assert.ok(bytes > 10_000 && bytes < 100_000, `${page}: ${bytes} bytes`)
  }
})

test.run()

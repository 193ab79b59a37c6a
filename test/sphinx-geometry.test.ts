// docs/spec/sphinx.md 2, 4.2 and 11: the page and the code say the same.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blake2b, chacha20Xor, x25519, x25519PublicKey } from '#crypto'
import { fromHex, hex } from '../encoding/bytes.ts'
import { type Geometry, geometry, maxHops } from '../sphinx/geometry.ts'
import { type VectorFile, vectorPath } from './sphinx-vectors.ts'
import type { Vector } from './sphinx-vectors-good.ts'

const page = readFileSync(join(import.meta.dirname, '../docs/spec/sphinx.md'), 'utf8')
const bytes = (text: string): Uint8Array => fromHex(text)

/** The rows of the first table below a heading, cells trimmed, without its head. */
function table(heading: string): string[][] {
  const from = page.indexOf(`\n${heading}\n`)
  assert.ok(from >= 0, heading)
  const lines = page.slice(from).split('\n')
  const start = lines.findIndex(line => line.startsWith('|'))
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'))
  return lines.slice(start + 2, end).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

test('the default geometry', () => {
  assert.equal(g, {
    suite: 'x25519',
    hops: 5,
    userBytes: 2000,
    adBytes: 2,
    kemBytes: 32,
    commandBytes: 82,
    slotBytes: 114,
    routingBytes: 570,
    macBytes: 32,
    headerBytes: 636,
    bodyBytes: 2701,
    payloadBytes: 2733,
    packetBytes: 3369,
    replyBlockBytes: 700,
  })
})

test('the table of sizes is the geometry', () => {
  const rows = table('## 2. Sizes')
  const sizes = Object.keys(g).filter(key => key.endsWith('Bytes') && key !== 'userBytes')
  assert.equal(rows.map(([name]) => name).toSorted(), sizes.toSorted())
  for (const [name, , size] of rows) assert.is(Number(size), g[name as keyof Geometry], name)
})

test('the tables of fields add up', () => {
  const totals = {
    '### 2.1 A packet': g.packetBytes,
    '### 2.2 The body of a forward packet': g.bodyBytes,
    '## 8. Reply blocks': g.replyBlockBytes,
  }
  for (const [heading, total] of Object.entries(totals)) {
    let at = 0
    for (const [offset, length] of table(heading)) {
      assert.is(Number(offset), at, heading)
      at += Number(length)
    }
    assert.is(at, total, heading)
  }
})

test('sizes follow the formulas for any geometry', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: maxHops }),
      fc.integer({ min: 1, max: 1 << 20 }),
      (hops, userBytes) => {
        const any = geometry({ suite: 'x25519', hops, userBytes })
        assert.is(any.headerBytes, 2 + 32 + hops * 114 + 32)
        assert.is(any.replyBlockBytes, any.headerBytes + 64)
        assert.is(any.packetBytes, any.headerBytes + 32 + 1 + any.replyBlockBytes + userBytes)
      },
    ),
  )
})

test('other numbers and names are refused', () => {
  for (const hops of [0, -1, 33, 2.5, Number.NaN])
    assert.throws(() => geometry({ suite: 'x25519', hops, userBytes: 1 }), /hops: want 1 to 32/)
  for (const userBytes of [0, -1, 2 ** 20 + 1, 0.5])
    assert.throws(() => geometry({ suite: 'x25519', hops: 5, userBytes }), /userBytes: want 1 to 1048576/)
  const other = JSON.parse('{"suite":"constructor","hops":5,"userBytes":1}')
  assert.throws(() => geometry(other), /no suite constructor/)
})

test('the worked packet, from the primitives alone', () => {
  const shown = new Map([...page.matchAll(/^ {4}(\w+) += ([0-9a-f]+)$/gm)].map(match => [match[1], match[2]]))
  const vectors = (JSON.parse(readFileSync(vectorPath('x25519'), 'utf8')) as VectorFile).vectors
  const vector = vectors.find(({ id }) => id === 'forward 2 of 3') as Vector
  const expected = vector.expect as { packets: [string]; tags: [string] }
  const [hop] = vector.input['path'] as [{ key: string }]
  const packet = bytes(expected.packets[0])

  const e = bytes((vector.input['random'] as string).slice(0, 64))
  const pk = bytes(hop.key)
  const ct = x25519PublicKey(e)
  const dh = x25519(e, pk)
  const K = blake2b([dh, pk, ct], 32)
  const labels = new Map(
    table('### 4.2 Keys of a hop').map(([key, label, length]) => [key, { label, length }]),
  )
  const derived = (key: string): Uint8Array => {
    const { label, length } = labels.get(key) ?? {}
    const message = new TextEncoder().encode((label as string).replaceAll('`', ''))
    return blake2b(message, 64, K).subarray(0, Number(length))
  }
  const want = {
    e,
    pk,
    ct,
    dh,
    K,
    mac: derived('mac'),
    header: derived('header'),
    tag: derived('tag'),
    k1: derived('k1'),
    k3: derived('k3'),
  }
  for (const [name, value] of Object.entries(want)) assert.is(shown.get(name), hex(value), name)
  assert.is(hex(derived('tag')), expected.tags[0])
  assert.is(hex(blake2b(packet.subarray(0, 376), 32, derived('mac'))), hex(packet.subarray(376, 408)))

  const slot = packet.slice(34, 34 + 114)
  chacha20Xor(derived('header'), slot)
  assert.is(hex(slot), ['delay', 'next', 'end', 'kem'].map(name => shown.get(name)).join(''))
})

test('the example of section 12 runs and prints what it says', () => {
  const code = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-sphinx-'))
  const path = join(folder, 'example.mts')
  const index = join(import.meta.dirname, '..', 'sphinx', 'index.ts')
  writeFileSync(path, code.replace("'chaffinch/sphinx'", JSON.stringify(index)))
  const args = ['--conditions=chaffinch-source', '--import', 'tsx', path]
  const cwd = join(import.meta.dirname, '..')
  const child = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  assert.is(child.stdout, `${/console\.log.*\/\/ (.*)/.exec(code)?.[1]}\n`, child.stderr)
})

test.run()

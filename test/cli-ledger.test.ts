// chaffinch ledger: a folder is made once, mints, verifies, and says what is wrong with it. Its answers over the
// network are those of `npm start -- --payments`.
// tier: slow
// needs: dist

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHex } from '../encoding/bytes.ts'
import { readGenesis } from '../payment/ledger/log.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-ledger-'))
const bank = join(folder, 'bank')
const key = 'ab'.repeat(32)

function chaffinch(...args: string[]): { status: number | null; out: string; err: string } {
  const command = [join(root, 'dist', 'scripts', 'chaffinch.js'), ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', cwd: root })
  return { status, out: stdout.trim(), err: stderr.trim() }
}

test.after(() => rmSync(folder, { recursive: true, force: true }))

test('init prints the genesis that clients pin, keeps its keys to itself, and overwrites nothing', () => {
  const { status, out } = chaffinch('ledger', 'init', bank, '--name', 'demo')
  assert.is(status, 0)
  assert.is(readGenesis(fromHex(out)).name, 'demo')
  assert.is(readFileSync(join(bank, 'genesis'), 'utf8').trim(), out)
  assert.is(statSync(join(bank, 'ledger.key')).mode & 0o077, 0)
  assert.match(chaffinch('ledger', 'init', bank).err, /nothing was overwritten/)
})

test('mint wants a key for every note, and what was minted can be spent', () => {
  const refused = chaffinch('ledger', 'mint', bank, '--amount', '30', '--to', key)
  assert.is(refused.status, 2)
  assert.match(refused.err, /30 makes 20 \+ 10: want --to KEY 2 times/)
  const minted = chaffinch('ledger', 'mint', bank, '--amount', '30', '--to', key, '--to', 'cd'.repeat(32))
  assert.is(minted.status, 0)
  assert.match(minted.out, /^[0-9a-f]{64} 1$/)
  const { status, out } = chaffinch('ledger', 'verify', bank, '--json')
  assert.is(status, 0)
  const found = JSON.parse(out) as Record<string, unknown>
  assert.equal([found['name'], found['entries'], found['minted'], found['unspent']], ['demo', 2, 30, 30])
})

test('another key than the log was written with is found, and so are wrong words', () => {
  const file = join(bank, 'ledger.key')
  const good = readFileSync(file, 'utf8')
  writeFileSync(file, `${'11'.repeat(32)}\n`, { mode: 0o600 })
  const { status, err } = chaffinch('ledger', 'verify', bank)
  writeFileSync(file, good, { mode: 0o600 })
  assert.is(status, 1)
  assert.match(err, /^chaffinch: .*bank: /)
  assert.is(chaffinch('ledger', 'bake', bank).status, 2)
  assert.is(chaffinch('ledger', 'mint', bank).status, 2)
})

test.run()

// chaffinch send: what it refuses to send.
// tier: slow

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorityEntry } from '../directory/authority/keys.ts'
import { initClient, initNetwork } from '../roles/files/index.ts'
import { seedOf } from '../simulator/directory-world.ts'

const program = join(import.meta.dirname, '..', 'scripts', 'chaffinch.ts')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-send-'))
test.after(() => rmSync(folder, { recursive: true }))

test('an empty standard input is a mistake; an empty text is a message', () => {
  const networkFile = join(folder, 'network.toml')
  const authorities = [authorityEntry(seedOf('alpha'), ['/ip4/127.0.0.1/tcp/1'])]
  initNetwork(networkFile, { name: 'demo', genesis: 0, epochMs: 60_000, threshold: 1, authorities })
  initClient(join(folder, 'me'), { networkFile, apiPort: 1 })
  const send = (...more: string[]): { status: number | null; stderr: string } => {
    const args = ['--conditions=chaffinch-source', '--import', 'tsx', program, 'send', '--to', 'chaffinch_b']
    const config = ['--config', join(folder, 'me', 'client.toml')]
    return spawnSync(process.execPath, [...args, ...config, ...more], { input: '', encoding: 'utf8' })
  }
  const empty = send()
  assert.is(empty.status, 2)
  assert.match(
    empty.stderr,
    /^chaffinch: send: standard input is empty\nhint: give a text; '' sends an empty message\n$/,
  )
  // The control gets further: no client runs
  assert.match(send('').stderr, 'no token there')
})

test.run()

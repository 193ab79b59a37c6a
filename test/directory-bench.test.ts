// npm run bench -- directory: the agreed fields, and sizes within what docs/spec/directory-consensus.md 6.4 and the
// design promise.
// tier: slow

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')

test('the last line of bench directory --json has the agreed fields, and its sizes keep within their limits', () => {
  const script = join(root, 'trials', 'bench.ts')
  const args = [
    '--conditions=chaffinch-source',
    '--import',
    'tsx',
    script,
    'directory',
    '--json',
    '--rounds',
    '1',
  ]
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  assert.is(status, 0)
  const { large, ...result } = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as Record<
    string,
    number
  > & { large: Record<string, number> }
  assert.equal(Object.keys(result), [
    'nodes',
    'authorities',
    'signatures',
    'voteBytes',
    'consensusBytes',
    'diffBytes',
    'tallyMs',
    'verifyMs',
    'ed25519VerifyUs',
  ])
  assert.equal(Object.keys(large), ['nodes', 'bytes', 'longestSliceMs', 'cpuMs'])
  assert.is(large['nodes'], 9500)
  assert.ok((large['longestSliceMs'] as number) < (large['cpuMs'] as number) / 10)
  assert.ok(Object.values(result).every(figure => figure > 0))
  const { nodes = 0, authorities, signatures = 0, consensusBytes = 0, diffBytes = 0 } = result
  assert.equal([nodes, authorities], [1000, 9])
  assert.ok(signatures >= nodes + 5)
  assert.ok(consensusBytes <= 450 * nodes)
  assert.ok(diffBytes <= 140 * nodes)
})

test.run()

// npm run bench -- link: the shape of what it prints.
// tier: slow

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')

test('bench link --json has the agreed fields for 1, 4 and 30 cells a turn, all of them positive', () => {
  const script = join(root, 'trials', 'bench.ts')
  const words = [
    '--conditions=chaffinch-source',
    '--import',
    'tsx',
    script,
    'link',
    '--json',
    '--rounds',
    '1',
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' })
  assert.is(status, 0, stderr)
  const { cellBytes, perTurn } = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string)
  assert.is(cellBytes, 3369)
  assert.equal(Object.keys(perTurn), ['1', '4', '30'])
  for (const figures of Object.values<Record<string, number>>(perTurn)) {
    assert.equal(Object.keys(figures), ['nativeUs', 'packageUs', 'ratio'])
    for (const figure of Object.values(figures)) assert.ok(figure > 0)
  }
})

test.run()

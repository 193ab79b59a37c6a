// What ships is what shuffle/core/ and sphinx/core/ compile to (docs/spec/shuffle.md 2).
// tier: slow

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')

test('the cores compile to the bytes that ship', () => {
  const { status, stderr } = spawnSync('npm', ['run', 'core', '--', '--check'], {
    cwd: root,
    encoding: 'utf8',
  })
  assert.is(status, 0, stderr)
})

test.run()

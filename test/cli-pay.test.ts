// chaffinch pay boltzmann: the command of docs/payments.md 1.5.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-pay-'))
const file = join(folder, 'case.json')

function pay(...args: string[]): { code: number | null; out: string; errors: string } {
  const command = [
    '--conditions=source',
    '--import',
    'tsx',
    join(root, 'scripts', 'chaffinch.ts'),
    'pay',
    ...args,
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', cwd: root })
  return { code: status, out: stdout, errors: stderr }
}

test.after(() => rmSync(folder, { recursive: true, force: true }))

test('prints interpretations, entropy and links, a row an output', () => {
  writeFileSync(
    file,
    '{"inputs":[["a",10],["b",10]],"outputs":[["A",8],["B",2],["C",3],["D",7]],"maxCjIntrafeesRatio":0}',
  )
  const { code, out } = pay('boltzmann', file, '--json')
  assert.is(code, 0)
  const { interpretations, entropyBits, links } = JSON.parse(out)
  assert.is(interpretations, '3')
  assert.ok(Math.abs(entropyBits - Math.log2(3)) < 1e-12)
  assert.equal(links, [
    [2, 2],
    [2, 2],
    [2, 2],
    [2, 2],
  ])
  assert.match(pay('boltzmann', file).out, /66\.7 %/)
})

test('a file that is no case, no file, and no action: one line, a hint, exit code 2', () => {
  writeFileSync(file, '{"inputs":[["a",10]],"outputs":[["A","x"]]}')
  for (const args of [['boltzmann', file], ['boltzmann', join(folder, 'none')], ['boltzmann'], ['nothing']]) {
    const { code, errors } = pay(...args)
    assert.is(code, 2, errors)
    assert.match(errors, /^chaffinch: /)
  }
})

test.run()

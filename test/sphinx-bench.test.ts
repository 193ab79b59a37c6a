// npm run bench: its table of measurements, and the shape of what the packet's prints.
// tier: slow

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')

function bench(...args: string[]): { code: number | null; out: string; err: string } {
  const script = join(root, 'trials', 'bench.ts')
  const child = spawnSync(
    process.execPath,
    ['--conditions=chaffinch-source', '--import', 'tsx', script, ...args],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  return { code: child.status, out: child.stdout, err: child.stderr }
}

test('an unknown name, none, or an unknown option: the names or the option, and exit code 2', () => {
  for (const args of [['nothing'], ['constructor'], []]) {
    const { code, err } = bench(...args)
    assert.is(code, 2)
    assert.match(err, /^usage: npm run bench -- NAME .*NAME is one of: .*sphinx/m)
  }
  const { code, err } = bench('sphinx', '--fast')
  assert.is(code, 2)
  assert.match(err, /^bench: .*--fast/)
})

test('the last line of bench sphinx --json has the agreed fields, all of them positive', () => {
  const { code, out } = bench('sphinx', '--json', '--rounds', '1')
  assert.is(code, 0)
  const result = JSON.parse(out.trimEnd().split('\n').at(-1) as string)
  const { backends, suites, ...figures } = result
  assert.equal(Object.keys(figures), [
    'x25519Us',
    'peelUs',
    'ratio',
    'wrapUs',
    'replyUs',
    'packetBytes',
    'payloadBytes',
  ])
  assert.equal(Object.keys(backends), ['node', 'browser'])
  assert.equal(Object.keys(suites), ['x25519', 'x25519-2'])
  for (const some of [figures, backends.node, backends.browser, ...Object.values(suites)])
    for (const figure of Object.values(some as object)) assert.ok(figure > 0)
  assert.equal([result.packetBytes, result.payloadBytes], [3369, 2733])
})

test.run()

// docs/spec/sphinx.md 12: where sodium-native has no addon (musl, 32-bit ARM) the portable backend takes its place, in
// Node too. Everything here runs in processes in which that addon cannot be loaded.
// tier: slow

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')

interface Ended {
  readonly code: number | null
  readonly said: string
}

/** Runs Node on what it is given, with the addon or without it. */
function run(hasAddon: boolean, ...what: readonly string[]): Promise<Ended> {
  const hidden = hasAddon ? [] : ['--require', join(root, 'test', 'no-addon.cjs')]
  const child = spawn(
    process.execPath,
    [...hidden, '--conditions=chaffinch-source', '--import', 'tsx', ...what],
    { cwd: root, env: { ...process.env, NODE_OPTIONS: '' } },
  )
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      said += data.toString()
    })
  return new Promise(resolve => child.on('close', code => resolve({ code, said })))
}

const program = `
  import { locksMemory, missingAddon, x25519PublicKey } from './sphinx/index.ts'
  console.log(JSON.stringify([locksMemory, missingAddon === undefined, Buffer.from(x25519PublicKey(new Uint8Array(32).fill(7))).toString('hex')]))`

test('the addon is in use where there is one, and else the portable backend, with the same results', async () => {
  const evaluate = ['--input-type=module', '--eval', program]
  const [native, portable] = await Promise.all([run(true, ...evaluate), run(false, ...evaluate)])
  assert.is(native.code, 0, native.said)
  assert.is(portable.code, 0, portable.said)
  const [locked, whole, key] = JSON.parse(native.said) as unknown[]
  assert.equal([locked, whole], [true, true], 'control: this platform has the addon')
  assert.equal(JSON.parse(portable.said), [false, false, key])
})

for (const file of [
  'sphinx-crypto',
  'sphinx-vectors',
  'sphinx-packet',
  'directory-vectors',
  'directory-sharing-vectors',
])
  test(`${file} passes without the addon`, async () => {
    const { code, said } = await run(false, `test/${file}.test.ts`)
    assert.is(code, 0, said)
    assert.match(said, /Passed: +[1-9]/)
  })

/** Opens a role's log, and gives the lines of JSON that it says then. */
async function warnings(hasAddon: boolean): Promise<readonly Record<string, unknown>[]> {
  const opens = "import { openLog } from './roles/role.ts'; openLog('mix', 'info').info({}, 'started')"
  const { code, said } = await run(hasAddon, '--input-type=module', '--eval', opens)
  assert.is(code, 0, said)
  const lines = said
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  assert.is(lines.at(-1)?.['msg'], 'started')
  return lines.slice(0, -1)
}

test('a role says so once, in a line of its log; control: with the addon it says nothing', async () => {
  assert.equal(await warnings(true), [])
  const [warning, ...more] = await warnings(false)
  assert.equal(more, [])
  assert.equal(
    [warning?.['level'], warning?.['code'], warning?.['memoryLocked']],
    ['warn', 'NO_ADDON', false],
  )
  assert.not.match(String(warning?.['reason']), '\n')
})

test.run()

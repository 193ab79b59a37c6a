// What a running role writes on standard error: lines of JSON with a time, whatever happens, from its start to its end.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { watchReadiness } from '../roles/role.ts'
import type { Log } from '../world/log.ts'

const role = join(import.meta.dirname, '..', 'roles', 'role.ts')

interface Line {
  readonly level: string
  readonly time: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** Runs a role that is written in a line, and ends it where it says that it started. */
async function run(start: string): Promise<{ code: number | null; lines: Line[] }> {
  const program = `
    import { openLog, runRole } from ${JSON.stringify(role)}
    import { CommandError } from ${JSON.stringify(join(role, '..', '..', 'encoding', 'command-line.ts'))}
    const log = openLog('mix', 'info')
    process.exitCode = await runRole(log, async () => { ${start} })`
  const args = ['--conditions=chaffinch-source', '--import', 'tsx', '--input-type=module', '-e', program]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  child.stderr.on('data', chunk => {
    err += chunk
    if (err.includes('"ready"')) child.kill('SIGTERM')
  })
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  const lines = err
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Line)
  for (const { time } of lines) assert.ok(!Number.isNaN(Date.parse(time)))
  return { code, lines }
}

test('a life: starting with its version, ready, draining, stopped', async () => {
  const { code, lines } = await run('setInterval(() => {}, 1000).unref(); return { close: async () => {} }')
  assert.equal(
    lines.map(({ level, msg }) => `${level} ${msg}`),
    ['info starting', 'info ready', 'info draining', 'info stopped'],
  )
  assert.match(lines[0]?.['version'] as string, /^\d+\.\d+\.\d+/)
  assert.is(lines[2]?.['why'], 'SIGTERM')
  assert.is(code, 0)
})

test('what ends a process, and what keeps it from starting, are lines too', async () => {
  const fault = await run(
    "setTimeout(() => { throw new Error('boom') }, 10); return { close: async () => {} }",
  )
  assert.is(fault.code, 1)
  assert.is(fault.lines.at(-1)?.level, 'error')
  assert.match(fault.lines.at(-1)?.['error'] as string, 'Error: boom')
  const refused = await run("throw new CommandError('CONFIG', 'the key is gone', 'restore it')")
  assert.is(refused.code, 2)
  assert.equal(
    refused.lines.slice(1).map(({ level, msg, hint }) => [level, msg, hint]),
    [['error', 'the key is gone', 'restore it']],
  )
})

test('a role that is long not ready says so once, and why', () => {
  const said: string[] = []
  const say: Log['info'] = (fields, text) => void said.push(`${text} ${JSON.stringify(fields)}`)
  let why: string | undefined = 'no consensus'
  const look = watchReadiness(() => why, { debug: say, info: say, warn: say, error: say })
  for (let i = 0; i < 100; i++) look()
  assert.equal(said, ['not ready after 15 s {"why":"no consensus"}'])
  why = undefined
  for (let i = 0; i < 3; i++) look()
  why = 'the gateway is gone'
  look()
  assert.equal(said.slice(1), ['ready {}', 'not ready any more {"why":"the gateway is gone"}'])
})

test.run()

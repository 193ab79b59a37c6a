// What a running role writes on standard error: lines of JSON with a time, whatever happens, from its start to its end.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CommandError } from '../encoding/command-line.ts'
import { LinkError } from '../link/link.ts'
import { readable } from '../roles/readable-log.ts'
import { machineError, watchReadiness } from '../roles/role.ts'
import { sparing } from '../roles/sparing.ts'
import { virtualClock } from '../world/clock.ts'
import { ListenError } from '../world/http.ts'
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
  let [err, told] = ['', false]
  child.stderr.on('data', chunk => {
    err += chunk
    // Once: who asks again while it ends does not want to wait
    if (!told && err.includes('"ready"')) told = child.kill('SIGTERM')
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

test('a role that cannot say how it is is not ready, and lives on; so it does where its file cannot be read again', async () => {
  const said: string[] = []
  const say: Log['info'] = ({ why }, text) => void said.push(`${text}: ${why}`)
  const look = watchReadiness(
    () => {
      throw new Error('no status')
    },
    { debug: say, info: say, warn: say, error: say },
  )
  for (let i = 0; i < 20; i++) look()
  assert.equal(said, ['not ready after 15 s: Error: no status'])
  const { code, lines } = await run(
    `setTimeout(() => process.kill(process.pid, 'SIGHUP'), 10)
     let read = 0
     return { close: async () => {}, reload: () => { read++; throw new Error('odd') },
       unready: () => read === 0 ? 'not yet' : undefined }`,
  )
  assert.is(code, 0)
  assert.ok(lines.some(({ level, why }) => level === 'error' && why === 'Error: odd'))
})

test('a port that another process has: the hint names the key of the file that sets it', () => {
  const hintOf = (error: Error): string | undefined => (machineError(error) as CommandError).hint
  assert.match(
    hintOf(new ListenError('port 7201 of 127.0.0.1 is in use')) ?? '',
    "'status_port' or 'api_port'",
  )
  assert.match(
    hintOf(new LinkError('LISTEN', 'cannot listen on /ip4/127.0.0.1/tcp/1: the port is in use')) ?? '',
    "'listen'",
  )
})

test('every part that runs by a clock has one whose timers end no process', () => {
  const starters = {
    'directory/authority/authority.ts': 'startAuthority',
    'directory/follow/follow.ts': 'followDirectory',
    'directory/join/join.ts': 'joinDirectory',
    'link/libp2p/host.ts': 'startHost',
    'node/node.ts': 'startNode',
    'client/connect.ts': 'open',
    'payment/person/payments.ts': 'open',
    'payment/ledger/followed.ts': 'open',
  }
  for (const [file, starter] of Object.entries(starters)) {
    const source = readFileSync(join(import.meta.dirname, '..', file), 'utf8')
    const at = source.search(new RegExp(`(async|function) ${starter}\\(`))
    assert.ok(at >= 0, `${file}: ${starter}`)
    assert.match(source.slice(at, at + 1200), /guardedClock\(/, `${file}: ${starter}`)
  }
})

test('what goes wrong again and again is said once a minute, with how often', async () => {
  const said: string[] = []
  const say: Log['info'] = (fields, text) => void said.push(`${text} ${JSON.stringify(fields)}`)
  const clock = virtualClock(0)
  const log = sparing({ debug: say, info: say, warn: say, error: say }, clock)
  for (let i = 0; i < 90; i++) {
    log.error({ code: 'ENOSPC' }, 'cannot be described')
    if (i === 0) log.warn({ code: 'EACCES' }, 'cannot be described')
    await clock.advance(1000)
  }
  assert.equal(said, [
    'cannot be described {"code":"ENOSPC"}',
    'cannot be described {"code":"EACCES"}',
    'cannot be described {"code":"ENOSPC","times":60}',
  ])
  for (let i = 0; i < 3; i++) log.info({}, 'each is told')
  assert.is(said.length, 6)
})

test('in a terminal the same line is for people', () => {
  const line = {
    level: 'warn',
    time: '2026-01-01T10:20:30.000Z',
    role: 'mix',
    code: 'NO_ADDON',
    why: 'no build',
    msg: 'slower',
  }
  assert.match(
    readable(JSON.stringify(line), false),
    /^\d\d:20:30 warn {2}mix: slower code=NO_ADDON why="no build"\n$/,
  )
  assert.ok(readable(JSON.stringify(line), true).includes('\u001b['))
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

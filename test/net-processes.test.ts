// A small network of real processes, as `npm start -- --once --json` starts a larger one. Wants the built program.
// needs: dist
// tier: slow

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Report } from '../scripts/network/report.ts'

const program = join(import.meta.dirname, '..', 'dist', 'scripts', 'chaffinch.js')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-test-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** @param until stops it with a Ctrl-C once its standard error says this */
function chaffinch(args: readonly string[], until?: string): Promise<Ended> {
  assert.ok(existsSync(program), `${program}: run npm run build first`)
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err, told] = ['', '', false]
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
    if (until !== undefined && err.includes(until) && !told) {
      told = true
      child.kill('SIGINT')
    }
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err })))
}

test('eight processes carry every message and reply, and end without a trace', async () => {
  const size = ['--authorities', '2', '--mixes', '3', '--gateways', '1', '--clients', '2']
  const play = ['--messages', '3', '--kill', 'none', '--epoch', '5s', '--seed', '5', '--dir', folder]
  const { code, out, err } = await chaffinch(['net', '--once', '--json', ...size, ...play])
  const report = JSON.parse(out.trimEnd().split('\n').at(-1) as string) as Report
  assert.equal(
    report.claims.filter(({ holds }) => !holds),
    [],
    err,
  )
  assert.is(code, 0, err)
  assert.is(out.trimEnd().split('\n').length, 1, 'standard output holds the object only')
  assert.is(report.processes, 8)
  assert.ok(report.epochs >= 2)
  assert.equal(report.messages, { sent: 3, stored: 3, read: 3, replies: 3, duplicates: 0, lost: 0 })
  const { drawnP50Ms, totalP50Ms, addedP50Ms, addedP99Ms } = report.latency
  for (const value of [drawnP50Ms, totalP50Ms, addedP50Ms, addedP99Ms]) assert.type(value, 'number')
  const ids = report.claims.map(({ id }) => id)
  for (const id of ['consensus-agreed', 'messages-read-once', 'counters-sum', 'stopped-clean']) {
    assert.ok(ids.includes(id), id)
  }
  assert.ok(readdirSync(folder).includes('network.toml'), 'a folder that was named is kept')
})

test('a Ctrl-C before anything was settled breaks no claim', async () => {
  const size = ['--authorities', '1', '--mixes', '3', '--gateways', '1', '--clients', '2']
  const { code, out, err } = await chaffinch(['net', ...size, '--kill', 'gateway'], 'started 7 processes')
  assert.match(out, 'stopped before the claims were settled: 0 of 12 messages read')
  assert.not.match(out + err, /BROKEN|null|aborted/)
  assert.is(code, 130)
})

test('wrong use ends with code 2, one line and a hint', async () => {
  const wrong: [string[], RegExp][] = [
    [[], /^chaffinch: want a command\nhint: chaffinch --help\n$/],
    [['fly'], /^chaffinch: no command 'fly'\nhint: chaffinch --help\n$/],
    [['net', '--fly'], /^chaffinch: unknown option '--fly'\nhint: chaffinch net --help\n$/],
    [['net', '--epoch', '20'], /^chaffinch: --epoch 20: want a number and a unit/],
    [['net', '--preset', 'x'], /^chaffinch: --preset x: want one of netmix, rounds, crowds\n$/],
    [['net', '--kill', 'mix', '--mixes', '3'], /a layer would be empty\nhint: --mixes 6\n$/],
    [['mix', '--config', join(folder, 'none.toml')], /none\.toml: no such file\n/],
  ]
  const ended = await Promise.all(wrong.map(([args]) => chaffinch(args)))
  for (const [i, [args, says]] of wrong.entries()) {
    assert.is(ended[i]?.code, 2, args.join(' '))
    assert.match(ended[i]?.err as string, says)
    assert.is(ended[i]?.out, '')
  }
})

test('help is there for each command, and loads none of their libraries', async () => {
  const commands = [
    'net',
    'init',
    'authority',
    'mix',
    'gateway',
    'client',
    'send',
    'inbox',
    'address',
    'consensus',
  ]
  const overview = await chaffinch(['--help'])
  assert.is(overview.code, 0)
  for (const command of commands) assert.match(overview.out, new RegExp(`^  ${command} `, 'm'))
  const pages = await Promise.all(commands.map(command => chaffinch([command, '--help'])))
  for (const [i, page] of pages.entries()) {
    assert.is(page.code, 0)
    assert.match(page.out, new RegExp(`^usage: chaffinch ${commands[i]}`))
    assert.match(page.out, /examples?:\n/)
  }
  assert.match((await chaffinch(['--version'])).out, /^chaffinch \d+\.\d+\.\d+\n$/)
})

test.run()

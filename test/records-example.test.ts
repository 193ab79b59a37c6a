// examples/python/records.py: records that a program sends through a mix-net's client, and another takes
// (docs/guide/survey.md 5). A Controller, two mixers and two clients as processes.
// tier: slow
// needs: dist

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freePorts } from '../simulator/processes/plan.ts'

const root = join(import.meta.dirname, '..')
const program = join(root, 'dist', 'scripts', 'chaffinch.js')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-survey-'))
const running = new Map<string, ChildProcess>()
process.on('exit', () => {
  for (const child of running.values()) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const say = (...args: string[]): string =>
  execFileSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()

function start(name: string, ...args: string[]): void {
  const child = spawn(process.execPath, [program, 'cascade', ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr?.on(
    'data',
    (said: Buffer) => said.toString().includes('"error"') && console.log(name, said.toString()),
  )
  running.set(name, child)
}

async function stop(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const child = running.get(name) as ChildProcess
  const over = new Promise(resolve => child.once('exit', resolve))
  child.kill(signal)
  await over
  running.delete(name)
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 150_000
  while (!(await look().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within 150 s: ${what}`)
    await pause(200)
  }
}

const plan = ['--plan', 'board/mixnet.json']

test('records of a vehicle are sent by a program in Python, and taken by another', async () => {
  if (spawnSync('python3', ['--version']).status !== 0) return console.log('skipped: no python3')
  const [port0] = (await freePorts(1)) as [number]
  const names = ['mixer1', 'mixer2']
  const mixers = names.flatMap(name => ['--mixer', say('cascade', 'init', 'mixer', name)])
  const usual = ['--url', `http://127.0.0.1:${port0}`, '--packets', '1024', '--settle', '1s', '--cycles', '0']
  say('cascade', 'init', 'mixnet', 'board', '--name', 'road', ...usual, '--close-count', '2', ...mixers)
  start('controller', 'controller', 'board')
  for (const name of names) start(name, 'mixer', name, ...plan)
  for (const name of ['car', 'office']) {
    say('cascade', 'init', 'client', name)
    start(name, 'client', name, ...plan, '--port', '0', '--cover')
  }
  const port = (who: string): string => readFileSync(join(folder, who, 'status-port'), 'utf8').trim()
  await until('both are there', async () => port('car') !== '' && port('office') !== '')
  const token = readFileSync(join(folder, 'office', 'token'), 'utf8').trim()
  const own = await fetch(`http://127.0.0.1:${port('office')}/identity`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const { id } = (await own.json()) as { id: string }
  const records = ['{"speed": 50, "at": 1}', `{"speed": 80, "note": "${'x'.repeat(3000)}"}`]
  writeFileSync(join(folder, 'records.jsonl'), `${records.join('\n')}\n`)
  const python = (...args: string[]): Promise<{ readonly code: number | null; readonly out: string }> => {
    const child = spawn('python3', [join(root, 'examples/python/records.py'), ...args], { cwd: folder })
    running.set(args[0] as string, child)
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk
    })
    child.stderr.pipe(process.stderr)
    return new Promise(resolve => child.once('close', code => resolve({ code, out })))
  }
  const [sent, taken] = await Promise.all([
    python('send', port('car'), 'car/token', id, 'records.jsonl'),
    python('take', port('office'), 'office/token', '2'),
  ])
  assert.is(sent.code, 0)
  assert.match(sent.out, /2 delivered\n$/)
  assert.equal(taken.out.trim().split('\n').sort(), [...records].sort())
  for (const name of ['send', 'take']) running.delete(name)
  for (const name of [...running.keys()]) await stop(name, 'SIGTERM')
})

test.run()

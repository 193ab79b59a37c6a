// examples/python/records.py: records that a program sends through a mix-net's client, and another takes
// (docs/guide/survey.md 5). A Controller, two mixers and two clients as processes.
// tier: slow
// needs: dist

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freePorts } from '../simulator/processes/plan.ts'
import { cascadeProcesses, until } from './cascade-processes.ts'

const root = join(import.meta.dirname, '..')
const { folder, running, say, start, stop } = cascadeProcesses('records')

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

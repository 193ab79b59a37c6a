// examples/python/records.py, c/records.c and java/Records.java: records that a program sends through a mix-net's
// client, and another takes (docs/guide/survey.md 5), each language from another one. A Controller, two mixers and two
// clients as processes.
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

interface Language {
  readonly name: string
  readonly tool: string
  /** Makes the program, and runs it. */
  readonly make?: readonly string[]
  readonly run: readonly string[]
}

const python: Language = {
  name: 'Python',
  tool: 'python3',
  run: ['python3', join(root, 'examples/python/records.py')],
}
const c: Language = {
  name: 'C',
  tool: 'cc',
  make: [
    'cc',
    '-std=c11',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    'records',
    join(root, 'examples/c/records.c'),
  ],
  run: ['./records'],
}
const java: Language = {
  name: 'Java',
  tool: 'javac',
  make: ['javac', '-Xlint:all,-serial', '-Werror', '-d', '.', join(root, 'examples/java/Records.java')],
  run: ['java', '-cp', '.', 'Records'],
}

/** Says whether a language is here, and makes its program. */
function isMade({ name, tool, make }: Language): boolean {
  if (spawnSync('bash', ['-c', `command -v ${tool}`]).status !== 0) {
    console.log(`skipped: no ${tool}: the example in ${name} does not run`)
    return false
  }
  const [command, ...args] = make ?? ['true']
  const { status, stderr } = spawnSync(command as string, args, { cwd: folder, encoding: 'utf8' })
  assert.is(status, 0, stderr)
  return true
}

const port = (who: string): string => readFileSync(join(folder, who, 'status-port'), 'utf8').trim()
let recipient = ''

test.before(async () => {
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
  await until('both are there', async () => port('car') !== '' && port('office') !== '')
  const token = readFileSync(join(folder, 'office', 'token'), 'utf8').trim()
  const own = await fetch(`http://127.0.0.1:${port('office')}/identity`, {
    headers: { authorization: `Bearer ${token}` },
  })
  recipient = ((await own.json()) as { id: string }).id
})

test.after(async () => {
  for (const name of [...running.keys()]) await stop(name, 'SIGTERM')
})

function run(
  { run: [command, ...first] }: Language,
  ...args: string[]
): Promise<{ readonly code: number | null; readonly out: string }> {
  const child = spawn(command as string, [...first, ...args], { cwd: folder })
  running.set(args[0] as string, child)
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stderr.pipe(process.stderr)
  return new Promise(resolve =>
    child.once('close', code => {
      running.delete(args[0] as string)
      resolve({ code, out })
    }),
  )
}

for (const [sender, taker] of [
  [python, python],
  [c, java],
  [java, c],
] as const)
  test(`records of a vehicle are sent by a program in ${sender.name}, and taken by one in ${taker.name}`, async () => {
    if (!isMade(sender) || !isMade(taker)) return
    const way = `${sender.name} to ${taker.name}`
    // Quotes, letters beyond ASCII, more than a packet holds, and every length of a last group of three bytes
    const records = [
      `{"speed": 50, "way": "${way} \\"ä→€\\""}`,
      `{"speed": 80, "way": "${way}", "note": "${'x'.repeat(3000)}"}`,
      ...['a', 'bc', 'def'].map(text => `${way} ${text}`),
    ]
    const file = `${sender.name}.jsonl`
    writeFileSync(join(folder, file), `${records.join('\n')}\n`)
    const [sent, taken] = await Promise.all([
      run(sender, 'send', port('car'), 'car/token', recipient, file),
      run(taker, 'take', port('office'), 'office/token', String(records.length)),
    ])
    assert.is(sent.code, 0)
    assert.match(sent.out, /(5 delivered|5 of 5 delivered)\n$/)
    assert.equal(taken.out.trim().split('\n').sort(), [...records].sort())
    // The same again, as after a crash, is there already
    assert.is((await run(sender, 'send', port('car'), 'car/token', recipient, file)).code, 0)
  })

test.run()

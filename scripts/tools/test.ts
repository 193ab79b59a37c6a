// npm test [-- part of a file name]: every test file in a process of its own, with a time limit, no silent pass.

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

const limitMs = 110_000
const folder = join(import.meta.dirname, '..', '..', 'test')
const wanted = process.argv.slice(2)

interface Outcome {
  file: string
  passed: number
  failed: number
  skipped: number
  ms: number
  output: string
}

const files = readdirSync(folder)
  .filter(name => name.endsWith('.test.ts'))
  .filter(name => wanted.length === 0 || wanted.some(part => name.includes(part)))
  .sort()
const queue = [...files]
const outcomes: Outcome[] = []
// One more than there are cores: some files mostly wait for the processes they have started.
await Promise.all(Array.from({ length: 1 + Math.min(2, availableParallelism()) }, work))

const failed = outcomes.filter(outcome => outcome.failed > 0)
for (const outcome of failed) process.stdout.write(`\n--- ${outcome.file}\n${outcome.output}\n`)
const sum = (of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0)
const [passes, failures, skips] = [sum(o => o.passed), sum(o => o.failed), sum(o => o.skipped)]
console.log(`\n${passes} passed, ${failures} failed${skips > 0 ? `, ${skips} skipped` : ''}`)
if (failures > 0 || passes === 0) process.exitCode = 1

async function work(): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const outcome = await run(file)
    outcomes.push(outcome)
    const notes = outcome.output.split('\n').filter(line => line.startsWith('skipped:'))
    console.log(
      `${outcome.failed > 0 ? 'FAIL' : 'ok  '} ${file} (${outcome.passed} in ${(outcome.ms / 1000).toFixed(1)} s)`,
    )
    for (const note of notes) console.log(`     ${note}`)
  }
}

function run(file: string): Promise<Outcome> {
  const started = performance.now()
  const child = spawn(
    process.execPath,
    ['--conditions=chaffinch-source', '--import', 'tsx', join(folder, file)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, FORCE_COLOR: '0' },
    },
  )
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  child.stderr.on('data', chunk => {
    output += chunk
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    stopGroup(child.pid)
  }, limitMs)
  return new Promise(resolve => {
    child.on('close', code => {
      clearTimeout(timer)
      stopGroup(child.pid)
      const count = (word: string): number =>
        [...output.matchAll(new RegExp(`^\\s+${word}:\\s+(\\d+)`, 'gm'))].reduce(
          (n, m) => n + Number(m[1]),
          0,
        )
      const passed = count('Passed')
      const lost = count('Total') - passed - count('Skipped')
      const broken = late || code !== 0 || passed === 0
      if (late) output += `\n${file}: not over after ${limitMs / 1000} s, stopped\n`
      else if (passed === 0) output += `\n${file}: no test passed (exit code ${code})\n`
      resolve({
        file,
        passed,
        failed: broken ? Math.max(1, lost) : lost,
        skipped: count('Skipped'),
        ms: performance.now() - started,
        output,
      })
    })
  })
}

/** The file's process leads a group: what it started goes with it. */
function stopGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // already gone
  }
}

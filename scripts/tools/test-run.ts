// Runs test files: each in a process of its own, with a time limit, as many at once as there are workers.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TestFile } from './test-files.ts'

export interface Outcome {
  readonly file: TestFile
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Why tests were skipped, as the file printed it. */
  readonly reasons: readonly string[]
  readonly ms: number
  readonly output: string
}

export interface RunInit {
  readonly root: string
  readonly limitMs: number
  readonly workers: number
  /** Called as each file ends. */
  readonly ended: (outcome: Outcome) => void
  readonly signal: AbortSignal
}

/** Node 24 takes types out of a source by itself, and keeps what it compiled: it starts in a third of the time. */
const readsTypes = Number(process.versions.node.split('.')[0]) >= 24

/** Runs the files in their order and resolves when the last has ended; none starts any more once the signal aborts. */
export async function runFiles(files: readonly TestFile[], init: RunInit): Promise<Outcome[]> {
  const waiting = [...files]
  const outcomes: Outcome[] = []
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined && !init.signal.aborted; file = waiting.shift()) {
      const outcome = await runFile(file, init)
      outcomes.push(outcome)
      init.ended(outcome)
    }
  }
  await Promise.all(Array.from({ length: init.workers }, work))
  return outcomes
}

function runFile(file: TestFile, { root, limitMs, signal }: RunInit): Promise<Outcome> {
  const started = performance.now()
  const loader = readsTypes ? [] : ['--import', 'tsx']
  const child = spawn(process.execPath, ['--conditions=chaffinch-source', ...loader, file.path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...compileCache(root), FORCE_COLOR: '0' },
  })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output += chunk
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let late = false
  const timer = setTimeout(() => {
    late = true
    stopGroup(child.pid)
  }, limitMs)
  const stop = (): void => stopGroup(child.pid)
  signal.addEventListener('abort', stop, { once: true })
  return new Promise(resolve => {
    child.on('close', code => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      stopGroup(child.pid)
      const count = (word: string): number =>
        [...output.matchAll(new RegExp(`^\\s+${word}:\\s+(\\d+)`, 'gm'))].reduce(
          (n, m) => n + Number(m[1]),
          0,
        )
      const passed = count('Passed')
      const lost = count('Total') - passed - count('Skipped')
      const reasons = output.split('\n').filter(line => line.startsWith('skipped:'))
      // a file that lacks a tool says so; any other one has a test that passes
      const isEmpty = passed === 0 && reasons.length === 0
      const broken = late || code !== 0 || isEmpty
      if (late) output += `\n${file.name}: not over after ${limitMs / 1000} s, stopped\n`
      else if (broken && passed === 0) output += `\n${file.name}: no test passed (exit code ${code})\n`
      resolve({
        file,
        passed,
        failed: broken ? Math.max(1, lost) : lost,
        skipped: count('Skipped'),
        reasons,
        ms: performance.now() - started,
        output,
      })
    })
  })
}

/** Coverage is only exact without a cache. */
function compileCache(root: string): NodeJS.ProcessEnv {
  if (!readsTypes || process.env['NODE_V8_COVERAGE'] !== undefined) return {}
  return { NODE_COMPILE_CACHE: join(root, '.cache', 'node') }
}

/** The file's process leads a group: what it started goes with it. */
function stopGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // already gone
  }
}

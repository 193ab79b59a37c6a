// Programs of a mix-net as processes of a folder of their own, which end with the test.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export const program: string = join(import.meta.dirname, '..', 'dist', 'scripts', 'chaffinch.js')

export interface CascadeProcesses {
  readonly folder: string
  /** Those that end with the test, by name. */
  readonly running: Map<string, ChildProcess>
  /** Runs `chaffinch` to its end. Gives what it prints. */
  say(...args: string[]): string
  /** Starts a program of `chaffinch cascade` under a name; its errors are shown. */
  start(name: string, ...args: string[]): void
  stop(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

export function cascadeProcesses(test: string): CascadeProcesses {
  const folder = mkdtempSync(join(tmpdir(), `chaffinch-${test}-`))
  const running = new Map<string, ChildProcess>()
  process.on('exit', () => {
    for (const child of running.values()) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    running,
    say: (...args) =>
      execFileSync(process.execPath, [program, ...args], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim(),
    start(name, ...args) {
      const child = spawn(process.execPath, [program, 'cascade', ...args], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      child.stderr?.on(
        'data',
        (said: Buffer) => said.toString().includes('"error"') && console.log(name, said.toString()),
      )
      running.set(name, child)
    },
    async stop(name, signal) {
      const child = running.get(name) as ChildProcess
      const over = new Promise(resolve => child.once('exit', resolve))
      child.kill(signal)
      await over
      running.delete(name)
    },
  }
}

/** Looks until it is so; an error while looking is not yet. */
export async function until(what: string, look: () => Promise<boolean>, seconds = 180): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await look().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`)
    await pause(200)
  }
}

// Commands of a demonstration that end by themselves: each a process, whose words are kept in its folder.

import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beside } from '../processes/process.ts'

/** Says how a command has ended. */
export interface Said {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface CommandOptions {
  /** Its folder, where `said` and `log` keep what it printed. */
  readonly folder: string
  /** Is read by it from standard input. */
  readonly input?: string | undefined
  /** Is told each line of standard output as it comes. */
  readonly line?: ((line: string) => void) | undefined
  readonly signal: AbortSignal
}

/** Runs `chaffinch ARGS`, and resolves when it has ended. */
export async function command(args: readonly string[], options: CommandOptions): Promise<Said> {
  const { folder, input, line, signal } = options
  signal.throwIfAborted()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const child = spawn(process.execPath, [...beside, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A Ctrl-C in the terminal is ours to pass on.
    detached: true,
  })
  const call = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', call)
  try {
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    const said = await printed(child, line)
    appendFileSync(join(folder, 'said'), said.out)
    appendFileSync(join(folder, 'log'), said.err)
    return said
  } finally {
    signal.removeEventListener('abort', call)
  }
}

function printed(child: ChildProcess, line: CommandOptions['line']): Promise<Said> {
  let [out, err, rest] = ['', '', '']
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const each of lines) line?.(each)
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ code, out, err }))
  })
}

/** Runs a command that must go well. @throws Error with the last line that it printed */
export async function must(args: readonly string[], options: CommandOptions): Promise<string> {
  const { code, out, err } = await command(args, options)
  if (code === 0) return out.trim()
  const last = err.trim().split('\n').at(-1) ?? ''
  throw new Error(`chaffinch ${args.slice(0, 2).join(' ')}: exit code ${code}: ${last}`)
}

/** Does things, two at a time: as many as a small machine has cores. */
export async function inPairs<T, R>(list: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let i = 0; i < list.length; i += 2) results.push(...(await Promise.all(list.slice(i, i + 2).map(act))))
  return results
}

/** Writes a value as JSON into a file of its own. */
export function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 1)}\n`)
}

// npm test: which files run, the build that some of them need, what is printed and the exit code. Every test file runs
// in a process of its own, with a time limit, and none passes silently.

import { spawnSync } from 'node:child_process'
import { readdirSync, watch, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { changedSince, closures } from './test-closure.ts'
import { longestFirst, readTimes, type TestFile, TestFileError, testFiles, tiers } from './test-files.ts'
import { type Outcome, runFiles } from './test-run.ts'

/** More failures than these are no accident of a busy machine. */
const againAtMost = 4

const usage = `usage: npm test [-- OPTIONS] [NAME ...]

  NAME             the files whose name contains one of these, of every tier
  --tier TIER      quick (as without it), slow or all; a file says '// tier: slow' in its first lines
  --changed        only files that depend on what differs from HEAD
  --base COMMIT    with --changed: on what differs from this commit
  --list           print which files would run, and run none
  --watch          run again what depends on a file when it changes
  --workers N      how many files run at once (as many as there are cores)
  --limit SECONDS  how long a file may take (240)
  --again          run a file that failed once more, alone, when the others have ended (at most ${againAtMost} files)
  --record         write the time that each file took to test/times.json
  --root FOLDER    the repository (this one)
`

const options = {
  tier: { type: 'string' },
  changed: { type: 'boolean' },
  base: { type: 'string', default: 'HEAD' },
  list: { type: 'boolean' },
  watch: { type: 'boolean' },
  workers: { type: 'string', default: String(availableParallelism()) },
  limit: { type: 'string', default: '240' },
  again: { type: 'boolean' },
  record: { type: 'boolean' },
  root: { type: 'string', default: join(import.meta.dirname, '..', '..') },
  help: { type: 'boolean' },
} as const

/** Top folders of which no test depends on a file that a person writes. */
const unwatched = /^(node_modules|dist|coverage|\..*)$/

/** The command line as it was read, and what the run needs. */
interface Asked {
  readonly names: readonly string[]
  readonly tier: string
  readonly workers: number
  readonly limitMs: number
  readonly again: boolean
  readonly root: string
  /** The folder of the test files. */
  readonly folder: string
  readonly timesFile: string
  readonly print: (text: string) => unknown
  readonly signal: AbortSignal
}

class WrongUse extends Error {}

/**
 * Runs `npm test` with these arguments and resolves with its exit code: 0 all passed, 1 some failed, none ran or they
 * were interrupted, 2 wrong use.
 */
export async function testCommand(
  args: readonly string[],
  print: (text: string) => unknown,
  signal: AbortSignal,
): Promise<number> {
  try {
    const { asked, values } = read(args, print, signal)
    if (values.help) {
      print(usage)
      return 0
    }
    const chosen = choose(asked, values.changed ? values.base : undefined)
    if (values.list) {
      for (const { name } of chosen) print(`${name}\n`)
      return 0
    }
    const outcomes = await runAll(chosen, asked)
    if (values.record) record(outcomes ?? [], asked)
    if (values.watch) await watchAll(outcomes ?? [], asked)
    const fine = outcomes?.every(({ failed }) => failed === 0) && outcomes.length === chosen.length
    return fine ? 0 : 1
  } catch (error) {
    if (error instanceof WrongUse) print(`test: ${error.message}\n${usage}`)
    else if (error instanceof TestFileError) print(`test: ${error.message}\n`)
    else throw error
    return 2
  }
}

function read(args: readonly string[], print: Asked['print'], signal: AbortSignal) {
  const { values, positionals: names } = parsed(args)
  const { tier, workers, limit } = values
  if (tier !== undefined && ![...tiers, 'all'].includes(tier))
    throw new WrongUse(`--tier ${tier}: want quick, slow or all`)
  for (const [name, text] of Object.entries({ workers, limit }))
    if (!(Number(text) > 0)) throw new WrongUse(`--${name} ${text}: want a number above 0`)
  const root = resolve(values.root)
  const asked: Asked = {
    names,
    tier: tier ?? (names.length > 0 ? 'all' : 'quick'),
    workers: Math.ceil(Number(workers)),
    limitMs: 1000 * Number(limit),
    again: values.again === true,
    root,
    folder: join(root, 'test'),
    timesFile: join(root, 'test', 'times.json'),
    print,
    signal,
  }
  return { asked, values }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new WrongUse((error as Error).message)
  }
}

/** Chooses what the command line asks for, the longest first, and says what it leaves out. */
function choose(asked: Asked, base: string | undefined): TestFile[] {
  const { names, root, print, folder } = asked
  const named = namedFiles(asked)
  if (named.length === 0)
    throw new TestFileError(`no file of ${folder} has a name with ${names.join(' or ')}`)
  if (base === undefined) return inOrder(named, asked)
  const changed = changedSince(root, base)
  const { meets, unmet } = closures(root)
  const met = named.filter(file => meets(file, changed))
  const chosen = inOrder(met, asked)
  print(`${changed.length} changed files; ${met.length} of ${named.length} test files depend on them\n`)
  for (const path of unmet(named, changed)) print(`     no test depends on ${path}\n`)
  const left = met.filter(file => !chosen.includes(file))
  if (left.length > 0)
    print(`     left to test:all -- --changed: ${left.map(({ name }) => name).join(', ')}\n`)
  return chosen
}

function namedFiles({ folder, names }: Asked): TestFile[] {
  return testFiles(folder).filter(({ name }) => names.length === 0 || names.some(part => name.includes(part)))
}

function inOrder(files: readonly TestFile[], { tier, timesFile }: Asked): TestFile[] {
  const ofTier = files.filter(file => tier === 'all' || file.tier === tier)
  return longestFirst(ofTier, readTimes(timesFile))
}

/**
 * Builds when one of them needs it, runs them and prints what came of it; the last line is `N passed, N failed`.
 * Returns undefined when the build fails.
 */
async function runAll(files: readonly TestFile[], asked: Asked): Promise<Outcome[] | undefined> {
  const { print, root, folder } = asked
  const started = performance.now()
  if (files.some(({ needs }) => needs.includes('dist')) && !isBuilt(root)) {
    print('\nthe build failed: no test ran\n0 passed, 1 failed\n')
    return undefined
  }
  const beside = await runFiles(files, { ...asked, ended: outcome => print(ending(outcome)) })
  const outcomes = asked.again ? await runAgain(beside, asked) : beside
  for (const { file, output } of outcomes.filter(({ failed }) => failed > 0))
    print(`\n--- ${file.name}\n${output}\n`)
  const sum = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, one) => total + of(one), 0)
  const [passed, failed, skipped] = [sum(o => o.passed), sum(o => o.failed), sum(o => o.skipped)]
  const others = testFiles(folder).length - outcomes.length
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  print(`\n${outcomes.length} files in ${seconds} s`)
  print(others > 0 ? `; npm run test:all runs ${others} more\n` : '\n')
  print(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  return outcomes
}

/**
 * Runs alone what failed beside others, and replaces its outcome: what real processes and sockets show in time can be
 * late on a machine that others use. What passes now is named, with what it printed when it failed.
 */
async function runAgain(outcomes: readonly Outcome[], asked: Asked): Promise<Outcome[]> {
  const { print } = asked
  const failed = outcomes.filter(one => one.failed > 0)
  if (failed.length === 0 || failed.length > againAtMost) return [...outcomes]
  print(`\nagain, alone: ${failed.map(({ file }) => file.name).join(', ')}\n`)
  const files = failed.map(({ file }) => file)
  const alone = await runFiles(files, { ...asked, workers: 1, ended: outcome => print(ending(outcome)) })
  for (const { file, failed } of alone)
    if (failed === 0) print(`\n--- ${file.name}, passed alone, beside others:\n${outputOf(file, outcomes)}\n`)
  return outcomes.map(one => alone.find(({ file }) => file === one.file) ?? one)
}

function outputOf(file: TestFile, outcomes: readonly Outcome[]): string {
  return outcomes.find(one => one.file === file)?.output ?? ''
}

function isBuilt(root: string): boolean {
  return spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' }).status === 0
}

function ending({ file, passed, failed, ms, reasons }: Outcome): string {
  const line = `${failed > 0 ? 'FAIL' : 'ok  '} ${file.name} (${passed} in ${(ms / 1000).toFixed(1)} s)`
  return [line, ...reasons.map(reason => `     ${reason}`), ''].join('\n')
}

/** Keeps the times of files that did not run, and drops those of files that are gone. */
function record(outcomes: readonly Outcome[], { folder, timesFile }: Asked): void {
  const times = new Map(Object.entries(readTimes(timesFile)))
  for (const { file, ms } of outcomes) times.set(file.name, Math.round(ms / 100) / 10)
  const kept = testFiles(folder).flatMap(({ name }) => (times.has(name) ? [[name, times.get(name)]] : []))
  writeFileSync(timesFile, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`)
}

/** Runs what depends on the files that change, and what failed before, until the signal. */
async function watchAll(first: readonly Outcome[], asked: Asked): Promise<void> {
  const { root, print, signal } = asked
  let failing = failedOf(first)
  const changed = new Set<string>()
  let wake = (): void => {}
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || unwatched.test(entry.name)) continue
    watch(join(root, entry.name), { recursive: true, signal }, (_, path) => {
      if (path === null || join(root, entry.name, path) === asked.timesFile) return
      changed.add(join(entry.name, path))
      wake()
    })
  }
  signal.addEventListener('abort', () => wake())
  while (!signal.aborted) {
    if (changed.size === 0) {
      print('\nwaiting for a change, Ctrl-C ends\n')
      await new Promise<void>(done => {
        wake = done
      })
      // an editor writes several files, or one several times
      await new Promise(done => setTimeout(done, 200))
      continue
    }
    const now = [...changed]
    changed.clear()
    const { meets } = closures(root)
    const files = namedFiles(asked).filter(file => failing.includes(file.name) || meets(file, now))
    failing = failedOf((await runAll(inOrder(files, asked), asked)) ?? [])
  }
}

function failedOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.filter(({ failed }) => failed > 0).map(({ file }) => file.name)
}

// What a test file depends on: every file and folder that it, or what it imports, names by a path in its text. So that
// `npm test -- --changed` knows which tests a change can break. It reads text and no syntax: a path in a comment counts
// too, which costs a test that need not run and misses none.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { type TestFile, TestFileError } from './test-files.ts'

/** A change of these can break any test. */
const everywhere = ['package.json', 'package-lock.json', 'tsconfig.json', 'scripts/tools/test-run.ts']
/** The files that the build is made from, for a file that needs `dist`. */
const built = 'tsconfig.build.json'

export interface Closures {
  /** Tells whether a change of these files, relative to the root, can break the test. */
  meets(test: TestFile, changed: readonly string[]): boolean
  /** Those of the changed files that no test of these depends on. */
  unmet(tests: readonly TestFile[], changed: readonly string[]): string[]
}

export function closures(root: string): Closures {
  const direct = new Map<string, readonly string[]>()
  const whole = new Map<string, ReadonlySet<string>>()

  const named = (path: string): readonly string[] => {
    const known = direct.get(path)
    if (known !== undefined) return known
    const found = /\.(ts|js|mjs|json)$/.test(path) && existsSync(path) ? pathsIn(root, path) : []
    direct.set(path, found)
    return found
  }
  const closure = (test: TestFile): ReadonlySet<string> => {
    const known = whole.get(test.path)
    if (known !== undefined) return known
    const all = new Set<string>()
    const waiting = [test.path]
    if (test.needs.includes('dist') && existsSync(join(root, built))) {
      const { include } = JSON.parse(readFileSync(join(root, built), 'utf8')) as { include: string[] }
      waiting.push(join(root, built), ...include.map(path => join(root, path)))
    }
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (all.has(path)) continue
      all.add(path)
      waiting.push(...named(path))
    }
    whole.set(test.path, all)
    return all
  }
  const meetsOne = (test: TestFile, changed: string): boolean => {
    if (everywhere.includes(changed)) return true
    const all = closure(test)
    // a folder that is named stands for what is in it
    for (let path = join(root, changed); path.length > root.length; path = dirname(path))
      if (all.has(path)) return true
    return false
  }
  return {
    meets: (test, changed) => changed.some(path => meetsOne(test, path)),
    unmet: (tests, changed) => changed.filter(path => !tests.some(test => meetsOne(test, path))),
  }
}

/**
 * Reads the paths that a file names: `'./x.ts'` in any place, and `join(HERE, '..', 'docs')` from its folder or the
 * root.
 */
function pathsIn(root: string, path: string): string[] {
  const text = readFileSync(path, 'utf8')
  const [here, found] = [dirname(path), [] as string[]]
  for (const [, literal] of text.matchAll(/['"`](\.\.?\/[^'"`\n]*|#[a-z]+)['"`]/g)) {
    if (literal?.startsWith('#')) found.push(...imported(root, literal))
    else found.push(join(here, (literal as string).replace(/\/$/, '')))
  }
  for (const [, base, parts] of text.matchAll(/\bjoin\(\s*([\w.]+)((?:,\s*'[^'\n]*')+)/g)) {
    const words = [...(parts as string).matchAll(/'([^'\n]*)'/g)].map(match => match[1] as string)
    found.push(base === 'import.meta.dirname' ? join(here, ...words) : join(root, ...words))
  }
  return found.filter(one => one.startsWith(root + sep) && one !== root && existsSync(one))
}

/** Reads what `#name` stands for in the sources. */
function imported(root: string, name: string): string[] {
  const text = readFileSync(join(root, 'package.json'), 'utf8')
  const { imports } = JSON.parse(text) as { imports?: Record<string, unknown> }
  const paths = JSON.stringify(imports?.[name] ?? {}).matchAll(/"(\.\/[^"]*\.ts)"/g)
  return [...paths].map(match => join(root, match[1] as string))
}

/**
 * Lists what differs from a commit: changed, added and removed files, also those that git does not know yet.
 *
 * @throws TestFileError when this is no git repository or it has no such commit
 */
export function changedSince(root: string, base: string): string[] {
  const git = (...args: string[]): string[] => {
    const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
    if (status !== 0)
      throw new TestFileError(`git ${args[0]}: ${stderr?.trim().split('\n')[0] ?? 'git did not start'}`)
    return stdout.split('\0').filter(line => line !== '')
  }
  const [top] = git('rev-parse', '--show-toplevel')
  const inRoot = (path: string): string => relative(root, join((top as string).trim(), path))
  const tracked = git('diff', '--name-only', '--no-renames', '-z', base, '--').map(inRoot)
  const untracked = git('ls-files', '--others', '--exclude-standard', '-z')
  return [...new Set([...tracked, ...untracked])].sort()
}

// The test files: what each says of itself, which of them a command line asks for, and in which order they start.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const tiers = ['quick', 'slow'] as const
export type Tier = (typeof tiers)[number]

/** The thing that must be there before a file runs: `dist`, the built program. */
export const needs = ['dist'] as const
export type Need = (typeof needs)[number]

export interface TestFile {
  /** `clock.test.ts` */
  readonly name: string
  readonly path: string
  readonly tier: Tier
  readonly needs: readonly Need[]
}

/** A file says of itself what the runner does not know: it must be mended before any test runs. */
export class TestFileError extends Error {
  override readonly name = 'TestFileError'
}

/**
 * Lists the test files of a folder by name.
 *
 * @throws TestFileError when a file says of itself what is not known
 */
export function testFiles(folder: string): TestFile[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.test.ts'))
    .sort()
    .map(name => {
      const path = join(folder, name)
      return { name, path, ...said(name, readFileSync(path, 'utf8')) }
    })
}

/**
 * Reads what a file says of itself in the lines of comment that it begins with: `// tier: slow` (without it a file is
 * quick) and `// needs: dist`.
 *
 * @throws TestFileError when a word is not known, or a line stands there twice
 */
export function said(name: string, text: string): { tier: Tier; needs: Need[] } {
  const lines = text.split('\n')
  const end = lines.findIndex(line => !line.startsWith('//'))
  const found = new Map<string, string>()
  for (const line of end < 0 ? lines : lines.slice(0, end)) {
    const [, key, value] = /^\/\/ (tier|needs):\s*(.*?)\s*$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    if (found.has(key)) throw new TestFileError(`${name}: says '${key}:' twice`)
    found.set(key, value)
  }
  const words = found.get('needs')?.split(/[\s,]+/) ?? []
  return {
    tier: known(name, 'tier', found.get('tier') ?? 'quick', tiers),
    needs: words.map(word => known(name, 'needs', word, needs)),
  }
}

function known<Word extends string>(file: string, key: string, word: string, words: readonly Word[]): Word {
  const found = words.find(one => one === word)
  if (found === undefined)
    throw new TestFileError(`${file}: ${key} '${word}': want one of ${words.join(', ')}`)
  return found
}

/** Seconds that each file took when the times were last recorded. */
export type Times = Readonly<Record<string, number>>

/** Reads `times.json`; a folder without one has no times. */
export function readTimes(path: string): Times {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Times) : {}
}

/** Puts the longest first, so that no long one is left for the end; a file that has no time yet counts as long. */
export function longestFirst(files: readonly TestFile[], times: Times): TestFile[] {
  const of = ({ name }: TestFile): number => times[name] ?? Number.MAX_VALUE
  return [...files].sort((a, b) => of(b) - of(a) || (a.name < b.name ? -1 : 1))
}

// What `npm run chaos` and `npm run soak` have in common: options, planted defects, what they print, exit codes.

import { CommandError, type Parsed, readOptions, wholeNumber } from '../../encoding/command-line.ts'

/** The runs that are wanted. */
export interface Job {
  readonly seeds: readonly number[]
  readonly defect: string | undefined
}

/** Options that every suite can be told. */
export interface Told {
  /** The defect that is planted: one of the suite's, or `list`: they are to be listed. */
  readonly defect: string | undefined
  readonly json: boolean
}

type Defects = Readonly<Record<string, unknown>>

interface Suite<O extends Told, S> {
  /** The name by which it calls itself when something is wrong. */
  readonly name: string
  readonly defects: Defects
  /** @throws CommandError USAGE */
  readonly read: (args: readonly string[]) => O
  /** @throws CommandError FAILED: it could not be run */
  readonly run: (options: O) => Promise<S> | S
  readonly print: (summary: S) => void
  readonly holds: (summary: S) => boolean
}

/** @returns the exit code: 1 when something did not hold, 2 for options that do not exist */
export async function runSuite<O extends Told, S>(
  args: readonly string[],
  { name, defects, read, run, print, holds }: Suite<O, S>,
): Promise<number> {
  try {
    const options = read(args)
    if (options.defect === 'list') {
      console.log(Object.keys(defects).join('\n'))
      return 0
    }
    const summary = await run(options)
    if (options.json) console.log(JSON.stringify(summary))
    else print(summary)
    return holds(summary) ? 0 : 1
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(`${name}: ${error.message}`)
    return error.exitCode
  }
}

export const text = { type: 'string' } as const
export const flag = { type: 'boolean', default: false } as const
const common = { break: text, json: flag } as const

/**
 * Options of a suite: its own, `--break DEFECT|list` and `--json`.
 *
 * @throws CommandError USAGE
 */
export function readSuite<const O extends Readonly<Record<string, typeof text | typeof flag>>>(
  args: readonly string[],
  defects: Defects,
  own: O,
): Told & { readonly values: Parsed<O>['values'] } {
  const { values } = readOptions('chaos', args, { ...own, ...common })
  const { break: defect, json } = values as Parsed<typeof common>['values']
  if (defect !== undefined && defect !== 'list' && !Object.hasOwn(defects, defect))
    throw new CommandError(
      'USAGE',
      `--break ${defect}: want list or one of ${Object.keys(defects).join(', ')}`,
    )
  return { defect, json, values: values as Parsed<O>['values'] }
}

/** The largest seed: nine digits. */
export const mostSeed = 999_999_999
const mostSeeds = 999_999

/**
 * Reads the options of a suite whose runs are drawn from seeds: `[--seeds N] [--seed S]`.
 *
 * @throws CommandError USAGE
 */
export function readSeeds(args: readonly string[], defects: Defects, usualSeeds: number): Job & Told {
  const { values, ...told } = readSuite(args, defects, { seeds: text, seed: text })
  // A seed alone is one run: the one that somebody wants to see again
  const count = wholeNumber(
    'seeds',
    values.seeds ?? String(values.seed === undefined ? usualSeeds : 1),
    1,
    mostSeeds,
  )
  const first = wholeNumber('seed', values.seed ?? '1', 0, mostSeed)
  return { ...told, seeds: Array.from({ length: count }, (_, i) => first + i) }
}

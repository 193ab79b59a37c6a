// What the suites of `npm run chaos` have in common: their options, what they print, and their exit codes.

import { parseArgs } from 'node:util'

/** The runs that are wanted. */
export interface Job {
  readonly seeds: readonly number[]
  readonly defect: string | undefined
}

/** What is wrong with the options; or nothing: the planted defects are to be listed. */
type Unusable = string | undefined

interface Suite<O, S> {
  /** What it calls itself when something is wrong. */
  readonly name: string
  readonly defects: Readonly<Record<string, unknown>>
  readonly run: (options: O) => Promise<S> | S
  readonly print: (summary: S) => void
}

/** @returns the exit code: 1 when something did not hold, 2 for options that do not exist */
export async function runSuite<
  O extends { readonly json: boolean },
  S extends { readonly violations: number },
>(options: O | Unusable, { name, defects, run, print }: Suite<O, S>): Promise<number> {
  if (typeof options === 'string') {
    console.error(`${name}: ${options}`)
    return 2
  }
  if (options === undefined) {
    console.log(Object.keys(defects).join('\n'))
    return 0
  }
  const summary = await run(options)
  if (options.json) console.log(JSON.stringify(summary))
  else print(summary)
  return summary.violations > 0 ? 1 : 0
}

const defaultSeeds = 200

/** Of a suite whose runs are drawn from seeds: `[--seeds 200] [--seed S] [--break DEFECT|list] [--json]`. */
export function readSeeds(
  args: readonly string[],
  defects: Readonly<Record<string, unknown>>,
): { readonly job: Job; readonly json: boolean } | Unusable {
  const text = { type: 'string' } as const
  let values: { seeds?: string; seed?: string; break?: string; json?: boolean }
  try {
    const known = { seeds: text, seed: text, break: text, json: { type: 'boolean' } } as const
    values = parseArgs({ args: [...args], options: known }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const { seeds, seed, break: defect, json = false } = values
  if (defect === 'list') return undefined
  if (defect !== undefined && !Object.hasOwn(defects, defect))
    return `--break: want one of ${Object.keys(defects).join(', ')}, have ${defect}`
  // A seed alone is one run: the one that somebody wants to see again.
  const count = seeds ?? (seed === undefined ? String(defaultSeeds) : '1')
  if (!/^[1-9]\d{0,5}$/.test(count)) return `--seeds: want a whole number from 1, have ${count}`
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) return `--seed: want a whole number, have ${seed}`
  const first = Number(seed ?? 1)
  return { job: { seeds: Array.from({ length: Number(count) }, (_, i) => first + i), defect }, json }
}

// The arguments that attacks on runs have in common.

import { parseArgs } from 'node:util'
import { wholeNumber } from '../../encoding/command-line.ts'

export interface RunArguments {
  readonly json: boolean
  readonly runs: number
  readonly seed: number
}

/**
 * Reads [--json] [--runs N] [--seed N].
 *
 * @param usual runs where none are named
 * @param most runs
 * @throws CommandError USAGE
 */
export function readRunArguments(args: readonly string[], usual: number, most: number): RunArguments {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, runs: text, seed: text },
  })
  return {
    json: values.json,
    runs: values.runs === undefined ? usual : wholeNumber('runs', values.runs, 2, most),
    seed: values.seed === undefined ? 1 : wholeNumber('seed', values.seed, 0, 2 ** 31),
  }
}

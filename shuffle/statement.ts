// What a shuffle claims: these rows are those rows, in another order, encrypted anew.

import { same } from '../encoding/bytes.ts'
import { ShuffleError } from './error.ts'
import { identity, pointBytes } from './group.ts'
import { countRows } from './rows.ts'
import { wantBytes } from './sizes.ts'
import { digest, generatorSeed, u32 } from './transcript.ts'

/** Rows that one shuffle has at most: numbers of rows are 4 bytes, and memory is not endless. */
export const rowsAtMost = 1_000_000
/** Ciphertexts in a row at most. */
export const widthAtMost = 64

/** Holds everything that prover and verifier must have alike. */
export interface Statement {
  /** Whatever the proof shall be bound to: mix-net, election, cycle, mixer's place. Any bytes. */
  readonly context: Uint8Array
  /** The key that the rows are encrypted to, 32 bytes. */
  readonly key: Uint8Array
  /** Ciphertexts in a row. */
  readonly width: number
  /** Rows that went in, 64 width bytes each. */
  readonly input: Uint8Array
  /** Rows that came out. */
  readonly output: Uint8Array
}

/**
 * Gives the number of rows.
 *
 * @throws ShuffleError BAD_LENGTH for no rows, too many, or not as many in as out; BAD_POINT for a neutral key or half
 *   of a ciphertext
 */
export function rowsOf({ key, width, input, output }: Statement): number {
  if (!(Number.isInteger(width) && width >= 1 && width <= widthAtMost))
    throw new ShuffleError('BAD_LENGTH', `width: want 1 to ${widthAtMost}, have ${width}`)
  wantBytes(key, pointBytes, 'key')
  if (same(key, identity)) throw new ShuffleError('BAD_POINT', 'key: is the neutral point')
  const n = countRows(input, width, 'input')
  if (n < 1 || n > rowsAtMost)
    throw new ShuffleError('BAD_LENGTH', `input: want 1 to ${rowsAtMost} rows, have ${n}`)
  wantBytes(output, input.length, 'output')
  countRows(output, width, 'output')
  return n
}

/** Gives the digest of a statement, 64 bytes (docs/spec/shuffle.md 3). */
export function digestOf(statement: Statement, n: number): Uint8Array {
  const { context, key, width, input, output } = statement
  return digest('statement', [context, key, u32(n), u32(width), generatorSeed, input, output])
}

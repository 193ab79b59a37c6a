// Where a proof's challenges come from (docs/spec/shuffle.md 3): the whole statement, hashed. The prover and the
// equations take it as an argument, so that they can be tried on other systems' transcripts.

import type { Group } from './group.ts'
import type { Proof } from './proof.ts'
import { digestOf, rowsOf, type Statement } from './statement.ts'
import { challenges, digest, generators } from './transcript.ts'

/** Gives everything that a proof is about and its prover cannot choose. */
export interface Oracle {
  /** h_0 to h_n, 32 bytes each. */
  readonly h: Uint8Array
  /** Gives a scalar a row of the input, once the order is committed to. */
  rows(c: Uint8Array): Uint8Array
  /** Gives the challenge, once the rest is. */
  challenge(proof: Pick<Proof, 'c' | 'cHat' | 'tHat' | 't'>): Uint8Array
}

/** Gives the oracle of a statement. Throws ShuffleError as `rowsOf` does. */
export function oracleOf(group: Group, statement: Statement): Oracle {
  const n = rowsOf(statement)
  const about = digestOf(statement, n)
  const seedOf = (c: Uint8Array): Uint8Array => digest('rows', [about, c])
  return {
    h: generators(group, n),
    rows: c => challenges(group, seedOf(c), n),
    challenge: ({ c, cHat, tHat, t }) => group.reduce(digest('challenge', [seedOf(c), cHat, tHat, t])),
  }
}

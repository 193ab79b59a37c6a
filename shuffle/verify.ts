// The verifier of a shuffle (docs/spec/shuffle.md 6).

import { same } from '../encoding/bytes.ts'
import type { Random } from '../world/random.ts'
import { foldEquations } from './equations.ts'
import { ShuffleError } from './error.ts'
import { type Group, identity } from './group.ts'
import { oracleOf } from './oracle.ts'
import { readProof } from './proof.ts'
import { rowsOf, type Statement } from './statement.ts'

/** Says whether a proof holds, and where it does not, why. */
export type Verdict = { readonly holds: true } | { readonly holds: false; readonly why: string }

/**
 * Verifies a shuffle. Never throws for what a prover can have made.
 *
 * @param random draws the weights: a prover that could guess them could lie
 */
export function verify(group: Group, statement: Statement, proof: Uint8Array, random: Random): Verdict {
  try {
    const parts = readProof(proof, rowsOf(statement), statement.width)
    const sum = foldEquations(group, statement, parts, oracleOf(group, statement), random)
    return same(sum, identity)
      ? { holds: true }
      : { holds: false, why: 'an equation of the proof does not hold' }
  } catch (error) {
    if (error instanceof ShuffleError) return { holds: false, why: error.message }
    throw error
  }
}

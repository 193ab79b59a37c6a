// The bytes of a shuffle's proof (docs/spec/shuffle.md 4): 32 (5 n + 6 + 3 w) for n rows of width w.

import { ShuffleError } from './error.ts'
import { wantBytes } from './sizes.ts'

/** The parts of a proof, each items of 32 bytes. Names as in Haenni, Locher, Koenig and Dubuis 2017, section 4. */
export interface Proof {
  /** Commitments to the permutation, n points. */
  readonly c: Uint8Array
  /** The chain that shows it to be one, n points. */
  readonly cHat: Uint8Array
  readonly tHat: Uint8Array
  /** t1, t2, t3 and, a column, two points. */
  readonly t: Uint8Array
  readonly sHat: Uint8Array
  readonly sPrime: Uint8Array
  /** s1, s2, s3 and one a column. */
  readonly s: Uint8Array
}

/** Gives the bytes of a proof. */
export function proofBytes(n: number, width: number): number {
  return 32 * (5 * n + 6 + 3 * width)
}

export function writeProof(proof: Proof): Uint8Array {
  const { c, cHat, tHat, t, sHat, sPrime, s } = proof
  const parts = [c, cHat, tHat, t, sHat, sPrime, s]
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Takes a proof apart; nothing is copied. Throws BAD_LENGTH where it has not the bytes of n rows of this width. */
export function readProof(bytes: Uint8Array, n: number, width: number): Proof {
  wantBytes(bytes, proofBytes(n, width), 'proof')
  let at = 0
  const take = (items: number): Uint8Array => {
    at += 32 * items
    return bytes.subarray(at - 32 * items, at)
  }
  return {
    c: take(n),
    cHat: take(n),
    tHat: take(n),
    t: take(3 + 2 * width),
    sHat: take(n),
    sPrime: take(n),
    s: take(3 + width),
  }
}

/** Gives the inverse of a permutation. Throws BAD_PERMUTATION where it is none. */
export function inverseOf(permutation: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(permutation.length).fill(permutation.length)
  permutation.forEach((from, to) => {
    if (from >= permutation.length || inverse[from] !== permutation.length)
      throw new ShuffleError('BAD_PERMUTATION', `place ${to}: ${from} is too large, or there twice`)
    inverse[from] = to
  })
  return inverse
}

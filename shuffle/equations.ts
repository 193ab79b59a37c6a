// The equations of a shuffle's proof (docs/spec/shuffle.md 6), folded into one sum that is the neutral point where
// they hold: each has a weight of 128 bits, drawn once the proof is fixed, so that one that does not hold passes
// once in 2^128 times (Bellare, Garay and Rabin 1998).

import { concat } from '../encoding/bytes.ts'
import type { Random } from '../world/random.ts'
import { type Group, generator, minusOne, one, zero } from './group.ts'
import type { Oracle } from './oracle.ts'
import type { Proof } from './proof.ts'
import type { Statement } from './statement.ts'

const weightBits = 128

/**
 * Folds all equations: the neutral point when they hold.
 *
 * @param random draws the weights
 * @throws ShuffleError for bytes that are no points or scalars
 */
export function foldEquations(
  group: Group,
  { key, width, input, output }: Omit<Statement, 'context'>,
  proof: Proof,
  oracle: Oracle,
  random: Random,
): Uint8Array {
  const { c, cHat, tHat, t, sHat, sPrime, s } = proof
  const { h } = oracle
  const [u, challenge] = [oracle.rows(c), oracle.challenge(proof)]
  const n = u.length / 32
  const product = (a: Uint8Array, b: Uint8Array): Uint8Array => group.mulAdd(a, b, zero)
  const minus = (a: Uint8Array): Uint8Array => product(a, minusOne)
  const at = (of: Uint8Array, i: number): Uint8Array => of.subarray(32 * i, 32 * (i + 1))
  // A weight for t1, t2, t3 and both points of every column, as they lie in t; and one a row for t^.
  const [weight, weightHat] = [weights(random, 3 + 2 * width), weights(random, n)]
  const [w1, w2, w3, w4] = [at(weight, 0), at(weight, 1), at(weight, 2), weight.subarray(96)]

  // t^_i + challenge c^_i = s^_i G + s'_i c^_(i-1), where c^_(-1) = h_0
  const onPrevious = product(weightHat, sPrime)
  const next = concat([onPrevious.subarray(32), zero])
  const onHat = group.mulAdd(next, minusOne, product(weightHat, challenge))
  // t2 + challenge (c^_n - (u_1 … u_n) h_0) = s2 G
  const w2c = product(w2, challenge)
  onHat.set(group.mulAdd(w2c, one, at(onHat, n - 1)), 32 * (n - 1))
  const all = at(group.chain(zero, u, one), n - 1)
  const onH0 = minus(group.mulAdd(w2c, all, at(onPrevious, 0)))
  // t1 + challenge (sum of c_j - sum of h_i) = s1 G; t3 + challenge sum of u_j c_j = s3 G + sum of s'_i h_i
  const [w1c, w3c] = [product(w1, challenge), product(w3, challenge)]
  const onC = group.mulAdd(u, w3c, w1c)
  const onH = group.mulAdd(sPrime, minus(w3), minus(w1c))
  // Each column: t4 + challenge sum of u_j e_j = sum of s'_i e~_i - s4 (G or the key)
  const s4 = s.subarray(96)
  const both = (which: 0 | 1): Uint8Array =>
    concat(Array.from({ length: width }, (_, k) => at(w4, 2 * k + which)))
  const onG = minus(
    group.mulAdd(
      group.dot(both(0), s4),
      minusOne,
      group.mulAdd(group.dot(weight.subarray(0, 96), s.subarray(0, 96)), one, group.dot(weightHat, sHat)),
    ),
  )
  return group.sum([
    { points: c, scalars: onC },
    { points: cHat, scalars: onHat },
    { points: h, scalars: concat([onH0, onH]) },
    { points: input, scalars: spread(group, u, product(w4, challenge)) },
    { points: output, scalars: spread(group, sPrime, minus(w4)) },
    { points: generator, scalars: onG },
    { points: key, scalars: group.dot(both(1), s4) },
    { points: tHat, scalars: weightHat, bits: weightBits },
    { points: t, scalars: weight, bits: weightBits },
  ])
}

/** Draws scalars of 128 bits. */
function weights(random: Random, count: number): Uint8Array {
  const out = new Uint8Array(32 * count)
  const drawn = random(16 * count)
  for (let i = 0; i < count; i++) out.set(drawn.subarray(16 * i, 16 * (i + 1)), 32 * i)
  return out
}

/** Multiplies each scalar of a row with every one of a row's points: n times as many as there are in `by`. */
function spread(group: Group, rows: Uint8Array, by: Uint8Array): Uint8Array {
  const [n, points] = [rows.length / 32, by.length / 32]
  const out = new Uint8Array(32 * n * points)
  for (let k = 0; k < points; k++) {
    const column = group.mulAdd(rows, by.subarray(32 * k, 32 * (k + 1)), zero)
    for (let i = 0; i < n; i++) out.set(column.subarray(32 * i, 32 * (i + 1)), 32 * (points * i + k))
  }
  return out
}

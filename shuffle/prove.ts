// The prover of a shuffle: Terelius and Wikstrom 2010, in the form of Haenni, Locher, Koenig and Dubuis 2017
// (section 4), rows of any width; steps of docs/spec/shuffle.md 5. Sums over secrets go the constant way.

import { concat } from '../encoding/bytes.ts'
import { shuffle as inRandomOrder, type Random } from '../world/random.ts'
import { type Group, generator, minusOne, one, zero } from './group.ts'
import { type Oracle, oracleOf } from './oracle.ts'
import { inverseOf, writeProof } from './proof.ts'
import { columnOf, gather, halves, reencrypt } from './rows.ts'
import { wantBytes } from './sizes.ts'
import { rowsOf, type Statement } from './statement.ts'

/** Holds the order of a shuffle, which its mixer alone may know. */
export interface ShuffleSecret {
  /** Row i of the output is row permutation[i] of the input. */
  readonly permutation: Uint32Array
  /** A scalar for each ciphertext of the output. */
  readonly randomness: Uint8Array
}

/** Draws an order and encrypts anew: the output, and what proves it. */
export function shuffle(
  group: Group,
  { key, width, input }: Pick<Statement, 'key' | 'width' | 'input'>,
  random: Random,
): { readonly output: Uint8Array; readonly secret: ShuffleSecret } {
  const n = rowsOf({ context: new Uint8Array(0), key, width, input, output: input })
  const permutation = Uint32Array.from(
    inRandomOrder(
      random,
      Array.from({ length: n }, (_, i) => i),
    ),
  )
  const randomness = scalars(group, random, n * width)
  const moved = gather(input, 64 * width, permutation)
  return { output: reencrypt(group, key, moved, randomness), secret: { permutation, randomness } }
}

/**
 * Proves that a statement holds.
 *
 * @returns the proof, 32 (5 n + 6 + 3 width) bytes
 * @throws ShuffleError as `rowsOf` does, and BAD_PERMUTATION
 */
export function prove(group: Group, statement: Statement, secret: ShuffleSecret, random: Random): Uint8Array {
  return proveUnder(group, oracleOf(group, statement), statement, secret, random)
}

/** Proves it under the challenges of another oracle than the statement's own. */
export function proveUnder(
  group: Group,
  oracle: Oracle,
  statement: Statement,
  secret: ShuffleSecret,
  random: Random,
): Uint8Array {
  const { key, width, output } = statement
  const { permutation, randomness } = secret
  const n = rowsOf(statement)
  const inverse = inverseOf(permutation)
  wantBytes(new Uint8Array(inverse.buffer), 4 * n, 'permutation')
  wantBytes(randomness, 32 * n * width, 'randomness')
  const draw = (count: number): Uint8Array => scalars(group, random, count)
  const product = (a: Uint8Array, b: Uint8Array): Uint8Array => group.mulAdd(a, b, zero)
  const [h0, hs] = [oracle.h.subarray(0, 32), oracle.h.subarray(32)]

  // 1: c_j = r_j G + h_i where row j of the input is row i of the output.
  const r = draw(n)
  const c = group.multiples(gather(hs, 32, inverse), { base: generator, scalars: r })

  // 2: a challenge a row, and in the order of the output.
  const u = oracle.rows(c)
  const uPrime = gather(u, 32, permutation)

  // 3: the chain c^_i = r^_i G + u'_i c^_(i-1) from c^_0 = h_0, in closed form R_i G + U_i h_0.
  const rHat = draw(n)
  const R = group.chain(rHat, uPrime, zero)
  const U = group.chain(zero, uPrime, one)
  const cHat = group.multiples(undefined, { base: generator, scalars: R }, { base: h0, scalars: U })

  // 4: commitments of the proof.
  const [omega, omegaHat, omegaPrime] = [draw(3 + width), draw(n), draw(n)]
  const tHat = group.multiples(
    undefined,
    { base: generator, scalars: group.mulAdd(omegaPrime, before(R, zero), omegaHat) },
    { base: h0, scalars: product(omegaPrime, before(U, one)) },
  )
  const at = (of: Uint8Array, i: number): Uint8Array => of.subarray(32 * i, 32 * (i + 1))
  const [first, second] = halves(output)
  const negative = product(omega, minusOne)
  const columns = Array.from({ length: width }, (_, k) => {
    const by = concat([omegaPrime, at(negative, 3 + k)])
    return [
      group.sumSecret(concat([columnOf(first, width, k), generator]), by),
      group.sumSecret(concat([columnOf(second, width, k), key]), by),
    ]
  })
  const t = concat([
    group.multiples(undefined, { base: generator, scalars: omega.subarray(0, 64) }),
    group.sumSecret(concat([hs, generator]), concat([omegaPrime, at(omega, 2)])),
    ...columns.flat(),
  ])

  // 5: the challenge, and what answers it.
  const challenge = oracle.challenge({ c, cHat, tHat, t })
  const answer = concat([
    group.dot(r, one),
    at(R, n - 1),
    group.dot(r, u),
    ...Array.from({ length: width }, (_, k) => group.dot(columnOf(randomness, width, k), uPrime)),
  ])
  return writeProof({
    c,
    cHat,
    tHat,
    t,
    sHat: group.mulAdd(rHat, challenge, omegaHat),
    sPrime: group.mulAdd(uPrime, challenge, omegaPrime),
    s: group.mulAdd(answer, challenge, omega),
  })
}

/** Draws scalars, each from 64 random bytes. */
export function scalars(group: Group, random: Random, count: number): Uint8Array {
  return group.reduce(random(64 * count))
}

/** Moves all scalars one place on: the one before each, and `first` before the first. */
function before(of: Uint8Array, first: Uint8Array): Uint8Array {
  return concat([first, of.subarray(0, of.length - 32)])
}

// Decryption by trustees (docs/spec/threshold-keys.md 6): each hands in its share of every ciphertext with one proof
// for all of them, and any `threshold` of them open the rows. A wrong share is named, and left out.

import { concat, same } from '../encoding/bytes.ts'
import type { Random } from '../world/random.ts'
import { ShuffleError } from './error.ts'
import { type Group, generator, minusOne, one, pointBytes, zero } from './group.ts'
import { keyOf } from './keys/session.ts'
import { isPoint, isScalar, publicKeyOf, scalarOf } from './keys/suite.ts'
import { scalars } from './prove.ts'
import { countRows, halves } from './rows.ts'
import { countOf, wantBytes } from './sizes.ts'
import { challenges, digest, u32 } from './transcript.ts'

/** Counts the bytes of the proof of a trustee's shares: challenge and answer. */
export const decryptionProofBytes = 64

/** Says what is decrypted, and under which key. */
export interface Decryption {
  /** Whatever the proof shall be bound to: mix-net, cycle. */
  readonly context: Uint8Array
  /** 32 n bytes: the trustees' parts of the key (`PublicKeys`). */
  readonly verification: Uint8Array
  readonly threshold: number
  /** Ciphertexts in a row. */
  readonly width: number
  readonly rows: Uint8Array
}

/** A trustee's shares of all ciphertexts. */
export interface DecryptionShare {
  /** The trustee's number, 1 to n. */
  readonly index: number
  /** 32 bytes a ciphertext. */
  readonly points: Uint8Array
  readonly proof: Uint8Array
}

/**
 * Makes a trustee's shares, and the proof that all of them are made with its part of the key.
 *
 * @param share 32 bytes, secret
 * @throws ShuffleError BAD_LENGTH or BAD_POINT for rows that are none, BAD_SCALAR for a share of somebody else
 */
export function decryptionShare(
  group: Group,
  decryption: Decryption,
  { index, share }: { readonly index: number; readonly share: Uint8Array },
  random: Random,
): DecryptionShare {
  const firsts = firstsOf(decryption)
  const part = partOf(decryption, index)
  if (!same(publicKeyOf(group, share), part))
    throw new ShuffleError('BAD_SCALAR', `share of trustee ${index}: is not its part of the key`)
  const points = concat(
    Array.from({ length: firsts.length / pointBytes }, (_, i) =>
      group.sumSecret(firsts.subarray(32 * i, 32 * i + 32), share),
    ),
  )
  const seed = seedOf(decryption, index, part, points)
  const [base] = folded(group, seed, firsts, points)
  const nonce = scalars(group, random, 1)
  const challenge = challengeOf(group, seed, publicKeyOf(group, nonce), group.sumSecret(base, nonce))
  const proof = concat([challenge, group.mulAdd(challenge, share, nonce)])
  nonce.fill(0)
  return { index, points, proof }
}

/** Says whether a trustee's shares are true. Malformed ones are not. */
export function verifyShare(
  group: Group,
  decryption: Decryption,
  { index, points, proof }: DecryptionShare,
): boolean {
  const firsts = firstsOf(decryption)
  const n = countOf(decryption.verification, pointBytes, 'verification')
  if (!(Number.isInteger(index) && index >= 1 && index <= n)) return false
  if (points.length !== firsts.length || proof.length !== decryptionProofBytes) return false
  for (let at = 0; at < points.length; at += pointBytes)
    if (!isPoint(group, points.subarray(at, at + pointBytes))) return false
  const [challenge, answer] = [proof.subarray(0, 32), proof.subarray(32)]
  if (!isScalar(group, challenge) || !isScalar(group, answer)) return false
  const part = partOf(decryption, index)
  const seed = seedOf(decryption, index, part, points)
  const [base, image] = folded(group, seed, firsts, points)
  const negative = group.mulAdd(challenge, minusOne, zero)
  const by = concat([answer, negative])
  const first = group.sum([{ points: concat([generator, part]), scalars: by }])
  const second = group.sum([{ points: concat([base, image]), scalars: by }])
  return same(challenge, challengeOf(group, seed, first, second))
}

/**
 * Opens the rows with shares that have been verified.
 *
 * @param shares as many as the threshold at least; more than that are not needed
 * @returns the plain points, 32 bytes a ciphertext
 * @throws ShuffleError BAD_LENGTH for too few shares, a number twice, or 0
 */
export function decrypt(
  group: Group,
  decryption: Decryption,
  shares: readonly Pick<DecryptionShare, 'index' | 'points'>[],
): Uint8Array {
  const { threshold, rows } = decryption
  const chosen = shares.slice(0, threshold)
  if (chosen.length < threshold)
    throw new ShuffleError('BAD_LENGTH', `decryption: want ${threshold} shares, have ${shares.length}`)
  const indices = chosen.map(({ index }) => index)
  for (const index of indices) partOf(decryption, index)
  if (new Set(indices).size < threshold)
    throw new ShuffleError('BAD_LENGTH', `decryption: a trustee twice among ${indices.join(', ')}`)
  firstsOf(decryption)
  const [, seconds] = halves(rows)
  for (const { points } of chosen) wantBytes(points, seconds.length, 'decryption share')
  const by = concat([
    one,
    ...indices.map(index => group.mulAdd(atZero(group, indices, index), minusOne, zero)),
  ])
  return concat(
    Array.from({ length: seconds.length / pointBytes }, (_, i) => {
      const item = (of: Uint8Array): Uint8Array => of.subarray(32 * i, 32 * i + 32)
      return group.sum([
        { points: concat([item(seconds), ...chosen.map(({ points }) => item(points))]), scalars: by },
      ])
    }),
  )
}

function firstsOf({ rows, width }: Decryption): Uint8Array {
  countRows(rows, width, 'rows')
  return halves(rows)[0]
}

/** @throws ShuffleError BAD_LENGTH for a number that no trustee has */
function partOf({ verification }: Decryption, index: number): Uint8Array {
  const n = countOf(verification, pointBytes, 'verification')
  if (!(Number.isInteger(index) && index >= 1 && index <= n))
    throw new ShuffleError('BAD_LENGTH', `trustee: want 1 to ${n}, have ${index}`)
  return keyOf(verification, index)
}

/** The statement: nothing of it may be left out of a challenge. */
function seedOf(
  { context, threshold, width, rows }: Decryption,
  index: number,
  part: Uint8Array,
  points: Uint8Array,
): Uint8Array {
  return digest('decryption', [context, u32(threshold), u32(index), part, u32(width), rows, points])
}

/** Folds all ciphertexts and all shares with the same factors, which nobody knew before the shares were fixed. */
function folded(
  group: Group,
  seed: Uint8Array,
  firsts: Uint8Array,
  points: Uint8Array,
): [Uint8Array, Uint8Array] {
  const factors = challenges(group, seed, firsts.length / pointBytes)
  return [group.sum([{ points: firsts, scalars: factors }]), group.sum([{ points, scalars: factors }])]
}

function challengeOf(group: Group, seed: Uint8Array, first: Uint8Array, second: Uint8Array): Uint8Array {
  return group.reduce(digest('decryption challenge', [seed, first, second]))
}

/** Gives Lagrange's coefficient of a trustee among these at 0: the product of j / (j - index). */
function atZero(group: Group, indices: readonly number[], index: number): Uint8Array {
  let [above, below] = [one, one]
  for (const other of indices) {
    if (other === index) continue
    above = group.mulAdd(above, scalarOf(other), zero)
    const difference = scalarOf(Math.abs(other - index))
    below = group.mulAdd(below, other > index ? difference : group.mulAdd(difference, minusOne, zero), zero)
  }
  return group.mulAdd(above, inverse(group, below), zero)
}

/** The order minus 2, whose bits are public: a^(q - 2) is 1 / a (Fermat). */
const orderMinusTwo = 2n ** 252n + 27742317777372353535851937790883648493n - 2n

function inverse(group: Group, of: Uint8Array): Uint8Array {
  let result = one
  for (const bit of orderMinusTwo.toString(2)) {
    result = group.mulAdd(result, result, zero)
    if (bit === '1') result = group.mulAdd(result, of, zero)
  }
  return result
}

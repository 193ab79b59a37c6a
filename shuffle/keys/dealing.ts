// Round 1: each trustee deals shares of a secret of its own (docs/spec/threshold-keys.md 3). The trustees' key is the
// sum of what all have dealt, and nobody ever has its secret.

import { sha512 } from '@noble/hashes/sha2.js'
import { concat, same } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'
import { ShuffleError } from '../error.ts'
import { type Group, generator, zero } from '../group.ts'
import { scalars } from '../prove.ts'
import { digest } from '../transcript.ts'
import { keyOf, type Session, sealedAtMost, type Trustee, trusteesOf } from './session.ts'
import { leastSealed, publicKeyOf, scalarOf, sealerFor, sign, signatureBytes, u64be } from './suite.ts'

/** A dealing as it was sent. */
export interface Dealing {
  /** The coefficients' points C_0 to C_(t-1), 32 t bytes. */
  readonly commitments: Uint8Array
  /** 64 bytes: that whoever dealt knows the secret of C_0. */
  readonly proof: Uint8Array
  /** 32 bytes: its key for this session alone. */
  readonly ephemeral: Uint8Array
  /** The shares of trustees 1 to n, each sealed to its own. */
  readonly sealed: readonly Uint8Array[]
}

/**
 * Deals: a secret polynomial, its commitments, and a share for each trustee.
 *
 * @param payload goes to every trustee, sealed with its share; may be empty
 * @throws ShuffleError as `trusteesOf` does
 */
export function deal(
  group: Group,
  session: Session,
  { index, secret }: Trustee,
  random: Random,
  payload: Uint8Array = new Uint8Array(0),
): Dealing {
  const n = trusteesOf(group, session)
  const coefficients = drawNonZero(group, random, session.threshold)
  const own = drawNonZero(group, random, 1)
  const commitments = group.multiples(undefined, { base: generator, scalars: coefficients })
  const ephemeral = publicKeyOf(group, own)
  const sender = keyOf(session.keys, index)
  const sealed = Array.from({ length: n }, (_, i) => {
    const recipient = keyOf(session.keys, i + 1)
    const agreed = {
      ephemeral: group.sumSecret(recipient, own),
      lasting: group.sumSecret(recipient, secret),
    }
    const share = valueAt(group, coefficients, i + 1)
    const direction = { ephemeral, sender, recipient }
    return sealerFor(direction, agreed, session.context).encrypt(concat([share, payload]))
  })
  const proof = sign(group, coefficients.subarray(0, 32), provenBy(session, { commitments, ephemeral }))
  coefficients.fill(0)
  own.fill(0)
  return { commitments, proof, ephemeral, sealed }
}

/** Gives what the proof of a dealing signs. */
export function provenBy(
  { context }: Session,
  { commitments, ephemeral }: Pick<Dealing, 'commitments' | 'ephemeral'>,
): Uint8Array {
  return concat([context, commitments, ephemeral])
}

/** Draws scalars other than 0: a commitment to 0 is refused by everybody. */
function drawNonZero(group: Group, random: Random, count: number): Uint8Array {
  const drawn = scalars(group, random, count)
  for (let at = 0; at < drawn.length; at += 32)
    while (same(drawn.subarray(at, at + 32), zero)) drawn.set(scalars(group, random, 1), at)
  return drawn
}

/** Gives the polynomial's value at a trustee's number. */
function valueAt(group: Group, coefficients: Uint8Array, index: number): Uint8Array {
  const at = scalarOf(index)
  let value = zero
  for (let k = coefficients.length - 32; k >= 0; k -= 32)
    value = group.mulAdd(value, at, coefficients.subarray(k, k + 32))
  return value
}

/** Writes a dealing: commitments, proof, ephemeral key, and each share behind its length. */
export function writeDealing({ commitments, proof, ephemeral, sealed }: Dealing): Uint8Array {
  return concat([commitments, proof, ephemeral, bundleOf(sealed)])
}

/** Writes sealed shares, each behind its length of 8 bytes. */
export function bundleOf(sealed: readonly Uint8Array[]): Uint8Array {
  return concat(sealed.flatMap(share => [u64be(share.length), share]))
}

/**
 * Reads a dealing of this session. Whether it is true, `take` finds out.
 *
 * @throws ShuffleError BAD_LENGTH
 */
export function readDealing(group: Group, session: Session, bytes: Uint8Array): Dealing {
  const n = trusteesOf(group, session)
  const commitmentBytes = 32 * session.threshold
  const fixed = commitmentBytes + signatureBytes + 32
  if (bytes.length < fixed)
    throw new ShuffleError('BAD_LENGTH', `dealing: want more than ${fixed} bytes, have ${bytes.length}`)
  return {
    commitments: bytes.slice(0, commitmentBytes),
    proof: bytes.slice(commitmentBytes, commitmentBytes + signatureBytes),
    ephemeral: bytes.slice(fixed - 32, fixed),
    sealed: readBundle(bytes.subarray(fixed), n),
  }
}

/**
 * Reads n sealed shares, and nothing behind them.
 *
 * @throws ShuffleError BAD_LENGTH
 */
export function readBundle(bytes: Uint8Array, n: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const sealed: Uint8Array[] = []
  let at = 0
  while (sealed.length < n) {
    const share = `share ${sealed.length + 1}`
    if (at + 8 > bytes.length) throw new ShuffleError('BAD_LENGTH', `${share}: is not there`)
    const length = view.getBigUint64(at)
    if (length < leastSealed || length > sealedAtMost)
      throw new ShuffleError(
        'BAD_LENGTH',
        `${share}: want ${leastSealed} to ${sealedAtMost} bytes, have ${length}`,
      )
    at += 8
    if (at + Number(length) > bytes.length)
      throw new ShuffleError('BAD_LENGTH', `${share}: want ${length} bytes, have ${bytes.length - at}`)
    sealed.push(bytes.slice(at, at + Number(length)))
    at += Number(length)
  }
  if (at !== bytes.length)
    throw new ShuffleError('BAD_LENGTH', `dealing: ${bytes.length - at} bytes follow its last share`)
  return sealed
}

/**
 * Commits to a dealing before any is shown: 64 bytes. Whoever deals last could else choose its secret by what the
 * others dealt, and so bend the key that comes of all.
 *
 * @param index the dealer's number: a commitment of somebody else is nothing worth
 */
export function commitTo({ context }: Session, index: number, message: Uint8Array): Uint8Array {
  return digest('dealing', [context, scalarOf(index), sha512(message)])
}

/** Says whether a dealing is the one that this trustee has committed to. */
export function isCommitted(
  session: Session,
  index: number,
  message: Uint8Array,
  commitment: Uint8Array,
): boolean {
  return same(commitTo(session, index, message), commitment)
}

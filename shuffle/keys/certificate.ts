// Round 3: all trustees sign what they saw (docs/spec/threshold-keys.md 5). Transcript and signatures together are the
// certificate of a key; with a trustee's lasting secret and the shares sealed to it they bring its share back.

import { concat, same } from '../../encoding/bytes.ts'
import { ShuffleError } from '../error.ts'
import { type Group, one, zero } from '../group.ts'
import { type Dealing, readBundle } from './dealing.ts'
import { DealingError } from './error.ts'
import { keyOf, type Session, trusteesOf } from './session.ts'
import { checkDealings, openShare, type PublicKeys, publicKeys } from './share.ts'
import { publicKeyOf, sign, signatureBytes, suiteId, u32le, u64le, verifies } from './suite.ts'

/** Holds what of a dealing everybody has: all but the sealed shares. */
export type PublicDealing = Omit<Dealing, 'sealed'>

/** Writes the transcript that all trustees sign. */
export function transcriptOf(group: Group, session: Session, dealings: readonly PublicDealing[]): Uint8Array {
  const { context, threshold, keys, extension } = session
  return concat([
    u64le(suiteId.length),
    suiteId,
    u64le(context.length),
    context,
    u32le(trusteesOf(group, session)),
    u32le(threshold),
    keys,
    ...dealings.map(({ commitments }) => commitments),
    ...dealings.map(({ proof }) => proof),
    ...dealings.map(({ ephemeral }) => ephemeral),
    u64le(extension.length),
    extension,
  ])
}

/** Signs a transcript: 64 bytes. */
export function certify(group: Group, secret: Uint8Array, transcript: Uint8Array): Uint8Array {
  return sign(group, secret, transcript)
}

/** Holds what a transcript says. */
export interface Transcript {
  readonly session: Session
  readonly dealings: readonly PublicDealing[]
}

/**
 * Reads a transcript.
 *
 * @throws ShuffleError BAD_LENGTH for another suite or another form, and as `trusteesOf` does
 */
export function readTranscript(group: Group, bytes: Uint8Array): Transcript {
  let at = 0
  const next = (length: number, what: string): Uint8Array => {
    if (at + length > bytes.length) throw new ShuffleError('BAD_LENGTH', `transcript: ends within ${what}`)
    at += length
    return bytes.slice(at - length, at)
  }
  const number = (length: number, what: string): number => {
    const value = next(length, what).reduceRight((sum, byte) => sum * 256 + byte, 0)
    if (value > bytes.length)
      throw new ShuffleError('BAD_LENGTH', `transcript: ${what}: ${value} is too much`)
    return value
  }
  const sized = (what: string): Uint8Array => next(number(8, what), what)
  if (!same(sized('suite'), suiteId)) throw new ShuffleError('BAD_LENGTH', 'transcript: is of another suite')
  const context = sized('context')
  const [n, threshold] = [number(4, 'trustees'), number(4, 'threshold')]
  const keys = next(32 * n, 'keys')
  const each = (length: number, what: string): Uint8Array[] =>
    Array.from({ length: n }, () => next(length, what))
  const commitments = each(32 * threshold, 'commitments')
  const proofs = each(signatureBytes, 'proofs')
  const ephemerals = each(32, 'ephemeral keys')
  const extension = sized('extension')
  if (at !== bytes.length) throw new ShuffleError('BAD_LENGTH', 'transcript: something follows the extension')
  const session = { context, threshold, keys, extension }
  trusteesOf(group, session)
  const dealings = commitments.map((commitment, i) => ({
    commitments: commitment,
    proof: proofs[i] as Uint8Array,
    ephemeral: ephemerals[i] as Uint8Array,
  }))
  return { session, dealings }
}

/**
 * Checks a certificate, with nothing but itself: every trustee has signed, and every dealing is its dealer's.
 *
 * @param signatures one of each trustee, in the order of their numbers
 * @returns the key, and each trustee's part of it
 * @throws DealingError BAD_SIGNATURE, BAD_COMMITMENT, BAD_PROOF; ShuffleError BAD_LENGTH
 */
export function verifyCertificate(
  group: Group,
  transcript: Uint8Array,
  signatures: readonly Uint8Array[],
): PublicKeys & Transcript {
  const { session, dealings } = readTranscript(group, transcript)
  const n = trusteesOf(group, session)
  if (signatures.length !== n)
    throw new ShuffleError('BAD_LENGTH', `certificate: want ${n} signatures, have ${signatures.length}`)
  for (const [i, signature] of signatures.entries())
    if (!verifies(group, keyOf(session.keys, i + 1), transcript, signature))
      throw new DealingError('BAD_SIGNATURE', i + 1, 'did not sign this transcript')
  checkDealings(
    group,
    session,
    dealings.map(dealing => ({ ...dealing, sealed: [] })),
  )
  return { ...publicKeys(group, session, dealings), session, dealings }
}

/** Holds what comes back of a trustee. */
export interface Recovered extends PublicKeys {
  /** The trustee's number. */
  readonly index: number
  /** 32 bytes, secret. */
  readonly share: Uint8Array
}

/**
 * Brings a trustee's share back.
 *
 * @param secret 32 bytes, of its lasting key
 * @param bundle the shares that were sealed to it, of dealers 1 to n, each behind its length
 * @throws as `verifyCertificate`; ShuffleError BAD_LENGTH where no trustee has this secret; DealingError BAD_SEAL,
 *   BAD_SHARE
 */
export function recover(
  group: Group,
  secret: Uint8Array,
  transcript: Uint8Array,
  signatures: readonly Uint8Array[],
  bundle: Uint8Array,
): Recovered {
  const { session, dealings, key, verification } = verifyCertificate(group, transcript, signatures)
  const own = publicKeyOf(group, secret)
  const index = 1 + dealings.findIndex((_, i) => same(keyOf(session.keys, i + 1), own))
  if (index === 0)
    throw new ShuffleError('BAD_LENGTH', 'recovery: this secret is no trustee of the transcript')
  const share = readBundle(bundle, dealings.length).reduce<Uint8Array>((sum, sealed, i) => {
    const dealing = { ...(dealings[i] as PublicDealing), sealed: Array<Uint8Array>(index).fill(sealed) }
    const plain = openShare(group, session, { index, secret }, dealing, i + 1)
    return group.mulAdd(plain.subarray(0, 32), one, sum)
  }, zero)
  return { index, share, key, verification }
}

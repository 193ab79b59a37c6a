// Round 2: what a trustee makes of all dealings (docs/spec/threshold-keys.md 4). All are checked before any counts.

import { concat, same } from '../../encoding/bytes.ts'
import { ShuffleError } from '../error.ts'
import { type Group, one, zero } from '../group.ts'
import { type Dealing, provenBy } from './dealing.ts'
import { DealingError } from './error.ts'
import { keyOf, type Session, type Trustee, trusteesOf } from './session.ts'
import { isPoint, isScalar, leastSealed, publicKeyOf, scalarOf, sealerFor, verifies } from './suite.ts'

/** Holds what everybody can compute of a key that trustees have made. */
export interface PublicKeys {
  /** 32 bytes: what ballots are encrypted to. */
  readonly key: Uint8Array
  /** 32 n bytes: trustee i's part of the secret, as a point. Its decryption shares are checked against it. */
  readonly verification: Uint8Array
}

/** Holds what a trustee makes of all dealings. */
export interface Taken extends PublicKeys {
  /** 32 bytes, secret: this trustee's share. */
  readonly share: Uint8Array
  /** Bytes that each dealer sent along. */
  readonly payloads: readonly Uint8Array[]
}

/**
 * Checks all dealings and takes one's own shares of them.
 *
 * @throws DealingError naming the first dealer whose dealing is wrong; ShuffleError BAD_LENGTH when there are not n
 */
export function take(group: Group, session: Session, trustee: Trustee, dealings: readonly Dealing[]): Taken {
  checkDealings(group, session, dealings)
  const opened = dealings.map((dealing, i) => openShare(group, session, trustee, dealing, i + 1))
  const share = opened.reduce<Uint8Array>((sum, plain) => group.mulAdd(plain.subarray(0, 32), one, sum), zero)
  const keys = publicKeys(group, session, dealings)
  if (!same(publicKeyOf(group, share), keyOf(keys.verification, trustee.index)))
    throw new Error('threshold key: the sum of the shares is not the share of the sum')
  return { ...keys, share, payloads: opened.map(plain => plain.slice(32)) }
}

/**
 * Checks what everybody can check.
 *
 * @throws DealingError BAD_COMMITMENT, BAD_PROOF
 */
export function checkDealings(group: Group, session: Session, dealings: readonly Dealing[]): void {
  const n = trusteesOf(group, session)
  if (dealings.length !== n)
    throw new ShuffleError(
      'BAD_LENGTH',
      `dealings: want one of each of ${n} trustees, have ${dealings.length}`,
    )
  for (const [i, dealing] of dealings.entries()) {
    const { commitments, proof, ephemeral } = dealing
    if (commitments.length !== 32 * session.threshold)
      throw new DealingError('BAD_COMMITMENT', i + 1, `want ${session.threshold} commitments`)
    for (let at = 0; at < commitments.length; at += 32)
      if (!isPoint(group, commitments.subarray(at, at + 32)))
        throw new DealingError('BAD_COMMITMENT', i + 1, `commitment ${at / 32}: is no point`)
    if (!isPoint(group, ephemeral))
      throw new DealingError('BAD_COMMITMENT', i + 1, 'ephemeral key: is no point')
    if (!verifies(group, commitments.subarray(0, 32), provenBy(session, dealing), proof))
      throw new DealingError('BAD_PROOF', i + 1, 'does not show that it knows what it dealt')
  }
}

/** Opens and checks one share: it, and the payload behind it. */
export function openShare(
  group: Group,
  { keys, context }: Session,
  { index, secret }: Trustee,
  { ephemeral, commitments, sealed }: Pick<Dealing, 'ephemeral' | 'commitments' | 'sealed'>,
  dealer: number,
): Uint8Array {
  const mine = sealed[index - 1]
  if (mine === undefined || mine.length < leastSealed)
    throw new DealingError('BAD_SEAL', dealer, `has no share for trustee ${index}`)
  const sender = keyOf(keys, dealer)
  const agreed = {
    ephemeral: group.sumSecret(ephemeral, secret),
    lasting: group.sumSecret(sender, secret),
  }
  const plain = unsealed(
    sealerFor({ ephemeral, sender, recipient: keyOf(keys, index) }, agreed, context),
    mine,
  )
  if (plain === undefined)
    throw new DealingError('BAD_SEAL', dealer, `the share of trustee ${index} does not open`)
  const share = plain.subarray(0, 32)
  if (!isScalar(group, share) || !same(publicKeyOf(group, share), pointAt(group, commitments, index)))
    throw new DealingError('BAD_SHARE', dealer, `the share of trustee ${index} is not what it committed to`)
  return plain
}

function unsealed(sealer: ReturnType<typeof sealerFor>, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return sealer.decrypt(sealed)
  } catch {
    return undefined
  }
}

/** Gives the committed polynomial's point at a trustee's number: the sum of index^k C_k. */
export function pointAt(group: Group, commitments: Uint8Array, index: number): Uint8Array {
  const powers: Uint8Array[] = []
  for (
    let power = one;
    powers.length < commitments.length / 32;
    power = group.mulAdd(power, scalarOf(index), zero)
  )
    powers.push(power)
  return group.sum([{ points: commitments, scalars: concat(powers) }])
}

/** Sums what all have dealt: the key, and each trustee's part of it. */
export function publicKeys(
  group: Group,
  session: Session,
  dealings: readonly Pick<Dealing, 'commitments'>[],
): PublicKeys {
  const n = trusteesOf(group, session)
  const ones = concat(dealings.map(() => one))
  const summed = concat(
    Array.from({ length: session.threshold }, (_, k) => {
      const points = concat(dealings.map(({ commitments }) => commitments.subarray(32 * k, 32 * (k + 1))))
      return group.sum([{ points, scalars: ones }])
    }),
  )
  const verification = concat(Array.from({ length: n }, (_, i) => pointAt(group, summed, i + 1)))
  return { key: summed.slice(0, 32), verification }
}

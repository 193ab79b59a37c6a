// Ballots (docs/spec/threshold-keys.md 7): what a voter says in bytes, as points of a row, encrypted, with a proof that
// the voter knows what is in it. A copy of somebody's ballot has no such proof under another voter's name.

import { concat, same } from '../encoding/bytes.ts'
import type { Random } from '../world/random.ts'
import { ShuffleError } from './error.ts'
import { type Group, generator, minusOne, pointBytes, zero } from './group.ts'
import { isPoint, isScalar } from './keys/suite.ts'
import { scalars } from './prove.ts'
import { ciphertextBytes, countRows, encrypt, halves } from './rows.ts'
import { countOf } from './sizes.ts'
import { digest, u32 } from './transcript.ts'

/** Bytes of a message that a point carries. */
export const bytesPerPoint = 30
/** The message's length goes in front of it. */
const lengthBytes = 2
/** Encodings that are tried for a point: that none of them is a point happens once in 2^100 times at the most. */
const tries = 128

/** Counts the ciphertexts of a row that carries messages of so many bytes. */
export function widthFor(bytes: number): number {
  return Math.ceil((bytes + lengthBytes) / bytesPerPoint)
}

/**
 * Encodes a message as points: its length, itself and zeros, 30 bytes a point.
 *
 * @param width points of a row, the same for all ballots of an election
 * @throws ShuffleError BAD_LENGTH for a message that does not fit
 */
export function encodeMessage(group: Group, message: Uint8Array, width: number): Uint8Array {
  if (message.length > 0xffff || widthFor(message.length) > width)
    throw new ShuffleError(
      'BAD_LENGTH',
      `message: want at most ${bytesPerPoint * width - lengthBytes} bytes, have ${message.length}`,
    )
  const padded = new Uint8Array(bytesPerPoint * width)
  padded.set([message.length >>> 8, message.length & 0xff])
  padded.set(message, lengthBytes)
  return concat(
    Array.from({ length: width }, (_, k) =>
      pointOf(group, padded.subarray(bytesPerPoint * k, bytesPerPoint * (k + 1))),
    ),
  )
}

/** The first of the candidates 2 i, 30 bytes, 0 that is the encoding of a point. */
function pointOf(group: Group, bytes: Uint8Array): Uint8Array {
  const candidate = new Uint8Array(pointBytes)
  candidate.set(bytes, 1)
  for (let i = 0; i < tries; i++) {
    candidate[0] = 2 * i
    if (isPoint(group, candidate)) return candidate
  }
  throw new ShuffleError('BAD_POINT', 'message: no point carries these bytes')
}

/**
 * Decodes a row's points. Undefined where they are not just what `encodeMessage` makes of a message: else a ballot
 * could be marked by how it is encoded.
 */
export function decodeMessage(group: Group, points: Uint8Array): Uint8Array | undefined {
  const width = countOf(points, pointBytes, 'points')
  const padded = concat(
    Array.from({ length: width }, (_, k) =>
      points.subarray(pointBytes * k + 1, pointBytes * k + 1 + bytesPerPoint),
    ),
  )
  const length = ((padded[0] as number) << 8) | (padded[1] as number)
  if (widthFor(length) > width) return undefined
  const message = padded.slice(lengthBytes, lengthBytes + length)
  return same(encodeMessage(group, message, width), points) ? message : undefined
}

/** Says whose ballot it is, and of what. */
export interface BallotContext {
  /** Election, question, whatever else the ballot shall be bound to. */
  readonly context: Uint8Array
  /** Names the voter: its credential's public key. */
  readonly voter: Uint8Array
  /** The key that ballots are encrypted to, 32 bytes. */
  readonly key: Uint8Array
}

/** Holds a voter's answers, encrypted, and the proof that the voter knows them. */
export interface Ballot {
  /** One row: 64 bytes a column. */
  readonly row: Uint8Array
  /** 32 (width + 1) bytes. */
  readonly proof: Uint8Array
}

/** Holds a ballot with what opens it: whoever has both knows the vote. */
export interface SealedBallot extends Ballot {
  /** Secret, 32 bytes a column. */
  readonly randomness: Uint8Array
}

/** Encrypts a message as a ballot of `width` columns. */
export function makeBallot(
  group: Group,
  about: BallotContext,
  message: Uint8Array,
  width: number,
  random: Random,
): Ballot {
  const { row, proof, randomness } = sealBallot(group, about, message, width, random)
  randomness.fill(0)
  return { row, proof }
}

/** Encrypts a message as a ballot of `width` columns, and keeps what opens it: one that is opened is never cast. */
export function sealBallot(
  group: Group,
  about: BallotContext,
  message: Uint8Array,
  width: number,
  random: Random,
): SealedBallot {
  const randomness = scalars(group, random, width)
  const row = encrypt(group, about.key, encodeMessage(group, message, width), randomness)
  const nonces = scalars(group, random, width)
  const challenge = challengeOf(
    group,
    about,
    row,
    group.multiples(undefined, { base: generator, scalars: nonces }),
  )
  const answers = group.mulAdd(randomness, challenge, nonces)
  nonces.fill(0)
  return { row, proof: concat([challenge, answers]), randomness }
}

/**
 * Opens a ballot with its randomness, 32 bytes a column.
 *
 * @param key what it is encrypted to, 32 bytes
 * @returns the message; undefined where the row is not just its encryption with this randomness
 */
export function openBallot(
  group: Group,
  key: Uint8Array,
  row: Uint8Array,
  randomness: Uint8Array,
): Uint8Array | undefined {
  const width = row.length / ciphertextBytes
  if (!Number.isInteger(width) || width < 1 || randomness.length !== 32 * width) return undefined
  if (!isPoint(group, key)) return undefined
  for (let at = 0; at < row.length; at += pointBytes)
    if (!isPoint(group, row.subarray(at, at + pointBytes))) return undefined
  for (let at = 0; at < randomness.length; at += 32)
    if (!isScalar(group, randomness.subarray(at, at + 32))) return undefined
  const [firsts, seconds] = halves(row)
  if (!same(firsts, group.multiples(undefined, { base: generator, scalars: randomness }))) return undefined
  const negatives = concat(
    Array.from({ length: width }, (_, k) =>
      group.mulAdd(randomness.subarray(32 * k, 32 * k + 32), minusOne, zero),
    ),
  )
  return decodeMessage(group, group.multiples(seconds, { base: key, scalars: negatives }))
}

/** Says whether whoever made a ballot knew what is in it, and made it for this election in this voter's name. */
export function verifyBallot(group: Group, about: BallotContext, { row, proof }: Ballot): boolean {
  const width = row.length / ciphertextBytes
  if (!Number.isInteger(width) || width < 1 || proof.length !== 32 * (width + 1)) return false
  if (!isPoint(group, about.key)) return false
  for (let at = 0; at < row.length; at += pointBytes)
    if (!isPoint(group, row.subarray(at, at + pointBytes))) return false
  for (let at = 0; at < proof.length; at += 32)
    if (!isScalar(group, proof.subarray(at, at + 32))) return false
  const challenge = proof.subarray(0, 32)
  const [firsts] = halves(row)
  const negative = group.mulAdd(challenge, minusOne, zero)
  const commitments = concat(
    Array.from({ length: width }, (_, k) => {
      const points = concat([generator, firsts.subarray(32 * k, 32 * k + 32)])
      return group.sum([{ points, scalars: concat([proof.subarray(32 * (k + 1), 32 * (k + 2)), negative]) }])
    }),
  )
  return same(challenge, challengeOf(group, about, row, commitments))
}

function challengeOf(
  group: Group,
  { context, voter, key }: BallotContext,
  row: Uint8Array,
  commitments: Uint8Array,
): Uint8Array {
  const width = countRows(row, 1, 'ballot')
  return group.reduce(digest('ballot', [context, voter, key, u32(width), row, commitments]))
}

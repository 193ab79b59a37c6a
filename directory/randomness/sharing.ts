// Secrets that a dealer shares out among holders, in a form that everybody can check (docs/spec/randomness.md 5 to 7):
// Schoenmakers, "A simple publicly verifiable secret sharing scheme and its application to electronic voting"
// (CRYPTO 1999), on ristretto255, with the low-degree check of SCRAPE (Cascudo and David, ACNS 2017). Bytes in,
// verified values out; nothing is kept.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Random } from '../../world/random.ts'
import type { Network } from '../documents/network.ts'
import { mostAuthorities } from '../documents/parameters.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest, labelled } from '../statement.ts'
import { dualWord, evaluate, weightsAtZero } from './code.ts'
import {
  base,
  commitmentBase,
  decodePoint,
  field,
  hashToScalar,
  type Point,
  readPoint,
  readScalar,
  sumOfMultiples,
  toScalar,
  writeScalar,
} from './group.ts'
import {
  type Bound,
  type EqualLogarithms,
  holdsEqual,
  type Proof,
  proofForm,
  proveEqual,
  readProof,
} from './proof.ts'

/** Binds a dealing to its dealer, holders, network and round: it is good for these and for no others. */
export interface Sharing {
  readonly network: string
  /** The round. */
  readonly epoch: number
  /** 32 bytes: the dealing authority's id. */
  readonly dealer: Uint8Array
  /** The sharing keys (32 bytes each) of all authorities, the dealer's too, in the order of their ids. */
  readonly holders: readonly Uint8Array[]
  /** Counts the holders that open what the dealer withholds: 1 to all. */
  readonly threshold: number
}

/** A dealing that was checked. All points are encoded, 32 bytes each. */
export interface Dealing {
  readonly sharing: Sharing
  /** 32 bytes: the digest of the dealing's bytes. */
  readonly hash: Uint8Array
  /** To the secret, then to every holder's share: one more than holders. */
  readonly commitments: readonly Uint8Array[]
  /** Each under its holder's key. */
  readonly shares: readonly Uint8Array[]
}

/** A share that was opened and checked. */
export interface Share {
  /** The dealing that it is of. */
  readonly hash: Uint8Array
  /** Its place among the holders, from 0. */
  readonly holder: number
  /** 32 bytes: an encoded point. */
  readonly point: Uint8Array
}

/** The operations of this page together, for whoever is handed them: a simulation may bring cheaper ones. */
export interface SecretSharing {
  readonly deal: typeof deal
  readonly verifyDealing: typeof verifyDealing
  readonly readDealing: typeof readDealing
  readonly verifyOpening: typeof verifyOpening
  readonly openShare: typeof openShare
  readonly verifyShare: typeof verifyShare
  readonly combine: typeof combine
}

/** Gives what a dealing by this authority in this round is bound to. */
export function sharingOf(network: Network, epoch: number, dealer: Uint8Array): Sharing {
  const { name, authorities, threshold } = network
  const ordered = [...authorities].sort((a, b) => compare(a.id, b.id))
  return { network: name, epoch, dealer, threshold, holders: ordered.map(({ sharingKey }) => sharingKey) }
}

/** Bytes of a dealing at most: 3n + 2 points and scalars of 34 bytes, and the heads of four lists. */
export const maxDealingBytes: number = 34 * (3 * mostAuthorities + 2) + 16
export const openingBytes = 34
export const maxShareBytes: number = 3 * 34 + 4

/** @param secretKey 32 uniform bytes */
export function sharingPublicKey(secretKey: Uint8Array): Uint8Array {
  return base.multiply(keyScalar(secretKey)).toBytes()
}

function keyScalar(secretKey: Uint8Array): bigint {
  return hashToScalar('sharing-key', null, secretKey)
}

// Dealing (5)

/**
 * Draws a secret and shares it out.
 *
 * @returns the dealing, to be published, and its opening, to be kept on disk and secret until it is revealed
 * @throws DirectoryError BAD_NETWORK: keys or threshold cannot be
 */
export function deal(sharing: Sharing, random: Random): { dealing: Uint8Array; opening: Uint8Array } {
  const keys = holderKeys(sharing)
  const coefficients = Array.from({ length: sharing.threshold }, () => toScalar(random(64)))
  const secret = coefficients[0] as bigint
  const values = places(keys.length).map(place => evaluate(coefficients, BigInt(place)))
  // Once in 2^252 a value is 0, whose multiple is the identity, which nobody takes.
  if (values.includes(0n)) return deal(sharing, random)
  const commitments = [secret, ...values].map(value => commitmentBase.multiply(value))
  const shares = keys.map((key, i) => key.multiply(values[i] as bigint))
  const encoded = { commitments: commitments.map(encode), shares: shares.map(encode) }
  const proof = proveEqual(
    boundDealing(sharing, encoded),
    sameValues(keys, commitments, shares),
    values,
    keys.map(() => toScalar(random(64))),
  )
  return {
    dealing: write([encoded.commitments, encoded.shares, ...proofForm(proof)]),
    opening: write(writeScalar(secret)),
  }
}

/**
 * Reads a dealing and checks that any `threshold` of its shares give the one secret that it commits to.
 *
 * @throws DirectoryError as the reader; TOO_LARGE; BAD_PROOF; BAD_NETWORK: keys or threshold cannot be
 */
export function verifyDealing(sharing: Sharing, bytes: Uint8Array): Dealing {
  const keys = holderKeys(sharing)
  const { commitments, shares, proof } = readFields(bytes, keys.length)
  const dealing = asDealing(sharing, bytes, commitments, shares)
  const { hash } = dealing
  // 5.2 step 2: the cheaper check first.
  if (!isLowDegree(sharing, hash, commitments)) {
    throw new DirectoryError('BAD_PROOF', 'dealing: commitments: more than one secret')
  }
  // 5.2 step 3
  if (!holdsEqual(boundDealing(sharing, dealing), sameValues(keys, commitments, shares), proof)) {
    throw new DirectoryError(
      'BAD_PROOF',
      'dealing: shares: not what the commitments say, or not by this dealer',
    )
  }
  return dealing
}

/**
 * Reads a dealing that was verified before: its form only.
 *
 * @throws DirectoryError as the reader; TOO_LARGE
 */
export function readDealing(sharing: Sharing, bytes: Uint8Array): Dealing {
  const { commitments, shares } = readFields(bytes, sharing.holders.length)
  return asDealing(sharing, bytes, commitments, shares)
}

function asDealing(
  sharing: Sharing,
  bytes: Uint8Array,
  commitments: readonly Point[],
  shares: readonly Point[],
): Dealing {
  return { sharing, hash: digest(bytes), commitments: commitments.map(encode), shares: shares.map(encode) }
}

/** [commitments, shares, challenge, responses] */
function readFields(
  bytes: Uint8Array,
  holders: number,
): { commitments: Point[]; shares: Point[]; proof: Proof } {
  const read = reader(bytes, 'dealing', maxDealingBytes)
  read.tuple(4)
  read.item('commitments').tuple(holders + 1)
  const commitments = Array.from({ length: holders + 1 }, () => readPoint(read))
  read.item('shares').tuple(holders)
  const shares = Array.from({ length: holders }, () => readPoint(read))
  const proof = readProof(read, holders)
  read.end()
  return { commitments, shares, proof }
}

/** SCRAPE: the committed values are those of a polynomial of a degree below the threshold. */
function isLowDegree({ threshold }: Sharing, hash: Uint8Array, commitments: readonly Point[]): boolean {
  const last = commitments.length - 1
  const mask = Array.from({ length: last - threshold + 1 }, (_, i) =>
    hashToScalar('sharing-degree', [hash, i]),
  )
  return sumOfMultiples(commitments, dualWord(last, mask)).is0()
}

/** Each share is its holder's key times the value that its commitment has. */
function sameValues(
  keys: readonly Point[],
  commitments: readonly Point[],
  shares: readonly Point[],
): EqualLogarithms[] {
  return keys.map((key, i) => ({
    bases: [commitmentBase, key],
    images: [commitments[i + 1] as Point, shares[i] as Point],
  }))
}

function boundDealing(
  sharing: Sharing,
  { commitments, shares }: Pick<Dealing, 'commitments' | 'shares'>,
): Bound {
  const { network, epoch, dealer, threshold, holders } = sharing
  return { kind: 'sharing-dealing', about: [network, epoch, dealer, threshold, holders, commitments, shares] }
}

// Opening by the dealer (6.1)

/**
 * @returns the dealer's contribution: 32 bytes
 * @throws DirectoryError as the reader; BAD_PROOF
 */
export function verifyOpening(dealing: Dealing, bytes: Uint8Array): Uint8Array {
  const read = reader(bytes, 'opening', openingBytes)
  const secret = readScalar(read.item('secret'))
  read.end()
  const committed = commitmentBase.multiplyUnsafe(secret).toBytes()
  if (!same(committed, dealing.commitments[0] as Uint8Array)) {
    throw new DirectoryError('BAD_PROOF', 'opening: secret: not the one that was dealt')
  }
  return contributionOf(dealing, base.multiplyUnsafe(secret))
}

// Opening by others (6.2)

/**
 * Opens this holder's share. The same input gives the same bytes.
 *
 * @param secretKey 32 bytes, whose public key is one of the holders'
 * @throws DirectoryError UNKNOWN_AUTHORITY when it is none of them
 */
export function openShare(dealing: Dealing, secretKey: Uint8Array): Uint8Array {
  const scalar = keyScalar(secretKey)
  const key = base.multiply(scalar)
  const holder = dealing.sharing.holders.findIndex(other => same(other, key.toBytes()))
  if (holder < 0) throw new DirectoryError('UNKNOWN_AUTHORITY', 'share: key: none of the holders has it')
  const share = decoded(dealing.shares[holder])
  const point = share.multiply(field.inv(scalar))
  const bound = boundShare(dealing, holder, point)
  const nonce = hashToScalar('sharing-nonce', bound.about, secretKey)
  const proof = proveEqual(bound, [sameKey(key, point, share)], [scalar], [nonce])
  return write([holder, encode(point), ...proofForm(proof)])
}

/** @throws DirectoryError as the reader; TOO_LARGE; BAD_PROOF */
export function verifyShare(dealing: Dealing, bytes: Uint8Array): Share {
  const read = reader(bytes, 'share', maxShareBytes)
  read.tuple(4)
  const holder = read.item('holder').uint(dealing.sharing.holders.length - 1)
  const point = readPoint(read.item('point'))
  const proof = readProof(read, 1)
  read.end()
  const statement = sameKey(decoded(dealing.sharing.holders[holder]), point, decoded(dealing.shares[holder]))
  if (!holdsEqual(boundShare(dealing, holder, point), [statement], proof)) {
    throw new DirectoryError('BAD_PROOF', `share: point: not what holder ${holder} was dealt`)
  }
  return { hash: dealing.hash, holder, point: encode(point) }
}

/**
 * The contribution of a dealer who withholds it: the same as its opening would give, from any shares.
 *
 * @param shares as `verifyShare` gave them; those beyond the threshold are not needed
 * @returns 32 bytes
 * @throws DirectoryError TOO_FEW_SHARES; BAD_DOCUMENT when one is of another dealing
 */
export function combine(dealing: Dealing, shares: readonly Share[]): Uint8Array {
  if (!shares.every(({ hash }) => same(hash, dealing.hash))) {
    throw new DirectoryError('BAD_DOCUMENT', 'shares: of another dealing')
  }
  const { threshold } = dealing.sharing
  const chosen = [...new Map(shares.map(share => [share.holder, share])).values()].slice(0, threshold)
  if (chosen.length < threshold) {
    throw new DirectoryError('TOO_FEW_SHARES', `shares: want ${threshold}, have ${chosen.length}`)
  }
  const weights = weightsAtZero(chosen.map(({ holder }) => holder + 1))
  return contributionOf(
    dealing,
    sumOfMultiples(
      chosen.map(({ point }) => decoded(point)),
      weights,
    ),
  )
}

/** The scalar that takes the generator to the holder's key takes the opened share to the dealt one. */
function sameKey(key: Point, opened: Point, dealt: Point): EqualLogarithms {
  return { bases: [base, opened], images: [key, dealt] }
}

function boundShare({ sharing, hash }: Dealing, holder: number, point: Point): Bound {
  const { network, epoch, dealer, holders } = sharing
  const key = holders[holder] as Uint8Array
  return { kind: 'sharing-share', about: [network, epoch, dealer, hash, holder, key, encode(point)] }
}

/** 6.3: from the point that is the secret. */
function contributionOf({ sharing: { network, epoch, dealer } }: Dealing, secret: Point): Uint8Array {
  return digest(labelled('sharing-secret', write([network, epoch, dealer, encode(secret)])))
}

// Pieces that all of them need

/** The holders are at the places 1 to n; the secret is at 0. */
function places(holders: number): number[] {
  return Array.from({ length: holders }, (_, i) => i + 1)
}

function holderKeys({ holders, threshold }: Sharing): Point[] {
  const want = (holds: boolean, message: string): void => {
    if (!holds) throw new DirectoryError('BAD_NETWORK', `sharing: ${message}`)
  }
  const n = holders.length
  want(n >= 1 && n <= mostAuthorities, `holders: want 1 to ${mostAuthorities}, have ${n}`)
  want(
    Number.isSafeInteger(threshold) && threshold >= 1 && threshold <= n,
    `threshold: want 1 to ${n}, have ${threshold}`,
  )
  want(new Set(holders.map(hex)).size === n, 'holders: a key stands there twice')
  const keys = holders.map(decodePoint).filter(key => key !== undefined)
  want(keys.length === n, 'holders: a key is no element of the group')
  return keys
}

function reader(bytes: Uint8Array, what: string, most: number): Reader {
  if (bytes.length > most) {
    throw new DirectoryError('TOO_LARGE', `${what}: want at most ${most} bytes, have ${bytes.length}`)
  }
  return new Reader(bytes, what)
}

function encode(point: Point): Uint8Array {
  return point.toBytes()
}

/** A point that was decoded before. */
function decoded(bytes: Uint8Array | undefined): Point {
  const point = bytes === undefined ? undefined : decodePoint(bytes)
  if (point === undefined)
    throw new DirectoryError('BAD_DOCUMENT', 'dealing: points: not one that was checked')
  return point
}

export const secretSharing: SecretSharing = {
  deal,
  verifyDealing,
  readDealing,
  verifyOpening,
  openShare,
  verifyShare,
  combine,
}

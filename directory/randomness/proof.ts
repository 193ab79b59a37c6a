// Proofs that logarithms are equal (docs/spec/randomness.md 4): Chaum and Pedersen (CRYPTO 1992), made non-interactive
// by Fiat and Shamir with one challenge for all statements, as in Schoenmakers (CRYPTO 1999).

import type { Cbor } from '../../encoding/cbor.ts'
import type { Reader } from '../reader.ts'
import { field, hashToScalar, type Point, readScalar, sumOfMultiples, writeScalar } from './group.ts'

/** Says that the same scalar takes each base to its image. */
export interface EqualLogarithms {
  readonly bases: readonly [Point, Point]
  readonly images: readonly [Point, Point]
}

export interface Proof {
  readonly challenge: bigint
  /** One a statement. */
  readonly responses: readonly bigint[]
}

/** Binds a proof to a network, a round and a signer; it proves nothing about anything else. */
export interface Bound {
  /** The kind in the label of the challenge. */
  readonly kind: string
  /** All that the statements are about, and where they belong. */
  readonly about: readonly Cbor[]
}

/**
 * @param scalars the logarithms, one a statement
 * @param nonces secret, used once, one a statement
 */
export function proveEqual(
  bound: Bound,
  statements: readonly EqualLogarithms[],
  scalars: readonly bigint[],
  nonces: readonly bigint[],
): Proof {
  const announced = statements.map(({ bases: [first, second] }, i) => {
    const nonce = nonces[i] as bigint
    return [first.multiply(nonce), second.multiply(nonce)] as const
  })
  const challenge = challengeOf(bound, announced)
  const responses = nonces.map((nonce, i) => field.sub(nonce, field.mul(challenge, scalars[i] as bigint)))
  return { challenge, responses }
}

/** Says whether the announcements that follow from the responses give the challenge. */
export function holdsEqual(bound: Bound, statements: readonly EqualLogarithms[], proof: Proof): boolean {
  const { challenge, responses } = proof
  const announced = statements.map(({ bases: [first, second], images: [ofFirst, ofSecond] }, i) => {
    const scalars = [responses[i] as bigint, challenge]
    return [sumOfMultiples([first, ofFirst], scalars), sumOfMultiples([second, ofSecond], scalars)] as const
  })
  return challengeOf(bound, announced) === challenge
}

function challengeOf({ kind, about }: Bound, announced: readonly (readonly [Point, Point])[]): bigint {
  const pairs = announced.map(([first, second]) => [first.toBytes(), second.toBytes()])
  return hashToScalar(kind, [...about, pairs])
}

/** Two elements of a list: the challenge, the responses. */
export function proofForm({ challenge, responses }: Proof): [Cbor, Cbor] {
  return [writeScalar(challenge), responses.map(writeScalar)]
}

/** @throws DirectoryError as `readScalar` */
export function readProof(read: Reader, statements: number): Proof {
  const challenge = readScalar(read.item('challenge'))
  read.item('responses').tuple(statements)
  return { challenge, responses: Array.from({ length: statements }, () => readScalar(read)) }
}

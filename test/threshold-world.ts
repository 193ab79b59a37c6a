// Trustees who make a key together, for tests of threshold keys: every dealing, what each trustee took of them, and the
// certificate.

import { concat } from '../encoding/bytes.ts'
import type { Group } from '../shuffle/group.ts'
import { certify, transcriptOf } from '../shuffle/keys/certificate.ts'
import { type Dealing, deal } from '../shuffle/keys/dealing.ts'
import { contextOf, type Session, type Trustee } from '../shuffle/keys/session.ts'
import { type Taken, take } from '../shuffle/keys/share.ts'
import { publicKeyOf } from '../shuffle/keys/suite.ts'
import { scalars } from '../shuffle/prove.ts'
import { seededRandom } from '../world/random.ts'

export interface MadeKey {
  readonly session: Session
  readonly trustees: readonly Trustee[]
  readonly dealings: readonly Dealing[]
  readonly taken: readonly Taken[]
  readonly transcript: Uint8Array
  readonly signatures: readonly Uint8Array[]
}

/** The trustees before they have dealt. */
export function trusteesFor(
  group: Group,
  threshold: number,
  n: number,
  seed: number,
): { session: Session; trustees: Trustee[] } {
  const random = seededRandom(seed)
  const secrets = Array.from({ length: n }, () => scalars(group, random, 1))
  const keys = concat(secrets.map(secret => publicKeyOf(group, secret)))
  const context = contextOf(new TextEncoder().encode(`session ${seed}`), keys)
  const session = { context, threshold, keys, extension: new TextEncoder().encode('an election') }
  return { session, trustees: secrets.map((secret, i) => ({ index: i + 1, secret })) }
}

export function makeKey(group: Group, threshold: number, n: number, seed: number): MadeKey {
  const { session, trustees } = trusteesFor(group, threshold, n, seed)
  const random = seededRandom(seed + 1000)
  const dealings = trustees.map(trustee => deal(group, session, trustee, random))
  const taken = trustees.map(trustee => take(group, session, trustee, dealings))
  const transcript = transcriptOf(group, session, dealings)
  const signatures = trustees.map(({ secret }) => certify(group, secret, transcript))
  return { session, trustees, dealings, taken, transcript, signatures }
}

/** Gives a copy with one bit turned over. */
export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] as number) ^ 1
  return copy
}

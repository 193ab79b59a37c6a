// All that a peer keeps to itself in a run comes from one seed, so that revealing the seed shows everything it did.
// docs/spec/payments-rounds.md 4.3.

import { sha256 } from '@noble/hashes/sha2.js'
import { x25519PublicKey } from '#crypto'
import type { Pairs } from '../net/dcnet.ts'
import { fieldBytes, fromStream } from '../net/field.ts'
import { pairKeys } from '../net/pads.ts'
import { tagged } from '../tagged.ts'
import type { KeyExchange, Received } from './message.ts'

/** All that one peer keeps to itself in one run. */
export interface Secrets {
  /** 32 random bytes. */
  readonly seed: Uint8Array
  /** The peer will send this: 32 bytes that its ledger can pay. */
  readonly output: Uint8Array
  /** X25519, 32 bytes each. */
  readonly secretKey: Uint8Array
  readonly publicKey: Uint8Array
  /** An element of the field, not 0. */
  readonly slotNumber: bigint
  /** 32 bytes. */
  readonly commitment: Uint8Array
}

/** Says whose secrets they are, and of which run: they are of no use to anybody else who reveals the same seed. */
export interface Owner {
  readonly identity: Uint8Array
  readonly pairing: Uint8Array
  readonly attempt: number
}

export function secretsOf(seed: Uint8Array, output: Uint8Array, owner: Owner): Secrets {
  const attempt = new Uint8Array(4)
  new DataView(attempt.buffer).setUint32(0, owner.attempt)
  const derive = (what: string, ...more: Uint8Array[]): Uint8Array =>
    sha256(tagged(`chaffinch/seed/v1 ${what}`, owner.pairing, attempt, owner.identity, seed, ...more))
  const secretKey = derive('key')
  const slotNumber = fromStream(derive('slot').subarray(0, fieldBytes))
  return {
    seed,
    output,
    secretKey,
    publicKey: x25519PublicKey(secretKey),
    slotNumber: slotNumber === 0n ? 1n : slotNumber,
    commitment: derive('commitment', output),
  }
}

/** Gives the keys that a peer shares with each of the others of a run. */
export function pairsOf(
  secrets: Secrets,
  keys: readonly Received<KeyExchange>[],
  me: number,
  session: Uint8Array,
): Pairs {
  return keys.map(({ body }, i) => (i === me ? null : pairKeys(secrets.secretKey, body.key, session)))
}

// What the trustees of one key agree on before they begin (docs/spec/threshold-keys.md 2).

import { sha512 } from '@noble/hashes/sha2.js'
import { concat, hex } from '../../encoding/bytes.ts'
import { ShuffleError } from '../error.ts'
import type { Group } from '../group.ts'
import { countOf } from '../sizes.ts'
import { isPoint, suiteId, u32le, u64be } from './suite.ts'

/** Trustees of one key at most. */
export const trusteesAtMost = 100
/** Bytes of a sealed share at most, its payload included. */
export const sealedAtMost = 65_536

/** Holds what the trustees of a key agree on. */
export interface Session {
  /** 64 bytes that no other session has: `contextOf`. */
  readonly context: Uint8Array
  /** So many trustees decrypt together; fewer cannot. */
  readonly threshold: number
  /** The trustees' lasting keys, 32 bytes each, in the order that gives them their numbers 1 to n. */
  readonly keys: Uint8Array
  /** Bytes that all of them certify with the key; may be empty. */
  readonly extension: Uint8Array
}

/** A trustee as itself. */
export interface Trustee {
  /** 1 to n. */
  readonly index: number
  /** 32 bytes, the scalar of its lasting key. */
  readonly secret: Uint8Array
}

/** Binds a session to its name, its suite and its trustees in their order: 64 bytes. */
export function contextOf(session: Uint8Array, keys: Uint8Array): Uint8Array {
  const n = countOf(keys, 32, 'keys')
  const parts = [
    new TextEncoder().encode('COCKTAIL-DKG-CONTEXT'),
    u64be(session.length),
    session,
    u64be(suiteId.length),
    suiteId,
    u32le(n),
    keys,
  ]
  return sha512(concat(parts))
}

/**
 * Gives the number of trustees.
 *
 * @throws ShuffleError BAD_LENGTH for none, too many, or a threshold that is not 1 to n; BAD_POINT for a key that is no
 *   key or stands there twice
 */
export function trusteesOf(group: Group, { threshold, keys }: Session): number {
  const n = countOf(keys, 32, 'keys')
  if (n < 1 || n > trusteesAtMost)
    throw new ShuffleError('BAD_LENGTH', `trustees: want 1 to ${trusteesAtMost}, have ${n}`)
  if (!(Number.isInteger(threshold) && threshold >= 1 && threshold <= n))
    throw new ShuffleError('BAD_LENGTH', `threshold: want 1 to ${n}, have ${threshold}`)
  const seen = new Set<string>()
  for (let i = 1; i <= n; i++) {
    const key = keyOf(keys, i)
    if (!isPoint(group, key)) throw new ShuffleError('BAD_POINT', `key of trustee ${i}: is no key`)
    if (seen.has(hex(key))) throw new ShuffleError('BAD_POINT', `key of trustee ${i}: another trustee has it`)
    seen.add(hex(key))
  }
  return n
}

/** Gives item number `index`, from 1 on, of 32 bytes each. */
export function keyOf(keys: Uint8Array, index: number): Uint8Array {
  return keys.subarray(32 * (index - 1), 32 * index)
}

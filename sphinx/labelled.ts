// Digests of the same labels under ever new keys, where a backend has no quicker way than hashing one after the other.

import type { Crypto, Label } from './crypto.ts'

/** Bytes of a BLAKE2b-512 digest. */
export const digestBytes = 64

/** Prepares `labelledDigests` over a backend's hash. All that is written to is made once, since a view costs much. */
export function oneByOne({
  blake2bInto,
  wipe,
}: Pick<Crypto, 'blake2bInto' | 'wipe'>): Crypto['labelledDigests'] {
  return labels => {
    const room = new Uint8Array(reach(labels))
    const each = labels.map(({ label, at }) => ({ label, digest: room.subarray(at, at + digestBytes) }))
    return (key, out) => {
      for (let i = 0; i < each.length; i++) {
        const { label, digest } = each[i] as (typeof each)[number]
        blake2bInto(digest, label, key)
      }
      out.set(room)
      wipe(room)
    }
  }
}

/** Where the last of the digests ends. */
export function reach(labels: readonly Label[]): number {
  return Math.max(0, ...labels.map(({ at }) => at + digestBytes))
}

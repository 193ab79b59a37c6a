// The keys of an authority (docs/spec/directory.md 1): all of them come from the seed of its Ed25519 key, so that one
// file is all there is to keep.

import { blake2b, ed25519PublicKey } from '#crypto'
import { write } from '../../encoding/cbor.ts'
import type { AuthorityEntry } from '../documents/network.ts'
import { DirectoryError } from '../error.ts'
import { sharingPublicKey } from '../randomness/sharing.ts'
import { labelled } from '../statement.ts'

/**
 * The secret sharing key (docs/spec/randomness.md 3).
 *
 * @param seed 32 bytes: of the authority's Ed25519 key
 * @returns 32 bytes
 */
export function sharingSecretKey(seed: Uint8Array): Uint8Array {
  return blake2b(labelled('sharing-seed', write(null)), 32, seed)
}

/**
 * Gives an authority as everybody's configuration has it.
 *
 * @param seed 32 bytes: of its Ed25519 key
 * @throws DirectoryError BAD_NETWORK for a seed of another length
 */
export function authorityEntry(seed: Uint8Array, addresses: readonly string[]): AuthorityEntry {
  if (!(seed instanceof Uint8Array && seed.length === 32))
    throw new DirectoryError('BAD_NETWORK', `authority: seed: want the 32 bytes of its key file`)
  return {
    id: ed25519PublicKey(seed),
    sharingKey: sharingPublicKey(sharingSecretKey(seed)),
    addresses,
  }
}

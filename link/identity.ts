// A host's identity on the network: a raw Ed25519 public key (RFC 8032), which is also its libp2p peer id.

import { ed25519PublicKey } from '#crypto'

/**
 * @param seed 32 bytes, the Ed25519 secret (RFC 8032 section 5.1.5)
 * @returns 32 bytes
 */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return ed25519PublicKey(seed)
}

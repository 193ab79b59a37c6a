// A host's identity on the network: a raw Ed25519 public key (RFC 8032), which is also its libp2p peer id.

import { createPrivateKey, createPublicKey } from 'node:crypto'

/** RFC 8410: what stands before the 32 bytes of an Ed25519 secret in PKCS #8. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * @param seed 32 bytes, the Ed25519 secret (RFC 8032 section 5.1.5)
 * @returns 32 bytes
 */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  const secret = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  return new Uint8Array(spki.subarray(-32))
}

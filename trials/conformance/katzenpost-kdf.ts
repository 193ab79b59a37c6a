// Katzenpost's key derivation for Sphinx: HKDF-Expand (RFC 5869, section 2.3) with SHA-256 straight from the
// shared secret, cut into keys in a fixed order.

import { expand } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'

export interface KatzenpostKeys {
  /** 32 bytes, HMAC-SHA256 */
  readonly headerMac: Uint8Array
  /** 32 bytes, AES-256-CTR */
  readonly headerEncryption: Uint8Array
  /** 16 bytes; also the nonce of the payload's cipher */
  readonly headerEncryptionIv: Uint8Array
  /** 48 bytes, AEZ v5 */
  readonly payloadEncryption: Uint8Array
  /** 32 bytes; only formats that blind an element use it */
  readonly blindingFactorSeed: Uint8Array
}

const info = new TextEncoder().encode('katzenpost-kdf-v0-hkdf-sha256')

/** @param secret 32 bytes */
export function katzenpostKdf(secret: Uint8Array): KatzenpostKeys {
  const material = expand(sha256, secret, info, 160)
  return {
    headerMac: material.subarray(0, 32),
    headerEncryption: material.subarray(32, 64),
    headerEncryptionIv: material.subarray(64, 80),
    payloadEncryption: material.subarray(80, 128),
    blindingFactorSeed: material.subarray(128),
  }
}

// The suite `katzenpost`: the primitives with which Katzenpost publishes KEM Sphinx packets. It runs through the
// same construction as `x25519` and checks it against somebody else's packets. Not for a network.

import { ctr } from '@noble/ciphers/aes.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import * as backend from '#crypto'
import type { Suite } from '../../sphinx/suite.ts'
import { aezDecrypt, aezEncrypt } from './katzenpost-aez.ts'
import { katzenpostKdf } from './katzenpost-kdf.ts'

/** A payload key and a header key end in the 16 bytes of their nonce. */
const nonceBytes = 16

export const katzenpost: Suite = {
  name: 'katzenpost',
  ad: Uint8Array.of(0, 0),
  publicKeyBytes: 32,
  kemBytes: 32,
  sharedBytes: 32,
  commandBytes: 82,
  macBytes: 32,
  seedBytes: 48 + nonceBytes,
  keyBytes: { mac: 32, header: 32 + nonceBytes, tag: 32, payload: 48 + nonceBytes },

  encapsulate(publicKey, random) {
    const secret = random(32)
    const ciphertext = backend.x25519PublicKey(secret)
    return { ciphertext, shared: sharedKey(backend.x25519(secret, publicKey), publicKey, ciphertext) }
  },

  decapsulate(secretKey, ciphertext, shared) {
    const dh = backend.x25519(secretKey, ciphertext)
    shared.set(sharedKey(dh, backend.x25519PublicKey(secretKey), ciphertext))
  },

  deriveKeys(shared, keys) {
    const derived = katzenpostKdf(shared)
    keys.mac.set(derived.headerMac)
    keys.header.set(derived.headerEncryption)
    keys.header.set(derived.headerEncryptionIv, 32)
    // Katzenpost's tag is a hash of the ciphertext; the packets do not depend on it.
    keys.tag.set(sha256(shared))
    keys.payload.set(derived.payloadEncryption)
    keys.payload.set(derived.headerEncryptionIv, 48)
  },

  // it remembers nothing of a key
  forgetsAnother: () => false,

  derivePayloadKey: (seed, payload) => payload.set(seed),

  headerXor(key, data) {
    data.set(ctr(key.subarray(0, 32), key.subarray(32)).encrypt(data))
  },

  mac: (key, data, out) => out.set(hmac(sha256, key, data)),
  payloadEncrypt: (key, data) => data.set(aezEncrypt(key.subarray(0, 48), key.subarray(48), data)),
  payloadDecrypt: (key, data) => data.set(aezDecrypt(key.subarray(0, 48), key.subarray(48), data)),
  equal: backend.equal,
  wipe: backend.wipe,
}

/** The hash of hpqc's adapter from a key exchange to a KEM, PRF `sha256-v1`: every part after its length. */
function sharedKey(dh: Uint8Array, publicKey: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const state = sha256.create().update(new TextEncoder().encode('kemadapter-sha256-v1'))
  for (const part of [dh, publicKey, ciphertext]) {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, part.length)
    state.update(length).update(part)
  }
  return state.digest()
}

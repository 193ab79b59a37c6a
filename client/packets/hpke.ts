// Hybrid public key encryption, RFC 9180, base mode, one message a context (section 6.1, "single-shot"):
// DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, ChaCha20Poly1305 0x0003.
//
// Left out: the modes psk, auth and auth-psk; further messages of a context; export. The names are the RFC's.
// It is written out here because a client seals for every packet: through WebCrypto (@hpke/core) one seal costs
// 1.4 ms and needs promises, this one 0.2 ms and none. The test compares both, and the RFC's own vectors.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { wipe, x25519, x25519PublicKey } from '#crypto'
import { concat } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'

/** An authenticated cipher with a 32-byte key, a 12-byte nonce and a 16-byte tag. */
export interface Aead {
  /** Its number in RFC 9180, section 7.3. */
  readonly id: number
  cipher(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
  ): { encrypt(plain: Uint8Array): Uint8Array; decrypt(sealed: Uint8Array): Uint8Array }
}

export const chaCha20Poly1305: Aead = { id: 0x0003, cipher: chacha20poly1305 }

/** Bytes of the encapsulated key in front of a sealed message. */
export const encBytes = 32
/** Bytes of the tag behind it. */
export const tagBytes = 16

const kemId = 0x0020
const kdfId = 0x0001
const modeBase = Uint8Array.of(0x00)
const nothing = new Uint8Array(0)
const version = ascii('HPKE-v1')
const kemSuite = concat([ascii('KEM'), i2osp(kemId)])

export interface Hpke {
  /**
   * SealBase.
   *
   * @param publicKey 32 bytes, the recipient's
   * @param random gives the ephemeral secret key, 32 bytes
   * @returns enc 32, ciphertext, tag 16
   * @throws SphinxError BAD_POINT for a public key of low order
   */
  seal(publicKey: Uint8Array, aad: Uint8Array, plain: Uint8Array, random: Random): Uint8Array
  /**
   * OpenBase.
   *
   * @throws SphinxError BAD_POINT, or the cipher's error when the tag does not fit
   */
  open(secretKey: Uint8Array, publicKey: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array
}

/** @param info what both sides know the message to be for */
export function hpke(info: Uint8Array, aead: Aead = chaCha20Poly1305): Hpke {
  const suite = concat([ascii('HPKE'), i2osp(kemId), i2osp(kdfId), i2osp(aead.id)])
  // 5.1 KeySchedule: the same for every message of this info
  const pskIdHash = labeledExtract(suite, nothing, 'psk_id_hash', nothing)
  const infoHash = labeledExtract(suite, nothing, 'info_hash', info)
  const context = concat([modeBase, pskIdHash, infoHash])

  const cipherFor = (sharedSecret: Uint8Array, aad: Uint8Array): ReturnType<Aead['cipher']> => {
    const secret = labeledExtract(suite, sharedSecret, 'secret', nothing)
    const key = labeledExpand(suite, secret, 'key', context, 32)
    // 5.2: the nonce of a context's first message is its base nonce
    const nonce = labeledExpand(suite, secret, 'base_nonce', context, 12)
    wipe(sharedSecret)
    wipe(secret)
    return aead.cipher(key, nonce, aad)
  }

  return {
    seal(publicKey, aad, plain, random) {
      // 4.1 Encap
      const ephemeral = random(32)
      const enc = x25519PublicKey(ephemeral)
      const shared = extractAndExpand(x25519(ephemeral, publicKey), concat([enc, publicKey]))
      wipe(ephemeral)
      return concat([enc, cipherFor(shared, aad).encrypt(plain)])
    },
    open(secretKey, publicKey, aad, sealed) {
      // 4.1 Decap
      const enc = sealed.subarray(0, encBytes)
      const shared = extractAndExpand(x25519(secretKey, enc), concat([enc, publicKey]))
      return cipherFor(shared, aad).decrypt(sealed.subarray(encBytes))
    },
  }
}

/** 4.1 ExtractAndExpand */
function extractAndExpand(dh: Uint8Array, kemContext: Uint8Array): Uint8Array {
  const prk = labeledExtract(kemSuite, nothing, 'eae_prk', dh)
  wipe(dh)
  return labeledExpand(kemSuite, prk, 'shared_secret', kemContext, 32)
}

/** 4 LabeledExtract */
function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return extract(sha256, concat([version, suite, ascii(label), ikm]), salt)
}

/** 4 LabeledExpand */
function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return expand(sha256, prk, concat([i2osp(length), version, suite, ascii(label), info]), length)
}

/** RFC 8017 I2OSP of two bytes. */
function i2osp(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff)
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

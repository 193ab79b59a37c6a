// Hybrid public key encryption, RFC 9180, base mode, one message a context (section 6.1, "single-shot"):
// DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, ChaCha20Poly1305 0x0003.
//
// Left out: the modes psk, auth and auth-psk; further messages of a context; export. The names are the RFC's.
// It is written out here because a client seals for every packet: through WebCrypto (@hpke/core) one seal costs
// 1.4 ms and needs promises, this one 0.1 ms and none. The test compares both, and the RFC's own vectors.

import { aeadOpen, aeadSeal, hmacSha256, wipe, x25519, x25519PublicKey } from '#crypto'
import { concat } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'

/** An authenticated cipher with a 32-byte key, a 12-byte nonce and a 16-byte tag. */
export interface Aead {
  /** Its number in RFC 9180, section 7.3. */
  readonly id: number
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array
  /** Gives undefined when the tag does not fit. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}

export const chaCha20Poly1305: Aead = { id: 0x0003, seal: aeadSeal, open: aeadOpen }

/** Bytes of the encapsulated key in front of a sealed message. */
export const encBytes = 32
/** Bytes of the tag behind it. */
export const tagBytes = 16

const kemId = 0x0020
const kdfId = 0x0001
const modeBase = Uint8Array.of(0x00)
const nothing = new Uint8Array(0)
const firstBlock = Uint8Array.of(0x01)
const version = ascii('HPKE-v1')
const kemSuite = concat([ascii('KEM'), i2osp(kemId)])
const eaePrk = label(kemSuite, 'eae_prk')
const sharedSecret = label(kemSuite, 'shared_secret', 32)

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
   * OpenBase: the message; undefined when the tag does not fit.
   *
   * @throws SphinxError BAD_POINT
   */
  open(
    secretKey: Uint8Array,
    publicKey: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined
}

/** @param info what both sides know the message to be for */
export function hpke(info: Uint8Array, aead: Aead = chaCha20Poly1305): Hpke {
  const suite = concat([ascii('HPKE'), i2osp(kemId), i2osp(kdfId), i2osp(aead.id)])
  // 5.1 KeySchedule: the same for every message of this info
  const pskIdHash = labeledExtract(label(suite, 'psk_id_hash'), nothing, nothing)
  const infoHash = labeledExtract(label(suite, 'info_hash'), nothing, info)
  const context = concat([modeBase, pskIdHash, infoHash])
  const secretLabel = label(suite, 'secret')
  const keyInfo = concat([label(suite, 'key', 32), context])
  // 5.2: the nonce of a context's first message is its base nonce
  const nonceInfo = concat([label(suite, 'base_nonce', 12), context])

  const keysOf = (shared: Uint8Array): [key: Uint8Array, nonce: Uint8Array] => {
    const secret = labeledExtract(secretLabel, shared, nothing)
    const key = expand(secret, keyInfo, 32)
    const nonce = expand(secret, nonceInfo, 12)
    wipe(shared)
    wipe(secret)
    return [key, nonce]
  }

  return {
    seal(publicKey, aad, plain, random) {
      // 4.1 Encap
      const ephemeral = random(32)
      const enc = x25519PublicKey(ephemeral)
      const shared = extractAndExpand(x25519(ephemeral, publicKey), enc, publicKey)
      wipe(ephemeral)
      const [key, nonce] = keysOf(shared)
      const sealed = concat([enc, aead.seal(key, nonce, aad, plain)])
      wipe(key)
      return sealed
    },
    open(secretKey, publicKey, aad, sealed) {
      // 4.1 Decap
      const enc = sealed.subarray(0, encBytes)
      const shared = extractAndExpand(x25519(secretKey, enc), enc, publicKey)
      const [key, nonce] = keysOf(shared)
      const plain = aead.open(key, nonce, aad, sealed.subarray(encBytes))
      wipe(key)
      return plain
    },
  }
}

/** 4.1 ExtractAndExpand */
function extractAndExpand(dh: Uint8Array, enc: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const prk = labeledExtract(eaePrk, nothing, dh)
  wipe(dh)
  return expand(prk, concat([sharedSecret, enc, publicKey]), 32)
}

/**
 * Gives what 4 puts before the keying material of LabeledExtract, and with a length before the info of LabeledExpand.
 * Made once for each label: a client seals for every packet.
 */
function label(suite: Uint8Array, name: string, length?: number): Uint8Array {
  const before = length === undefined ? nothing : i2osp(length)
  return concat([before, version, suite, ascii(name)])
}

/** 4 LabeledExtract */
function labeledExtract(labelled: Uint8Array, salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return hmacSha256(salt, concat([labelled, ikm]))
}

/** 4 LabeledExpand, of at most 32 bytes: one block of HKDF-Expand (RFC 5869, 2.3) has all of them. */
function expand(prk: Uint8Array, labelledInfo: Uint8Array, length: number): Uint8Array {
  return hmacSha256(prk, concat([labelledInfo, firstBlock])).subarray(0, length)
}

/** RFC 8017 I2OSP of two bytes. */
function i2osp(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff)
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

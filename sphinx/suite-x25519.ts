// The suite `x25519`: X25519, BLAKE2b, ChaCha20, LIONESS. docs/spec/sphinx.md 4.

import type { Crypto } from './crypto.ts'
import { lioness, lionessKeyBytes } from './lioness.ts'
import type { HopKeys, Suite } from './suite.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

const labels = {
  mac: ascii('chaffinch/sphinx/v1/mac'),
  header: ascii('chaffinch/sphinx/v1/header'),
  tag: ascii('chaffinch/sphinx/v1/tag'),
  payload1: ascii('chaffinch/sphinx/v1/payload/1'),
  payload2: ascii('chaffinch/sphinx/v1/payload/2'),
  payload3: ascii('chaffinch/sphinx/v1/payload/3'),
  payload4: ascii('chaffinch/sphinx/v1/payload/4'),
}

/** The suite over one backend: `x25519Suite(crypto)` with `import * as crypto from '#crypto'`. */
export function x25519Suite(crypto: Crypto): Suite {
  const wideBlock = lioness(crypto)
  const publicKeys = rememberPublicKeys(crypto)
  // dh, public key, ciphertext: hashed in one piece
  const exchange = new Uint8Array(96)
  const dh = exchange.subarray(0, 32)

  /** 4.1: K = BLAKE2b-256(dh, public key, ciphertext). `dh` is filled already. */
  function sharedInto(shared: Uint8Array, publicKey: Uint8Array, ciphertext: Uint8Array): void {
    exchange.set(publicKey, 32)
    exchange.set(ciphertext, 64)
    crypto.blake2bInto(shared, exchange)
    crypto.wipe(exchange)
  }

  /**
   * 4.2: each key is the start of BLAKE2b-512(K, label). The digest is written where the key belongs, and what it
   * is too long by lies where the next key is written: so the order of the calls matters, and nothing is copied.
   */
  function derive(secret: Uint8Array, keys: Uint8Array, at: number, label: Uint8Array): void {
    crypto.blake2bInto(keys.subarray(at, at + 64), label, secret)
  }

  function derivePayloadKey(secret: Uint8Array, keys: Uint8Array, at: number): void {
    derive(secret, keys, at, labels.payload1)
    derive(secret, keys, at + 32, labels.payload2)
    derive(secret, keys, at + 96, labels.payload3)
    derive(secret, keys, at + 128, labels.payload4)
  }

  return {
    name: 'x25519',
    ad: Uint8Array.of(1, 1),
    publicKeyBytes: 32,
    kemBytes: 32,
    sharedBytes: 32,
    commandBytes: 82,
    macBytes: 32,
    seedBytes: 32,
    keyBytes: { mac: 32, header: 32, tag: 32, payload: lionessKeyBytes },

    encapsulate(publicKey, random) {
      const secret = random(32)
      try {
        const ciphertext = crypto.x25519PublicKey(secret)
        crypto.x25519(secret, publicKey, dh)
        const shared = new Uint8Array(32)
        sharedInto(shared, publicKey, ciphertext)
        return { ciphertext, shared }
      } finally {
        crypto.wipe(secret)
      }
    },

    decapsulate(secretKey, ciphertext, shared) {
      crypto.x25519(secretKey, ciphertext, dh)
      sharedInto(shared, publicKeys.of(secretKey), ciphertext)
    },

    forgetsAnother: publicKeys.forgetsAnother,

    deriveKeys(shared, { all }: HopKeys) {
      derive(shared, all, 0, labels.mac)
      derive(shared, all, 32, labels.header)
      derive(shared, all, 64, labels.tag)
      derivePayloadKey(shared, all, 96)
    },

    derivePayloadKey: (seed, payload) => derivePayloadKey(seed, payload, 0),
    headerXor: crypto.chacha20Xor,
    mac: (key, data, out) => crypto.blake2bInto(out, data, key),
    payloadEncrypt: wideBlock.encrypt,
    payloadDecrypt: wideBlock.decrypt,
    equal: crypto.equal,
    wipe: crypto.wipe,
  }
}

/**
 * A hop needs its public key for every packet, and making it costs half a key exchange. It is kept as long as the
 * array that holds the secret key; a fingerprint tells when that array has come to hold another one.
 */
function rememberPublicKeys(crypto: Crypto): {
  of(secretKey: Uint8Array): Uint8Array
  forgetsAnother(secretKey: Uint8Array): boolean
} {
  const known = new WeakMap<Uint8Array, { fingerprint: Uint8Array; publicKey: Uint8Array }>()
  const fingerprintOf = (secretKey: Uint8Array): Uint8Array => crypto.blake2b(secretKey, 16)
  return {
    of(secretKey) {
      const entry = known.get(secretKey)
      if (entry !== undefined) return entry.publicKey
      const publicKey = crypto.x25519PublicKey(secretKey)
      known.set(secretKey, { fingerprint: fingerprintOf(secretKey), publicKey })
      return publicKey
    },
    forgetsAnother(secretKey) {
      const entry = known.get(secretKey)
      const isAnother = entry !== undefined && !crypto.equal(entry.fingerprint, fingerprintOf(secretKey))
      if (isAnother) known.delete(secretKey)
      return isAnother
    },
  }
}

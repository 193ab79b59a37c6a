// The key exchange of a packet with a hop: X25519, hashed. docs/spec/sphinx.md 4.1.

import type { Crypto } from './crypto.ts'
import type { Suite } from './suite.ts'

type Kem = Pick<
  Suite,
  'publicKeyBytes' | 'kemBytes' | 'sharedBytes' | 'encapsulate' | 'decapsulate' | 'forgetsAnother'
>

/**
 * X25519 over one backend.
 *
 * @param context hashed with every exchange, behind it, so that two suites that share a key share no secret
 */
export function x25519Kem(crypto: Crypto, context: Uint8Array): Kem {
  const { x25519, x25519PublicKey, blake2bInto, wipe } = crypto
  const publicKeys = rememberPublicKeys(crypto)
  // dh, public key, ciphertext, context: hashed in one piece
  const exchange = new Uint8Array(96 + context.length)
  const dh = exchange.subarray(0, 32)

  /** K = BLAKE2b-256(dh, public key, ciphertext, context). `dh` is filled already. */
  function sharedInto(shared: Uint8Array, publicKey: Uint8Array, ciphertext: Uint8Array): void {
    exchange.set(publicKey, 32)
    exchange.set(ciphertext, 64)
    exchange.set(context, 96)
    blake2bInto(shared, exchange)
    wipe(exchange)
  }

  return {
    publicKeyBytes: 32,
    kemBytes: 32,
    sharedBytes: 32,

    encapsulate(publicKey, random) {
      const secret = random(32)
      try {
        const ciphertext = x25519PublicKey(secret)
        x25519(secret, publicKey, dh)
        const shared = new Uint8Array(32)
        sharedInto(shared, publicKey, ciphertext)
        return { ciphertext, shared }
      } finally {
        wipe(secret)
      }
    },

    decapsulate(secretKey, ciphertext, shared) {
      x25519(secretKey, ciphertext, dh)
      sharedInto(shared, publicKeys.of(secretKey), ciphertext)
    },

    forgetsAnother: publicKeys.forgetsAnother,
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

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
  // An array as short as a key costs a native call more the first time, and the keys of a large network are all
  // new: so each call gets views that were made once. dh, public key, ciphertext, context are hashed in one piece.
  const exchange = new Uint8Array(96 + context.length)
  exchange.set(context, 96)
  const secrets = exchange.subarray(0, 96)
  const [dh, point, sent] = [exchange.subarray(0, 32), exchange.subarray(32, 64), exchange.subarray(64, 96)]
  const own = new Uint8Array(64)
  const [secret, made] = [own.subarray(0, 32), own.subarray(32)]

  /** K = BLAKE2b-256(dh, public key, ciphertext, context), of what `exchange` holds. */
  function sharedInto(shared: Uint8Array): void {
    blake2bInto(shared, exchange)
    wipe(secrets)
  }

  return {
    publicKeyBytes: 32,
    kemBytes: 32,
    sharedBytes: 32,

    encapsulate(publicKey, random) {
      if (publicKey.length !== 32)
        throw new RangeError(`x25519 public key: want 32 bytes, have ${publicKey.length}`)
      const rolled = random(32)
      secret.set(rolled)
      wipe(rolled)
      try {
        point.set(publicKey)
        x25519PublicKey(secret, sent)
        const ciphertext = sent.slice()
        x25519(secret, point, dh)
        sharedInto(made)
        return { ciphertext, shared: made.slice() }
      } finally {
        wipe(own)
      }
    },

    decapsulate(secretKey, ciphertext, shared) {
      sent.set(ciphertext)
      x25519(secretKey, sent, dh)
      point.set(publicKeys.of(secretKey))
      sharedInto(shared)
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

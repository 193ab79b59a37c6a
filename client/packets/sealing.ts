// Sealing to a recipient: what the far gateway stores and cannot read (docs/spec/client.md 2). It is handed to a
// client, so that a later suite (a hybrid KEM) can take its place.

import { x25519, x25519PublicKey } from '#crypto'
import type { Random } from '../../world/random.ts'
import { ClientError } from '../error.ts'
import { encBytes, hpke, tagBytes } from './hpke.ts'

/** A pair of keys that fragments are sealed to and opened with. */
export interface SealingKey {
  /** 32 bytes */
  readonly secret: Uint8Array
  /** 32 bytes: stands in the address. */
  readonly public: Uint8Array
}

/** Synchronous, and random only through the dice it is handed: one seed gives one packet. */
export interface Sealing {
  /** Bytes that a sealed message is longer. */
  readonly overhead: number
  /** The key of a secret of 32 bytes. */
  key(secret: Uint8Array): SealingKey
  /**
   * Seals afresh: two seals of the same bytes have nothing in common.
   *
   * @throws ClientError BAD_ADDRESS when the recipient's key is no key
   */
  seal(publicKey: Uint8Array, plain: Uint8Array, random: Random): Uint8Array
  /** @throws ClientError BAD_SEAL */
  open(key: SealingKey, sealed: Uint8Array): Uint8Array
  /**
   * Gives the secret of 32 bytes that two keys share, whichever of their owners computes it.
   *
   * @throws ClientError BAD_ADDRESS when the other's key is no key
   */
  agree(own: SealingKey, publicKey: Uint8Array): Uint8Array
}

const nothing = new Uint8Array(0)

/** HPKE (RFC 9180) with the info `chaffinch/seal/v1`, one to a fragment. */
export const hpkeSealing: Sealing = (() => {
  const { seal, open } = hpke(new TextEncoder().encode('chaffinch/seal/v1'))
  const opened = (key: SealingKey, sealed: Uint8Array): Uint8Array | undefined => {
    try {
      return open(key.secret, key.public, nothing, sealed)
    } catch (cause) {
      throw new ClientError('BAD_SEAL', 'sealed fragment: its key is no usable key', { cause })
    }
  }
  return {
    overhead: encBytes + tagBytes,
    key: secret => ({ secret, public: x25519PublicKey(secret) }),
    seal(publicKey, plain, random) {
      try {
        return seal(publicKey, nothing, plain, random)
      } catch (cause) {
        throw new ClientError('BAD_ADDRESS', 'address: sealing key: no usable key', { cause })
      }
    },
    open(key, sealed) {
      if (sealed.length < encBytes + tagBytes)
        throw new ClientError('BAD_SEAL', `sealed fragment: want ${encBytes + tagBytes} bytes or more`)
      const plain = opened(key, sealed)
      if (plain === undefined) throw new ClientError('BAD_SEAL', 'sealed fragment: not sealed to this client')
      return plain
    },
    agree(own, publicKey) {
      try {
        return x25519(own.secret, publicKey)
      } catch (cause) {
        throw new ClientError('BAD_ADDRESS', 'address: sealing key: no usable key', { cause })
      }
    },
  }
})()

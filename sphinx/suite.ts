// All that a suite supplies to the construction. Everything else (header.ts, peel.ts, reply.ts) is the same for all.

import type { Random } from '../world/random.ts'

/** The keys of one hop, views into one buffer so that one call wipes them. Lengths as in `Suite.keyBytes`. */
export interface HopKeys {
  readonly all: Uint8Array
  readonly mac: Uint8Array
  readonly header: Uint8Array
  /** The replay tag: names the packet at this hop and nothing else. */
  readonly tag: Uint8Array
  readonly payload: Uint8Array
}

/** Names keys: a hop needs all; to wrap for it takes all but the tag; a reply block, those of the header. */
export type WantedKeys = 'all' | 'wrapping' | 'header'

/**
 * The cryptography of a packet: a KEM, key derivation, a MAC, a stream cipher and a wide-block cipher. Lengths in
 * bytes.
 */
export interface Suite {
  readonly name: string
  /** The associated data that opens every packet: version, suite. */
  readonly ad: Uint8Array
  readonly publicKeyBytes: number
  /** A KEM ciphertext. */
  readonly kemBytes: number
  /** The bytes that encapsulator and decapsulator share. */
  readonly sharedBytes: number
  /** A hop's commands, zero-padded. */
  readonly commandBytes: number
  readonly macBytes: number
  /** The bytes that a reply block hands out so that its user can encrypt a payload. */
  readonly seedBytes: number
  readonly keyBytes: {
    readonly mac: number
    readonly header: number
    readonly tag: number
    readonly payload: number
  }

  /** @throws SphinxError BAD_POINT for a key that no honest party has */
  encapsulate(publicKey: Uint8Array, random: Random): { ciphertext: Uint8Array; shared: Uint8Array }
  /**
   * Writes the shared secret into `shared`.
   *
   * @throws SphinxError BAD_POINT for a ciphertext that no honest party makes
   */
  decapsulate(secretKey: Uint8Array, ciphertext: Uint8Array, shared: Uint8Array): void
  /**
   * Forgets what is remembered of this secret key when the array holds another one by now, and says whether it did. For
   * a header that does not fit: packets that do need not look.
   */
  forgetsAnother(secretKey: Uint8Array): boolean
  /** Fills the keys of a hop from its shared secret: those that are wanted, all by default. Others hold anything. */
  deriveKeys(shared: Uint8Array, keys: HopKeys, wanted?: WantedKeys): void
  /** Fills the payload key that a reply block's seed stands for. */
  derivePayloadKey(seed: Uint8Array, payload: Uint8Array): void
  /** A stream cipher, in place, from the start of its key stream. */
  headerXor(key: Uint8Array, data: Uint8Array): void
  /** Writes the MAC of `data` into `out`. */
  mac(key: Uint8Array, data: Uint8Array, out: Uint8Array): void
  /** A wide-block cipher, in place: every bit of the result depends on every bit of `data`. */
  payloadEncrypt(key: Uint8Array, data: Uint8Array): void
  payloadDecrypt(key: Uint8Array, data: Uint8Array): void
  /** Compares in constant time. */
  equal(a: Uint8Array, b: Uint8Array): boolean
  wipe(bytes: Uint8Array): void
}

/** Room for one hop's keys. */
export function newKeys(suite: Suite): HopKeys {
  return hopKeysIn(suite, new Uint8Array(hopKeyBytes(suite)))
}

/** The bytes of all keys of a hop. */
export function hopKeyBytes({ keyBytes: { mac, header, tag, payload } }: Suite): number {
  return mac + header + tag + payload
}

/** Gives one hop's keys in a room of `hopKeyBytes`. */
export function hopKeysIn({ keyBytes }: Suite, all: Uint8Array): HopKeys {
  const headerAt = keyBytes.mac
  const tagAt = headerAt + keyBytes.header
  const payloadAt = tagAt + keyBytes.tag
  return {
    all,
    mac: all.subarray(0, headerAt),
    header: all.subarray(headerAt, tagAt),
    tag: all.subarray(tagAt, payloadAt),
    payload: all.subarray(payloadAt),
  }
}

// The primitives that a backend supplies. Two modules implement it under the same names, crypto-native.ts
// (sodium-native) and crypto-portable.ts (@noble), and `#crypto` stands for the one that fits: in browsers the portable
// one, in Node the one that crypto-node.ts can load.

/** One piece of data, or several that are hashed as if joined. */
export type Parts = Uint8Array | readonly Uint8Array[]

/** A message that is hashed under many keys, and where its digest goes. */
export interface Label {
  readonly label: Uint8Array
  readonly at: number
}

/** The primitives that packets and documents are made of. Node and browsers have a backend each. */
export interface Crypto {
  /**
   * RFC 7748, section 6.1: the public key (32 bytes) of a secret key (32 bytes).
   *
   * @param out 32 bytes to write to; without it a new array
   */
  x25519PublicKey(secretKey: Uint8Array, out?: Uint8Array): Uint8Array

  /**
   * RFC 7748, section 6.1: 32 bytes shared with the holder of `publicKey`.
   *
   * @param out 32 bytes to write to; without it a new array
   * @throws SphinxError BAD_POINT when the result is all zero (a public key of low order)
   */
  x25519(secretKey: Uint8Array, publicKey: Uint8Array, out?: Uint8Array): Uint8Array

  /**
   * BLAKE2b (RFC 7693), keyed when there is a key.
   *
   * @param length bytes of the digest, 16 to 64
   * @param key 16 to 64 bytes
   */
  blake2b(data: Parts, length: number, key?: Uint8Array): Uint8Array

  /** The same digest written into `out`, whose length (16 to 64) is the digest's. */
  blake2bInto(out: Uint8Array, data: Uint8Array, key?: Uint8Array): void

  /**
   * Prepares what is written for each key: the keyed BLAKE2b-512 of each label, in this order and each at its place, so
   * that a digest which begins inside the one before overwrites the end of that.
   *
   * @param labels of 1 to 128 bytes each
   * @returns takes a key of 32 bytes, and an array of which it fills as much as the digests reach
   */
  labelledDigests(labels: readonly Label[]): (key: Uint8Array, out: Uint8Array) => void

  /**
   * HMAC (RFC 2104) with SHA-256: 32 bytes.
   *
   * @param key at most 64 bytes
   */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array

  /** XORs ChaCha20's key stream (64-bit zero nonce, counter from 0) into `data`, in place. The key is used once. */
  chacha20Xor(key: Uint8Array, data: Uint8Array): void

  /**
   * Poly1305 (RFC 8439, section 2.5), written into `out`.
   *
   * @param out 16 bytes
   * @param key 32 bytes
   */
  poly1305Into(out: Uint8Array, data: Uint8Array, key: Uint8Array): void

  /**
   * ChaCha20-Poly1305 (RFC 8439, section 2.8).
   *
   * @param key 32 bytes
   * @param nonce 12 bytes, never twice with one key
   * @returns the ciphertext, then the tag: 16 bytes more than `plain`
   */
  aeadSeal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plain: Uint8Array): Uint8Array

  /** Opens what `aeadSeal` sealed; undefined when a byte of it, of the nonce or of `ad` is another. */
  aeadOpen(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined

  /** Compares in a time that depends on the lengths only. Different lengths are unequal. */
  equal(a: Uint8Array, b: Uint8Array): boolean

  /** Overwrites with zeros. */
  wipe(bytes: Uint8Array): void

  /** Zeros for a long-lived secret: in locked memory, out of core dumps, where the backend can. */
  secretBytes(length: number): Uint8Array

  /** Tells whether `secretBytes` asks the system to lock them. */
  readonly locksMemory: boolean

  /** Says in Node why the native backend could not be loaded; undefined where it is in use, and in browsers. */
  readonly missingAddon: string | undefined

  /** RFC 8032: the public key (32 bytes) of a seed (32 bytes). */
  ed25519PublicKey(seed: Uint8Array): Uint8Array

  /** RFC 8032, Ed25519: a signature of 64 bytes by the key of this seed. */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array

  /**
   * RFC 8032, Ed25519, as libsodium does it: without the cofactor, and false for malformed keys and signatures and for
   * points of low order. Never throws.
   */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

// Noise as libp2p has it (Noise_XX_25519_ChaChaPoly_SHA256, libp2p's specs/noise), by hand and from both ends, so
// that an attacker may break it off or break it at any place, and a handshake costs a tenth of a host's.

import { createHash } from 'node:crypto'
import { aeadOpen, aeadSeal, ed25519PublicKey, ed25519Sign, x25519, x25519PublicKey } from '#crypto'
import { concat } from '../../encoding/bytes.ts'
import { noisePrimitives } from '../../link/libp2p/noise.ts'
import { systemRandom } from '../../world/random.ts'

const keyBytes = 32
const tagBytes = 16
/** Plaintext of one message of Noise. */
export const mostSealedBytes: number = 65_535 - tagBytes
const none = new Uint8Array(0)

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Field of protobuf with a length below 128. */
const field = (number: number, body: Uint8Array): Uint8Array =>
  concat([Uint8Array.of((number << 3) | 2, body.length), body])

/** Names an attacker: its signature over its Noise key is made once. */
export interface Identity {
  /** 32 bytes, Ed25519. */
  readonly id: Uint8Array
  readonly noiseKey: Uint8Array
  /** The payload of its handshakes, without muxers. */
  readonly said: Uint8Array
}

export function newIdentity(): Identity {
  const seed = systemRandom(keyBytes)
  const noiseKey = systemRandom(keyBytes)
  const id = ed25519PublicKey(seed)
  const signed = concat([ascii('noise-libp2p-static-key:'), x25519PublicKey(noiseKey)])
  const key = concat([Uint8Array.of(8, 1, 0x12, keyBytes), id])
  return { id, noiseKey, said: concat([field(1, key), field(2, ed25519Sign(seed, signed))]) }
}

/** The payload that an honest host sends. @param muxer offered within it, when it is */
export function payloadOf({ said }: Identity, muxer: string | undefined): Uint8Array {
  return muxer === undefined ? said : concat([said, field(4, field(2, ascii(muxer)))])
}

class Cipher {
  readonly #key: Uint8Array
  #count = 0

  constructor(key: Uint8Array) {
    this.#key = key
  }

  seal(plain: Uint8Array, ad: Uint8Array = none): Uint8Array {
    return aeadSeal(this.#key, this.#nonce(), ad, plain)
  }

  /** @throws Error when it was not sealed with this key */
  open(sealed: Uint8Array, ad: Uint8Array = none): Uint8Array {
    const plain = aeadOpen(this.#key, this.#nonce(), ad, sealed)
    if (plain === undefined) throw new Error('not sealed with this key')
    return plain
  }

  #nonce(): Uint8Array {
    const nonce = new Uint8Array(12)
    new DataView(nonce.buffer).setUint32(4, this.#count++, true)
    return nonce
  }
}

/** The state of a handshake at one of its ends (Noise 5.2 and 5.3). */
export class Handshake {
  #hash: Uint8Array = ascii('Noise_XX_25519_ChaChaPoly_SHA256')
  #chaining: Uint8Array = this.#hash
  #cipher: Cipher | undefined
  readonly #ephemeral = systemRandom(keyBytes)
  readonly #fixed: Uint8Array
  /** The other's, once they have come. */
  #theirEphemeral: Uint8Array = none
  #theirFixed: Uint8Array = none

  constructor(fixed: Uint8Array) {
    this.#fixed = fixed
    this.#mix(none)
  }

  /** → e */
  first(): Uint8Array {
    const own = this.#own()
    this.#mix(none)
    return own
  }

  readFirst(message: Uint8Array): void {
    this.#theirs(message)
    this.#mix(message.subarray(keyBytes))
  }

  /** ← e, ee, s, es */
  second(payload: Uint8Array): Uint8Array {
    const own = this.#own()
    this.#agree(this.#ephemeral, this.#theirEphemeral)
    const fixed = this.#seal(x25519PublicKey(this.#fixed))
    this.#agree(this.#fixed, this.#theirEphemeral)
    return concat([own, fixed, this.#seal(payload)])
  }

  /** @throws Error when it was not sealed as it should be */
  readSecond(message: Uint8Array): void {
    this.#theirs(message)
    this.#agree(this.#ephemeral, this.#theirEphemeral)
    const rest = message.subarray(keyBytes)
    this.#theirFixed = this.#open(rest.subarray(0, keyBytes + tagBytes))
    this.#agree(this.#ephemeral, this.#theirFixed)
    this.#open(rest.subarray(keyBytes + tagBytes))
  }

  /** → s, se */
  third(payload: Uint8Array): Uint8Array {
    const fixed = this.#seal(x25519PublicKey(this.#fixed))
    this.#agree(this.#fixed, this.#theirEphemeral)
    return concat([fixed, this.#seal(payload)])
  }

  /** @throws Error when it was not sealed as it should be */
  readThird(message: Uint8Array): void {
    this.#theirFixed = this.#open(message.subarray(0, keyBytes + tagBytes))
    this.#agree(this.#ephemeral, this.#theirFixed)
    this.#open(message.subarray(keyBytes + tagBytes))
  }

  /** Keys of the one that asked and of the one that answered, in this order. */
  split(): [Cipher, Cipher] {
    const [asks, answers] = noisePrimitives.getHKDF(this.#chaining, none)
    return [new Cipher(asks), new Cipher(answers)]
  }

  #own(): Uint8Array {
    const key = x25519PublicKey(this.#ephemeral)
    this.#mix(key)
    return key
  }

  #theirs(message: Uint8Array): void {
    this.#theirEphemeral = message.slice(0, keyBytes)
    this.#mix(this.#theirEphemeral)
  }

  #mix(data: Uint8Array): void {
    this.#hash = new Uint8Array(sha256(this.#hash, data))
  }

  #agree(secret: Uint8Array, key: Uint8Array): void {
    const [chaining, sealing] = noisePrimitives.getHKDF(this.#chaining, x25519(secret, key))
    this.#chaining = new Uint8Array(chaining)
    this.#cipher = new Cipher(sealing)
  }

  #seal(plain: Uint8Array): Uint8Array {
    const sealed = (this.#cipher as Cipher).seal(plain, this.#hash)
    this.#mix(sealed)
    return sealed
  }

  #open(sealed: Uint8Array): Uint8Array {
    const plain = (this.#cipher as Cipher).open(sealed, this.#hash)
    this.#mix(sealed)
    return plain
  }
}

/** Puts the length of a message of Noise, two bytes, before it. */
export function framed(message: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(message.length >> 8, message.length & 255), message])
}

// Noise over the backend that packets have (sphinx/crypto.ts): libsodium seals a cell in a third of the time that the
// package's own choice takes for its length, and agrees on a key without an object a key.

import { type ICryptoInterface, noise, pureJsCrypto } from '@chainsafe/libp2p-noise'
import { aeadOpen, aeadSeal, hmacSha256, x25519, x25519PublicKey } from '#crypto'
import { systemRandom } from '../../world/random.ts'
import type { Data } from './streams.ts'

/** Before each message of Noise on the wire (libp2p's noise, "Wire format"). */
const lengthBytes = 2

const keyOf = (privateKey: Uint8Array): ReturnType<ICryptoInterface['generateX25519KeyPair']> => ({
  privateKey,
  publicKey: x25519PublicKey(privateKey),
})

/** Seven primitives under the names of the package. `chaCha20Poly1305Decrypt` throws where the tag does not fit. */
export const noisePrimitives: ICryptoInterface = {
  hashSHA256: pureJsCrypto.hashSHA256,
  generateX25519KeyPair: () => keyOf(systemRandom(32)),
  generateX25519KeyPairFromSeed: keyOf,
  generateX25519SharedKey: (privateKey, publicKey) => x25519(privateKey.subarray(), publicKey.subarray()),
  getHKDF(chainingKey, material) {
    const secret = hmacSha256(chainingKey, material)
    const first = hmacSha256(secret, Uint8Array.of(1))
    const second = hmacSha256(secret, Uint8Array.of(...first, 2))
    return [first, second, hmacSha256(secret, Uint8Array.of(...second, 3))]
  },
  chaCha20Poly1305Encrypt: (plain, nonce, ad, key) => aeadSeal(key, nonce, ad, plain.subarray()),
  chaCha20Poly1305Decrypt(sealed, nonce, ad, key) {
    const plain = aeadOpen(key, nonce, ad, sealed.subarray())
    if (plain === undefined) throw new Error('noise: a message that was not sealed with this key')
    return plain
  },
}

/** Noise as libp2p has it (/noise), whatever seals it. */
export type NoiseMaker = () => ReturnType<typeof noise>

export const nativeNoise: NoiseMaker = () => noise({ crypto: noisePrimitives })

/** A list of bytes as libp2p keeps it. */
type Bytes = Exclude<Data, Uint8Array>

/** A stream of Noise, by the part that finds where its messages end. */
interface Decoding {
  readonly decoder: { readonly buffer: Bytes; decode(data: Data): Iterable<Bytes> }
}

function decodes(stream: object): stream is Decoding {
  const { decoder } = stream as Partial<Decoding>
  return typeof decoder?.decode === 'function' && typeof decoder.buffer?.getUint16 === 'function'
}

/**
 * Has a stream find its messages without an error. The package's decoder asks for one more length until there is none,
 * and is told so by a RangeError, whose stack costs 30 to 40 microseconds: of every read, which is of every packet
 * where few come.
 *
 * @returns false where the package is not what it was, which costs time and nothing else
 */
export function decodeWithoutErrors(stream: object): boolean {
  if (!decodes(stream)) return false
  const { decoder } = stream
  const { buffer } = decoder
  decoder.decode = data => {
    buffer.append(data)
    const messages: Bytes[] = []
    while (buffer.byteLength >= lengthBytes) {
      const end = lengthBytes + buffer.getUint16(0)
      if (buffer.byteLength < end) break
      if (end > lengthBytes) messages.push(buffer.sublist(lengthBytes, end))
      buffer.consume(end)
    }
    return messages
  }
  return true
}

/** Noise over the package's own choice of primitives: what a measurement compares with. */
export const packageNoise: NoiseMaker = () => noise()

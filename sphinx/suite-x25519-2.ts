// The suite `x25519-2`: suite `x25519` with one key stream for all keys of a hop, and a cheaper hash in LIONESS. Why
// that is as strong: docs/spec/sphinx.md 4.6.

import type { Crypto } from './crypto.ts'
import { x25519Kem } from './kem-x25519.ts'
import { lioness, type RoundHash } from './lioness.ts'
import type { Suite } from './suite.ts'
import { x25519Suite } from './suite-x25519.ts'

/** The suite over one backend, as `x25519Suite`. */
export function x25519Suite2(crypto: Crypto): Suite {
  const { chacha20Xor } = crypto
  const ad = Uint8Array.of(1, 2)
  const wideBlock = lioness(crypto, roundHash(crypto))
  const derive = (secret: Uint8Array, keys: Uint8Array): void => {
    keys.fill(0)
    chacha20Xor(secret, keys)
  }
  return {
    ...x25519Suite(crypto),
    ...x25519Kem(crypto, ad),
    name: 'x25519-2',
    ad,
    deriveKeys: (shared, { all }) => derive(shared, all),
    derivePayloadKey: derive,
    payloadEncrypt: wideBlock.encrypt,
    payloadDecrypt: wideBlock.decrypt,
  }
}

/** BLAKE2b-256(second half of the key, Poly1305(first half, data)): a universal hash, then a pseudo-random function. */
function roundHash({ blake2bInto, poly1305Into, wipe }: Crypto): RoundHash {
  return key => {
    const [universal, random] = [key.subarray(0, 32), key.subarray(32)]
    const short = new Uint8Array(16)
    return (out, data) => {
      poly1305Into(short, data, universal)
      blake2bInto(out, short, random)
      wipe(short)
    }
  }
}

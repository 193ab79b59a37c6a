// The suite `x25519`: X25519, BLAKE2b, ChaCha20, LIONESS. docs/spec/sphinx.md 4.

import type { Crypto } from './crypto.ts'
import { x25519Kem } from './kem-x25519.ts'
import { lioness, lionessKeyBytes, type RoundHash } from './lioness.ts'
import type { Suite, WantedKeys } from './suite.ts'

/** Where each key begins among the keys of a hop, and the label that it is made with. */
const hopKeys: readonly (readonly [at: number, label: string])[] = [
  [0, 'chaffinch/sphinx/v1/mac'],
  [32, 'chaffinch/sphinx/v1/header'],
  [64, 'chaffinch/sphinx/v1/tag'],
  [96, 'chaffinch/sphinx/v1/payload/1'],
  [128, 'chaffinch/sphinx/v1/payload/2'],
  [192, 'chaffinch/sphinx/v1/payload/3'],
  [224, 'chaffinch/sphinx/v1/payload/4'],
]
const tagAt = 64
const payloadAt = 96

/** The suite over one backend: `x25519Suite(crypto)` with `import * as crypto from '#crypto'`. */
export function x25519Suite(crypto: Crypto): Suite {
  const { blake2bInto } = crypto
  const wideBlock = lioness(crypto, blake2bRound(crypto))
  const derivation = keyDerivation(crypto)
  return {
    ...x25519Kem(crypto, new Uint8Array(0)),
    name: 'x25519',
    ad: Uint8Array.of(1, 1),
    commandBytes: 82,
    macBytes: 32,
    seedBytes: 32,
    keyBytes: { mac: 32, header: 32, tag: 32, payload: lionessKeyBytes },
    deriveKeys: (shared, { all }, wanted = 'all') => derivation.hop(shared, all, wanted),
    derivePayloadKey: derivation.payload,
    headerXor: crypto.chacha20Xor,
    mac: (key, data, out) => blake2bInto(out, data, key),
    payloadEncrypt: wideBlock.encrypt,
    payloadDecrypt: wideBlock.decrypt,
    equal: crypto.equal,
    wipe: crypto.wipe,
  }
}

/** 4.5: the hash of a round of LIONESS is keyed BLAKE2b-256. */
export function blake2bRound({ blake2bInto }: Pick<Crypto, 'blake2bInto'>): RoundHash {
  return key => (out, data) => blake2bInto(out, data, key)
}

/**
 * 4.2: each key is the start of BLAKE2b-512(K, label). The digest is written where the key belongs, and what it is too
 * long by lies where the next key is written: so the order of the labels matters.
 */
function keyDerivation({ labelledDigests }: Crypto): {
  hop(secret: Uint8Array, keys: Uint8Array, wanted: WantedKeys): void
  payload(secret: Uint8Array, keys: Uint8Array): void
} {
  const ofKeys = (wants: (at: number) => boolean, from = 0): ((key: Uint8Array, out: Uint8Array) => void) =>
    labelledDigests(
      hopKeys
        .filter(([at]) => wants(at))
        .map(([at, label]) => ({ label: new TextEncoder().encode(label), at: at - from })),
    )
  const by: Readonly<Record<WantedKeys, ReturnType<typeof ofKeys>>> = {
    all: ofKeys(() => true),
    wrapping: ofKeys(at => at !== tagAt),
    header: ofKeys(at => at < tagAt),
  }
  return {
    hop: (secret, keys, wanted) => by[wanted](secret, keys),
    payload: ofKeys(at => at >= payloadAt, payloadAt),
  }
}

// The parts of Katzenpost's packets by themselves: key derivation, AEZ, and the dice of its tests.

import * as node from '#crypto'
import * as browser from '../../sphinx/crypto-portable.ts'
import { seededRandom } from '../../world/random.ts'
import { bytesOf, type Check, readJson, same } from './check.ts'
import { aezDecrypt, aezEncrypt } from './katzenpost-aez.ts'
import { katzenpostKdf } from './katzenpost-kdf.ts'

/** Kind katzenpost-kdf. */
export function katzenpostKdfVectors(path: string): readonly Check[] {
  return vectorsOf(path).flatMap((vector, i) => {
    const keys = katzenpostKdf(bytesOf(vector['ikm'], `vector ${i}: ikm`))
    const check = (field: string, have: Uint8Array): Check =>
      same(`vector ${i}: ${field}`, have, bytesOf(vector[field], `vector ${i}: ${field}`))
    return [
      check('header_mac', keys.headerMac),
      check('header_encryption', keys.headerEncryption),
      check('header_encryption_iv', keys.headerEncryptionIv),
      check('payload_encryption', keys.payloadEncryption),
      check('blinding_factor_seed', keys.blindingFactorSeed),
    ]
  })
}

/** Kind katzenpost-aez. */
export function katzenpostAez(path: string): readonly Check[] {
  return vectorsOf(path).flatMap((vector, i) => {
    const [key, iv, plaintext, ciphertext] = ['key', 'iv', 'plaintext', 'ciphertext'].map(field =>
      bytesOf(vector[field], `vector ${i}: ${field}`),
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    return [
      same(`vector ${i}: encipher ${plaintext.length} bytes`, aezEncrypt(key, iv, plaintext), ciphertext),
      same(`vector ${i}: decipher ${plaintext.length} bytes`, aezDecrypt(key, iv, ciphertext), plaintext),
    ]
  })
}

/** Kind katzenpost-chacha20-drbg: the key stream that both backends XOR and that `seededRandom` rolls. */
export function katzenpostChaCha20(path: string): readonly Check[] {
  return vectorsOf(path).flatMap((vector, i) => {
    const key = bytesOf(vector['key'], `vector ${i}: key`)
    const stream = bytesOf(vector['keystream'], `vector ${i}: keystream`)
    const xored = Object.entries({ node, browser }).map(([name, backend]) => {
      const data = new Uint8Array(stream.length)
      backend.chacha20Xor(key, data)
      return same(`vector ${i}: ${name}`, data, stream)
    })
    return [...xored, same(`vector ${i}: seededRandom`, seededRandom(key)(stream.length), stream)]
  })
}

function vectorsOf(path: string): readonly Record<string, unknown>[] {
  const { vectors } = readJson(path) as { vectors?: unknown }
  if (!Array.isArray(vectors)) throw new Error('no list of vectors')
  return vectors as readonly Record<string, unknown>[]
}

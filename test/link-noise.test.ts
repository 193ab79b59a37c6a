// link/libp2p/noise.ts: the primitives that Noise is given are those that the package brings itself; link-guard.test.ts
// connects with a host that has the package's.

import { pureJsCrypto } from '@chainsafe/libp2p-noise'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { noisePrimitives as ours } from '../link/libp2p/noise.ts'

const theirs = pureJsCrypto
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const flat = (of: { subarray(): Uint8Array }): string => hex(of.subarray())

test('keys, agreements, hashes and derived keys are the same', () => {
  fc.assert(
    fc.property(bytes(32), bytes(32), fc.uint8Array({ maxLength: 64 }), (a, b, material) => {
      const [mine, other] = [ours.generateX25519KeyPairFromSeed(a), theirs.generateX25519KeyPairFromSeed(b)]
      assert.equal(mine.publicKey, theirs.generateX25519KeyPairFromSeed(a).publicKey)
      const shared = ours.generateX25519SharedKey(mine.privateKey, other.publicKey)
      assert.equal(shared, theirs.generateX25519SharedKey(other.privateKey, mine.publicKey))
      assert.equal(ours.getHKDF(a, material), theirs.getHKDF(a, material))
      assert.equal(ours.hashSHA256(material), theirs.hashSHA256(material))
    }),
    { numRuns: 30 },
  )
  const pair = ours.generateX25519KeyPair()
  assert.equal(theirs.generateX25519KeyPairFromSeed(pair.privateKey).publicKey, pair.publicKey)
})

test('what one seals the other opens, and nothing that was changed', () => {
  fc.assert(
    fc.property(
      bytes(32),
      bytes(12),
      fc.uint8Array({ maxLength: 40 }),
      bytes(3370),
      fc.nat(),
      (key, nonce, ad, text, cut) => {
        const sealed = ours.chaCha20Poly1305Encrypt(text, nonce, ad, key)
        assert.is(flat(sealed), flat(theirs.chaCha20Poly1305Encrypt(text, nonce, ad, key)))
        assert.is(flat(ours.chaCha20Poly1305Decrypt(sealed, nonce, ad, key)), hex(text))
        const changed = sealed.subarray().slice()
        changed[cut % changed.length] = (changed[cut % changed.length] as number) ^ 1
        assert.throws(() => ours.chaCha20Poly1305Decrypt(changed, nonce, ad, key), /not sealed with this key/)
      },
    ),
    { numRuns: 20 },
  )
})

test('a key of low order is refused', () => {
  const { privateKey } = ours.generateX25519KeyPair()
  assert.throws(() => ours.generateX25519SharedKey(privateKey, new Uint8Array(32)), /low order/)
})

test.run()

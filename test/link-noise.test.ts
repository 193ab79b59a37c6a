// link/libp2p/noise.ts: the primitives that Noise is given are those that the package brings itself; link-guard.test.ts
// connects with a host that has the package's.

import { pureJsCrypto } from '@chainsafe/libp2p-noise'
import { LengthPrefixedDecoder } from '@libp2p/utils'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat, hex } from '../encoding/bytes.ts'
import { decodeWithoutErrors, noisePrimitives as ours } from '../link/libp2p/noise.ts'
import { startLoopback } from './loopback-host.ts'

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

/** As the package makes one for a stream. */
function decoderOf(): LengthPrefixedDecoder {
  return new LengthPrefixedDecoder({
    lengthDecoder(data) {
      if (data.length < 2) throw RangeError('too short')
      return ((data.subarray(0, 1)[0] as number) << 8) | (data.subarray(1, 2)[0] as number)
    },
    encodingLength: () => 2,
  })
}

test('messages are found wherever the wire cuts them, as the package finds them', () => {
  const wire = fc
    .array(fc.uint8Array({ maxLength: 400 }), { maxLength: 12 })
    .map(messages =>
      concat(messages.flatMap(each => [Uint8Array.of(each.length >> 8, each.length & 255), each])),
    )
  fc.assert(
    fc.property(wire, fc.array(fc.integer({ min: 1, max: 500 })), (bytesOfAll, lengths) => {
      const [mine, theirs] = [decoderOf(), decoderOf()]
      assert.ok(decodeWithoutErrors({ decoder: mine }))
      for (let at = 0, i = 0; at < bytesOfAll.length; i++) {
        const chunk = bytesOfAll.subarray(at, at + (lengths[i] ?? bytesOfAll.length))
        at += chunk.length
        assert.equal([...mine.decode(chunk)].map(flat), [...theirs.decode(chunk)].map(flat))
      }
    }),
  )
})

test('a read ends without an error', async () => {
  const cellBytes = 3369
  const [from, to] = [await startLoopback({ cellBytes }), await startLoopback({ cellBytes })]
  const cells: Uint8Array[] = []
  to.onCells((_from, batch) => {
    cells.push(...batch.map(cell => cell.slice()))
  })
  const sent = Array.from({ length: 40 }, (_, i) => new Uint8Array(cellBytes).fill(i))
  const { RangeError: usual } = globalThis
  let made = 0
  try {
    for (const [i, cell] of sent.entries()) {
      // Connections and their negotiations are behind it
      if (i === 2) globalThis.RangeError = counted(usual, () => made++)
      from.send(to, cell)
      for (let waited = 0; cells.length <= i; waited += 2) {
        assert.ok(waited < 5000, `${cells.length} of ${sent.length} cells`)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    }
  } finally {
    globalThis.RangeError = usual
    await Promise.all([from.close(), to.close()])
  }
  assert.equal(cells, sent)
  assert.is(made, 0)
})

/** An error that tells how often it is made, with `new` or without. */
function counted(usual: RangeErrorConstructor, made: () => void): RangeErrorConstructor {
  return new Proxy(usual, {
    apply(target, self, args) {
      made()
      return Reflect.apply(target, self, args)
    },
    construct(target, args) {
      made()
      return Reflect.construct(target, args)
    },
  })
}

test('a stream that the package makes otherwise is left as it is', () => {
  for (const stream of [{}, { decoder: {} }, { decoder: { decode: () => [] } }]) {
    const before = { ...stream }
    assert.is(decodeWithoutErrors(stream), false)
    assert.equal(stream, before)
  }
})

test.run()

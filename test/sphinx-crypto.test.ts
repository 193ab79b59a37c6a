// docs/spec/sphinx.md 4: both backends against the documents they implement, and against each other.

import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as node from '#crypto'
import { fromHex, hex, same } from '../encoding/bytes.ts'
import type { Crypto } from '../sphinx/crypto.ts'
import * as browser from '../sphinx/crypto-portable.ts'
import { SphinxError } from '../sphinx/error.ts'
import { labelledCore } from '../sphinx/labelled-core.ts'
import { lioness } from '../sphinx/lioness.ts'
import { blake2bRound } from '../sphinx/suite-x25519.ts'
import { seededRandom } from '../world/random.ts'
import { lowOrderPoints } from './sphinx-vectors-bad.ts'

const backends: Record<string, Crypto> = { node, browser }
const bytes = (text: string): Uint8Array => fromHex(text)
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const length = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n })

/** A page whose policy does not allow it compiles no WebAssembly. */
function hasWebAssembly(): boolean {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Module: new (bytes: Uint8Array) => object }
  }
  try {
    return new WebAssembly.Module(bytes('0061736d01000000')) !== undefined
  } catch {
    return false
  }
}

test('the core that hashes labels runs where WebAssembly does, and refuses what it has no room for', () => {
  const prepare = labelledCore()
  assert.is(prepare !== undefined, hasWebAssembly())
  if (prepare === undefined) return
  for (const bytes of [0, 129])
    assert.throws(() => prepare([{ label: new Uint8Array(bytes), at: 0 }]), /want 1 to 128 bytes/)
  const fill = prepare([{ label: ascii('x'), at: 0 }])
  assert.throws(() => fill(new Uint8Array(31), new Uint8Array(64)), /want 32 bytes, have 31/)
  assert.throws(() => {
    for (;;) prepare([{ label: ascii('x'), at: 0 }])
  }, /no room/)
})

for (const [name, crypto] of Object.entries(backends)) {
  test(`${name}: X25519 (RFC 7748, section 5.2)`, () => {
    const secret = bytes('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4')
    const point = bytes('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c')
    const shared = 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552'
    assert.is(hex(crypto.x25519(secret, point)), shared)
    const out = new Uint8Array(32)
    assert.is(crypto.x25519(secret, point, out), out)
    assert.is(hex(out), shared)
  })

  test(`${name}: a point of low order, with and without its top bit, is BAD_POINT`, () => {
    for (const text of lowOrderPoints) {
      const point = bytes(text)
      for (const bit of [0, 0x80]) {
        point[31] = (point[31] as number) ^ bit
        assert.throws(
          () => crypto.x25519(new Uint8Array(32).fill(9), point),
          (error: unknown) => error instanceof SphinxError && error.code === 'BAD_POINT',
        )
      }
    }
  })

  test(`${name}: BLAKE2b (RFC 7693, appendix A), whole, in parts and into an array`, () => {
    const digest =
      'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923'
    assert.is(hex(crypto.blake2b(ascii('abc'), 64)), digest)
    assert.is(hex(crypto.blake2b([ascii('a'), new Uint8Array(0), ascii('bc')], 64)), digest)
    const out = new Uint8Array(64)
    crypto.blake2bInto(out, ascii('abc'))
    assert.is(hex(out), digest)
    assert.equal(crypto.blake2b([], 32), crypto.blake2b(new Uint8Array(0), 32))
    for (const bad of [0, 15, 65]) assert.throws(() => crypto.blake2b(ascii('abc'), bad), /16 to 64/)
  })

  test(`${name}: digests of labels are keyed BLAKE2b, each at its place over the end of the one before`, () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 128 })
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 7 }), length(32), length(32), (labels, a, b) => {
        const fill = crypto.labelledDigests(labels.map((each, i) => ({ label: each, at: 32 * i })))
        // twice, since nothing of a key may be left for the next
        for (const key of [a, b]) {
          const [out, want] = [new Uint8Array(300).fill(7), new Uint8Array(300).fill(7)]
          const before = key.slice()
          fill(key, out)
          for (const [i, each] of labels.entries()) want.set(browser.blake2b(each, 64, key), 32 * i)
          assert.equal(out, want)
          assert.equal(key, before)
        }
      }),
      { numRuns: 40 },
    )
  })

  test(`${name}: HMAC with SHA-256 (RFC 4231, test cases 1 and 2), keys of up to a block`, () => {
    const first = crypto.hmacSha256(new Uint8Array(20).fill(0x0b), ascii('Hi There'))
    assert.is(hex(first), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7')
    const second = crypto.hmacSha256(ascii('Jefe'), ascii('what do ya want for nothing?'))
    assert.is(hex(second), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
    assert.throws(() => crypto.hmacSha256(new Uint8Array(65), new Uint8Array(0)), /at most 64/)
  })

  test(`${name}: ChaCha20-Poly1305 (RFC 8439, section 2.8.2), and a bit that is another`, () => {
    const key = bytes('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f')
    const nonce = bytes('070000004041424344454647')
    const ad = bytes('50515253c0c1c2c3c4c5c6c7')
    const plain = ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    )
    const sealed = crypto.aeadSeal(key, nonce, ad, plain)
    assert.is(hex(sealed.subarray(0, 16)), 'd31a8d34648e60db7b86afbc53ef7ec2')
    assert.is(hex(sealed.subarray(plain.length)), '1ae10b594f09e26a7e902ecbd0600691')
    // the longest message of a Noise frame, and the lengths at which a backend may change its way
    for (const length of [0, 1, 3370, 16_383, 16_384, 65_519]) {
      const message = seededRandom(length)(length)
      const whole = crypto.aeadSeal(key, nonce, ad, message)
      assert.equal(whole, browser.aeadSeal(key, nonce, ad, message))
      const opened = crypto.aeadOpen(key, nonce, ad, whole)
      assert.ok(opened !== undefined && same(opened, message))
      for (const at of [0, length >> 1, length + 15]) {
        const changed = whole.slice()
        changed[at] = (changed[at] as number) ^ 1
        assert.is(crypto.aeadOpen(key, nonce, ad, changed), undefined, `${length} bytes, byte ${at}`)
      }
      assert.is(crypto.aeadOpen(key, nonce, bytes('00'), whole), undefined)
    }
    assert.is(crypto.aeadOpen(key, nonce, ad, new Uint8Array(15)), undefined)
  })

  test(`${name}: ChaCha20 (RFC 8439, A.1), in place, also on nothing`, () => {
    const data = new Uint8Array(32)
    crypto.chacha20Xor(new Uint8Array(32), data)
    assert.is(hex(data), '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7')
    crypto.chacha20Xor(new Uint8Array(32), data)
    assert.equal(data, new Uint8Array(32))
    crypto.chacha20Xor(new Uint8Array(32), new Uint8Array(0))
  })

  test(`${name}: Ed25519 (RFC 8032, section 7.1, test 1)`, () => {
    const seed = bytes('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
    const key = crypto.ed25519PublicKey(seed)
    assert.is(hex(key), 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
    const signature = crypto.ed25519Sign(seed, new Uint8Array(0))
    assert.is(
      hex(signature),
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    )
    assert.is(crypto.ed25519Verify(key, new Uint8Array(0), signature), true)
    assert.is(crypto.ed25519Verify(key, ascii('x'), signature), false)
  })

  test(`${name}: verifying never throws, and a key of low order verifies nothing`, () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 70 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 70 }),
        (key, message, signature) => {
          assert.is(crypto.ed25519Verify(key, message, signature), false)
        },
      ),
      { numRuns: 50 },
    )
    // the identity as key and as R, with S = 0: valid for every message where the check is left out
    const identity = Uint8Array.of(1, ...new Uint8Array(31))
    assert.is(
      crypto.ed25519Verify(identity, ascii('x'), Uint8Array.of(...identity, ...new Uint8Array(32))),
      false,
    )
  })

  test(`${name}: equal, wipe, secretBytes`, () => {
    assert.is(crypto.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true)
    assert.is(crypto.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false)
    assert.is(crypto.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)), false)
    const secret = crypto.secretBytes(32)
    assert.equal(new Uint8Array(secret), new Uint8Array(32))
    secret.fill(7)
    crypto.wipe(secret)
    assert.equal(new Uint8Array(secret), new Uint8Array(32))
    crypto.wipe(new Uint8Array(0))
  })

  test(`${name}: wrong lengths are the caller's mistake, said in words`, () => {
    assert.throws(
      () => crypto.x25519(new Uint8Array(31), new Uint8Array(32)),
      /secret key: want 32 bytes, have 31/,
    )
    assert.throws(
      () => crypto.x25519(new Uint8Array(32), new Uint8Array(33)),
      /public key: want 32 bytes, have 33/,
    )
    assert.throws(() => crypto.x25519PublicKey(new Uint8Array(0)), /want 32 bytes, have 0/)
    assert.throws(
      () => crypto.ed25519Sign(new Uint8Array(64), new Uint8Array(0)),
      /seed: want 32 bytes, have 64/,
    )
  })
}

test('LIONESS: decrypting undoes encrypting', () => {
  const cipher = lioness(node, blake2bRound(node))
  fc.assert(
    fc.property(length(192), fc.uint8Array({ minLength: 33, maxLength: 300 }), (key, block) => {
      const twice = block.slice()
      cipher.encrypt(key, twice)
      cipher.decrypt(key, twice)
      assert.equal(twice, block)
    }),
  )
  assert.throws(() => cipher.encrypt(new Uint8Array(192), new Uint8Array(32)), /more than 32 bytes, have 32/)
  assert.throws(() => cipher.encrypt(new Uint8Array(191), new Uint8Array(64)), /want 192 bytes, have 191/)
})

test('LIONESS: every bit of a block changes every byte', () => {
  const cipher = lioness(node, blake2bRound(node))
  // A right half of one byte stays as it was once in 256 blocks, whatever the cipher does: of 16 bytes, never.
  fc.assert(
    fc.property(length(192), fc.uint8Array({ minLength: 48, maxLength: 300 }), fc.nat(), (key, block, at) => {
      const changed = block.slice()
      cipher.encrypt(key, changed)
      changed[at % changed.length] = (changed[at % changed.length] as number) ^ 1
      cipher.decrypt(key, changed)
      const unchanged = changed.filter((byte, i) => byte === block[i]).length
      assert.ok(unchanged < 10 + block.length / 16, `${unchanged} of ${block.length} bytes are as they were`)
    }),
  )
})

test('a signature that holds only when multiplied by the cofactor is false for both backends', () => {
  const { Point } = ed25519
  const order8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
  const little = (n: bigint): Uint8Array => bytes(n.toString(16).padStart(64, '0')).reverse()
  const [secret, nonce] = [12345n, 67890n]
  const publicKey = Point.BASE.multiply(secret).add(order8).toBytes()
  const R = Point.BASE.multiply(nonce).toBytes()
  let onlyWithCofactor = 0
  for (let n = 0; n < 16; n++) {
    const message = Uint8Array.of(n)
    const digest = sha512(Uint8Array.of(...R, ...publicKey, ...message)).reverse()
    const k = Point.Fn.create(BigInt(`0x${hex(digest)}`))
    const signature = Uint8Array.of(...R, ...little(Point.Fn.add(nonce, Point.Fn.mul(k, secret))))
    assert.ok(ed25519.verify(signature, message, publicKey, { zip215: false }), 'holds with the cofactor')
    const verdict = node.ed25519Verify(publicKey, message, signature)
    assert.is(browser.ed25519Verify(publicKey, message, signature), verdict)
    if (!verdict) onlyWithCofactor++
  }
  assert.ok(onlyWithCofactor > 8)
})

test('the backends agree on random input', () => {
  fc.assert(
    fc.property(length(32), length(32), fc.uint8Array({ maxLength: 300 }), length(64), (a, b, data, key) => {
      assert.equal(node.x25519PublicKey(a), browser.x25519PublicKey(a))
      assert.equal(node.x25519(a, b), browser.x25519(a, b))
      assert.equal(node.blake2b(data, 32), browser.blake2b(data, 32))
      assert.equal(node.blake2b([data, a], 64, key), browser.blake2b([data, a], 64, key))
      const [one, two] = [data.slice(), data.slice()]
      node.chacha20Xor(a, one)
      browser.chacha20Xor(a, two)
      assert.equal(one, two)
      assert.equal(node.ed25519PublicKey(a), browser.ed25519PublicKey(a))
      const signature = node.ed25519Sign(a, data)
      assert.equal(signature, browser.ed25519Sign(a, data))
      assert.ok(browser.ed25519Verify(node.ed25519PublicKey(a), data, signature))
    }),
    { numRuns: 25 },
  )
})

test.run()

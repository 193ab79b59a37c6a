// Sealing: RFC 9180 by its own vector, against another implementation, and on hostile bytes.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { gcm } from '@noble/ciphers/aes.js'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { type Aead, hpke } from '../client/packets/hpke.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { seededRandom, systemRandom } from '../world/random.ts'

const vector = JSON.parse(
  readFileSync(join(import.meta.dirname, 'vectors', 'client-hpke.json'), 'utf8'),
) as Record<'info' | 'skEm' | 'skRm' | 'pkRm' | 'enc' | 'aad' | 'pt' | 'ct', string>
const bytes = (name: keyof typeof vector): Uint8Array => fromHex(vector[name])
const empty = new Uint8Array(0)

test("RFC 9180 A.2.1: seals and opens the RFC's own message", () => {
  const suite = hpke(bytes('info'))
  const sealed = suite.seal(bytes('pkRm'), bytes('aad'), bytes('pt'), () => bytes('skEm'))
  assert.is(hex(sealed), vector.enc + vector.ct)
  assert.equal(suite.open(bytes('skRm'), bytes('pkRm'), bytes('aad'), sealed), bytes('pt'))
})

test('another implementation opens what this one sealed, and the other way round', async () => {
  const info = new TextEncoder().encode('both')
  const aes256Gcm: Aead = {
    id: 0x0002,
    seal: (key, nonce, aad, plain) => gcm(key, nonce, aad).encrypt(plain),
    open: (key, nonce, aad, sealed) => gcm(key, nonce, aad).decrypt(sealed),
  }
  const ours = hpke(info, aes256Gcm)
  const theirs = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  })
  const random = seededRandom(7)
  const secret = random(32)
  const key = hpkeSealing.key(secret)
  const [recipientKey, recipientPublicKey] = await Promise.all([
    theirs.kem.importKey('raw', secret.slice().buffer, false),
    theirs.kem.importKey('raw', key.public.slice().buffer, true),
  ])
  for (const length of [0, 1, 1952]) {
    const plain = random(length)
    const sealed = ours.seal(key.public, empty, plain, random)
    const opener = await theirs.createRecipientContext({
      recipientKey,
      info: info.slice().buffer,
      enc: sealed.slice(0, 32).buffer,
    })
    assert.equal(new Uint8Array(await opener.open(sealed.slice(32).buffer)), plain)

    const sealer = await theirs.createSenderContext({ recipientPublicKey, info: info.slice().buffer })
    const cipherText = new Uint8Array(await sealer.seal(plain.slice().buffer))
    const whole = new Uint8Array([...new Uint8Array(sealer.enc), ...cipherText])
    assert.equal(ours.open(secret, key.public, empty, whole), plain)
  }
})

test('two seals of the same bytes have nothing in common, and any change is noticed', () => {
  const key = hpkeSealing.key(systemRandom(32))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (plain, at) => {
      const sealed = hpkeSealing.seal(key.public, plain, systemRandom)
      assert.is(sealed.length, plain.length + hpkeSealing.overhead)
      assert.equal(hpkeSealing.open(key, sealed), plain)
      assert.not.equal(hpkeSealing.seal(key.public, plain, systemRandom), sealed)
      const changed = sealed.slice()
      changed[at % sealed.length] = (changed[at % sealed.length] as number) ^ 1
      assert.throws(() => hpkeSealing.open(key, changed), isBadSeal)
    }),
    { numRuns: 50 },
  )
})

test('any bytes give only BAD_SEAL', () => {
  const key = hpkeSealing.key(systemRandom(32))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), junk => {
      assert.throws(() => hpkeSealing.open(key, junk), isBadSeal)
    }),
    { numRuns: 100 },
  )
})

test('a recipient key of low order is refused', () => {
  assert.throws(
    () => hpkeSealing.seal(new Uint8Array(32), empty, systemRandom),
    (error: unknown) => error instanceof ClientError && error.code === 'BAD_ADDRESS',
  )
})

function isBadSeal(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'BAD_SEAL'
}

test.run()

// Addresses: round trip, every wrong character noticed, hostile text.

import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { type Address, readAddress, writeAddress } from '../client/packets/address.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const address: fc.Arbitrary<Address> = fc.record(
  {
    sealingKey: key,
    mailboxKey: key,
    gateways: fc.uniqueArray(key, { minLength: 1, maxLength: 3, selector: bytes => bytes.join() }),
  },
  { noNullPrototype: true },
)

test('an address reads as it was written, with white space around it', () => {
  fc.assert(
    fc.property(address, fc.string({ minLength: 1 }), (made, network) => {
      assert.equal(readAddress(` ${writeAddress(made, network)}\n`, network), made)
    }),
  )
})

test('one wrong character is always noticed, whichever it is and wherever', () => {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789_AB-1'
  fc.assert(
    fc.property(address, fc.nat(), fc.constantFrom(...alphabet), (made, at, letter) => {
      const text = writeAddress(made, 'net')
      const where = at % text.length
      fc.pre(text[where] !== letter)
      assert.throws(() => readAddress(text.slice(0, where) + letter + text.slice(where + 1), 'net'), isBad)
    }),
    { numRuns: 2000 },
  )
})

test('a missing character, a doubled one and two that changed places are noticed', () => {
  fc.assert(
    fc.property(address, fc.nat(), (made, at) => {
      const text = writeAddress(made, 'net')
      const where = at % (text.length - 1)
      const [a, b] = [text[where] as string, text[where + 1] as string]
      assert.throws(() => readAddress(text.slice(0, where) + text.slice(where + 1), 'net'), isBad)
      assert.throws(() => readAddress(text.slice(0, where) + a + text.slice(where), 'net'), isBad)
      fc.pre(a !== b)
      assert.throws(() => readAddress(text.slice(0, where) + b + a + text.slice(where + 2), 'net'), isBad)
    }),
    { numRuns: 500 },
  )
})

test('another network and a newer version have codes of their own', () => {
  const made = {
    sealingKey: sha256(Uint8Array.of(1)),
    mailboxKey: sha256(Uint8Array.of(2)),
    gateways: [sha256(Uint8Array.of(3))],
  }
  const text = writeAddress(made, 'one')
  assert.throws(
    () => readAddress(text, 'two'),
    (error: ClientError) => error.code === 'WRONG_NETWORK',
  )
  // Version 2, as a newer program may write it: other contents, the same checksum behind them
  const newer = `chaffinch_${base32.encode(Uint8Array.of(2, 0, 1, 2, 3, ...crcOf([2, 0, 1, 2, 3])))}`
  assert.throws(
    () => readAddress(newer, 'one'),
    (error: ClientError) => error.code === 'WRONG_VERSION',
  )
})

test('gateways: none, four or one twice are refused on writing', () => {
  const [a, b] = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))]
  for (const gateways of [[], [a, b, sha256(a), sha256(b)], [a, a]]) {
    assert.throws(
      () => writeAddress({ sealingKey: a, mailboxKey: b, gateways }, 'net'),
      (error: ClientError) => error.code === 'BAD_OPTION',
    )
  }
})

test('any text gives only BAD_ADDRESS', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String().map(text => `chaffinch_b${text}`),
      ),
      text => {
        assert.throws(() => readAddress(text, 'net'), isBad)
      },
    ),
  )
  assert.throws(() => readAddress(`chaffinch_b${'a'.repeat(1e6)}`, 'net'), isBad)
})

function isBad(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'BAD_ADDRESS'
}

/** CRC-32 by long division, bit by bit: the definition, not the table. */
function crcOf(bytes: readonly number[]): number[] {
  let crc = 0xffffffff
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const feedback = (crc ^ (byte >>> bit)) & 1
      crc = (crc >>> 1) ^ (feedback === 1 ? 0xedb88320 : 0)
    }
  }
  const value = (crc ^ 0xffffffff) >>> 0
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

test.run()

// docs/spec/payments-net.md 2.2 and 2.5: pads, slots and messages of a run; and what nobody can read from them.

import { createCipheriv, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { x25519, x25519PublicKey } from '#crypto'
import { fromHex, hex } from '../encoding/bytes.ts'
import { demoDcnet } from '../payment/demo/dcnet.ts'
import { PaymentError } from '../payment/error.ts'
import { messages, messageVector, type Pairs, slotOf, slotSums, slotVector } from '../payment/net/dcnet.ts'
import { fromStream, readElements, writeElements } from '../payment/net/field.ts'
import { messagePad, pairKeys, slotPad } from '../payment/net/pads.ts'
import { solve } from '../payment/net/roots.ts'
import { type Random, seededRandom } from '../world/random.ts'

const bytes = (text: string): Uint8Array => fromHex(text)

interface Run {
  secrets: Uint8Array[]
  session: Uint8Array
  numbers: bigint[]
  sent: Uint8Array[]
  pairs: Pairs[]
}

function run(n: number, random: Random): Run {
  const secrets = Array.from({ length: n }, () => random(32))
  const session = random(32)
  return {
    secrets,
    session,
    numbers: secrets.map(() => fromStream(random(16))),
    sent: secrets.map(() => random(32)),
    pairs: pairsOf(secrets, session),
  }
}

function pairsOf(secrets: readonly Uint8Array[], session: Uint8Array): Pairs[] {
  return secrets.map((secret, me) =>
    secrets.map((other, i) => (i === me ? null : pairKeys(secret, x25519PublicKey(other), session))),
  )
}

test('vectors of test/vectors/payment-dcnet.json', () => {
  const file = join(import.meta.dirname, 'vectors', 'payment-dcnet.json')
  const {
    session,
    peers,
    slotNumbers,
    messages: read,
  } = JSON.parse(readFileSync(file, 'utf8')) as {
    session: string
    peers: Record<'secretKey' | 'publicKey' | 'slotNumber' | 'message' | 'slots' | 'messages', string>[]
    slotNumbers: string
    messages: string[]
  }
  const pairs = pairsOf(
    peers.map(peer => bytes(peer.secretKey)),
    bytes(session),
  )
  const found = readElements(bytes(slotNumbers), peers.length)
  for (const [i, peer] of peers.entries()) {
    const number = fromStream(bytes(peer.slotNumber))
    assert.is(hex(x25519PublicKey(bytes(peer.secretKey))), peer.publicKey)
    assert.is(hex(writeElements(slotVector(number, pairs[i] as Pairs))), peer.slots)
    const slot = slotOf(number, found) as number
    assert.is(hex(messageVector(slot, bytes(peer.message), pairs[i] as Pairs)), peer.messages)
  }
  assert.equal(solve(slotSums(peers.map(peer => readElements(bytes(peer.slots), peers.length)))), found)
  assert.equal(messages(peers.map(peer => bytes(peer.messages))).map(hex), read)
})

test('pads are HKDF and ChaCha20 as OpenSSL does them', () => {
  const { secrets, session } = run(2, seededRandom(1))
  const [one, two] = secrets as [Uint8Array, Uint8Array]
  const shared = x25519(one, x25519PublicKey(two))
  const keys = pairKeys(two, x25519PublicKey(one), session)
  const stream = (label: string, length: number): Uint8Array => {
    const key = hkdfSync('sha256', shared, session, label, 32)
    return createCipheriv('chacha20', new Uint8Array(key), new Uint8Array(16)).update(new Uint8Array(length))
  }
  const slots = stream('chaffinch/payment/v1 slots', 5 * 16)
  assert.equal(
    slotPad(keys, 5),
    [0, 1, 2, 3, 4].map(i => fromStream(slots, 16 * i)),
  )
  assert.is(hex(messagePad(keys, 3)), hex(stream('chaffinch/payment/v1 messages', 96)))
})

test('a public key of low order is refused', () => {
  try {
    pairKeys(new Uint8Array(32).fill(7), new Uint8Array(32), new Uint8Array(32))
    assert.unreachable()
  } catch (error) {
    assert.is((error as PaymentError).code, 'BAD_KEY')
  }
})

test('everybody finds all messages, each peer its own slot', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 9 }), fc.nat(), (n, seed) => {
      const { numbers, sent, pairs } = run(n, seededRandom(seed))
      const found = solve(slotSums(pairs.map((pair, i) => slotVector(numbers[i] as bigint, pair))))
      const slots = numbers.map(number => slotOf(number, found) as number)
      assert.is(new Set(slots).size, n)
      const read = messages(
        pairs.map((pair, i) => messageVector(slots[i] as number, sent[i] as Uint8Array, pair)),
      )
      for (const [i, slot] of slots.entries())
        assert.is(hex(read[slot] as Uint8Array), hex(sent[i] as Uint8Array))
      assert.is(slotOf(1n, found), null)
    }),
    { numRuns: 25 },
  )
})

test('without one part the others are noise: whatever a peer sent, somebody else could have sent it', () => {
  // Two runs in which peers 0 and 1 exchange what they send. For each there are pads of this pair that make the
  // published vectors of the first run those of the second; all other peers together cannot tell them apart.
  const { sent, pairs } = run(4, seededRandom(5))
  const [one, two] = [sent[0] as Uint8Array, sent[1] as Uint8Array]
  const vector = (me: number, slot: number, message: Uint8Array): Uint8Array =>
    messageVector(slot, message, pairs[me] as Pairs)
  const difference = (a: Uint8Array, b: Uint8Array): string =>
    hex(a.map((byte, i) => byte ^ (b[i] as number)))
  assert.is(
    difference(vector(0, 2, one), vector(0, 3, two)),
    difference(vector(1, 3, two), vector(1, 2, one)),
  )
  assert.is.not(difference(vector(0, 2, one), vector(0, 3, two)), hex(new Uint8Array(128)))
})

test('a vector of another length is refused', () => {
  try {
    messages([new Uint8Array(64), new Uint8Array(63)])
    assert.unreachable()
  } catch (error) {
    assert.instance(error, PaymentError)
    assert.is((error as PaymentError).code, 'BAD_VECTOR')
  }
})

test('the demonstration tells the payers right and reads five messages', () => {
  const text = demoDcnet(seededRandom(9))
  assert.match(text, /nobody .* 0: somebody else paid/)
  assert.is(text.match(/1: one of the three paid/g)?.length, 3)
  assert.match(text, /the sum is .* "meet at noon"/)
  for (const thing of ['an apple', 'a boat', 'a candle', 'a drum', 'an egg']) {
    assert.match(text, new RegExp(`slot \\d: "${thing}"`))
  }
  assert.ok(text.split('\n').every(line => line.length <= 110))
})

test.run()

// docs/spec/gateway.md 7: the sealed channel against the published vectors of its pattern, and against whoever relays.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { x25519PublicKey } from '#crypto'
import { fromHex, hex } from '../encoding/bytes.ts'
import { answerChannel, beginChannel, handshakeBytes, Numbers, overtakenBy } from '../sphinx/channel.ts'
import { type Random, seededRandom } from '../world/random.ts'
import vectors from './vectors/channel.json' with { type: 'json' }

const prologue = fromHex(vectors.prologue)
const key = { secret: fromHex(vectors.answers.secret), publicKey: fromHex(vectors.answers.public) }
const once = (text: string): Random => {
  const bytes = fromHex(text)
  return () => bytes.slice()
}

function pair(seed = 1) {
  const random = seededRandom(seed)
  const secret = random(32)
  const own = { secret, publicKey: x25519PublicKey(secret) }
  const opening = beginChannel(own.publicKey, prologue, random)
  const answered = answerChannel(own, prologue, opening.message, random)
  if (answered === undefined) throw new Error('not answered')
  return { own, random, opening, answered }
}

test('the handshake and the messages behind it are those of the published vectors', () => {
  const [first, second, ...after] = vectors.messages as [
    (typeof vectors.messages)[0],
    (typeof vectors.messages)[0],
    ...typeof vectors.messages,
  ]
  assert.is(hex(x25519PublicKey(key.secret)), vectors.answers.public)
  const opening = beginChannel(
    key.publicKey,
    prologue,
    once(vectors.begins.ephemeral),
    fromHex(first.payload),
  )
  assert.is(hex(opening.message), first.ciphertext)
  const answered = answerChannel(
    key,
    prologue,
    opening.message,
    once(vectors.answers.ephemeral),
    fromHex(second.payload),
  )
  assert.is(hex(answered?.payload ?? new Uint8Array(0)), first.payload)
  assert.is(hex(answered?.message ?? new Uint8Array(0)), second.ciphertext)
  const opened = opening.finish(fromHex(second.ciphertext))
  assert.is(hex(opened?.payload ?? new Uint8Array(0)), second.payload)
  const ends = [opened?.channel, answered?.channel] as const
  for (const end of ends) assert.is(hex(end?.binding ?? new Uint8Array(0)), vectors.binding)
  for (const [i, { payload, ciphertext }] of after.entries()) {
    const [from, to] = i % 2 === 0 ? ends : [ends[1], ends[0]]
    const sealed = from?.seal(i >> 1, fromHex(payload)) as Uint8Array
    assert.is(hex(sealed), ciphertext)
    assert.is(hex(to?.open(i >> 1, sealed) as Uint8Array), payload)
  }
})

test('whatever whoever relays changes, the handshake ends without a channel', () => {
  fc.assert(
    fc.property(fc.nat(handshakeBytes - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
      const { own, random, opening, answered } = pair()
      // the top bit of a key is none of it
      if (at === 31 && bits === 128) return
      const changed = (bytes: Uint8Array): Uint8Array => {
        const copy = bytes.slice()
        copy[at] = (copy[at] as number) ^ bits
        return copy
      }
      assert.is(answerChannel(own, prologue, changed(opening.message), random), undefined)
      assert.is(opening.finish(changed(answered.message)), undefined)
    }),
    { numRuns: 200, seed: 1 },
  )
  const { own, random, opening } = pair()
  assert.is(answerChannel(own, Uint8Array.of(1), opening.message, random), undefined, 'another prologue')
  assert.is(answerChannel(own, prologue, opening.message.subarray(1), random), undefined)
  assert.is(opening.finish(new Uint8Array(handshakeBytes)), undefined, 'a point of low order')
})

test('a message opens under its own number and in its own direction only', () => {
  const { opening, answered } = pair()
  const begun = opening.finish(answered.message)?.channel
  const plain = Uint8Array.of(1, 2, 3)
  const sealed = begun?.seal(7, plain) as Uint8Array
  assert.equal(answered.channel.open(7, sealed), plain)
  assert.is(answered.channel.open(8, sealed), undefined)
  assert.is(begun?.open(7, sealed), undefined, 'sent back')
  assert.is(answered.channel.open(7, new Uint8Array(3)), undefined)
})

test('a number is taken once, however messages overtake each other', () => {
  const numbers = new Numbers()
  const taken: number[] = []
  const take = (number: number): void => {
    if (!numbers.isFresh(number)) return
    numbers.take(number)
    taken.push(number)
  }
  for (const number of [0, 2, 1, 2, 0, 100, 100 - overtakenBy, 101 - overtakenBy, 101 - overtakenBy, 3, 99])
    take(number)
  assert.equal(taken, [0, 2, 1, 100, 101 - overtakenBy, 99])
  fc.assert(
    fc.property(fc.array(fc.nat(300)), list => {
      const each = new Numbers()
      const seen = new Set<number>()
      for (const number of list) {
        if (!each.isFresh(number)) continue
        assert.not.ok(seen.has(number))
        seen.add(number)
        each.take(number)
      }
    }),
    { seed: 2 },
  )
})

test.run()

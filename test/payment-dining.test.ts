// docs/spec/payments-net.md 2.6: the dining cryptographers. Small enough to look at every toss of the coins.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dine, superpose } from '../payment/net/dining.ts'
import { type Random, seededRandom } from '../world/random.ts'

/** Dice that give these bits, one for each four bytes asked for. */
function tosses(...bits: number[]): Random {
  let at = 0
  return () => Uint8Array.of(0, 0, 0, bits[at++] as number)
}

const allTosses = [...Array(8).keys()].map(n => [n & 1, (n >> 1) & 1, (n >> 2) & 1] as const)

test('three diners learn whether one of them paid', () => {
  for (const coins of allTosses) {
    for (const payer of [0, 1, 2]) assert.is(dine(payer, tosses(...coins)).paid, 1)
    assert.is(dine(null, tosses(...coins)).paid, 0)
  }
})

test('an outsider sees the same, whoever paid', () => {
  const heard = (payer: number): string[] =>
    allTosses.map(coins => dine(payer, tosses(...coins)).said.join('')).sort()
  assert.equal(heard(0), heard(1))
  assert.equal(heard(1), heard(2))
})

test('a diner who did not pay cannot tell which of the other two did', () => {
  // Diner 2 sees coins 1 and 2. Over the coin between the others, both payers give the same announcements.
  for (const [, coin1, coin2] of allTosses) {
    const heard = (payer: number): string[] =>
      [0, 1].map(coin0 => dine(payer, tosses(coin0, coin1, coin2)).said.join('')).sort()
    assert.equal(heard(0), heard(1))
  }
})

test('n parties read the message of the one that sends', () => {
  const message = fc.uint8Array({ minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(), message, fc.nat(), (n, at, sent, seed) => {
      const messages = Array.from({ length: n }, (_, i) => (i === at % n ? sent : null))
      const { published, read } = superpose(messages, 8, seededRandom(seed))
      assert.is(published.length, n)
      assert.equal([...read], [...sent])
    }),
  )
})

test('nobody sends: zeros; two send: the exclusive or of both', () => {
  const random = seededRandom(4)
  assert.equal([...superpose([null, null, null], 2, random).read], [0, 0])
  const read = superpose([Uint8Array.of(12, 1), null, Uint8Array.of(10, 1)], 2, random).read
  assert.equal([...read], [6, 0])
})

test('over all shared bits, what is published is the same, whoever sends', () => {
  // Four parties share six bits; with one of them to send, every outcome of an odd sum comes up equally often.
  const seen = (sender: number): string[] =>
    [...Array(64).keys()]
      .map(bits => {
        let at = 0
        const shared: Random = () => Uint8Array.of((bits >> at++) & 1)
        const messages = [0, 1, 2, 3].map(i => (i === sender ? Uint8Array.of(1) : null))
        return superpose(messages, 1, shared).published.join('')
      })
      .sort()
  for (const sender of [1, 2, 3]) assert.equal(seen(sender), seen(0))
  assert.is(new Set(seen(0)).size, 8)
})

test.run()

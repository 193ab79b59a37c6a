import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import {
  below,
  exponential,
  fraction,
  pick,
  type Random,
  seededRandom,
  shuffle,
  systemRandom,
} from '../world/random.ts'

test('a seed gives the key stream of ChaCha20 (RFC 8439, A.1, test vector 1)', () => {
  const keyStream = '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7'
  assert.is(hex(seededRandom(new Uint8Array(32))(32)), keyStream)
  assert.is(hex(seededRandom(0)(32)), keyStream)
})

test('the rolls of a seed do not depend on how they are cut, and go on past a refill', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 31 }),
      fc.array(fc.nat({ max: 5000 }), { maxLength: 6 }),
      (seed, cuts) => {
        const total = cuts.reduce((sum, cut) => sum + cut, 0)
        const random = seededRandom(seed)
        assert.is(hex(Buffer.concat(cuts.map(cut => random(cut)))), hex(seededRandom(seed)(total)))
      },
    ),
    { numRuns: 30 },
  )
})

test('a key that is wiped after the dice were made changes nothing', () => {
  const key = Buffer.from('11'.repeat(32), 'hex')
  const random = seededRandom(key)
  const expected = seededRandom(Buffer.from(key))(5000)
  key.fill(0)
  assert.equal(random(5000), expected)
})

test("the system's dice give any length, also more than one call of getRandomValues gives", () => {
  assert.is(systemRandom(0).length, 0)
  const bytes = systemRandom(200_000)
  assert.is(bytes.length, 200_000)
  assert.ok(
    bytes.subarray(196_608).some(byte => byte !== 0),
    'the last part is filled too',
  )
})

test("pieces of the system's dice are of their own, and no copy of one stays where it came from", () => {
  const filled: Uint8Array[] = []
  const { getRandomValues } = crypto
  crypto.getRandomValues = ((array: Uint8Array) => {
    filled.push(array)
    return getRandomValues.call(crypto, array)
  }) as typeof getRandomValues
  try {
    // 0 to 4096 bytes of an earlier pool are left: two pools are begun at least
    const pieces = Array.from({ length: 300 }, (_, i) => systemRandom(i % 64))
    assert.ok(filled.length >= 2, `${filled.length} calls`)
    for (const piece of pieces) assert.is(piece.buffer.byteLength, piece.length)
    const long = pieces.filter(({ length }) => length >= 16).map(hex)
    assert.is(new Set(long).size, long.length)
    const inPool = Buffer.from(filled[0] as Uint8Array).toString('hex')
    for (const piece of long) assert.not(inPool.includes(piece))
  } finally {
    crypto.getRandomValues = getRandomValues
  }
})

test('below is in range and without bias', () => {
  const random = seededRandom(7)
  const counts = new Array<number>(6).fill(0)
  for (let i = 0; i < 60_000; i++) counts[below(random, 6)] = (counts[below(random, 6)] ?? 0) + 1
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${counts}`)
  assert.is(below(random, 1), 0)
  assert.ok(below(random, 2 ** 32) < 2 ** 32)
})

test('below rolls again where the last, incomplete run of numbers would favour some', () => {
  const rolls = [0xffffffff, 0xfffffffe, 5].map(n => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n))
  const random: Random = () => rolls.shift() as Uint8Array
  // 2^32 - 1 is the largest multiple of 3 up to 2^32: the roll 0xffffffff is thrown away, 0xfffffffe is not
  assert.is(below(random, 3), 0xfffffffe % 3)
  assert.is(rolls.length, 1)
})

test('below refuses a bound with which it would roll for ever', () => {
  for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1])
    assert.throws(() => below(seededRandom(1), bound), /bound/)
})

test('fraction is in [0, 1), exponential has its mean and is never infinite', () => {
  const most: Random = length => new Uint8Array(length).fill(0xff)
  assert.ok(fraction(most) < 1)
  assert.ok(Number.isFinite(exponential(most, 50)))
  const random = seededRandom(3)
  let sum = 0
  for (let i = 0; i < 20_000; i++) sum += exponential(random, 50)
  // the standard error of the mean is 50 / sqrt(20,000) = 0.35
  assert.ok(Math.abs(sum / 20_000 - 50) < 1.5, `${sum / 20_000}`)
})

test('shuffle keeps the elements and reaches every order; pick takes one of them', () => {
  const random = seededRandom(4)
  const orders = new Set<string>()
  for (let i = 0; i < 500; i++) {
    const from = ['a', 'b', 'c', 'd']
    const shuffled = shuffle(random, from)
    assert.equal(from, ['a', 'b', 'c', 'd'])
    assert.equal(shuffled.toSorted(), from)
    orders.add(shuffled.join(''))
    assert.ok(from.includes(pick(random, from)))
  }
  assert.is(orders.size, 24)
  assert.throws(() => pick(random, []), /nothing to pick/)
})

test.run()

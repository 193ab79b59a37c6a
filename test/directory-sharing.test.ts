// docs/spec/randomness.md: what a dealer withholds any t others open, fewer learn nothing, and nobody takes what is
// not proven.

import { numberToBytesLE } from '@noble/curves/utils.js'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { combineRandomness } from '../directory/randomness/beacon.ts'
import { dualWord, evaluate, weightsAtZero } from '../directory/randomness/code.ts'
import { commitmentBase, decodePoint, field, type Point, toScalar } from '../directory/randomness/group.ts'
import { proofForm, proveEqual } from '../directory/randomness/proof.ts'
import {
  combine,
  type Dealing,
  deal,
  maxDealingBytes,
  maxShareBytes,
  openingBytes,
  openShare,
  type Sharing,
  sharingPublicKey,
  verifyDealing,
  verifyOpening,
  verifyShare,
} from '../directory/randomness/sharing.ts'
import { Reader } from '../directory/reader.ts'
import { hex } from '../encoding/bytes.ts'
import { type Cbor, write } from '../encoding/cbor.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { codeOf } from './refusals.ts'

interface Group {
  readonly secretKeys: readonly Uint8Array[]
  readonly sharing: Sharing
}

function groupOf(n: number, threshold: number, random: Random = seededRandom(n)): Group {
  const secretKeys = Array.from({ length: n }, () => random(32))
  const holders = secretKeys.map(sharingPublicKey)
  return { secretKeys, sharing: { network: 'test', epoch: 7, dealer: random(32), holders, threshold } }
}

const identity = new Uint8Array(32)
const order = numberToBytesLE(field.ORDER, 32)
const otherPoint = sharingPublicKey(new Uint8Array(32))
const otherScalar = numberToBytesLE(5n, 32)

/** One group for what needs no other: 2 of 3. */
const { sharing, secretKeys } = groupOf(3, 2)
const made = deal(sharing, seededRandom(1))
const dealing = verifyDealing(sharing, made.dealing)
const shareBytes = secretKeys.map(key => openShare(dealing, key))
const shares = shareBytes.map(bytes => verifyShare(dealing, bytes))

// What it is for

test('the dealer and any t holders open to the same value', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), fc.nat(), (n, t, seed) => {
      const random = seededRandom(seed)
      const group = groupOf(n, 1 + (t % n), random)
      const { dealing: bytes, opening } = deal(group.sharing, random)
      const checked = verifyDealing(group.sharing, bytes)
      const value = hex(verifyOpening(checked, opening))
      const opened = group.secretKeys.map(key => verifyShare(checked, openShare(checked, key)))
      const from = seed % n
      const some = [...opened.slice(from), ...opened.slice(0, from)].slice(0, group.sharing.threshold)
      assert.is(hex(combine(checked, some)), value)
      assert.is(hex(combine(checked, opened.reverse())), value)
    }),
    { numRuns: 6 },
  )
})

test('fewer than t shares give nothing, however often they are repeated', () => {
  const [first] = shares
  assert.is(first !== undefined && codeOf(() => combine(dealing, [first, first, first])), 'TOO_FEW_SHARES')
  assert.is(
    codeOf(() => combine(dealing, [])),
    'TOO_FEW_SHARES',
  )
})

test('to t-1 holders every secret is equally possible', () => {
  const n = 4
  const threshold = 3
  const group = groupOf(n, threshold)
  const random = seededRandom(2)
  const coefficients = Array.from({ length: threshold }, () => toScalar(random(64)))
  const nonces = Array.from({ length: n }, () => random(64))
  const dealt = (polynomial: readonly bigint[]): { checked: Dealing; opening: Uint8Array } => {
    const bytes = deal(group.sharing, diceOf([...polynomial.map(drawnAs), ...nonces]))
    return { checked: verifyDealing(group.sharing, bytes.dealing), opening: bytes.opening }
  }
  const real = dealt(coefficients)
  const known = [1n, 2n].map(place => [place, evaluate(coefficients, place)] as const)
  const values = new Set([hex(verifyOpening(real.checked, real.opening))])
  for (const secret of [3n, toScalar(random(64))]) {
    // There is exactly one polynomial of degree t-1 with this secret and the shares that the two know.
    const polynomial = through([[0n, secret], ...known])
    assert.is(polynomial.length, threshold)
    const other = dealt(polynomial)
    for (const holder of [0, 1]) {
      const key = group.secretKeys[holder] as Uint8Array
      assert.equal(other.checked.shares[holder], real.checked.shares[holder])
      assert.equal(
        verifyShare(other.checked, openShare(other.checked, key)).point,
        verifyShare(real.checked, openShare(real.checked, key)).point,
      )
    }
    values.add(hex(verifyOpening(other.checked, other.opening)))
  }
  assert.is(values.size, 3)
})

test('a value of 0 is not dealt: it is drawn again', () => {
  const slope = toScalar(seededRandom(3)(64))
  const bad = [drawnAs(field.neg(slope)), drawnAs(slope)]
  const again = seededRandom(4)
  const { dealing: bytes } = deal(sharing, diceOf([...bad, ...Array.from({ length: 5 }, () => again(64))]))
  assert.equal(bytes, deal(sharing, seededRandom(4)).dealing)
})

// The algebra

test('the dual word is orthogonal to polynomials below the threshold, and to no other', () => {
  const random = seededRandom(5)
  const draw = (count: number): bigint[] => Array.from({ length: count }, () => toScalar(random(64)))
  for (const [n, threshold] of [
    [1, 1],
    [3, 2],
    [3, 3],
    [7, 4],
    [31, 16],
  ] as const) {
    const word = dualWord(n, draw(n - threshold + 1))
    const sum = (coefficients: readonly bigint[]): bigint =>
      word.reduce(
        (all, element, i) => field.add(all, field.mul(element, evaluate(coefficients, BigInt(i)))),
        0n,
      )
    assert.is(sum(draw(threshold)), 0n)
    assert.is.not(sum(draw(threshold + 1)), 0n)
  }
})

test('weights at 0 interpolate', () => {
  const coefficients = [11n, 22n, 33n]
  const places = [2, 5, 31]
  const value = weightsAtZero(places).reduce(
    (sum, weight, i) =>
      field.add(sum, field.mul(weight, evaluate(coefficients, BigInt(places[i] as number)))),
    0n,
  )
  assert.is(value, 11n)
})

// What is refused

test('a dealing is good for its network, epoch, dealer, holders and threshold only', () => {
  const [first, second, third] = sharing.holders as [Uint8Array, Uint8Array, Uint8Array]
  const others: Partial<Sharing>[] = [
    { network: 'tess' },
    { epoch: 8 },
    { dealer: secretKeys[0] as Uint8Array },
    { holders: [second, first, third] },
    { holders: [first, second, otherPoint] },
    { threshold: 1 },
    { threshold: 3 },
  ]
  for (const other of others) {
    assert.is(
      codeOf(() => verifyDealing({ ...sharing, ...other }, made.dealing)),
      'BAD_PROOF',
      JSON.stringify(other),
    )
  }
  assert.is(
    codeOf(() => verifyDealing({ ...sharing, holders: [first, second] }, made.dealing)),
    'BAD_DOCUMENT',
  )
})

test('keys and thresholds that cannot be are named before anything is read', () => {
  const [first, second] = sharing.holders as [Uint8Array, Uint8Array]
  const many = Array.from({ length: 32 }, (_, i) => new Uint8Array(32).fill(i))
  for (const other of [
    { holders: [] },
    { holders: many },
    { holders: [first, second, first] },
    { holders: [first, second, identity] },
    { holders: [first, second, new Uint8Array(32).fill(255)] },
    { holders: [first, second, new Uint8Array(31)] },
    { threshold: 0 },
    { threshold: 4 },
    { threshold: 1.5 },
  ]) {
    const bad = { ...sharing, ...other }
    assert.is(
      codeOf(() => verifyDealing(bad, new Uint8Array(0))),
      'BAD_NETWORK',
    )
    assert.is(
      codeOf(() => deal(bad, seededRandom(1))),
      'BAD_NETWORK',
    )
  }
})

test('a dealing of more than one secret is refused though every share is proven', () => {
  const random = seededRandom(6)
  const coefficients = [toScalar(random(64)), toScalar(random(64))]
  const values = [0n, 1n, 2n, 3n].map(place => evaluate(coefficients, place))
  assert.is(
    codeOf(() => verifyDealing(sharing, forge(values, random))),
    'ok',
    'the forger is able',
  )
  for (const place of [0, 1, 2, 3]) {
    const wrong = values.with(place, field.add(values[place] as bigint, 1n))
    assert.is(
      codeOf(() => verifyDealing(sharing, forge(wrong, random))),
      'BAD_PROOF',
      `place ${place}`,
    )
  }
})

test('every field of a dealing counts', () => {
  const whole = listOf(made.dealing) as readonly Cbor[]
  const refused = (field: number, value: Cbor, expect: string): void => {
    assert.is(
      codeOf(() => verifyDealing(sharing, write(whole.with(field, value)))),
      expect,
      `field ${field}`,
    )
  }
  for (const field of [0, 1]) {
    const points = whole[field] as readonly Cbor[]
    for (const i of points.keys()) {
      refused(field, points.with(i, otherPoint), 'BAD_PROOF')
      refused(field, points.with(i, identity), 'BAD_DOCUMENT')
      refused(field, points.with(i, new Uint8Array(32).fill(255)), 'BAD_DOCUMENT')
    }
    refused(field, points.toReversed(), 'BAD_PROOF')
    refused(field, points.slice(1), 'BAD_DOCUMENT')
    refused(field, [...points, otherPoint], 'BAD_DOCUMENT')
  }
  refused(2, otherScalar, 'BAD_PROOF')
  refused(2, order, 'NOT_CANONICAL')
  const responses = whole[3] as readonly Cbor[]
  for (const i of responses.keys()) {
    refused(3, responses.with(i, otherScalar), 'BAD_PROOF')
    refused(3, responses.with(i, order), 'NOT_CANONICAL')
  }
  refused(3, responses.slice(1), 'BAD_DOCUMENT')
  assert.is(
    codeOf(() => verifyDealing(sharing, new Uint8Array(maxDealingBytes + 1))),
    'TOO_LARGE',
  )
})

test('an opening is the one secret that was dealt', () => {
  const check = (value: Cbor, expect: string): void =>
    assert.is(
      codeOf(() => verifyOpening(dealing, write(value))),
      expect,
    )
  assert.is(
    codeOf(() => verifyOpening(dealing, made.opening)),
    'ok',
  )
  check(otherScalar, 'BAD_PROOF')
  check(new Uint8Array(32), 'BAD_PROOF')
  check(order, 'NOT_CANONICAL')
  check(new Uint8Array(31), 'BAD_DOCUMENT')
  check([otherScalar], 'TOO_LARGE')
  assert.is(openingBytes, made.opening.length)
  const other = verifyDealing(sharing, deal(sharing, seededRandom(8)).dealing)
  assert.is(
    codeOf(() => verifyOpening(other, made.opening)),
    'BAD_PROOF',
  )
})

test('every field of an opened share counts', () => {
  const bytes = shareBytes[1] as Uint8Array
  const check = (at: number, value: Cbor, expect: string): void => {
    const fields = (listOf(bytes) as Cbor[]).with(at, value)
    assert.is(
      codeOf(() => verifyShare(dealing, write(fields))),
      expect,
    )
  }
  check(0, 1, 'ok')
  check(0, 0, 'BAD_PROOF')
  check(0, 3, 'BAD_DOCUMENT')
  check(1, otherPoint, 'BAD_PROOF')
  check(1, identity, 'BAD_DOCUMENT')
  check(2, otherScalar, 'BAD_PROOF')
  check(2, order, 'NOT_CANONICAL')
  check(3, [otherScalar], 'BAD_PROOF')
  check(3, [order], 'NOT_CANONICAL')
  check(3, [], 'BAD_DOCUMENT')
  assert.is(
    codeOf(() => verifyShare(dealing, new Uint8Array(maxShareBytes + 1))),
    'TOO_LARGE',
  )
})

test('a share proves nothing about another dealing, not even one of the same values', () => {
  const other = verifyDealing(sharing, deal(sharing, seededRandom(8)).dealing)
  assert.is(
    codeOf(() => verifyShare(other, shareBytes[0] as Uint8Array)),
    'BAD_PROOF',
  )
  assert.is(
    codeOf(() => combine(other, shares)),
    'BAD_DOCUMENT',
  )
  // The polynomial of the first dealing, its proof made with other nonces.
  const dice = seededRandom(1)
  const same = deal(sharing, diceOf([dice(64), dice(64), ...Array.from({ length: 3 }, () => otherDice(64))]))
  const again = verifyDealing(sharing, same.dealing)
  assert.equal(again.shares, dealing.shares)
  assert.is(
    codeOf(() => verifyShare(again, shareBytes[0] as Uint8Array)),
    'BAD_PROOF',
  )
})

test('who holds no share opens none', () => {
  assert.is(
    codeOf(() => openShare(dealing, new Uint8Array(32).fill(9))),
    'UNKNOWN_AUTHORITY',
  )
})

test('a share is opened to the same bytes every time', () => {
  assert.equal(openShare(dealing, secretKeys[2] as Uint8Array), shareBytes[2])
})

test('any bytes give a value or the error of the directory', () => {
  const readers: readonly [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [made.dealing, bytes => verifyDealing(sharing, bytes)],
    [made.opening, bytes => verifyOpening(dealing, bytes)],
    [shareBytes[0] as Uint8Array, bytes => verifyShare(dealing, bytes)],
  ]
  for (const [valid, read] of readers) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        codeOf(() => read(bytes))
      }),
    )
    fc.assert(
      fc.property(fc.nat({ max: valid.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        assert.is.not(
          codeOf(() => read(valid.with(at, (valid[at] as number) ^ flip))),
          'ok',
        )
        assert.is.not(
          codeOf(() => read(valid.subarray(0, at))),
          'ok',
        )
        assert.is.not(
          codeOf(() => read(new Uint8Array([...valid, flip]))),
          'ok',
        )
      }),
      { numRuns: 60 },
    )
  }
})

// The randomness of a document

test('the randomness depends on every contribution, the epoch, the network and the randomness before', () => {
  const one = { dealer: new Uint8Array(32).fill(1), value: new Uint8Array(32).fill(2) }
  const two = { dealer: new Uint8Array(32).fill(3), value: new Uint8Array(32).fill(4) }
  const before = new Uint8Array(32).fill(5)
  const all = [
    combineRandomness('test', 8, before, [one, two]),
    combineRandomness('tess', 8, before, [one, two]),
    combineRandomness('test', 9, before, [one, two]),
    combineRandomness('test', 8, new Uint8Array(0), [one, two]),
    combineRandomness('test', 8, before, [one]),
    combineRandomness('test', 8, before, [two]),
    combineRandomness('test', 8, before, [one, { ...two, value: one.value }]),
  ]
  assert.is(new Set(all.map(hex)).size, all.length)
  assert.ok(all.every(({ length }) => length === 32))
  assert.equal(combineRandomness('test', 8, before, [two, one]), all[0])
  assert.is(combineRandomness('test', 8, before, []).length, 0)
})

// Tools of a dealer who chooses what it draws

const otherDice = seededRandom(9)

/** The bytes that are drawn as this scalar. */
function drawnAs(scalar: bigint): Uint8Array {
  return numberToBytesLE(scalar - 1n, 64)
}

/** Dice that fall as they are told. */
function diceOf(draws: readonly Uint8Array[]): Random {
  const left = [...draws]
  return length => {
    const next = left.shift()
    if (next?.length !== length) throw new RangeError('dice: not what was drawn')
    return next
  }
}

/** The coefficients of the polynomial of lowest degree through these points: Newton's divided differences. */
function through(points: readonly (readonly [bigint, bigint])[]): bigint[] {
  let polynomial: bigint[] = []
  let zeros: bigint[] = [1n]
  for (const [at, value] of points) {
    const missing = field.sub(value, evaluate(polynomial, at))
    const factor = field.mul(missing, field.inv(evaluate(zeros, at)))
    polynomial = zeros.map((zero, i) => field.add(polynomial[i] ?? 0n, field.mul(factor, zero)))
    zeros = [0n, ...zeros].map((shifted, i) => field.sub(shifted, field.mul(at, zeros[i] ?? 0n)))
  }
  return polynomial
}

/** A dealing of 3 of any values, with a proof that is right for each share. */
function forge(values: readonly bigint[], random: Random): Uint8Array {
  const { network, epoch, dealer, threshold, holders } = sharing
  const keys = holders.map(decodePoint) as Point[]
  const commitments = values.map(value => commitmentBase.multiply(value))
  const dealt = keys.map((key, i) => key.multiply(values[i + 1] as bigint))
  const form = [commitments.map(point => point.toBytes()), dealt.map(point => point.toBytes())]
  const proof = proveEqual(
    { kind: 'sharing-dealing', about: [network, epoch, dealer, threshold, holders, ...form] },
    keys.map((key, i) => ({
      bases: [commitmentBase, key],
      images: [commitments[i + 1] as Point, dealt[i] as Point],
    })),
    values.slice(1),
    keys.map(() => toScalar(random(64))),
  )
  return write([...form, ...proofForm(proof)])
}

/** Reads the lists, byte strings and whole numbers of a canonical form. */
function listOf(bytes: Uint8Array): Cbor {
  const read = new Reader(bytes, 'test')
  const value = (): Cbor => {
    const initial = (bytes[read.at] as number) >> 5
    if (initial === 4) return Array.from({ length: read.list(100) }, value)
    return initial === 2 ? read.bytes(32) : read.uint()
  }
  return value()
}

test.run()

// ristretto255 in bulk (RFC 9496; docs/spec/shuffle.md 2): the core and @noble/curves say the same.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat, fromHex, hex } from '../encoding/bytes.ts'
import { coreGroup } from '../shuffle/core-group.ts'
import { ShuffleError } from '../shuffle/error.ts'
import { type Group, generator, identity, minusOne, one, zero } from '../shuffle/group.ts'
import { nobleGroup } from '../shuffle/noble-group.ts'
import { seededRandom } from '../world/random.ts'

const core = coreGroup()
const noble = nobleGroup()
const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/** Scalars at the edges and others, from a seed. */
function someScalars(seed: number, n: number): Uint8Array {
  const drawn = noble.reduce(seededRandom(seed)(64 * n))
  const edges = [zero, one, minusOne, Uint8Array.of(8, ...new Uint8Array(31))]
  edges.slice(0, n).forEach((edge, i) => {
    drawn.set(edge, 32 * ((seed + i) % n))
  })
  return drawn
}

const somePoints = (seed: number, n: number): Uint8Array => {
  const points = noble.derive(seededRandom(seed + 1)(64 * n))
  if (n > 2) points.set(identity, 32 * (seed % n))
  return points
}

const sized = (most: number) => fc.record({ seed: fc.nat(2 ** 31), n: fc.integer({ min: 0, max: most }) })

/** A method of both groups gives the same bytes. */
function alike(act: (group: Group) => Uint8Array): void {
  assert.is(hex(act(core)), hex(act(noble)))
}

test('sums, public and secret, are those of @noble/curves, whatever the number of points', () => {
  fc.assert(
    fc.property(sized(40), ({ seed, n }) => {
      const [points, scalars] = [somePoints(seed, n), someScalars(seed, n)]
      alike(group => group.sum([{ points, scalars }]))
      assert.is(hex(core.sumSecret(points, scalars)), hex(core.sum([{ points, scalars }])))
    }),
    { numRuns: 15 },
  )
  // As many as make every width of digit, and more than one stretch of secret ones.
  for (const n of [1, 2, 30, 130, 300, 700]) {
    const [points, scalars] = [somePoints(n, n), someScalars(n, n)]
    const sum = hex(core.sum([{ points, scalars }]))
    assert.is(hex(core.sumSecret(points, scalars)), sum)
    const at = 32 * (n >> 1)
    const parts = [
      { points: points.subarray(0, at), scalars: scalars.subarray(0, at) },
      { points: points.subarray(at), scalars: scalars.subarray(at) },
    ]
    assert.is(hex(core.sum(parts)), sum)
  }
})

test('sums of short scalars are the same as of long ones', () => {
  const n = 50
  const points = somePoints(5, n)
  const scalars = new Uint8Array(32 * n)
  for (let i = 0; i < n; i++) scalars.set(seededRandom(i)(16), 32 * i)
  scalars.set(new Uint8Array(16).fill(0xff), 0)
  assert.is(hex(core.sum([{ points, scalars, bits: 128 }])), hex(core.sum([{ points, scalars }])))
})

test('multiples of fixed bases, with and without addends, are those of @noble/curves', () => {
  fc.assert(
    fc.property(sized(6), ({ seed, n }) => {
      const addends = somePoints(seed, n)
      const a = { base: generator, scalars: someScalars(seed, n) }
      const b = { base: somePoints(seed + 9, 1), scalars: someScalars(seed + 1, n) }
      alike(group => group.multiples(undefined, a))
      alike(group => group.multiples(addends, b))
      alike(group => group.multiples(addends, a, b))
    }),
    { numRuns: 10 },
  )
})

test('more bases than there are tables do not get into each other’s way', () => {
  const bases = Array.from({ length: 9 }, (_, i) => somePoints(i, 1))
  const scalars = someScalars(3, 1)
  for (const base of bases)
    for (const other of bases.slice(0, 6))
      assert.is(
        hex(core.multiples(undefined, { base, scalars }, { base: other, scalars })),
        hex(core.sum([{ points: concat([base, other]), scalars: concat([scalars, scalars]) }])),
      )
})

test('derived points and reduced scalars are those of RFC 9496 as @noble/curves has it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), bytes => {
      alike(group => group.derive(bytes))
      alike(group => group.reduce(bytes))
    }),
  )
  for (const bytes of [new Uint8Array(64), new Uint8Array(64).fill(0xff), concat([order, order])]) {
    alike(group => group.derive(bytes))
    alike(group => group.reduce(bytes))
  }
})

test('products, chains and sums of scalars are those of whole numbers modulo the order', () => {
  fc.assert(
    fc.property(sized(20), ({ seed, n }) => {
      const [a, b, c] = [someScalars(seed, n), someScalars(seed + 1, n), someScalars(seed + 2, n)]
      const single = someScalars(seed + 3, 1)
      if (n > 0) alike(group => group.mulAdd(a, b, c))
      if (n > 0) alike(group => group.mulAdd(a, single, c))
      alike(group => group.chain(a, b, single))
      alike(group => group.chain(single, b, one))
      alike(group => group.dot(a, b))
      alike(group => group.dot(a, single))
    }),
    { numRuns: 30 },
  )
})

test('what is no encoding of a point is refused by both, with its place', () => {
  const good = somePoints(1, 2)
  const bad = [
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // 2^255 - 19: not canonical
    '0100000000000000000000000000000000000000000000000000000000000000', // negative
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371', // no square (RFC 9496, A.3)
    '0000000000000000000000000000000000000000000000000000000000000080',
  ]
  for (const text of bad)
    for (const group of [core, noble]) {
      const points = concat([good, fromHex(text)])
      assert.throws(
        () => group.sum([{ points, scalars: someScalars(1, 3) }]),
        (error: unknown) => error instanceof ShuffleError && /^BAD_POINT point 2: /.test(error.message),
      )
    }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes => {
      const accepted = (act: () => unknown): boolean => {
        try {
          act()
          return true
        } catch (error) {
          assert.instance(error, ShuffleError)
          return false
        }
      }
      assert.is(
        accepted(() => core.sum([{ points: bytes, scalars: one }])),
        accepted(() => noble.sum([{ points: bytes, scalars: one }])),
      )
    }),
  )
})

function refused(code: string): (error: unknown) => boolean {
  return error => error instanceof ShuffleError && error.code === code
}

test('scalars from the order on, and lengths that do not fit, are refused by both', () => {
  const [point, points] = [somePoints(1, 1), somePoints(1, 2)]
  for (const group of [core, noble]) {
    assert.throws(() => group.sum([{ points: point, scalars: order }]), refused('BAD_SCALAR'))
    assert.throws(() => group.mulAdd(order, one, zero), refused('BAD_SCALAR'))
    assert.throws(() => group.sumSecret(points, one), refused('BAD_LENGTH'))
    assert.throws(() => group.sum([{ points: point.subarray(1), scalars: one }]), refused('BAD_LENGTH'))
    assert.throws(() => group.derive(new Uint8Array(63)), refused('BAD_LENGTH'))
    assert.throws(() => group.chain(concat([one, one]), one, zero), refused('BAD_LENGTH'))
  }
})

test.run()

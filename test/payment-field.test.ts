// docs/spec/payments-net.md 2.1, 2.3, 2.4: the field, polynomials as floating-point limbs, and numbers from their power
// sums.

import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PaymentError } from '../payment/error.ts'
import {
  add,
  fieldBytes,
  fromStream,
  inverse,
  multiply,
  p,
  readElements,
  reduce,
  squareRoot,
  subtract,
  writeElements,
} from '../payment/net/field.ts'
import { PolynomialRing, toLimbs } from '../payment/net/limbs.ts'
import { fromPowerSums, powerSums, solve } from '../payment/net/roots.ts'
import { seededRandom } from '../world/random.ts'

/** The edges of the field and of a limb more often than chance would. */
const element = fc.oneof(
  fc.bigInt({ min: 0n, max: p - 1n }),
  fc.bigInt({ min: 0n, max: 3n }),
  fc.bigInt({ min: p - 3n, max: p - 1n }),
  fc.integer({ min: 0, max: 126 }).map(bit => 1n << BigInt(bit)),
)
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : 1)

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p
    square = (square * square) % p
  }
  return result
}

/** a * b modulo the monic f, by the school's method. */
function product(a: readonly bigint[], b: readonly bigint[], f: readonly bigint[]): bigint[] {
  const n = f.length
  const sum = Array.from({ length: 2 * n - 1 }, () => 0n)
  for (const [i, x] of a.entries()) for (const [j, y] of b.entries()) sum[i + j] = (sum[i + j]! + x * y) % p
  for (let k = 2 * n - 2; k >= n; k--) {
    for (const [j, x] of f.entries()) sum[k - n + j] = (sum[k - n + j]! + (p - sum[k]!) * x) % p
  }
  return sum.slice(0, n)
}

function noSlots(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    assert.is((error as PaymentError).code, 'NO_SLOTS')
    return
  }
  assert.unreachable('want NO_SLOTS')
}

test('sums, products, inverses and square roots are those of integers modulo p', () => {
  fc.assert(
    fc.property(element, element, (a, b) => {
      assert.is(add(a, b), (a + b) % p)
      assert.is(subtract(a, b), (((a - b) % p) + p) % p)
      assert.is(multiply(a, b), (a * b) % p)
      assert.is(reduce(a * b * 1000n), (a * b * 1000n) % p)
      if (a !== 0n) assert.is(multiply(a, inverse(a)), 1n)
      const root = squareRoot(a)
      const isSquare = a === 0n || power(a, (p - 1n) / 2n) === 1n
      assert.is(root !== null, isSquare)
      if (root !== null) assert.is(multiply(root, root), a)
    }),
  )
  assert.throws(() => inverse(0n), RangeError)
})

test('elements as bytes: round trip, and nothing but bytes below p', () => {
  fc.assert(
    fc.property(fc.array(element, { maxLength: 5 }), elements => {
      const bytes = writeElements(elements)
      assert.is(bytes.length, elements.length * fieldBytes)
      assert.equal(readElements(bytes, elements.length), elements)
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 0, max: 4 }), (bytes, count) => {
      try {
        assert.equal(writeElements(readElements(bytes, count)), bytes)
      } catch (error) {
        assert.instance(error, PaymentError)
        assert.is((error as PaymentError).code, 'BAD_VECTOR')
      }
    }),
  )
  const isP = new Uint8Array(16).fill(0xff)
  isP[0] = 0x7f
  assert.throws(() => readElements(isP, 1), /element 0 is not below p/)
  assert.is(fromStream(isP), 0n)
  assert.is(fromStream(new Uint8Array(16).fill(0xff)), 0n)
})

test('limbs multiply as integers do, also where many large products meet', () => {
  const polynomials = fc.integer({ min: 1, max: 12 }).chain(n =>
    fc.record({
      f: fc.array(element, { minLength: n, maxLength: n }),
      a: fc.array(element, { minLength: n, maxLength: n }),
      b: fc.array(element, { minLength: n, maxLength: n }),
      c: element,
    }),
  )
  fc.assert(
    fc.property(polynomials, ({ f, a, b, c }) => {
      const ring = new PolynomialRing(f)
      assert.equal(ring.to(ring.from(a)), a)
      assert.equal(ring.to(ring.multiply(ring.from(a), ring.from(b))), product(a, b, f))
      const shifted = f.length > 1 ? [c, 1n] : [subtract(c, f[0] as bigint)]
      assert.equal(ring.to(ring.timesLinear(ring.from(a), toLimbs([c]))), product(a, shifted, f))
    }),
    { numRuns: 60 },
  )
  for (const n of [64, 65, 150]) {
    const largest = Array.from({ length: n }, () => p - 1n)
    const ring = new PolynomialRing(Array.from({ length: n }, () => 1n))
    const all = ring.from(largest)
    assert.equal(ring.to(ring.multiply(all, all)), product(largest, largest, Array(n).fill(1n)))
  }
})

test('the half power is the power by the square-and-multiply of the school', () => {
  const random = seededRandom(3)
  const f = Array.from({ length: 4 }, () => fromStream(random(16)))
  let [want, square] = [
    [1n, 0n, 0n, 0n],
    [9n, 1n, 0n, 0n],
  ]
  for (let bit = 0; bit < 126; bit++) {
    want = product(want, square, f)
    square = product(square, square, f)
  }
  const ring = new PolynomialRing(f)
  assert.equal(ring.to(ring.halfPower(9n)), want)
})

test("Newton's identities give the polynomial with these roots", () => {
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 9 }), roots => {
      let f = [1n]
      for (const root of roots) {
        f = [0n, ...f].map((c, i) => add(c, multiply(subtract(0n, root), f[i] ?? 0n)))
      }
      assert.equal(fromPowerSums(powerSums(roots)), f.slice(0, -1))
    }),
  )
})

test('different numbers are found again from their power sums', () => {
  const numbers = fc.uniqueArray(element, { minLength: 1, maxLength: 25 })
  fc.assert(
    fc.property(numbers, found => {
      assert.equal(solve(powerSums(found)), found.sort(compare))
    }),
    { numRuns: 40 },
  )
})

test('two equal numbers, or one sum that is wrong, are found out', () => {
  const numbers = fc.uniqueArray(element, { minLength: 3, maxLength: 12 })
  fc.assert(
    fc.property(numbers, fc.nat(), element, ([first, ...rest], at, wrong) => {
      noSlots(() => solve(powerSums([rest[0] as bigint, ...rest])))
      const sums = powerSums([first as bigint, ...rest])
      const i = at % sums.length
      if (sums[i] === wrong) return
      sums[i] = wrong
      // One wrong sum leaves n roots in the field with a chance of about 1 in n!.
      try {
        solve(sums)
      } catch (error) {
        assert.is((error as PaymentError).code, 'NO_SLOTS')
      }
    }),
    { numRuns: 30 },
  )
})

test('what PARI/GP finds', () => {
  if (spawnSync('gp', ['--version-short']).error !== undefined) {
    console.log('skipped: PARI/GP (gp) is not installed')
    return
  }
  const random = seededRandom(11)
  const lists = [1, 2, 3, 8, 20, 50].map(n => Array.from({ length: n }, () => fromStream(random(16))))
  // With its last sum changed, the polynomial of three has most often fewer roots.
  const spoilt = [1n, 2n, 3n, 4n].map(by => {
    const sums = powerSums(lists[2] as bigint[])
    return [...sums.slice(0, -1), add(sums[2] as bigint, by)]
  })
  const cases = [...lists.map(powerSums), ...spoilt]
  const program = cases
    .map(fromPowerSums)
    .map(f => `r=lift(polrootsmod(Pol([1,${f.toReversed().join(',')}]),${p}));print(Vec(vecsort(r)))`)
  const { stdout } = spawnSync('gp', ['-q', '-f'], {
    input: `${program.join('\n')}\nquit\n`,
    encoding: 'utf8',
  })
  const lines = stdout.trim().split('\n')
  assert.is(lines.length, cases.length, stdout)
  for (const [i, sums] of cases.entries()) {
    const want = [...(lines[i] as string).matchAll(/\d+/g)].map(match => BigInt(match[0]))
    if (want.length === sums.length) assert.equal(solve(sums), want)
    else noSlots(() => solve(sums))
  }
})

test.run()

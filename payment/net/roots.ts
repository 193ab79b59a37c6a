// From power sums back to the numbers that were summed. docs/spec/payments-net.md 2.3.

import { sha256 } from '@noble/hashes/sha2.js'
import { PaymentError } from '../error.ts'
import { fromStream, inverse, multiply, p, reduce, squareRoot, subtract, writeElements } from './field.ts'
import { PolynomialRing, toLimbs } from './limbs.ts'

/** Coefficients from the constant up. A monic polynomial is written without its leading 1. */
type Polynomial = readonly bigint[]

/** The power sums r + ..., r^2 + ..., to the n-th, of n elements. */
export function powerSums(elements: readonly bigint[]): bigint[] {
  let powers = [...elements]
  return elements.map((_, k) => {
    if (k > 0) powers = powers.map((power, i) => multiply(power, elements[i] as bigint))
    return reduce(powers.reduce((sum, power) => sum + power, 0n))
  })
}

/**
 * The n different elements whose power sums these are, ascending.
 *
 * @param sums n elements, 1 or more
 * @throws PaymentError NO_SLOTS when there are none: somebody's part was garbage, or two elements are equal
 */
export function solve(sums: readonly bigint[]): bigint[] {
  const f = fromPowerSums(sums)
  const seed = sha256(writeElements(sums))
  const shift = shiftOf(seed, 0)
  const ring = new PolynomialRing(f)
  const half = ring.halfPower(shift)
  if (!hasRoots(ring, half, shift)) {
    throw new PaymentError('NO_SLOTS', `no ${f.length} different numbers have these power sums`)
  }
  const roots = separate(f, ring.to(half)).flatMap(part => rootsOf(part, seed, 1))
  return roots.sort((a, b) => (a < b ? -1 : 1))
}

/** Newton's identities: the monic polynomial, without its leading 1, whose roots have these power sums. */
export function fromPowerSums(sums: readonly bigint[]): bigint[] {
  // e[k], the elementary symmetric polynomials: k e[k] = sum over i = 1..k of (-1)^(i-1) e[k-i] s[i]
  const e = [1n]
  for (let k = 1; k <= sums.length; k++) {
    let sum = 0n
    for (let i = 1; i <= k; i++) {
      const term = (e[k - i] as bigint) * (sums[i - 1] as bigint)
      sum += i % 2 === 1 ? term : p * p - term
    }
    e.push(multiply(reduce(sum), inverse(BigInt(k))))
  }
  // f = x^n - e[1] x^(n-1) + e[2] x^(n-2) - ...
  return e
    .slice(1)
    .map((coefficient, i) => (i % 2 === 0 ? subtract(0n, coefficient) : coefficient))
    .reverse()
}

/**
 * Says whether x^p = x modulo f, so that f has as many different roots as its degree. By Frobenius (x + a)^p = x^p + a,
 * so the power that the first separation needs anyway tells it.
 *
 * @param half (x + shift) ^ ((p-1)/2)
 */
function hasRoots(ring: PolynomialRing, half: Float64Array, shift: bigint): boolean {
  const shifted = ring.timesLinear(ring.from([1n]), toLimbs([shift]))
  const [have, want] = [ring.to(ring.multiply(ring.multiply(half, half), shifted)), ring.to(shifted)]
  return have.every((coefficient, i) => coefficient === want[i])
}

/** Cantor and Zassenhaus, with shifts from the seed, so that all peers take the same steps. */
function rootsOf(f: Polynomial, seed: Uint8Array, attempt: number): bigint[] {
  if (f.length === 0) return []
  if (f.length <= 2) return rootsOfSmall(f)
  const ring = new PolynomialRing(f)
  const half = ring.to(ring.halfPower(shiftOf(seed, attempt)))
  return separate(f, half).flatMap(part => rootsOf(part, seed, attempt + 1))
}

/** (x + shift) ^ ((p-1)/2) is 1 at the roots where x + shift is a square, and -1 or 0 at the others. */
function separate(f: Polynomial, half: Polynomial): Polynomial[] {
  const squares = greatestCommonDivisor(f, [subtract(half[0] as bigint, 1n), ...half.slice(1)])
  return [squares, quotient(f, squares)]
}

function shiftOf(seed: Uint8Array, attempt: number): bigint {
  const input = new Uint8Array(36)
  input.set(seed)
  new DataView(input.buffer).setUint32(32, attempt)
  return fromStream(sha256(input))
}

/** The roots of a polynomial of degree 1 or 2 that has as many different ones. */
function rootsOfSmall(f: Polynomial): bigint[] {
  const [c, b] = f as [bigint, bigint | undefined]
  if (b === undefined) return [subtract(0n, c)]
  const halfB = multiply(b, inverse(2n))
  const root = squareRoot(subtract(multiply(halfB, halfB), c)) ?? 0n
  return [subtract(root, halfB), subtract(subtract(0n, root), halfB)]
}

/** The monic greatest common divisor of a monic f and any g of a lower degree. */
function greatestCommonDivisor(f: Polynomial, g: Polynomial): Polynomial {
  let [a, b] = [[...f, 1n], trim([...g])]
  while (b.length > 0) {
    const lead = inverse(b[b.length - 1] as bigint)
    const monic = b.map(coefficient => multiply(coefficient, lead))
    divide(a, monic)
    ;[a, b] = [monic, trim(a)]
  }
  return a.slice(0, -1)
}

/** f / divisor, both monic, when it leaves nothing. */
function quotient(f: Polynomial, divisor: Polynomial): Polynomial {
  return divide([...f, 1n], [...divisor, 1n]).slice(0, -1)
}

/** Leaves the remainder in `a`. Both have their leading coefficient; that of `b` is 1. */
function divide(a: bigint[], b: readonly bigint[]): bigint[] {
  const out: bigint[] = []
  for (let top = a.length - 1; top >= b.length - 1; top--) {
    const lead = a[top] as bigint
    out.push(lead)
    const negative = p - lead
    for (const [i, coefficient] of b.entries()) {
      const at = top - b.length + 1 + i
      a[at] = reduce((a[at] as bigint) + negative * coefficient)
    }
  }
  a.length = Math.min(a.length, b.length - 1)
  return out.reverse()
}

function trim(a: bigint[]): bigint[] {
  while (a.length > 0 && a[a.length - 1] === 0n) a.pop()
  return a
}

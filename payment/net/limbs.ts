// Polynomials over the field p = 2^127 - 1 as floating-point numbers, for the one step that needs speed: powers modulo
// a polynomial. An element is six limbs of 22 bits. A product of limbs has 44 bits, so a double can take up 85 times
// the six that meet in one place before it must carry; that is ten times faster than BigInt.
// docs/spec/payments-net.md 2.4.

import { p, reduce } from './field.ts'

const limbs = 6
const base = 2 ** 22
/** Limbs of a product of two elements. */
const wide = 2 * limbs - 1
/** Products that are summed before carrying: 6 * 64 * 2^44 < 2^53, with room for what was carried before. */
const sums = 64

/** Polynomials modulo f. Its elements are `degree` coefficients of six limbs, the constant first. */
export class PolynomialRing {
  readonly degree: number
  /** The coefficients of x^degree - f. */
  readonly #tail: Float64Array
  readonly #product: Float64Array

  /** @param f monic, of degree 1 at least; coefficients from the constant up, without the leading 1 */
  constructor(f: readonly bigint[]) {
    this.degree = f.length
    this.#tail = toLimbs(f.map(coefficient => (coefficient === 0n ? 0n : p - coefficient)))
    this.#product = new Float64Array((2 * this.degree - 1) * wide)
  }

  /** @param coefficients from the constant up, at most `degree` */
  from(coefficients: readonly bigint[]): Float64Array {
    const out = new Float64Array(this.degree * limbs)
    out.set(toLimbs(coefficients))
    return out
  }

  to(element: Float64Array): bigint[] {
    return Array.from({ length: this.degree }, (_, i) => {
      let number = 0n
      for (let limb = limbs - 1; limb >= 0; limb--) {
        number = (number << 22n) + BigInt(element[i * limbs + limb] as number)
      }
      return reduce(number)
    })
  }

  /** (x + shift) ^ ((p-1)/2); the exponent is 126 ones, so every squaring is followed by a factor. */
  halfPower(shift: bigint): Float64Array {
    const constant = toLimbs([shift])
    let power = this.from([1n])
    for (let bit = 0; bit < 126; bit++) {
      power = this.multiply(power, this.timesLinear(power, constant))
    }
    return power
  }

  /** a * (x + constant); the constant has six limbs. */
  timesLinear(a: Float64Array, constant: Float64Array): Float64Array {
    const rows = this.#product.fill(0)
    addMultiple(rows, 0, constant, 0, a, this.degree)
    // x * a: one place up, and the coefficient that leaves comes back as its multiple of the tail.
    addMultiple(rows, 0, a, this.degree - 1, this.#tail, this.degree)
    for (let i = 0; i < this.degree - 1; i++) {
      for (let limb = 0; limb < limbs; limb++) {
        const at = (i + 1) * wide + limb
        rows[at] = (rows[at] as number) + (a[i * limbs + limb] as number)
      }
    }
    return this.#lowRows()
  }

  multiply(a: Float64Array, b: Float64Array): Float64Array {
    const n = this.degree
    const rows = this.#product.fill(0)
    for (let i = 0; i < n; i++) {
      addMultiple(rows, i, a, i, b, n)
      if (i % sums === sums - 1) this.#carry(0, 2 * n - 1)
    }
    this.#carry(0, 2 * n - 1)
    // Division by f, from the top: x^n is the tail.
    const quotient = new Float64Array(limbs)
    for (let k = 2 * n - 2; k >= n; k--) {
      fold(rows, k, quotient, 0)
      addMultiple(rows, k - n, quotient, 0, this.#tail, n)
      if ((k - n) % sums === 0) this.#carry(0, k)
    }
    return this.#lowRows()
  }

  #carry(from: number, to: number): void {
    for (let row = from; row < to; row++) carry(this.#product, row * wide, wide)
  }

  #lowRows(): Float64Array {
    const out = new Float64Array(this.degree * limbs)
    for (let row = 0; row < this.degree; row++) fold(this.#product, row, out, row)
    return out
  }
}

/** Six limbs for each. */
export function toLimbs(elements: readonly bigint[]): Float64Array {
  const out = new Float64Array(elements.length * limbs)
  elements.forEach((element, i) => {
    for (let limb = 0; limb < limbs; limb++) {
      out[i * limbs + limb] = Number((element >> BigInt(22 * limb)) & 0x3fffffn)
    }
  })
  return out
}

/** rows[row + j] += a[i] * b[j] for all n elements of b, without carrying: the six by six products are written out. */
function addMultiple(
  rows: Float64Array,
  row: number,
  a: Float64Array,
  i: number,
  b: Float64Array,
  n: number,
): void {
  const at = i * limbs
  const [a0, a1, a2] = [a[at]!, a[at + 1]!, a[at + 2]!]
  const [a3, a4, a5] = [a[at + 3]!, a[at + 4]!, a[at + 5]!]
  for (let j = 0, k = row * wide; j < n * limbs; j += limbs, k += wide) {
    const b0 = b[j]!
    const b1 = b[j + 1]!
    const b2 = b[j + 2]!
    const b3 = b[j + 3]!
    const b4 = b[j + 4]!
    const b5 = b[j + 5]!
    rows[k]! += a0 * b0
    rows[k + 1]! += a0 * b1 + a1 * b0
    rows[k + 2]! += a0 * b2 + a1 * b1 + a2 * b0
    rows[k + 3]! += a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0
    rows[k + 4]! += a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0
    rows[k + 5]! += a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0
    rows[k + 6]! += a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1
    rows[k + 7]! += a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2
    rows[k + 8]! += a3 * b5 + a4 * b4 + a5 * b3
    rows[k + 9]! += a4 * b5 + a5 * b4
    rows[k + 10]! += a5 * b5
  }
}

/** Leaves 22 bits in every limb but the last, which takes the rest. */
function carry(numbers: Float64Array, at: number, length: number): void {
  for (let limb = at; limb < at + length - 1; limb++) {
    const over = Math.floor((numbers[limb] as number) / base)
    numbers[limb] = (numbers[limb] as number) - over * base
    numbers[limb + 1] = (numbers[limb + 1] as number) + over
  }
}

/** The row modulo p, in six limbs of 22 bits: 2^132 = 2^5, and then 2^127 = 1. */
function fold(rows: Float64Array, row: number, out: Float64Array, i: number): void {
  const [from, to] = [row * wide, i * limbs]
  carry(rows, from, wide)
  for (let limb = 0; limb < limbs; limb++) {
    const high = limb + limbs < wide ? (rows[from + limbs + limb] as number) : 0
    out[to + limb] = (rows[from + limb] as number) + 32 * high
  }
  // Each time the last limb keeps its 17 bits below 2^127; twice, because the first may carry into it again.
  for (let time = 0; time < 2; time++) {
    carry(out, to, limbs)
    const top = out[to + limbs - 1] as number
    const over = Math.floor(top / 2 ** 17)
    out[to + limbs - 1] = top - over * 2 ** 17
    out[to] = (out[to] as number) + over
  }
  carry(out, to, limbs)
}

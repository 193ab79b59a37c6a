// Polynomials modulo the order of the group (docs/spec/randomness.md 3): shares are the values of one, any t of them
// give it back, and a dual code word tells whether values are those of a polynomial of low degree.

import { field } from './group.ts'

/** Horner's rule. `coefficients` begin with the constant one. */
export function evaluate(coefficients: readonly bigint[], at: bigint): bigint {
  return coefficients.reduceRight((sum, coefficient) => field.add(field.mul(sum, at), coefficient), 0n)
}

/**
 * Lagrange's coefficients for the value at 0: that value is the sum of these times the values at `places`.
 *
 * @param places different from each other, and none of them 0
 */
export function weightsAtZero(places: readonly number[]): bigint[] {
  return places.map(place => {
    const others = places.filter(other => other !== place)
    const above = product(others.map(other => BigInt(other)))
    const below = product(others.map(other => BigInt(other - place)))
    return field.mul(above, field.inv(below))
  })
}

/**
 * A word of the code dual to that of the values at 0 to `last` of polynomials of a degree below `threshold`: the sum
 * of its elements times such values is 0. Cascudo and David, "SCRAPE: scalable randomness attested by public entities"
 * (ACNS 2017).
 *
 * @param mask coefficients of a polynomial, `last - threshold + 1` of them: drawn at random they give a random word
 */
export function dualWord(last: number, mask: readonly bigint[]): bigint[] {
  const places = Array.from({ length: last + 1 }, (_, place) => place)
  return places.map(place => {
    const differences = places.filter(other => other !== place).map(other => BigInt(place - other))
    return field.mul(field.inv(product(differences)), evaluate(mask, BigInt(place)))
  })
}

function product(factors: readonly bigint[]): bigint {
  return factors.reduce((whole, factor) => field.mul(whole, field.create(factor)), 1n)
}

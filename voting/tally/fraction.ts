// Fractions of whole numbers of any size: votes that are passed on in parts stay exact, so that everybody who counts
// comes to the same result.

export interface Fraction {
  readonly over: bigint
  /** More than 0. */
  readonly under: bigint
}

/** Reduces a fraction. */
export function fractionOf(over: bigint, under = 1n): Fraction {
  const by = divisor(over < 0n ? -over : over, under)
  return { over: over / by, under: under / by }
}

function divisor(a: bigint, b: bigint): bigint {
  let [large, small] = [a, b]
  while (small > 0n) [large, small] = [small, large % small]
  return large === 0n ? 1n : large
}

export function plus(a: Fraction, b: Fraction): Fraction {
  return fractionOf(a.over * b.under + b.over * a.under, a.under * b.under)
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return fractionOf(a.over * b.under - b.over * a.under, a.under * b.under)
}

export function times(a: Fraction, b: Fraction): Fraction {
  return fractionOf(a.over * b.over, a.under * b.under)
}

/** Divides by a fraction above 0. */
export function through(a: Fraction, b: Fraction): Fraction {
  return fractionOf(a.over * b.under, a.under * b.over)
}

/** Says which is larger: above 0 when it is `a`. */
export function difference(a: Fraction, b: Fraction): number {
  const sign = a.over * b.under - b.over * a.under
  return sign > 0n ? 1 : sign < 0n ? -1 : 0
}

/** Writes `7`, or `7/3`. */
export function written({ over, under }: Fraction): string {
  return under === 1n ? `${over}` : `${over}/${under}`
}

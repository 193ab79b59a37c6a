// Whether two samples come from one distribution: the two-sample Kolmogorov-Smirnov test (Smirnov 1948; the series in
// Press et al., "Numerical Recipes", 3rd edition, section 14.3.3), and Holm's correction for several tests (Holm 1979).

/** The greatest distance between the two empirical distribution functions. */
export function distance(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [a, b].map(sample => Float64Array.from(sample).sort()) as [Float64Array, Float64Array]
  let [i, j, most] = [0, 0, 0]
  while (i < left.length && j < right.length) {
    const value = Math.min(left[i] as number, right[j] as number)
    while (i < left.length && (left[i] as number) <= value) i++
    while (j < right.length && (right[j] as number) <= value) j++
    most = Math.max(most, Math.abs(i / left.length - j / right.length))
  }
  return most
}

/** The chance of a distance at least as great when both samples come from one distribution; for 50 values and more. */
export function pValue(a: readonly number[], b: readonly number[]): number {
  const root = Math.sqrt((a.length * b.length) / (a.length + b.length))
  const x = (root + 0.12 + 0.11 / root) * distance(a, b)
  // below this the series does not settle, and its sum is 1 to ten digits
  if (x < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x)
  return Math.min(1, Math.max(0, sum))
}

/** The p values as Holm corrects them, in the same order: all above a level means that no test rejects at it. */
export function holm(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => (values[i] as number) - (values[j] as number))
  const corrected = [...values]
  let most = 0
  for (const [rank, i] of order.entries()) {
    most = Math.max(most, Math.min(1, (values[i] as number) * (values.length - rank)))
    corrected[i] = most
  }
  return corrected
}

// Functions that the closed forms need and the statistics library lacks.

const gamma = 0.5772156649015329

/** Sums 1/k for k below n, minus Euler's constant: the digamma function of a whole number from 1. */
export function digamma(n: number): number {
  let sum = -gamma
  for (let k = 1; k < n; k++) sum += 1 / k
  return sum
}

/** Gives the natural logarithm of n!. */
export function logFactorial(n: number): number {
  let sum = 0
  for (let k = 2; k <= n; k++) sum += Math.log(k)
  return sum
}

/** Counts the ways to choose `k` of `n`; 0 where there are none. */
export function choose(n: number, k: number): number {
  if (k < 0 || k > n || n < 0) return 0
  let ways = 1
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i
  return ways
}

/** Integrates e^-t / t from x > 0 on: a series up to 1, a continued fraction above (Abramowitz and Stegun 5.1). */
export function exponentialIntegral(x: number): number {
  if (x <= 1) {
    let term = 1
    let sum = -gamma - Math.log(x)
    for (let k = 1; k < 40; k++) {
      term *= -x / k
      sum -= term / k
    }
    return sum
  }
  let fraction = 0
  for (let k = 200; k > 0; k--) fraction = k / (1 + k / (x + fraction))
  return Math.exp(-x) / (x + fraction)
}

/** Gives the probability that a sum of `stages` exponential times of mean 1 is longer than `time`. */
export function erlangTail(stages: number, time: number): number {
  let term = Math.exp(-time)
  let sum = term
  for (let k = 1; k < stages; k++) {
    term *= time / k
    sum += term
  }
  return sum
}

/** Finds the time that such a sum stays within with this probability, by halving. */
export function erlangQuantile(stages: number, probability: number): number {
  let low = 0
  let high = 1
  while (1 - erlangTail(stages, high) < probability) high *= 2
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2
    if (1 - erlangTail(stages, middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Gives the probability that a Poisson variable of this mean is `count`. */
export function poissonProbability(mean: number, count: number): number {
  return Math.exp(count * Math.log(mean) - mean - logFactorial(count))
}

// The noise of published counts (docs/spec/counts.md 3): the discrete Laplace distribution, drawn exactly, with whole
// numbers alone, so that no rounding of logarithms shows what it hides (Canonne, Kamath and Steinke, "The Discrete
// Gaussian for Differential Privacy", 2020, algorithm 2; Mironov, "On Significance of the Least Significant Bits For
// Differential Privacy", 2012, is why).

import { below, type Random } from '../../world/random.ts'

/**
 * Draws a whole number k with a probability in proportion to exp(-|k| / scale).
 *
 * @param scale a whole number, 1 to 2^32
 */
export function discreteLaplace(random: Random, scale: number): number {
  for (;;) {
    const low = below(random, scale)
    if (!likeExp(random, low, scale)) continue
    let high = 0
    while (likeExp(random, 1, 1)) high++
    const size = low + scale * high
    const isNegative = below(random, 2) === 1
    // 0 has one sign
    if (isNegative && size === 0) continue
    return isNegative ? -size : size
  }
}

/** True with probability exp(-part / of), for part / of in [0, 1]. */
function likeExp(random: Random, part: number, of: number): boolean {
  let tries = 1
  while (below(random, of) < part && below(random, tries) === 0) tries++
  return tries % 2 === 1
}

// How much a posterior hides (docs/spec/simulator.md 2). Entropies in bits. Shannon's entropy as A. Serjantov and
// G. Danezis, "Towards an Information Theoretic Metric for Anonymity", and the degree as C. Diaz, S. Seys, J. Claessens
// and B. Preneel, "Towards Measuring Anonymity" (both PET 2002), have them.

export interface Anonymity {
  /** Shannon's entropy, bits. */
  readonly shannonBits: number
  /** Minus the binary logarithm of the likeliest candidate's probability, bits. */
  readonly minEntropyBits: number
  /** Shannon's entropy beside the most that so many candidates could give, 0 to 1; 0 for one candidate. */
  readonly degree: number
  /** Counts how many equally likely candidates would hide as well. */
  readonly effectiveSet: number
  /** Tells how often whoever names the likeliest candidate is right. */
  readonly maxGuess: number
}

/** Measures a distribution over candidates; those with probability 0 count among the candidates of the degree. */
export function anonymity(p: ArrayLike<number>): Anonymity {
  const shannonBits = shannon(p)
  let maxGuess = 0
  for (let i = 0; i < p.length; i++) maxGuess = Math.max(maxGuess, p[i] as number)
  return {
    shannonBits,
    minEntropyBits: 0 - Math.log2(maxGuess),
    degree: p.length < 2 ? 0 : shannonBits / Math.log2(p.length),
    effectiveSet: 2 ** shannonBits,
    maxGuess,
  }
}

/** Sums -p log2 p. */
export function shannon(p: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += surprise(p[i] as number)
  return sum
}

/** One candidate's part of the entropy, bits. */
export function surprise(p: number): number {
  return p > 0 ? -p * Math.log2(p) : 0
}

/**
 * Gives the entropy of a message that leaves a mix where `fresh` messages came since the last one left and `old` ones
 * stayed, each of which hid `oldBits` by itself (Piotrowska et al., "The Loopix Anonymity System", 2017, equation 5).
 */
export function mixedBits(fresh: number, old: number, oldBits: number): number {
  const all = fresh + old
  if (all === 0) return 0
  const share = fresh / all
  const log = fresh > 0 ? Math.log2(fresh) : 0
  return surprise(share) + surprise(1 - share) + share * log + (1 - share) * oldBits
}

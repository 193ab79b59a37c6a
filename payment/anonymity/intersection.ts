// Finds who can still be meant when somebody takes part in round after round: the intersection attack, and what is left
// of an anonymity set under it and under peers who collude. docs/spec/payments-paymix.md 5.8.

/** One round: who took part, by whatever name they can be known again. */
export type Members = ReadonlySet<string>

/** Those who were in all rounds in which the payer is known to have been. */
export function intersection(rounds: readonly Members[]): Set<string> {
  const [first, ...rest] = rounds
  return new Set([...(first ?? [])].filter(one => rest.every(members => members.has(one))))
}

/** The set's size after the first round, the second, and so on. */
export function intersections(rounds: readonly Members[]): number[] {
  return rounds.map((_, i) => intersection(rounds.slice(0, i + 1)).size)
}

/** Says how well one join of n peers hides an honest one when c of the others tell each other everything. */
export interface Collusion {
  readonly colluding: number
  /** Honest peers among whom the output may lie: n - c. */
  readonly effectiveSet: number
  readonly entropyBits: number
  /** That the colluding peers guess the owner of an honest output. */
  readonly linkProbability: number
}

/**
 * Reckons what peers that tell each other everything learn of one join.
 *
 * @param peers n, from 1
 * @param colluding c, from 0 to n - 1
 */
export function collusion(peers: number, colluding: number): Collusion {
  const left = Math.max(1, peers - colluding)
  return { colluding, effectiveSet: left, entropyBits: Math.log2(left), linkProbability: 1 / left }
}

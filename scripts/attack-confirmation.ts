// npm run attack -- confirmation [--json] [--runs 30] [--seed 1]: can somebody who watches the links of two clients that
// talk tell whether they talk to each other? What one sends is laid over what the other receives a little later; those
// who write to each other should agree no better than two who write to others at the same time.

import { agreement } from './attack-correlation.ts'
import { attackLinks, type Run } from './attack-links.ts'
import type { RunScores } from './attack-score.ts'

/** The longer both are watched, the more an observer knows. */
const halfMs = { default: 100_000, off: 45_000 } as const

export function attack(args: readonly string[]): Promise<number> {
  return attackLinks(args, {
    counted: 'pairs',
    halfMs,
    // 120 pairs that talk and twice as many that do not: chance alone goes outside once in 300 times
    chance: [0.35, 0.65],
    scores: (networks, covered) => networks.flatMap(runs => scoresOf(runs, halfMs[covered])),
    shown: 'two who write to each other look like two who write to others',
  })
}

/** Each of a pair with the other, and with both of the next pair in the same network. */
function scoresOf(runs: readonly Run[], ms: number): RunScores[] {
  return runs.map(({ halves }, i) => {
    const next = runs[(i + 1) % runs.length] as Run
    const positive: number[] = []
    const negative: number[] = []
    for (const [half, { from, talking }] of halves.entries()) {
      const [one, other] = talking
      const plan = { from, ms }
      positive.push(agreement(one, other, plan), agreement(other, one, plan))
      const others = next === runs[i] ? [] : (next.halves[half]?.talking ?? [])
      for (const own of talking) for (const far of others) negative.push(agreement(own, far, plan))
    }
    return { positive, negative }
  })
}

// Majority judgment (docs/spec/voting.md 6.5), after Balinski and Laraki ("Majority Judgment", 2011): an option's
// majority grade is the median of its grades; ties are broken by taking one such grade away from each, again and
// again. Of two grades in the middle Balinski and Laraki take the worse one; Belenios takes the better one.

import type { Places } from './standing.ts'

export interface MajorityJudgment {
  /** counts[option][grade]: ballots that give this grade; grade 0 is the best. */
  readonly counts: readonly (readonly number[])[]
  /** Gives each option its majority grade; empty without ballots. */
  readonly majority: readonly number[]
  readonly places: Places
}

/** Says which of two grades in the middle is the median. */
export type Median = 'worse' | 'better'

/** Counts grades, one an option on each ballot. */
export function majorityJudgment(
  options: number,
  grades: number,
  ballots: readonly (readonly number[])[],
  median: Median = 'worse',
): MajorityJudgment {
  const counts = Array.from({ length: options }, () => new Array<number>(grades).fill(0))
  for (const ballot of ballots)
    ballot.forEach((grade, option) => {
      const row = counts[option] as number[]
      row[grade] = (row[grade] as number) + 1
    })
  const medians = counts.map(row => medianSequence(row, median))
  const sorted = [...medians.keys()].sort(
    (a, b) => compare(medians[a] as number[], medians[b] as number[]) || a - b,
  )
  const places: number[][] = []
  for (const option of sorted) {
    const [first] = places.at(-1) ?? []
    const isTie =
      first !== undefined && compare(medians[first] as number[], medians[option] as number[]) === 0
    if (isTie) places.at(-1)?.push(option)
    else places.push([option])
  }
  const majority = ballots.length === 0 ? [] : medians.map(sequence => sequence[0] as number)
  return { counts, majority, places }
}

/** The median, what is the median without it, and so on. */
function medianSequence(counts: readonly number[], median: Median): number[] {
  const left = counts.flatMap((count, grade) => new Array<number>(count).fill(grade))
  const sequence: number[] = []
  // Grades get worse to the right
  const middle = (n: number): number => (median === 'worse' ? Math.floor(n / 2) : Math.ceil(n / 2) - 1)
  while (left.length > 0) sequence.push(...left.splice(middle(left.length), 1))
  return sequence
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, grade] of a.entries()) if (grade !== b[i]) return grade - (b[i] as number)
  return 0
}

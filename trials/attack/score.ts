// How well a classifier tells two classes apart: scores for runs that it was not trained on, the area under the ROC
// curve, and its 95 % interval by drawing whole runs again (Efron and Tibshirani 1993, chapter 8).

import { quantileSorted, wilcoxonRankSum } from 'simple-statistics'
import { below, type Random, shuffle } from '../../world/random.ts'
import { type Sample, train } from './classifier.ts'

/** The samples of one run: what it shares with itself it does not share with others. */
export interface RunSamples {
  readonly seed: number
  readonly samples: readonly Sample[]
}

/** The scores of one run, by class. */
export interface RunScores {
  readonly positive: readonly number[]
  readonly negative: readonly number[]
}

export type Interval = readonly [low: number, high: number]

const folds = 6
const draws = 2000

/** Scores every run by a classifier that saw none of its fold's runs. */
export function crossScores(runs: readonly RunSamples[], random: Random): RunScores[] {
  const order = shuffle(random, [...runs.keys()])
  const scores: RunScores[] = []
  const parts = Math.min(folds, runs.length)
  for (let fold = 0; fold < parts; fold++) {
    const held = order.filter((_, i) => i % parts === fold)
    const score = train(runs.filter((_, i) => !held.includes(i)).flatMap(({ samples }) => samples))
    for (const i of held) {
      const { samples } = runs[i] as RunSamples
      const of = (positive: boolean): number[] =>
        samples.filter(sample => sample.positive === positive).map(({ features }) => score(features))
      scores.push({ positive: of(true), negative: of(false) })
    }
  }
  return scores
}

/** The chance that a positive scores above a negative, ties counted half (Mann and Whitney 1947). */
export function area(runs: readonly RunScores[]): number {
  const positive = runs.flatMap(run => run.positive)
  const negative = runs.flatMap(run => run.negative)
  const rankSum = wilcoxonRankSum(positive, negative)
  return (rankSum - (positive.length * (positive.length + 1)) / 2) / (positive.length * negative.length)
}

/** 95 % of the areas of as many runs, drawn with replacement, lie in it. */
export function areaInterval(runs: readonly RunScores[], random: Random): Interval {
  // The area of drawn runs is a sum over pairs of them: each pair is compared once, not in each draw
  const wins = runs.map(one => runs.map(other => winsOf(one.positive, other.negative.toSorted(ascending))))
  const areas = Array.from({ length: draws }, () => {
    const drawn = runs.map(() => below(random, runs.length))
    let [won, pairs] = [0, 0]
    for (const i of drawn)
      for (const j of drawn) {
        won += (wins[i] as number[])[j] as number
        pairs += (runs[i] as RunScores).positive.length * (runs[j] as RunScores).negative.length
      }
    return won / pairs
  }).sort(ascending)
  return [quantileSorted(areas, 0.025), quantileSorted(areas, 0.975)]
}

/** Counts the pairs in which a positive scores above a negative, ties half. */
function winsOf(positives: readonly number[], sorted: readonly number[]): number {
  let [wins, less, upTo] = [0, 0, 0]
  for (const score of positives.toSorted(ascending)) {
    while (less < sorted.length && (sorted[less] as number) < score) less++
    while (upTo < sorted.length && (sorted[upTo] as number) <= score) upTo++
    wins += (less + upTo) / 2
  }
  return wins
}

function ascending(a: number, b: number): number {
  return a - b
}

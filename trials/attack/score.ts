// How well a classifier tells two classes apart: scores for runs that it was not trained on, the area under the ROC
// curve, and its 95 % interval by drawing whole runs again (Efron and Tibshirani 1993, chapter 8).

import { quantileSorted, sum, wilcoxonRankSum } from 'simple-statistics'
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

const parts = 8
const draws = 2000

/**
 * Scores the runs part by part, each by a classifier that has seen the parts before it and nothing else; the first
 * part is for training alone (Blum, Kalai and Langford 1999, "Beating the hold-out"). Crosswise, each part by all
 * others, two runs that happen to lean the same way would each speak for the other: where nothing is to be found, areas
 * would be about 1.4 times as far from one half as their interval says. In turn no run speaks twice.
 */
export function scoresInTurn(runs: readonly RunSamples[], random: Random): RunScores[] {
  const order = shuffle(random, [...runs])
  const count = Math.min(parts, order.length)
  const begins = Array.from({ length: count + 1 }, (_, part) => Math.round((part * order.length) / count))
  return begins.slice(1, -1).flatMap((begin, part) => {
    const score = train(order.slice(0, begin).flatMap(({ samples }) => samples))
    return order.slice(begin, begins[part + 2]).map(({ samples }): RunScores => {
      const of = (positive: boolean): number[] =>
        samples.filter(sample => sample.positive === positive).map(({ features }) => score(features))
      return { positive: of(true), negative: of(false) }
    })
  })
}

/**
 * Gives the chance that a positive scores above a negative of its own run, ties counted half (Mann and Whitney 1947):
 * what differs from run to run, and from classifier to classifier, is in both.
 */
export function area(runs: readonly RunScores[]): number {
  return sum(runs.map(winsOf)) / sum(runs.map(pairsOf))
}

/** 95 % of the areas of as many runs, drawn with replacement, lie in it. */
export function areaInterval(runs: readonly RunScores[], random: Random): Interval {
  const [wins, pairs] = [runs.map(winsOf), runs.map(pairsOf)]
  const areas = Array.from({ length: draws }, () => {
    const drawn = runs.map(() => below(random, runs.length))
    return sum(drawn.map(i => wins[i] as number)) / sum(drawn.map(i => pairs[i] as number))
  }).sort((a, b) => a - b)
  return [quantileSorted(areas, 0.025), quantileSorted(areas, 0.975)]
}

/** Counts the pairs in which a positive scores above a negative, ties half. */
function winsOf({ positive, negative }: RunScores): number {
  return wilcoxonRankSum([...positive], [...negative]) - (positive.length * (positive.length + 1)) / 2
}

function pairsOf({ positive, negative }: RunScores): number {
  return positive.length * negative.length
}

// Figures over independent runs: each run has a seed of its own and gives one figure of each kind.

import { mean, quantile, sampleStandardDeviation } from 'simple-statistics'

export interface Answer {
  readonly value: readonly number[]
  /** Standard errors of `value`; 0 where nothing was drawn. */
  readonly se: readonly number[]
}

/** Sums up runs that give figures in one order. */
export function overRuns(count: number, run: (index: number) => readonly number[]): Answer {
  return summed(Array.from({ length: count }, (_, i) => run(i)))
}

/** Takes the mean of each figure, with its standard error; a run that has none of a figure gives NaN for it. */
export function summed(runs: readonly (readonly number[])[]): Answer {
  const columns = (runs[0] ?? []).map((_, i) => runs.map(run => run[i] as number).filter(Number.isFinite))
  return {
    value: columns.map(column => mean(column)),
    se: columns.map(column =>
      column.length < 2 ? 0 : sampleStandardDeviation(column) / Math.sqrt(column.length),
    ),
  }
}

/** Says that figures follow from a formula, without a draw. */
export function exactly(...value: readonly number[]): Answer {
  return { value, se: value.map(() => 0) }
}

export interface Spread {
  readonly mean: number
  /** One message of twenty falls short of this: a mean hides those that are hidden badly. */
  readonly low: number
}

/** Gives the mean of figures of single messages, and their 5 % quantile. */
export function spread(figures: readonly number[]): Spread {
  return { mean: mean([...figures]), low: quantile([...figures], 0.05) }
}

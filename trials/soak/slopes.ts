// How fast a measured figure grows: a line through what it was, and how sure one may be of its slope.

import { linearRegression, quantile } from 'simple-statistics'
import { below, type Random } from '../../world/random.ts'
import { minute } from '../../world/units.ts'

export interface Sample {
  /** Milliseconds. */
  readonly at: number
  readonly value: number
}

/** Percent of the mean a minute: [2.5 %, 97.5 %]. */
export type Slope = readonly [number, number]

const resamples = 2000

/**
 * The 95 % interval of the slope, by a bootstrap of blocks: what is left beside the line is drawn anew in runs of
 * neighbours, since a figure that is high now is still high a moment later. The blocks are as long as the cube root
 * law has it (Politis and White 2004), no shorter than three.
 *
 * @param samples three at least, in order of time
 */
export function slope(samples: readonly Sample[], random: Random): Slope {
  const points = samples.map(({ at, value }) => [at / minute, value])
  const mean = points.reduce((sum, [, y]) => sum + (y as number), 0) / points.length
  if (mean === 0) return [0, 0]
  const line = linearRegression(points)
  const fitted = points.map(([x]) => line.m * (x as number) + line.b)
  const rest = points.map(([, y], i) => (y as number) - (fitted[i] as number))
  const block = Math.max(3, Math.round(rest.length ** (1 / 3)))
  const slopes = Array.from({ length: resamples }, () => {
    const drawn = blocks(rest, block, random)
    return linearRegression(
      points.map(([x], i) => [x as number, (fitted[i] as number) + (drawn[i] as number)]),
    ).m
  })
  const percent = (q: number): number => Number(((100 * quantile(slopes, q)) / mean).toFixed(4))
  return [percent(0.025), percent(0.975)]
}

function blocks(values: readonly number[], length: number, random: Random): number[] {
  const drawn: number[] = []
  while (drawn.length < values.length) {
    const from = below(random, Math.max(1, values.length - length + 1))
    drawn.push(...values.slice(from, from + length))
  }
  return drawn.slice(0, values.length)
}

/** The least of each stretch of time: what a collector has left, without the waste between two collections. */
export function troughs(samples: readonly Sample[], stretchMs: number): Sample[] {
  const least = new Map<number, Sample>()
  for (const sample of samples) {
    const stretch = Math.floor(sample.at / stretchMs)
    const lowest = least.get(stretch)
    if (lowest === undefined || sample.value < lowest.value) least.set(stretch, sample)
  }
  return [...least.values()]
}

/** The interval contains zero or is below 0.1 % a minute: nothing grows, or not by much. */
export function isSteady([low, high]: Slope): boolean {
  return low <= 0 || high < 0.1
}

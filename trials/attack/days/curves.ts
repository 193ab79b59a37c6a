// Curves over days of `attack -- days`: how well two classes are told apart by what is added up of so many days.

import { cumulativeStdNormalProbability, mean } from 'simple-statistics'
import type { Random } from '../../../world/random.ts'
import type { Sample } from '../classifier.ts'
import { areaInterval, type Interval, type RunSamples, type RunScores, scoresInTurn } from '../score.ts'
import type { ClientDays, DayRun, PairDays } from './runs.ts'
import { type Beyond, summedUp } from './sums.ts'

export interface Point {
  readonly days: number
  /** 95 % interval of the area. */
  readonly auc: Interval
}

/** With what a leak of known size should give. */
export interface PlantedPoint extends Point {
  readonly expected: number
}

/** Takes no more spans of one client, which do not overlap: days of one are much alike. */
const mostSpans = 6

/** Lists the first days of spans of so many. */
function spansOf(days: number, all: number): number[] {
  return Array.from({ length: Math.min(mostSpans, Math.floor(all / days)) }, (_, i) => i * days)
}

/** Asks whether a client talks at all, by a classifier that is tried on later runs than it was trained on. */
export function whoTalks(
  runs: readonly DayRun[],
  days: number,
  of: (client: ClientDays) => readonly (readonly Beyond[])[],
  random: Random,
): Point {
  const samples = runs.map(({ clients }, seed): RunSamples => {
    const own = clients.flatMap((client): Sample[] => {
      const all = of(client)
      return spansOf(days, all.length).map(from => ({
        features: summedUp(all.slice(from, from + days)),
        positive: talks(client),
      }))
    })
    return { seed, samples: own }
  })
  return pointOf(days, scoresInTurn(samples, random), random)
}

/** Asks the same with a number that is known to grow, or fall, with talking. */
export function whoTalksBy(
  runs: readonly DayRun[],
  days: number,
  score: (client: ClientDays, from: number, until: number) => number,
  random: Random,
): Point {
  const scores = runs.map(({ clients }) =>
    scoresOf(clients, talks, client =>
      spansOf(days, client.talked.length).map(from => score(client, from, from + days)),
    ),
  )
  return pointOf(days, scores, random)
}

/** Asks on which of its days a client talked: what a day shows, less what its other days show, after so many. */
export function whenItTalks(
  runs: readonly DayRun[],
  days: number,
  of: (client: ClientDays) => readonly (readonly number[])[],
  random: Random,
): Point {
  const samples = runs.map(({ clients }, seed): RunSamples => {
    const own = clients.filter(talks).flatMap(client => daySamples(client, of(client), days))
    return { seed, samples: own }
  })
  return pointOf(days, scoresInTurn(samples, random), random)
}

/** Asks the same with one number of each day. */
export function whenItTalksBy(
  runs: readonly DayRun[],
  days: number,
  of: (client: ClientDays) => readonly number[],
  random: Random,
): Point {
  const scores = runs.map(({ clients }): RunScores => {
    const samples = clients.filter(talks).flatMap(client => {
      const figures = of(client).map(figure => [figure])
      return daySamples(client, figures, days)
    })
    const by = (positive: boolean): number[] =>
      samples.filter(sample => sample.positive === positive).map(({ features }) => features[0] as number)
    return { positive: by(true), negative: by(false) }
  })
  return pointOf(days, scores, random)
}

function daySamples(client: ClientDays, figures: readonly (readonly number[])[], days: number): Sample[] {
  return spansOf(days, figures.length).flatMap(from => {
    const span = figures.slice(from, from + days)
    const usual = (span[0] as readonly number[]).map((_, i) =>
      days === 1 ? 0 : mean(span.map(day => day[i] as number)),
    )
    return span.map((day, i) => ({
      features: day.map((figure, k) => figure - (usual[k] as number)),
      positive: client.talked[from + i] === true,
    }))
  })
}

/** Asks whether two clients write to each other. */
export function whoWritesToWhom(
  runs: readonly DayRun[],
  days: number,
  score: (pair: PairDays, from: number, until: number) => number,
  random: Random,
): Point {
  const scores = runs.map(({ pairs }) =>
    scoresOf(
      pairs,
      pair => pair.writes,
      pair => spansOf(days, pair.totals.length).map(from => score(pair, from, from + days)),
    ),
  )
  return pointOf(days, scores, random)
}

function scoresOf<T>(
  all: readonly T[],
  isPositive: (one: T) => boolean,
  scores: (one: T) => readonly number[],
): RunScores {
  return {
    positive: all.filter(isPositive).flatMap(scores),
    negative: all.filter(one => !isPositive(one)).flatMap(scores),
  }
}

/** Sums up one measure of days from one until another. */
export function sumOf(days: readonly number[], from: number, until: number): number {
  return days.slice(from, until).reduce((sum, each) => sum + each, 0)
}

export function together({ together }: PairDays, from: number, until: number): number {
  return summedUp(together.slice(from, until).map(each => [each]))[0] as number
}

/**
 * Says which area a leak gives that moves a normal figure by so many standard deviations, in the mean over all that
 * leak.
 */
export function expectedArea(moves: readonly number[]): number {
  return mean(moves.map(by => cumulativeStdNormalProbability(by / Math.SQRT2)))
}

/** Lists by how much a planted leak of so many packets moves what is added up of so many days. */
export function movesOf<T>(
  all: readonly T[],
  days: number,
  packets: (one: T) => readonly number[],
  variances: (one: T) => readonly number[],
): number[] {
  return all.flatMap(one =>
    spansOf(days, packets(one).length).map(from => {
      const variance = sumOf(variances(one), from, from + days)
      return variance === 0 ? 0 : sumOf(packets(one), from, from + days) / Math.sqrt(variance)
    }),
  )
}

function talks({ talked }: ClientDays): boolean {
  return talked.includes(true)
}

function pointOf(days: number, scores: readonly RunScores[], random: Random): Point {
  // Of a few days all may be days of talking
  const both = scores.filter(({ positive, negative }) => positive.length > 0 && negative.length > 0)
  const [low, high] = areaInterval(both, random)
  return { days, auc: [rounded(low), rounded(high)] }
}

export function rounded(value: number): number {
  return Math.round(1000 * value) / 1000
}

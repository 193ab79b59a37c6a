// The count of one period as a state and its steps (docs/spec/counts.md 2):
//
//     waiting -> counting -> counting (the next period) ...
//
// and from counting back to waiting when the clock jumps, the process sleeps or a number changes that the noise depends
// on. A period is counted whole or not at all, and told once. No I/O.

import type { PublishedCount } from '../../directory/documents/count.ts'
import { writableSteps } from '../../directory/documents/count.ts'
import { type Mechanism, samplesInPeriod } from '../../directory/documents/counting.ts'
import type { Ms } from '../../world/units.ts'

/** A period that was begun later than this, or looked at so seldom, is not counted: a part of it. */
const tolerated = 1 / 16

/** Says what time it is: by the wall clock that is believed, since genesis, and as it has gone by. */
export interface Moment {
  readonly sinceGenesis: Ms
  readonly elapsed: Ms
  /** Says whether a document has confirmed the wall clock. */
  readonly isSure: boolean
}

/** Reads what is counted: a number that only grows, or one of which samples are summed up. */
export type Reading = { readonly grown: number } | { readonly sample: number }

export interface PeriodCountInit {
  readonly periodMs: Ms
  /** Draws noise of a scale. */
  readonly noise: (scale: number) => number
  /** The last period that was told, by this process or one before; -1 for none. */
  readonly told: number
}

interface Counting {
  readonly period: number
  readonly began: Moment
  readonly by: Mechanism
  /** So much had grown when it began. */
  readonly base: number
  /** Samples that are in the sum. */
  samples: number
  /** Begins with the noise, so that the exact count is nowhere. */
  sum: number
}

/** Counts period after period. */
export class PeriodCount {
  readonly #init: PeriodCountInit
  #told: number
  #last: Moment | undefined
  #counting: Counting | undefined

  constructor(init: PeriodCountInit) {
    this.#init = init
    this.#told = init.told
  }

  /** The period that is being counted; undefined while it waits for one to begin. */
  get period(): number | undefined {
    return this.#counting?.period
  }

  /**
   * Looks at what is counted; to be called some times in each sixtieth of a period, or as often as there is time.
   *
   * @param by undefined while nothing may be published
   * @returns the count of a period that is over
   */
  look(now: Moment, reading: Reading, by: Mechanism | undefined): PublishedCount | undefined {
    const before = this.#last
    this.#last = now
    if (before === undefined || !now.isSure || by === undefined || !this.#isSteady(before, now)) {
      this.#counting = undefined
      return undefined
    }
    const period = this.#periodAt(now)
    const counting = this.#counting
    if (counting !== undefined && period === counting.period) this.#sampled(counting, now, reading)
    if (period === this.#periodAt(before)) return undefined
    const told = counting === undefined ? undefined : this.#over(counting, now, reading, by)
    this.#begin(period, now, reading, by)
    return told
  }

  #periodAt({ sinceGenesis }: Moment): number {
    return Math.floor(sinceGenesis / this.#init.periodMs)
  }

  /** The wall clock went on as time did, forwards and not far. */
  #isSteady(before: Moment, now: Moment): boolean {
    const most = this.#init.periodMs * tolerated
    const gone = now.elapsed - before.elapsed
    const shown = now.sinceGenesis - before.sinceGenesis
    return gone >= 0 && shown >= 0 && gone <= most && Math.abs(shown - gone) <= most / 4
  }

  #begin(period: number, now: Moment, reading: Reading, by: Mechanism): void {
    this.#counting = undefined
    const { periodMs, noise } = this.#init
    const late = now.sinceGenesis - period * periodMs
    if (period < 0 || period <= this.#told || late > periodMs * tolerated) return
    const base = 'grown' in reading ? reading.grown : 0
    this.#counting = { period, began: now, by, base, samples: 0, sum: noise(by.scale) }
  }

  /** Sums up the samples that were due since, as the reading is now. */
  #sampled(counting: Counting, now: Moment, reading: Reading): void {
    const { periodMs } = this.#init
    const into = now.sinceGenesis - counting.period * periodMs
    this.#sumUp(counting, Math.min(samplesInPeriod, Math.floor((into * samplesInPeriod) / periodMs)), reading)
  }

  #sumUp(counting: Counting, due: number, reading: Reading): void {
    if ('sample' in reading) counting.sum += (due - counting.samples) * reading.sample
    counting.samples = due
  }

  #over(counting: Counting, now: Moment, reading: Reading, by: Mechanism): PublishedCount | undefined {
    const { period, began } = counting
    const { periodMs } = this.#init
    const gone = now.elapsed - began.elapsed
    if (Math.abs(gone - periodMs) > 2 * tolerated * periodMs || period <= this.#told) return undefined
    if (by.scale !== counting.by.scale || by.perStep !== counting.by.perStep) return undefined
    this.#sumUp(counting, samplesInPeriod, reading)
    const sum = counting.sum + ('grown' in reading ? Math.max(0, reading.grown - counting.base) : 0)
    this.#told = period
    return { period, steps: writableSteps(sum / by.perStep) }
  }
}

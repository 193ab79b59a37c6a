// What the mixes of a local network tell of the packets that passed them, and whether that is what the simulator says
// of them (docs/spec/simulator.md 11).

import type { Passage } from '../../node/index.ts'
import { heldOnDelays } from '../../node/node.ts'
import type { Ms } from '../../world/units.ts'
import { compareMix, type MixAgreement } from '../anonymity/observed-mix.ts'
import type { NetOptions } from './options.ts'
import { addTimers, noTimers, type TimersTold, timerLateMs } from './timers.ts'
import type { PassagesTold } from './watched-mix.ts'

/** Holds what was found of one mix. */
export interface MixRecord extends MixAgreement {
  readonly name: string
}

/** A mix's first packets are enough, however long a network runs. */
const most = 20_000
/** A timer's grain is too coarse for shorter delays. */
const leastDelayMs = 20
/** So many packets of one mix show half the delay, also where clients send slowly. */
const enough = 600
/** Where timers of a mix are later than so many delays, in the mean, its machine has no time for it. */
const tooLate = 1 / 2

/** Gives the delay that the mixes of a network are declared to have; undefined where nothing is compared. */
export function comparedDelayMs({ crowd, rounds, delayMs }: NetOptions): Ms | undefined {
  return crowd === undefined && !rounds && delayMs >= leastDelayMs ? delayMs : undefined
}

interface Told {
  readonly name: string
  readonly passages: Passage[]
  timers: TimersTold
}

/** Gathers what mixes tell. */
export class Passages {
  /** By name and process: one that was started again has another clock. */
  readonly #told = new Map<string, Told>()

  /** @param told what a process said: of a mix, passages */
  heard(name: string, told: unknown): void {
    const { pid, passages, timers } = told as PassagesTold
    const key = `${name} ${pid}`
    const of: Told = this.#told.get(key) ?? { name, passages: [], timers: noTimers }
    this.#told.set(key, of)
    if (of.passages.length + passages.length > most) return
    of.passages.push(...passages)
    of.timers = addTimers(of.timers, timers)
  }

  /** Tells whether what was seen is enough to compare, as far as any mix had time. */
  hasEnough(delayMs: Ms): boolean {
    const all = [...this.#told.values()]
    const compared = all.filter(told => !isBusy(told, delayMs))
    return (
      compared.some(({ passages }) => passages.length >= enough) || (all.length > 0 && compared.length === 0)
    )
  }

  /** Compares every mix that had time, and of which enough was seen, with runs of the simulator. */
  compare(delayMs: Ms, seed: number): MixRecord[] {
    return [...this.#told.values()]
      .filter(told => !isBusy(told, delayMs))
      .flatMap((told, i) => {
        const declared = { delayMs, heldOnMs: heldOnDelays * delayMs }
        const seen = { passages: told.passages, timerLateMs: timerLateMs(told.timers) }
        const found = compareMix(seen, declared, seed + i)
        return found === undefined ? [] : [{ name: told.name, ...found }]
      })
  }

  /** Names the mixes whose machine had no time for them. */
  busy(delayMs: Ms): string[] {
    return [...this.#told.values()].filter(told => isBusy(told, delayMs)).map(({ name }) => name)
  }
}

function isBusy(told: Told, delayMs: Ms): boolean {
  return timerLateMs(told.timers) > tooLate * delayMs
}

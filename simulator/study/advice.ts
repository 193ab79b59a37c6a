// What cover and which delays give so many users, against an observer of all links with some of the mixes: simulated,
// with its uncertainty, beside what it costs.

import { mean, sampleStandardDeviation } from 'simple-statistics'
import { type CoverLevel, coverCosts, coverLevels, coverRates, covers } from '../../client/outgoing/cover.ts'
import type { Parameters } from '../../directory/documents/view.ts'
import { Dice } from '../../hiding/dice.ts'
import type { Corrupt } from '../../hiding/labels.ts'
import { type Measured, measureNetwork } from '../../hiding/network.ts'
import { erlangQuantile } from '../../hiding/special.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { day, second } from '../../world/units.ts'
import type { Figure } from './point.ts'

export interface Need {
  readonly users: number
  /** Messages of one packet that each user writes a day. */
  readonly messagesPerDay: number
  /** Seconds within which 95 of 100 messages should be read. */
  readonly delayS: number
  /** The share of mixes that are the observer's, 0 to 1. */
  readonly corruptShare: number
  readonly layers: number
  /** Mixes in a layer. */
  readonly width: number
  readonly seed: number
}

export interface Advised {
  readonly cover: CoverLevel
  /** Why the level does not do, when it does not; the other figures are of what it would give. */
  readonly unfit: string | undefined
  /** Packets a second of all users. */
  readonly packetsPerS: number
  /** Mean delay at each hop that meets the need, seconds. */
  readonly hopDelayS: number
  /** Mean entropy over packets, bits; packets of one user are different packets. */
  readonly bits: Figure
  /** One packet of twenty has no more than this. */
  readonly lowBits: Figure
  /** The share of packets that meet corrupt mixes alone, and are known: each mix is corrupt by itself. */
  readonly known: Figure
  readonly upBytesPerDay: number
  readonly downBytesPerDay: number
}

const runs = 8
const targets = 60
/** More packets in flight hide nearly as many times more: such a network is drawn smaller, and its figures raised. */
const mostInFlight = 20_000
/** Mixes hold at least so many packets in a smaller network, where the closed form is good to 0.05 bits. */
const leastHeld = 30
/** Bits that this may be off by. */
const scalingError = 0.05

/** Says what each level of cover gives. `off` covers nothing, and is left out. */
export function advise(need: Need, parameters: Parameters, g: Geometry): Advised[] {
  const costs = coverCosts(parameters, g)
  return coverLevels.filter(covers).map(cover => {
    const rates = coverRates(cover, parameters)
    const perMinute = rates.payload + rates.loop + rates.drop
    const packetsPerS = (need.users * perMinute) / 60
    const writtenPerMinute = (need.messagesPerDay * 60 * second) / day
    const room = rates.payload - writtenPerMinute
    // the payload clock is a queue of its own; the reading clock's next tick is as far off as any
    const waitS = room > 0 ? 60 / room + 60 / rates.read : Number.POSITIVE_INFINITY
    const left = need.delayS - waitS
    const hopDelayS = Math.max(0.001, left / erlangQuantile(need.layers + 1, 0.95))
    const cost = costs.find(({ level }) => level === cover)
    return {
      cover,
      unfit: left > 0 ? undefined : `messages wait ${shownWait(waitS)} for its clocks alone`,
      packetsPerS,
      hopDelayS,
      ...hidden(need, packetsPerS, hopDelayS),
      upBytesPerDay: cost?.upBytesPerDay ?? 0,
      downBytesPerDay: cost?.downBytesPerDay ?? 0,
    }
  })
}

function shownWait(waitS: number): string {
  return Number.isFinite(waitS) ? `${waitS.toFixed(1)} s` : 'for ever'
}

function hidden(
  { layers, width, corruptShare, seed }: Need,
  packetsPerS: number,
  hopDelayS: number,
): Pick<Advised, 'bits' | 'lowBits' | 'known'> {
  const held = (packetsPerS / width) * hopDelayS
  const scale = Math.max(1, Math.min((held * width * layers) / mostInFlight, held / leastHeld))
  const plan = { ratePerS: packetsPerS / scale, layers, width, hopDelayS }
  const measured = Array.from({ length: runs }, (_, run) => {
    const dice = new Dice(seed, run)
    const corrupt: Corrupt = Array.from({ length: layers }, () =>
      Uint8Array.from({ length: width }, () => Number(dice.fraction() < corruptShare)),
    )
    return measureNetwork(plan, corrupt, dice, targets)
  })
  const raised = Math.log2(scale)
  const of = (one: (list: readonly Measured[]) => number, error: number): Figure => {
    const figures = measured.map(one)
    return {
      value: mean(figures),
      se: Math.hypot(sampleStandardDeviation(figures) / Math.sqrt(runs), error / 4),
    }
  }
  const error = scale > 1 ? scalingError : 0
  const bitsOf = (one: Measured): number => (isKnown(one) ? 0 : one.bits + raised)
  return {
    bits: of(list => list.reduce((sum, one) => sum + one.weight * bitsOf(one), 0), error),
    lowBits: of(list => lowest(list, bitsOf), error),
    known: { value: corruptShare ** layers, se: 0 },
  }
}

function isKnown({ bits }: Measured): boolean {
  return bits < 1e-9
}

function lowest(list: readonly Measured[], bitsOf: (one: Measured) => number): number {
  let share = 0
  for (const one of list.toSorted((a, b) => a.bits - b.bits)) {
    share += one.weight
    if (share >= 0.05) return bitsOf(one)
  }
  return 0
}

// Levels of cover (docs/spec/client-clocks.md 8.1): how fast a client's clocks tick beside the consensus's rates,
// what that costs, and what it hides.

import type { Parameters, View } from '../../directory/documents/view.ts'
import { pageBytes, requestBytes } from '../../link/protocol/mailbox.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { type Ms, minute } from '../../world/units.ts'
import type { Rates } from './clocks.ts'

/** The levels of cover traffic, the cheapest first. */
export const coverLevels = ['off', 'low', 'default', 'high'] as const

/**
 * `default` is the consensus's rate. `high` stays within what a gateway's token bucket grants everybody (twice the
 * consensus's rate). `off` sends nothing that nobody wrote.
 */
export type CoverLevel = (typeof coverLevels)[number]

/**
 * The share of the consensus's rates that each level sends. With `off` the payload clock still spaces what is sent.
 */
const share: Readonly<Record<CoverLevel, number>> = { off: 1, low: 1 / 4, default: 1, high: 3 / 2 }

/** Tells whether a tick with nothing to send sends something all the same. */
export function covers(level: CoverLevel): boolean {
  return level !== 'off'
}

/** Ticks a minute of each clock at a level. */
export function coverRates(level: CoverLevel, parameters: Parameters): Rates {
  const { payloadPerMinute, loopPerMinute, dropPerMinute, readPerMinute } = parameters
  const part = share[level]
  const loops = covers(level) ? part : 0
  return {
    payload: part * payloadPerMinute,
    loop: loops * loopPerMinute,
    drop: loops * dropPerMinute,
    read: part * readPerMinute,
  }
}

/** Says how a client's clocks tick by a document: at exponential gaps, or once in each round. */
export interface Pace {
  /** Ticks a minute. */
  readonly rates: Rates
  /** Set in a network of rounds. */
  readonly roundMs: Ms | undefined
}

/** Tells how the clocks tick at a level. In rounds all levels tick alike: one packet a round is everybody's. */
export function paceOf(level: CoverLevel, { mixing, parameters }: Pick<View, 'mixing' | 'parameters'>): Pace {
  const rates = coverRates(level, parameters)
  if (mixing !== 'round') return { rates, roundMs: undefined }
  const roundMs = parameters.batchMs
  const perMinute = minute / roundMs
  const { payload, loop, drop } = rates
  const share = perMinute / (payload + loop + drop)
  const shared = { payload: payload * share, loop: loop * share, drop: drop * share }
  return { rates: { ...shared, read: perMinute }, roundMs }
}

/** Counts what a level costs without a single message. Bytes of cells and pages: TCP and Noise add about 3 %. */
export interface CoverCost {
  readonly level: CoverLevel
  readonly packetsPerDay: number
  readonly pagesPerDay: number
  readonly upBytesPerDay: number
  readonly downBytesPerDay: number
}

const minutesPerDay = 24 * 60

/**
 * Counts the cost of every level, the cheapest first.
 *
 * @param mixing the nodes' strategy; default: one without rounds
 */
export function coverCosts(parameters: Parameters, g: Geometry, mixing = ''): CoverCost[] {
  return coverLevels.map(level => coverCost(level, { mixing, parameters }, g))
}

function coverCost(level: CoverLevel, by: Pick<View, 'mixing' | 'parameters'>, g: Geometry): CoverCost {
  const { parameters } = by
  const { payload, loop, drop, read } = paceOf(level, by).rates
  const packetsPerDay = covers(level) ? minutesPerDay * (payload + loop + drop) : 0
  const pagesPerDay = minutesPerDay * read
  const page = pageBytes({
    places: parameters.pageEntries,
    payloadBytes: g.payloadBytes,
    boardBytes: parameters.bulletinPageBytes,
  })
  return {
    level,
    packetsPerDay,
    pagesPerDay,
    upBytesPerDay: packetsPerDay * g.packetBytes + pagesPerDay * requestBytes,
    downBytesPerDay: pagesPerDay * page,
  }
}

/** Says in a sentence, for whoever chooses, what a level hides from somebody who watches the client's link. */
export const coverHides: Readonly<Record<CoverLevel, string>> = {
  off: 'nothing: whoever watches the link sees when you write, and how much',
  low: 'whether you write, as well as default does; messages take four times as long to leave, and the rate shows that you chose it',
  default: 'whether you write; you look like everybody else',
  high: 'whether you write; long messages leave half again as fast, and the rate shows that you chose it',
}

// What a run must show of how its mixes hide (docs/spec/simulator.md 11).

import type { MixRecord } from '../../simulator/processes/index.ts'
import { type Claim, claim } from './claim.ts'

export const anonymityClaims: readonly Claim[] = [
  claim({
    id: 'anonymity-as-simulated',
    says: 'an observer of what came to each mix and left it is in as much doubt as the simulator says',
    read: ({ comparedDelayMs: delayMs, mixes, busyMixes: busy }) =>
      delayMs === undefined || (mixes.length === 0 && busy.length > 0)
        ? undefined
        : { delayMs, mixes: mixes.map(inShort), busy },
    holds: (_, { mixes }) => mixes.every(agrees) && mixes.some(tells),
  }),
]

const within = (value: number, { low, high }: { readonly low: number; readonly high: number }): boolean =>
  value >= low && value <= high

function agrees({ observed, simulated }: MixRecord): boolean {
  return within(observed.bits, simulated.bits) && within(observed.place, simulated.place)
}

/** Enough was seen of it to find half the delay. */
function tells({ simulated, halfBits }: MixRecord): boolean {
  return halfBits < simulated.bits.low
}

/** A mix as the report has it: figures to a thousandth, bounds from and to. */
function inShort({ name, followed, packetsPerS, observed, simulated, halfBits }: MixRecord): object {
  return {
    name,
    followed,
    packetsPerS: short(packetsPerS),
    bits: short(observed.bits),
    simulatedBits: [simulated.bits.low, simulated.bits.high].map(short),
    place: short(observed.place),
    simulatedPlace: [simulated.place.low, simulated.place.high].map(short),
    bitsAtHalfTheDelay: short(halfBits),
  }
}

function short(value: number): number {
  return Math.round(1000 * value) / 1000
}

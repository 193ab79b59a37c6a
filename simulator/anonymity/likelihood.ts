// How well a global observer tells two senders apart (docs/spec/simulator.md 6): Loopix's likelihood difference
// (Piotrowska et al., 2017, section 4.3), |ln(p0/p1)| of the two senders' shares in what a mix of the last layer holds.

import type { Dice } from '../../hiding/dice.ts'
import { type Corrupt, carryLabels } from '../../hiding/labels.ts'
import { type LayeredPlan, poissonTimes, traceOf } from '../../hiding/layered.ts'
import { order } from '../../hiding/sort.ts'

export interface ChallengePlan extends Omit<LayeredPlan, 'ratePerS'> {
  readonly senders: number
  /** Packets a time unit that each sender emits, a payload or cover. */
  readonly sendRate: number
  /** Each mix is corrupt with this probability. */
  readonly corruptProbability: number
  /** Time units for which the two senders add a payload each. */
  readonly units: number
}

export interface Challenge {
  /** Mean of |ln(p0/p1)| where both are above 0. */
  readonly epsilon: number
  /** Share of readings in which one of them is 0, of those in which not both are. */
  readonly delta: number
}

/** Runs the challenge once; figures are NaN when no mix of the last layer is honest. */
export function runChallenge(plan: ChallengePlan, dice: Dice): Challenge {
  const { senders, sendRate, units, layers, width, hopDelayS } = plan
  const settle = 5 * layers * hopDelayS
  const before = 10 * hopDelayS + 5
  const from = before
  const until = before + settle + units
  const shared = poissonTimes(dice, sendRate * (senders - 2), until)
  const emissions = [shared, poissonTimes(dice, sendRate, until), poissonTimes(dice, sendRate, until)]
  const { entry, sender } = merged(emissions)
  const trace = traceOf({ ...plan, ratePerS: sendRate * senders }, dice, entry)
  const corrupt: Corrupt = Array.from({ length: layers }, () =>
    Uint8Array.from({ length: width }, () => Number(dice.fraction() < plan.corruptProbability)),
  )
  const shares = [1, 2].map(who => {
    const masses = new Float64Array(trace.all)
    for (const packet of payloads(entry, sender, who, from)) masses[packet] = 1
    const seen: number[] = []
    carryLabels(trace, corrupt, masses, 0, until, (time, _mix, mass, held) => {
      if (time >= before + settle) seen.push(mass / held)
    })
    return seen
  })
  return compared(shares[0] as number[], shares[1] as number[])
}

function compared(first: readonly number[], second: readonly number[]): Challenge {
  let sum = 0
  let both = 0
  let one = 0
  first.forEach((p0, i) => {
    const p1 = second[i] as number
    if (p0 > 0 && p1 > 0) {
      sum += Math.abs(Math.log(p0 / p1))
      both++
    } else if (p0 > 0 || p1 > 0) one++
  })
  return { epsilon: sum / both, delta: one / (both + one) }
}

/** Merges what several senders emit, in order of time. */
function merged(lists: readonly Float64Array[]): { entry: Float64Array; sender: Uint8Array } {
  const times = Float64Array.from(lists.flatMap(list => [...list]))
  const whose = Uint8Array.from(lists.flatMap((list, who) => Array.from(list, () => who)))
  const places = order(times, times.length)
  return {
    entry: Float64Array.from(places, place => times[place] as number),
    sender: Uint8Array.from(places, place => whose[place] as number),
  }
}

/** Lists the packets that carry a payload: one is written a time unit, and an emission takes the oldest with it. */
function payloads(entry: Float64Array, sender: Uint8Array, who: number, from: number): number[] {
  let taken = 0
  const out: number[] = []
  entry.forEach((time, packet) => {
    if (sender[packet] !== who || time < from) return
    const written = Math.floor(time - from) + 1
    if (written <= taken) return
    taken++
    out.push(packet)
  })
  return out
}

// Where the packet may be that a global observer follows (docs/spec/simulator.md 5): it lays a label on one packet, and
// every mix spreads what it holds of the label evenly over what it holds. A corrupt mix tells which packet is which.

import type { Dice } from './dice.ts'
import { firstFrom, type LayerEvents, leaves, type Trace } from './layered.ts'
import { surprise } from './metrics.ts'

/** For each layer whether each of its mixes belongs to the observer. */
export type Corrupt = readonly Uint8Array[]

/** Gives each layer as many corrupt mixes, the first ones: where choice is uniform, which they are does not count. */
export function corruptInEach(layers: number, width: number, corrupt: number): Corrupt {
  return Array.from({ length: layers }, () =>
    Uint8Array.from({ length: width }, (_, i) => Number(i < corrupt)),
  )
}

/**
 * Carries labels through the network from `from` to `until`, seconds.
 *
 * @param masses what each packet has of the label as it enters, by its number; becomes what it has as it leaves. Its
 *   length is `trace.all`.
 * @param seen called for every packet that leaves an honest mix of the last layer, with what the mix held of the label
 *   and how many packets
 */
export function carryLabels(
  trace: Trace,
  corrupt: Corrupt,
  masses: Float64Array,
  from: number,
  until: number,
  seen?: (time: number, mix: number, mass: number, held: number) => void,
): void {
  trace.layers.forEach((events, layer) => {
    const bad = corrupt[layer] as Uint8Array
    carryThrough(events, bad, masses, from, until, layer === trace.layers.length - 1 ? seen : undefined)
  })
}

function carryThrough(
  { time, what, mix, held }: LayerEvents,
  corrupt: Uint8Array,
  masses: Float64Array,
  from: number,
  until: number,
  seen: ((time: number, mix: number, mass: number, held: number) => void) | undefined,
): void {
  const inside = new Float64Array(corrupt.length)
  const count = time.length
  for (let i = firstFrom({ time, what, mix, held }, from); i < count && (time[i] as number) <= until; i++) {
    const where = mix[i] as number
    if (corrupt[where] === 1) continue
    const code = what[i] as number
    const packet = code >> 2
    const kept = inside[where] as number
    if ((code & 3) === leaves) {
      if (seen !== undefined) seen(time[i] as number, where, kept, held[i] as number)
      if (kept === 0) continue
      const share = kept / (held[i] as number)
      masses[packet] = share
      inside[where] = kept - share
    } else {
      // what comes and is dropped leaves its share behind with those that are held
      const brought = masses[packet] as number
      if (brought === 0) continue
      inside[where] = kept + brought
      masses[packet] = 0
    }
  }
}

/** Tells what a global observer is left with of one packet. */
export interface Followed {
  readonly bits: number
  readonly minBits: number
}

/** Follows one packet for `horizon` seconds, after which next to nothing of its label is still inside. */
export function follow(
  trace: Trace,
  corrupt: Corrupt,
  packet: number,
  horizon: number,
  masses: Float64Array,
): Followed {
  masses.fill(0)
  masses[packet] = 1
  const entry = trace.entry[packet] as number
  carryLabels(trace, corrupt, masses, entry, entry + horizon)
  let all = 0
  let bits = 0
  let most = 0
  for (let i = 0; i < trace.packets; i++) {
    const mass = masses[i] as number
    if (mass === 0) continue
    all += mass
    bits += surprise(mass)
    if (mass > most) most = mass
  }
  // what is not among the packets that left is inside still, or with a dummy that a corrupt mix saw through
  return { bits: bits / all + Math.log2(all), minBits: Math.log2(all) - Math.log2(most) }
}

/** Says at which of its hops a packet meets a corrupt mix, one bit a layer. */
export function patternOf(trace: Trace, corrupt: Corrupt, packet: number): number {
  let pattern = 0
  trace.mixes.forEach((mix, layer) => {
    if (corrupt[layer]?.[mix[packet] as number] === 1) pattern |= 1 << layer
  })
  return pattern
}

export interface Target {
  readonly packet: number
  /** Its share of the mean over all packets; those of all targets add up to 1. */
  readonly weight: number
}

/**
 * Chooses packets to follow among those that enter between two times. Each pattern of corrupt hops has targets of its
 * own, weighed by its share of the packets, so that chance does not decide how many meet corrupt mixes alone.
 *
 * @param count targets wanted; there is at least one of each pattern
 */
export function chooseTargets(
  trace: Trace,
  corrupt: Corrupt,
  dice: Dice,
  count: number,
  [from, until]: readonly [number, number],
): Target[] {
  const groups = new Map<number, number[]>()
  let all = 0
  for (let i = 0; i < trace.packets && (trace.entry[i] as number) < until; i++) {
    if ((trace.entry[i] as number) < from) continue
    const pattern = patternOf(trace, corrupt, i)
    const group = groups.get(pattern)
    if (group === undefined) groups.set(pattern, [i])
    else group.push(i)
    all++
  }
  return [...groups.values()].flatMap(group => {
    const share = group.length / all
    const drawn = dice.distinct(Math.min(group.length, Math.ceil(count * share)), group.length)
    return drawn.map(place => ({ packet: group[place] as number, weight: share / drawn.length }))
  })
}

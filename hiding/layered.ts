// A network of layers of mixes with exponential delays, drawn as a whole (docs/spec/simulator.md 4). Senders choose
// paths and delays beforehand, so that what one layer does depends on the layers before it alone: each is sorted by
// itself, and no queue of events is needed. Packets have no bytes.

import { cumulated, type Dice } from './dice.ts'
import { order } from './sort.ts'

export interface LayeredPlan {
  /** Packets a second that enter, together; they come as a Poisson process. */
  readonly ratePerS: number
  readonly layers: number
  /** Mixes in a layer. */
  readonly width: number
  /** Mean delay at each mix, seconds. */
  readonly hopDelayS: number
  /** Time at each mix beyond that, the same for all, seconds. */
  readonly processingS?: number
  /** True when a packet's mixes all have the number of the first: `width` cascades that share nothing. */
  readonly cascades?: boolean
  /** Says how readily each mix of the first layer is chosen; without it all alike. */
  readonly firstWeights?: readonly number[]
  /**
   * Dummies a second that each mix but the last layer's sends to a mix of the next, which drops them. A mix always has
   * one ready, which counts among what it holds; its turn comes after an exponential time, then the delay of any
   * packet.
   */
  readonly dummiesPerMixS?: number
}

/** Lists what happens in a layer, in order of time. */
export interface LayerEvents {
  /** Seconds. */
  readonly time: Float64Array
  /** A packet's number times 4 plus what it does: 0 it comes, 1 it leaves, 2 it comes and is dropped. */
  readonly what: Int32Array
  readonly mix: Uint16Array
  /** For what leaves: how many were held, itself among them. */
  readonly held: Uint32Array
}

export const comes = 0
export const leaves = 1
export const dropped = 2

export interface Trace {
  /** Numbered in the order in which they enter. */
  readonly packets: number
  /** When each enters, seconds, rising. */
  readonly entry: Float64Array
  /** For each layer the mix of each packet. */
  readonly mixes: readonly Uint16Array[]
  readonly layers: readonly LayerEvents[]
  /** Packets with those that mixes made up, which have the last numbers. */
  readonly all: number
}

/** Draws the packets of `seconds` and all that happens to them. The first packets meet an empty network. */
export function drawTrace(plan: LayeredPlan, dice: Dice, seconds: number): Trace {
  return traceOf(plan, dice, poissonTimes(dice, plan.ratePerS, seconds))
}

/** Draws when a Poisson process of this rate has its events, rising, seconds. */
export function poissonTimes(dice: Dice, ratePerS: number, seconds: number): Float64Array {
  let times = new Float64Array(Math.ceil(ratePerS * seconds * 1.05) + 64)
  let count = 0
  for (let time = dice.exponential(1 / ratePerS); time < seconds; time += dice.exponential(1 / ratePerS)) {
    if (count === times.length) {
      const longer = new Float64Array(2 * count)
      longer.set(times)
      times = longer
    }
    times[count++] = time
  }
  return times.slice(0, count)
}

/** Draws paths and delays of packets that enter at given times, rising, and all that happens to them. */
export function traceOf(plan: LayeredPlan, dice: Dice, entry: Float64Array): Trace {
  const packets = entry.length
  const first = cumulated(plan.firstWeights ?? Array.from({ length: plan.width }, () => 1))
  const mixes: Uint16Array[] = []
  const layers: LayerEvents[] = []
  let arrivals = entry
  let made: Made = { from: packets, time: new Float64Array(0), mix: new Uint16Array(0) }
  let all = packets
  const last = entry[packets - 1] ?? 0
  for (let layer = 0; layer < plan.layers; layer++) {
    const mix = new Uint16Array(packets)
    const before = mixes[0]
    for (let i = 0; i < packets; i++) {
      if (layer === 0) mix[i] = dice.place(first)
      else mix[i] = plan.cascades === true ? (before?.[i] as number) : dice.below(plan.width)
    }
    mixes.push(mix)
    const sends = layer < plan.layers - 1
    const dummies = drawDummies(dice, plan.width, sends ? (plan.dummiesPerMixS ?? 0) : 0, last)
    const drawn = drawLayer({ plan, dice, arrivals, mix, dropped: made, dummies, from: all })
    layers.push(drawn.events)
    arrivals = drawn.left
    made = drawn.made
    all += dummies.mix.length
  }
  return { packets, entry, mixes, layers, all }
}

/** Packets that a layer made up: their first number, when they come to the next layer, and where. */
interface Made {
  readonly from: number
  readonly time: Float64Array
  readonly mix: Uint16Array
}

interface LayerDraw {
  readonly plan: LayeredPlan
  readonly dice: Dice
  /** When each packet comes to the layer, by its number. */
  readonly arrivals: Float64Array
  readonly mix: Uint16Array
  /** Comes from the layer before, which made it up. */
  readonly dropped: Made
  /** Made up by this layer; the first has the number `from`. */
  readonly dummies: Dummies
  readonly from: number
}

/** Dummies of a layer: when each is made ready, when its turn comes, and at which mix. */
interface Dummies {
  readonly ready: Float64Array
  readonly turn: Float64Array
  readonly mix: Uint16Array
}

function drawDummies(dice: Dice, width: number, ratePerS: number, until: number): Dummies {
  const ready: number[] = []
  const turn: number[] = []
  const mix: number[] = []
  for (let at = 0; at < width && ratePerS > 0; at++) {
    for (let time = 0; time < until; time = turn.at(-1) as number) {
      ready.push(time)
      turn.push(time + dice.exponential(1 / ratePerS))
      mix.push(at)
    }
  }
  return { ready: Float64Array.from(ready), turn: Float64Array.from(turn), mix: Uint16Array.from(mix) }
}

function drawLayer(draw: LayerDraw): { events: LayerEvents; left: Float64Array; made: Made } {
  const { plan, dice, arrivals, mix, dummies, from } = draw
  const { ready, turn, mix: madeAt } = dummies
  const packets = arrivals.length
  const count = 2 * (packets + ready.length) + draw.dropped.time.length
  const time = new Float64Array(count)
  const what = new Int32Array(count)
  const where = new Uint16Array(count)
  let at = 0
  const add = (when: number, packet: number, does: number, mixOf: number): void => {
    time[at] = when
    what[at] = packet * 4 + does
    where[at++] = mixOf
  }
  const left = new Float64Array(packets)
  const processing = plan.processingS ?? 0
  // what comes stands before what leaves, so that of two at one time the packet comes first
  for (let i = 0; i < packets; i++) add(arrivals[i] as number, i, comes, mix[i] as number)
  for (let i = 0; i < ready.length; i++) add(ready[i] as number, from + i, comes, madeAt[i] as number)
  const { time: dropTimes, mix: dropMixes, from: dropFrom } = draw.dropped
  for (let i = 0; i < dropTimes.length; i++)
    add(dropTimes[i] as number, dropFrom + i, dropped, dropMixes[i] as number)
  for (let i = 0; i < packets; i++) {
    left[i] = (arrivals[i] as number) + dice.exponential(plan.hopDelayS) + processing
    add(left[i] as number, i, leaves, mix[i] as number)
  }
  const sent = turn.map(time => time + dice.exponential(plan.hopDelayS) + processing)
  for (let i = 0; i < sent.length; i++) add(sent[i] as number, from + i, leaves, madeAt[i] as number)
  const next = madeAt.map(() => dice.below(plan.width))
  return { events: inOrder(time, what, where, plan.width), left, made: { from, time: sent, mix: next } }
}

/** Puts events in order of time and counts what each mix holds. */
function inOrder(times: Float64Array, whats: Int32Array, mixes: Uint16Array, width: number): LayerEvents {
  const count = times.length
  const places = order(times, count)
  const time = new Float64Array(count)
  const what = new Int32Array(count)
  const mix = new Uint16Array(count)
  const held = new Uint32Array(count)
  const holds = new Uint32Array(width)
  for (let i = 0; i < count; i++) {
    const from = places[i] as number
    const does = whats[from] as number
    const where = mixes[from] as number
    time[i] = times[from] as number
    what[i] = does
    mix[i] = where
    const holding = holds[where] as number
    if ((does & 3) === comes) holds[where] = holding + 1
    else if ((does & 3) === leaves) {
      held[i] = holding
      holds[where] = holding - 1
    }
  }
  return { time, what, mix, held }
}

/** Finds the first event at or after a time. */
export function firstFrom(events: LayerEvents, time: number): number {
  let low = 0
  let high = events.time.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((events.time[middle] as number) < time) low = middle + 1
    else high = middle
  }
  return low
}

// A mix that ran, beside the same mix drawn (docs/spec/simulator.md 11): what an observer who saw when packets came and
// left concludes of each, and whether what it takes for equally likely is so.

import { mean, sampleStandardDeviation } from 'simple-statistics'
import { Dice } from '../../hiding/dice.ts'
import { surprise } from '../../hiding/metrics.ts'
import { order } from '../../hiding/sort.ts'
import type { Passage } from '../../node/index.ts'
import type { Ms } from '../../world/units.ts'

/** Lists what was seen of a mix. */
export interface SeenMix {
  /** In the order in which they left. */
  readonly passages: readonly Passage[]
  /** So late did timers of the mix's process ring that have nothing to do with packets, in the mean. */
  readonly timerLateMs: Ms
}

/** Tells what the mix is said to do. */
export interface DeclaredMix {
  /** The mean delay that senders draw. */
  readonly delayMs: Ms
  /** The mean of what the mix draws besides for what it holds on (docs/spec/node.md 4.3). */
  readonly heldOnMs: Ms
}

/** Holds means over the packets that were followed, and over all that left. */
export interface ObservedFigures {
  /** Shannon's entropy of the posterior, bits. */
  readonly bits: number
  /**
   * Where what left stood among those that were held, by when they came: 0 for the one that was there for longest, 1
   * for the newest. The posterior takes all for equally likely.
   */
  readonly place: number
}

/** Says within which bounds a figure lies that comes of what is declared. */
export interface Bounds {
  readonly mean: number
  readonly low: number
  readonly high: number
}

export interface MixAgreement {
  /** Packets that were followed. */
  readonly followed: number
  readonly packetsPerS: number
  readonly observed: ObservedFigures
  readonly simulated: { readonly bits: Bounds; readonly place: Bounds }
  /** Entropy at half the declared delay: where it is not below the bounds, too little was seen to tell. */
  readonly halfBits: number
}

const runs = 32
const halfRuns = 8
/** Bounds are so many deviations of single runs away from the mean: what was observed is one run. */
const deviations = 5
/** On a busy machine packets are late together, which the runs do not draw: bounds are wider by this, however long. */
const allowed = { bits: 0.1, place: 0.05 } as const
/** Packets followed at most, evenly spread. */
const most = 1500
/** Fewer tell nothing. */
const least = 100
/** A packet that came so many mean delays before the end has left, and so has what hid it. */
const tail = 40
/** Packets may be late by twice what timers are, and by the grain of a timer. */
const timerSlack = { times: 2, ms: 2 } as const
/** Less than a clock tells apart, and more than `order` does in an hour. */
const turnMs = 0.001
/** A label is no longer followed when so much of it is left. */
const negligible = 1e-9

/**
 * Compares what was seen with runs of the same arrivals in which delays are drawn as declared.
 *
 * @returns undefined where fewer than 100 packets can be followed
 */
export function compareMix(seen: SeenMix, declared: DeclaredMix, seed: number): MixAgreement | undefined {
  const stay = tail * declared.delayMs
  const end = seen.passages.reduce((latest, { left }) => Math.max(latest, left), 0)
  // Of what came in one millisecond nobody knows which was first: least of all by which left first
  const ties = new Dice(seed, runs + halfRuns)
  const passages = inTurn(seen.passages)
    .filter(({ came }) => came < end - stay)
    .map(passage => ({ ...passage, tie: ties.fraction() }))
    .sort((a, b) => a.came - b.came || a.tie - b.tie)
  const candidates = passages.filter(({ came }) => came < end - 2 * stay).length
  if (candidates < least) return undefined
  const came = Float64Array.from(passages, passage => passage.came)
  const step = Math.max(1, Math.ceil(candidates / most))
  const followed = Array.from({ length: Math.ceil(candidates / step) }, (_, i) => i * step)
  const figures = (left: Float64Array): ObservedFigures => figuresOf(came, left, followed)
  const late = lateness(passages, seen.timerLateMs)
  const drawn = (run: number, delayMs: Ms): ObservedFigures =>
    figures(drawLeaving(passages, late, { ...declared, delayMs }, new Dice(seed, run)))
  const declaredRuns = Array.from({ length: runs }, (_, run) => drawn(run, declared.delayMs))
  const halves = Array.from({ length: halfRuns }, (_, run) => drawn(runs + run, declared.delayMs / 2))
  return {
    followed: followed.length,
    packetsPerS: passages.length / (((came.at(-1) as number) - (came[0] as number)) / 1000),
    observed: figures(Float64Array.from(passages, ({ left }) => left)),
    simulated: {
      bits: boundsOf(
        declaredRuns.map(({ bits }) => bits),
        allowed.bits,
      ),
      place: boundsOf(
        declaredRuns.map(({ place }) => place),
        allowed.place,
      ),
    },
    halfBits: mean(halves.map(({ bits }) => bits)),
  }
}

/** Lets what left at one time leave one after the other all the same. */
function inTurn(passages: readonly Passage[]): Passage[] {
  let before = Number.NEGATIVE_INFINITY
  return passages.map(passage => {
    before = Math.max(passage.left, before + turnMs)
    return { ...passage, left: before }
  })
}

function boundsOf(figures: readonly number[], more: number): Bounds {
  const middle = mean([...figures])
  const away = deviations * sampleStandardDeviation([...figures]) + more
  return { mean: middle, low: middle - away, high: middle + away }
}

/**
 * Tells how late each packet is in a run that is drawn: as late as it was, as far as timers of the process were too.
 * A mix that holds for longer than it says does not pass for a slow machine.
 */
function lateness(passages: readonly Passage[], timerLateMs: Ms): Float64Array {
  const late = Float64Array.from(passages, passage => Math.max(0, passage.late))
  const latest = timerSlack.times * timerLateMs + timerSlack.ms
  const share = Math.min(1, latest / Math.max(mean([...late]), latest))
  return late.map(each => share * each)
}

/** Draws when each packet leaves: what falls due in one millisecond leaves in random order (docs/spec/mixing.md 2). */
function drawLeaving(
  passages: readonly Passage[],
  late: Float64Array,
  { delayMs, heldOnMs }: DeclaredMix,
  dice: Dice,
): Float64Array {
  return Float64Array.from(passages, ({ came, ready, heldOn }, i) => {
    const due = came + dice.exponential(delayMs) + (heldOn ? dice.exponential(heldOnMs) : 0)
    return Math.floor(Math.max(due, ready) + (late[i] as number)) + dice.fraction()
  })
}

/**
 * Follows packets by when all of them came and left (docs/spec/simulator.md 5).
 *
 * @param came rising
 * @param left of the same packets
 * @param followed their numbers
 */
export function figuresOf(
  came: Float64Array,
  left: Float64Array,
  followed: readonly number[],
): ObservedFigures {
  const count = came.length
  const leaving = order(left, count)
  const leftAt = Float64Array.from(leaving, packet => left[packet] as number)
  const held = new Uint32Array(count)
  const inside: number[] = []
  let [places, ranked] = [0, 0]
  for (let k = 0, arrived = 0; k < count; k++) {
    while (arrived < count && (came[arrived] as number) <= (leftAt[k] as number)) inside.push(arrived++)
    held[k] = inside.length
    const place = inside.indexOf(leaving[k] as number)
    inside.splice(place, 1)
    if (inside.length === 0) continue
    places += place / inside.length
    ranked++
  }
  const bits = followed.map(packet => bitsOf(held, firstFrom(leftAt, came[packet] as number)))
  return { bits: mean(bits), place: ranked === 0 ? Number.NaN : places / ranked }
}

/** Follows a packet from the first that leaves after it came. @param held how many were inside as each left */
function bitsOf(held: Uint32Array, first: number): number {
  let bits = 0
  for (let k = first, inside = 1; inside >= negligible && k < held.length; k++) {
    const share = inside / (held[k] as number)
    bits += surprise(share)
    inside -= share
  }
  return bits
}

/** Finds the first of rising times that is not before this one. */
function firstFrom(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] as number) < time) low = middle + 1
    else high = middle
  }
  return low
}

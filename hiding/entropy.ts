// What a network of a traffic hides (docs/spec/counts.md 6): drawn with the engine of `chaffinch simulate` where nodes
// delay packets one by one, by formulas where they mix in batches.

import type { Steps } from '../world/slices.ts'
import { Dice } from './dice.ts'
import { timedMix } from './formulas-mix.ts'
import { corruptInEach } from './labels.ts'
import type { LayeredPlan } from './layered.ts'
import { type Measured, measureNetwork } from './network.ts'
import { poissonProbability } from './special.ts'

/** Describes a network as the model sees it. */
export interface Hiding {
  readonly layers: number
  /** Mixes of a layer, or of cascades how many there are. */
  readonly width: number
  readonly hopDelayS: number
  readonly cascades: boolean
  /** The observer's of each layer. */
  readonly corruptPerLayer: number
  readonly mixing: string
  readonly batchPackets: number
  readonly batchS: number
}

/** Figures of one message, bits, with their standard errors; 0 where a formula gives them. */
export interface Hidden {
  readonly bits: number
  readonly bitsSe: number
  /** One message of twenty has no more than this. */
  readonly lowBits: number
  readonly lowBitsSe: number
  readonly minBits: number
}

const runs = 4
const targets = 20
const seed = 20
/** Larger networks are drawn smaller: so many packets in flight, and so many in each mix, at least. */
const enoughInFlight = 1500
const leastHeld = 30
/** Bits that this may be off by. */
const scalingError = 0.05

/** Computes figures, in units of a run, none of which takes more than some 20 ms in networks of usual width. */
export function* hiddenBy(network: Hiding, packetsPerS: number): Steps<Hidden> {
  if (network.mixing !== 'poisson') return batched(network, packetsPerS)
  const { layers, width, hopDelayS, cascades, corruptPerLayer } = network
  const held = (packetsPerS / width) * hopDelayS
  const scale = Math.max(1, Math.min((held * width * layers) / enoughInFlight, held / leastHeld))
  const plan: LayeredPlan = { ratePerS: packetsPerS / scale, layers, width, hopDelayS, cascades }
  const corrupt = corruptInEach(layers, width, corruptPerLayer)
  const raised = Math.log2(scale)
  const of: Figures[] = []
  for (let run = 0; run < runs; run++) {
    of.push(figuresOf(measureNetwork(plan, corrupt, new Dice(seed, run), targets), raised))
    yield
  }
  const error = scale > 1 ? scalingError / 4 : 0
  const [bits, low, min] = [0, 1, 2].map(at => overRuns(of.map(figures => figures[at] as number))) as [
    Spread,
    Spread,
    Spread,
  ]
  return {
    bits: bits.mean,
    bitsSe: Math.hypot(bits.se, error),
    lowBits: low.mean,
    lowBitsSe: Math.hypot(low.se, error),
    minBits: min.mean,
  }
}

type Figures = readonly [bits: number, low: number, min: number]

/** Below this a packet is known, however large the network that it stands for. */
const certain = 1e-9

function figuresOf(measured: readonly Measured[], raised: number): Figures {
  const raise = (bits: number): number => (bits < certain ? 0 : bits + raised)
  let [bits, min, share, low] = [0, 0, 0, 0]
  for (const one of measured.toSorted((a, b) => a.bits - b.bits)) {
    bits += one.weight * raise(one.bits)
    min += one.weight * raise(one.minBits)
    if (share < 0.05) low = raise(one.bits)
    share += one.weight
  }
  return [bits, low, min]
}

interface Spread {
  readonly mean: number
  readonly se: number
}

function overRuns(figures: readonly number[]): Spread {
  const mean = figures.reduce((sum, one) => sum + one, 0) / figures.length
  const squares = figures.reduce((sum, one) => sum + (one - mean) ** 2, 0)
  return { mean, se: Math.sqrt(squares / (figures.length - 1) / figures.length) }
}

/** Computes what the batch of one honest mix hides: what others add is left out. */
function batched(network: Hiding, packetsPerS: number): Hidden {
  const { width, corruptPerLayer, mixing, batchPackets, batchS } = network
  const none = { bits: 0, bitsSe: 0, lowBits: 0, lowBitsSe: 0, minBits: 0 }
  if (corruptPerLayer >= width) return none
  const arrivals = (packetsPerS / width) * batchS
  const ofThreshold = Math.log2(batchPackets)
  if (mixing === 'threshold')
    return { ...none, bits: ofThreshold, lowBits: ofThreshold, minBits: ofThreshold }
  const isLarge = arrivals > largeBatch
  const ofTimed = isLarge ? Math.log2(arrivals) : (timedMix(arrivals)[0] as number)
  const lowOfTimed = isLarge
    ? Math.log2(arrivals - 1.645 * Math.sqrt(arrivals))
    : Math.log2(1 + poissonQuantile(arrivals, 0.05))
  const most = mixing === 'threshold-or-timed' ? ofThreshold : Number.POSITIVE_INFINITY
  const bits = Math.min(most, ofTimed)
  return { ...none, bits, lowBits: Math.min(most, lowOfTimed), minBits: bits }
}

/** The normal distribution says it of a larger batch to a hundredth of a bit. */
const largeBatch = 1000

function poissonQuantile(mean: number, probability: number): number {
  let sum = 0
  for (let count = 0; ; count++) {
    sum += poissonProbability(mean, count)
    if (sum >= probability || count > 10 * (mean + 10)) return count
  }
}

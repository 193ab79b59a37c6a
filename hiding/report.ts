// How well a message sent now is hidden, as far as a consensus tells (docs/spec/counts.md 6): what a client's daemon
// shows its owner.

import type { View } from '../directory/documents/view.ts'
import { inSlices, type Steps } from '../world/slices.ts'
import { minute, second } from '../world/units.ts'
import { type Hidden, type Hiding, hiddenBy } from './entropy.ts'
import { drainPoisson } from './formulas-attack.ts'
import { type Estimate, trafficOf } from './published.ts'
import { poissonProbability } from './special.ts'

/** A figure with its bounds: null where there is none. Plain values, as JSON has them. */
export interface ReportedFigure {
  readonly value: number | null
  readonly low: number
  readonly high: number | null
}

export interface ReportedEstimate extends ReportedFigure {
  readonly from: Estimate['from']
  readonly nodes: number
  readonly of: number
}

/** Entropy, bits: at the traffic that is likeliest, and at its bounds; `se` is the simulation's own error. */
export interface ReportedBits extends ReportedFigure {
  readonly se: number
}

export interface AnonymityReport {
  /** The epoch of the consensus that it is computed from. */
  readonly epoch: number
  /** False where nodes publish no counts, and bounds are all that is known. */
  readonly published: boolean
  /** Clients among which one is: identities that are connected, in the mean. */
  readonly users: ReportedEstimate
  /** Packets a second through each layer. */
  readonly packetsPerS: ReportedEstimate
  /** Shannon's entropy of which packet that leaves is the one that was sent. */
  readonly bits: ReportedBits
  /** One message of twenty has no more than this. */
  readonly lowBits: ReportedBits
  readonly minBits: ReportedFigure
  /** The same over senders: no more than the binary logarithm of the users. */
  readonly senderBits: ReportedFigure
  /** Isolating one message at a mix; null where there is no formula for the mixing. */
  readonly nMinusOne: {
    /** Counts the attacker's own. */
    readonly messages: number
    /** In the mean, and in 95 of 100 attacks; the target's own delay comes after it. */
    readonly seconds: number
    readonly seconds95: number
    /** The probability that the mix's own loops raise no alarm in that time (docs/spec/node.md 4.2). */
    readonly unseen: number
  } | null
  /** Were one mix of each layer the observer's: entropy then, and the share of messages that are known for certain. */
  readonly oneCorrupt: { readonly bits: number; readonly lowBits: number; readonly known: number }
  /** The network as it is taken for. */
  readonly model: Hiding
  /** Says what of it is measured or voted on, what is counted with noise, and what is assumed. */
  readonly sources: {
    readonly measured: readonly string[]
    readonly noised: readonly string[]
    readonly assumed: readonly string[]
  }
}

/** Loops in a row that are missing when the alarm is raised, at two percent loss (docs/spec/node.md 4.2). */
const alarmLoops = 4

/**
 * Computes the report of a consensus, in slices of a run.
 *
 * @param pause waited for between two slices
 */
export async function anonymityReport(view: View, pause: () => Promise<void>): Promise<AnonymityReport> {
  return await inSlices(reportSteps(view), 1, pause)
}

/** Computes it as `anonymityReport` does, a run a unit. */
export function* reportSteps(view: View): Steps<AnonymityReport> {
  const { users, packetsPerS } = trafficOf(view)
  const model = modelOf(view)
  const low = yield* hiddenBy(model, packetsPerS.low)
  const value = packetsPerS.value === undefined ? undefined : yield* hiddenBy(model, packetsPerS.value)
  const high = packetsPerS.high === undefined ? undefined : yield* hiddenBy(model, packetsPerS.high)
  const corrupt = yield* hiddenBy({ ...model, corruptPerLayer: 1 }, packetsPerS.value ?? packetsPerS.low)
  const bits = figureOf(low, value, high, 'bits')
  return {
    epoch: view.epoch,
    published: packetsPerS.from === 'counts' || users.from === 'counts',
    users: told(users),
    packetsPerS: told(packetsPerS),
    bits: { ...bits, se: (value ?? low).bitsSe },
    lowBits: { ...figureOf(low, value, high, 'lowBits'), se: (value ?? low).lowBitsSe },
    minBits: figureOf(low, value, high, 'minBits'),
    senderBits: ofSenders(bits, users),
    nMinusOne: nMinusOneOf(view, model, packetsPerS.value ?? packetsPerS.low),
    oneCorrupt: {
      bits: corrupt.bits,
      lowBits: corrupt.lowBits,
      known: 1 / model.width ** (model.cascades ? 1 : model.layers),
    },
    model,
    sources: sourcesOf(view, model, users, packetsPerS),
  }
}

function modelOf(view: View): Hiding {
  const { layers, topology, mixing, parameters } = view
  const { hopDelayMs, batchPackets, batchMs } = parameters
  const width =
    topology === 'free' ? layers.flat().length : Math.max(1, ...layers.map(layer => running(layer)))
  return {
    layers: layers.length,
    width: Math.max(1, width),
    hopDelayS: hopDelayMs / second,
    cascades: topology === 'cascade',
    corruptPerLayer: 0,
    mixing,
    batchPackets,
    batchS: batchMs / second,
  }
}

function running(layer: View['layers'][number]): number {
  return layer.filter(node => node.running).length
}

function told({ value, low, high, from, nodes, of }: Estimate): ReportedEstimate {
  return { value: value ?? null, low, high: high ?? null, from, nodes, of }
}

function figureOf(
  low: Hidden,
  value: Hidden | undefined,
  high: Hidden | undefined,
  of: 'bits' | 'lowBits' | 'minBits',
): ReportedFigure {
  return { value: value?.[of] ?? null, low: low[of], high: high?.[of] ?? null }
}

/** All packets of one sender are one candidate. */
function ofSenders(bits: ReportedFigure, users: Estimate): ReportedFigure {
  const least = (a: number | null, b: number | undefined): number | null =>
    a === null || b === undefined ? null : Math.min(a, Math.log2(b))
  return {
    value: least(bits.value, users.value),
    low: Math.min(bits.low, Math.log2(users.low)),
    high: users.high === undefined ? bits.high : least(bits.high ?? Number.POSITIVE_INFINITY, users.high),
  }
}

function nMinusOneOf(view: View, model: Hiding, packetsPerS: number): AnonymityReport['nMinusOne'] {
  const { mixing, width, hopDelayS, batchPackets, batchS } = model
  const loopsPerS = (view.parameters.nodeLoopPerMinute * second) / minute
  const cost = (messages: number, seconds: number, seconds95: number): AnonymityReport['nMinusOne'] => ({
    messages,
    seconds,
    seconds95,
    unseen: unseen(loopsPerS * (seconds95 + hopDelayS)),
  })
  switch (mixing) {
    case 'poisson': {
      const [mean, most] = drainPoisson(packetsPerS / width, 1 / hopDelayS)
      return cost(0, Math.max(0, mean), Math.max(0, most))
    }
    case 'threshold':
      return cost(batchPackets - 1, 0, 0)
    // who keeps everything else away until the next tick but one needs no messages
    case 'timed':
    case 'threshold-or-timed':
      return cost(0, 1.5 * batchS, 2 * batchS)
    case 'round':
      return cost(batchPackets - 1, 1.5 * batchS, 2 * batchS)
    default:
      return null
  }
}

/** The probability that fewer loops were due than raise the alarm. */
function unseen(loops: number): number {
  if (loops <= 0) return 1
  let sum = 0
  for (let count = 0; count < alarmLoops; count++) sum += poissonProbability(loops, count)
  return Math.min(1, sum)
}

function sourcesOf(
  view: View,
  model: Hiding,
  users: Estimate,
  packetsPerS: Estimate,
): AnonymityReport['sources'] {
  const noised = [
    ...(users.from === 'counts' ? ['users'] : []),
    ...(packetsPerS.from === 'counts' ? ['packetsPerS'] : []),
  ]
  const assumed = [
    'an observer who sees all links, and nothing that it knew before',
    'no mix is the observer’s, but for oneCorrupt',
    'packets come as a Poisson process, and nodes do as the specification says',
    'gateways hide nothing',
  ]
  if (users.from === 'consensus') assumed.push('at least one user; at most what gateways say they can carry')
  if (packetsPerS.from === 'consensus')
    assumed.push("at least the nodes' own loops and one client; at most what so many clients can send")
  if (view.topology === 'free') assumed.push('each hop of a free route sees one layer’s traffic')
  if (model.mixing !== 'poisson') assumed.push('one honest mix alone hides the message')
  return {
    measured: [
      'model.width: mixes that run, by the loops of nodes',
      'model.layers, hopDelayS and mixing: voted on',
    ],
    noised,
    assumed,
  }
}

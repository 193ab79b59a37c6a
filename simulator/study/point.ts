// One point of a sweep: a pure function of the plan and the point's number.

import { mean, sampleStandardDeviation } from 'simple-statistics'
import { Dice } from '../../hiding/dice.ts'
import { corruptInEach } from '../../hiding/labels.ts'
import { type Measured, measureNetwork } from '../../hiding/network.ts'
import { type Plan, type Point, type PointParams, pointOf } from './plan.ts'

/** A figure over independent runs. */
export interface Figure {
  readonly value: number
  /** Its standard error. */
  readonly se: number
}

export interface PointResult {
  readonly point: number
  readonly params: PointParams
  readonly topology: Plan['topology']
  readonly seed: number
  readonly runs: number
  /** Mean entropy, bits. */
  readonly bits: Figure
  /** One packet of twenty has no more than this. */
  readonly lowBits: Figure
  /** Mean min-entropy, bits. */
  readonly minBits: Figure
  /** The share of packets that are known for certain. */
  readonly known: Figure
  /** Mean time through the mixes, seconds. */
  readonly delayS: number
}

/** Below this a packet is known: nothing else could be it. */
const certain = 1e-9

/** Runs a point; the same plan and number give the same result. */
export function runPoint(plan: Plan, number: number): PointResult {
  const { point, params }: Point = pointOf(plan, number)
  const network = {
    ratePerS: params.packets_per_s,
    layers: params.layers,
    width: params.width,
    hopDelayS: params.hop_delay_s,
    dummiesPerMixS: params.dummies_per_mix_s,
    cascades: plan.topology === 'cascades',
  }
  const corrupt = corruptInEach(params.layers, params.width, params.corrupt_per_layer)
  const runs = Array.from({ length: plan.runs }, (_, run) =>
    measureNetwork(network, corrupt, new Dice(plan.seed, point, run), plan.targets),
  )
  const over = (figure: (measured: readonly Measured[]) => number): Figure => {
    const figures = runs.map(figure)
    const se = sampleStandardDeviation(figures) / Math.sqrt(figures.length)
    return { value: mean(figures), se }
  }
  return {
    point,
    params,
    topology: plan.topology,
    seed: plan.seed,
    runs: plan.runs,
    bits: over(measured => weighed(measured, ({ bits }) => bits)),
    lowBits: over(low),
    minBits: over(measured => weighed(measured, ({ minBits }) => minBits)),
    known: over(measured => weighed(measured, ({ bits }) => Number(bits < certain))),
    delayS: params.layers * params.hop_delay_s,
  }
}

function weighed(measured: readonly Measured[], figure: (one: Measured) => number): number {
  return measured.reduce((sum, one) => sum + one.weight * figure(one), 0)
}

/** Gives the entropy that a twentieth of all packets stays within. */
function low(measured: readonly Measured[]): number {
  let share = 0
  for (const { bits, weight } of measured.toSorted((a, b) => a.bits - b.bits)) {
    share += weight
    if (share >= 0.05) return bits
  }
  return 0
}

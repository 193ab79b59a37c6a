// What a sweep is: a file says one network, or lists of numbers for some of its keys; each combination is a point, and
// a point is a function of the file and its number alone.

import * as v from 'valibot'
import { field, readToml } from '../../encoding/toml.ts'
import { whole } from '../../encoding/toml-fields.ts'

/** Numbers of one point. */
export interface PointParams {
  /** Packets a second of all users together, whatever they carry. */
  readonly packets_per_s: number
  readonly layers: number
  /** Mixes in a layer. */
  readonly width: number
  /** Mean delay at each mix, seconds. */
  readonly hop_delay_s: number
  /** Corrupt mixes in each layer. */
  readonly corrupt_per_layer: number
  /** Dummies a second that each mix but the last layer's sends. */
  readonly dummies_per_mix_s: number
}

export interface Plan {
  readonly seed: number
  /** Independent runs of each point. */
  readonly runs: number
  /** Packets that are followed in each run, about. */
  readonly targets: number
  readonly topology: 'stratified' | 'cascades'
  /** For each key the numbers that it takes, in the order of the points: the last one changes first. */
  readonly values: { readonly [key in keyof PointParams]: readonly number[] }
}

export interface Point {
  readonly point: number
  readonly params: PointParams
}

/** A number, or a list of numbers to go through. */
function swept(one: v.GenericSchema<number>): v.GenericSchema<number | number[], number[]> {
  return v.pipe(
    v.union([one, v.pipe(v.array(one), v.minLength(1, 'want at least one number'))]),
    v.transform(given => [given].flat()),
  )
}

const says = (range: string) => `want a number ${range}`
const above0: v.GenericSchema<number> = v.pipe(v.number(), v.gtValue(0, says('above 0')))
const from0: v.GenericSchema<number> = v.pipe(v.number(), v.minValue(0, says('from 0 on')))

const schema = v.strictObject({
  seed: v.optional(whole(0, 2 ** 31), 1),
  runs: v.optional(whole(2, 1000), 10),
  targets: v.optional(whole(1, 10_000), 100),
  network: v.strictObject({
    topology: v.optional(
      v.picklist(['stratified', 'cascades'], 'want "stratified" or "cascades"'),
      'stratified',
    ),
    packets_per_s: field(swept(above0), '1000'),
    layers: v.optional(swept(whole(1, 20)), 3),
    width: field(swept(whole(1, 10_000)), '10'),
    hop_delay_s: field(swept(above0), '0.05'),
    corrupt_per_layer: v.optional(swept(whole(0, 10_000)), 0),
    dummies_per_mix_s: v.optional(swept(from0), 0),
  }),
})

/** Reads a file. Throws FileError. */
export function readPlan(file: string): Plan {
  const { seed, runs, targets, network } = readToml(file, schema)
  const { topology, ...values } = network
  return { seed, runs, targets, topology, values }
}

/** Names the numbers of a point, in the order in which points go through them. */
export const paramNames: readonly (keyof PointParams)[] = [
  'packets_per_s',
  'layers',
  'width',
  'hop_delay_s',
  'corrupt_per_layer',
  'dummies_per_mix_s',
]

/** Counts the points of a plan. */
export function pointCount({ values }: Plan): number {
  return paramNames.reduce((count, key) => count * values[key].length, 1)
}

/** Gives a point by its number, from 0. */
export function pointOf({ values }: Plan, point: number): Point {
  let left = point
  const drawn = paramNames.toReversed().map(key => {
    const list = values[key]
    const value = list[left % list.length] as number
    left = Math.floor(left / list.length)
    return [key, value] as const
  })
  return { point, params: Object.fromEntries(drawn.reverse()) as unknown as PointParams }
}

// Results of points as lines of JSON: one a line, so that what an interrupted sweep has written is kept, and what many
// machines wrote can be put together in any order.

import * as v from 'valibot'
import { paramNames } from './plan.ts'
import type { PointResult } from './point.ts'

const figure = v.object({ value: v.number(), se: v.number() })

const schema: v.GenericSchema<unknown, PointResult> = v.object({
  point: v.number(),
  params: v.object({
    packets_per_s: v.number(),
    layers: v.number(),
    width: v.number(),
    hop_delay_s: v.number(),
    corrupt_per_layer: v.number(),
    dummies_per_mix_s: v.number(),
  }),
  topology: v.picklist(['stratified', 'cascades']),
  seed: v.number(),
  runs: v.number(),
  bits: figure,
  lowBits: figure,
  minBits: figure,
  known: figure,
  delayS: v.number(),
})

export function resultLine(result: PointResult): string {
  return JSON.stringify(result)
}

/** Reads lines; one that was cut off at the end of a file, as by a full disk, is left out. Throws ValiError. */
export function readResults(text: string): PointResult[] {
  const lines = text.split('\n')
  const cut = lines.pop()
  const whole = lines.filter(line => line !== '').map(line => v.parse(schema, JSON.parse(line)))
  if (cut === undefined || cut === '') return whole
  try {
    return [...whole, v.parse(schema, JSON.parse(cut))]
  } catch {
    return whole
  }
}

/** Puts results together, in order of their points; of one point the first counts. */
export function merged(results: readonly PointResult[]): PointResult[] {
  const byPoint = new Map<number, PointResult>()
  for (const result of results) if (!byPoint.has(result.point)) byPoint.set(result.point, result)
  return [...byPoint.values()].sort((a, b) => a.point - b.point)
}

const figures = ['bits', 'lowBits', 'minBits', 'known'] as const

/** Writes results as a table of comma-separated values, with a line of names. */
export function csv(results: readonly PointResult[]): string {
  const names = [
    'point',
    'topology',
    ...paramNames,
    ...figures.flatMap(name => [name, `${name}_se`]),
    'delayS',
    'runs',
  ]
  const rows = results.map(result => [
    result.point,
    result.topology,
    ...paramNames.map(name => result.params[name]),
    ...figures.flatMap(name => [result[name].value, result[name].se]),
    result.delayS,
    result.runs,
  ])
  return `${[names, ...rows].map(row => row.join(',')).join('\n')}\n`
}

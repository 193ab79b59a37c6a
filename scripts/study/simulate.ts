// chaffinch simulate: how much networks hide, one point or a sweep, and the report of it.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import {
  csv,
  merged,
  type PointResult,
  pointCount,
  readPlan,
  readResults,
  report as reportOf,
  resultLine,
  runPoint,
  runSweep,
} from '../../simulator/study/index.ts'

export interface SimulateOptions {
  readonly point?: string
  readonly out?: string
  readonly workers?: string
}

export async function run(file: string, options: SimulateOptions): Promise<undefined> {
  const plan = readPlan(file)
  const count = pointCount(plan)
  if (options.point !== undefined) {
    for (const point of pointsNamed(options.point, count)) console.log(resultLine(runPoint(plan, point)))
    return
  }
  const workers = options.workers === undefined ? undefined : wholeNumber('workers', options.workers, 1, 256)
  const { out } = options
  const before = out !== undefined && existsSync(out) ? resume(out) : []
  const done = new Set(before.map(({ point }) => point))
  let finished = done.size
  if (finished > 0) console.error(`${finished} of ${count} points are in ${out} already`)
  await runSweep(plan, {
    done: point => done.has(point),
    workers,
    result: result => {
      const line = `${resultLine(result)}\n`
      if (out === undefined) process.stdout.write(line)
      else appendFileSync(out, line)
      finished++
      if (out !== undefined) console.error(`point ${result.point}: ${told(result)}; ${finished} of ${count}`)
    },
  })
}

/** A point, or those from one to another as in 20-29. @throws CommandError USAGE */
function pointsNamed(text: string, count: number): number[] {
  const [from = '', to = from, ...more] = text.split('-')
  if (more.length > 0) throw new CommandError('USAGE', `--point ${text}: want a number, or two as in 20-29`)
  const first = wholeNumber('point', from, 0, count - 1)
  const last = wholeNumber('point', to, first, count - 1)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

function told({ bits, lowBits }: PointResult): string {
  return `${bits.value.toFixed(2)} bits, one of twenty at most ${lowBits.value.toFixed(2)}`
}

/** Reads what an earlier run has written, and takes off a line that it did not finish. */
function resume(file: string): PointResult[] {
  const results = read(file)
  writeFileSync(file, results.map(result => `${resultLine(result)}\n`).join(''))
  return results
}

/** Puts lines of many tasks together: in order of the points, as one machine writes them. */
export async function merge(files: string[], options: { readonly out?: string }): Promise<undefined> {
  const text = merged(files.flatMap(read))
    .map(result => `${resultLine(result)}\n`)
    .join('')
  if (options.out === undefined) process.stdout.write(text)
  else writeFileSync(options.out, text)
}

export interface ReportOptions {
  readonly out?: string
  readonly csv?: string
}

export async function report(files: string[], options: ReportOptions): Promise<undefined> {
  const results = merged(files.flatMap(read))
  if (results.length === 0)
    throw new CommandError('CONFIG', `${files[0]}: holds no point`, 'chaffinch simulate --help')
  const out = options.out ?? 'anonymity.html'
  writeFileSync(out, reportOf(results))
  if (options.csv !== undefined) writeFileSync(options.csv, csv(results))
  console.log(`${out}: ${results.length} points`)
}

function read(file: string): PointResult[] {
  if (!existsSync(file)) throw new CommandError('CONFIG', `${file}: no such file`)
  try {
    return readResults(readFileSync(file, 'utf8'))
  } catch {
    throw new CommandError('CONFIG', `${file}: is not what 'chaffinch simulate' writes`)
  }
}

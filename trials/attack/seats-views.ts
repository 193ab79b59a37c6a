// What the seats of `attack -- gateway` make of their notes about one client: the same numbers for every window, for
// the classifier; and series of counts, for who wants to know whether two clients have to do with each other.

import type { Sight, Watched } from './seats.ts'
import { type Chunk, cut, direction, shape, type WindowPlan } from './windows.ts'

export const seats = ['entry', 'home', 'both'] as const
export type Seat = (typeof seats)[number]

/** One window of one client, as one seat sees it. */
export interface WindowView {
  readonly features: readonly number[]
  readonly series: readonly (readonly number[])[]
}

export type Views = Readonly<Record<Seat, readonly WindowView[]>>

type Times = readonly number[]
type Window = Readonly<Record<Sight['what'], Times>>

const kinds = { entry: ['packet', 'cell', 'answer'], home: ['read', 'message', 'return'] } as const
/** The lengths of a series' bins, and of the bins of histograms of lags, milliseconds. */
const binMs = 500
const lagMs = 100
const lagBins = 10

/** Lists the windows of a client as its entry, its home, and both together see them. */
export function viewsOf({ atEntry, atHome }: Watched, plan: WindowPlan): Views {
  const entries = windowsOf(atEntry, plan)
  const homes = windowsOf(atHome, plan)
  const entry = entries.map(seen => entryView(seen, plan.windowMs))
  const home = homes.map(seen => homeView(seen, plan.windowMs))
  const both = entry.map((seen, i): WindowView => {
    const other = home[i] as WindowView
    const { packet } = entries[i] as Window
    const { message, return: back } = homes[i] as Window
    const lags = [lagsOf(packet, back), lagsOf(packet, message)]
    return {
      features: [...seen.features, ...other.features, ...lags.flat()],
      series: [...seen.series, ...other.series],
    }
  })
  return { entry, home, both }
}

function windowsOf(sights: readonly Sight[], plan: WindowPlan): Window[] {
  const all: readonly Sight['what'][] = [...kinds.entry, ...kinds.home]
  const chunks = sights.map(({ at, what }) => ({ at, up: true, bytes: all.indexOf(what) }))
  return cut(chunks, plan).map(window => {
    const of = (what: Sight['what']): Times =>
      window.filter(({ bytes }) => bytes === all.indexOf(what)).map(({ at }) => at)
    return Object.fromEntries(all.map(what => [what, of(what)])) as unknown as Window
  })
}

function entryView(seen: Window, windowMs: number): WindowView {
  return {
    features: [
      ...kinds.entry.flatMap(kind => rhythm(seen[kind], windowMs)),
      ...shape(waits(seen.cell, seen.answer)),
      ...lagsOf(seen.answer, seen.packet),
    ],
    series: [seriesOf(seen.packet, windowMs), seriesOf(seen.cell, windowMs)],
  }
}

/**
 * A message that a client writes to itself could be followed by its acknowledgement, one of somebody else's by none;
 * and fragments of one message follow each other closely. So the home also looks at what comes how soon after a
 * message.
 */
function homeView(seen: Window, windowMs: number): WindowView {
  const series = [seen.message, seen.return].map(times => seriesOf(times, windowMs))
  return {
    features: [
      ...kinds.home.flatMap(kind => rhythm(seen[kind], windowMs)),
      ...lagsOf(seen.message, seen.return),
      ...lagsOf(seen.message, seen.message),
      ...series.flatMap(spread),
    ],
    series,
  }
}

function rhythm(times: Times, windowMs: number): number[] {
  return direction(
    times.map(at => ({ at, up: true, bytes: 1 }) satisfies Chunk),
    windowMs,
  )
}

/** Measures how long it takes from each of one kind to the next of the other. */
function waits(from: Times, to: Times): number[] {
  return from.flatMap(at => {
    const next = to.find(other => other > at)
    return next === undefined ? [] : [next - at]
  })
}

/** Counts the second for each of the first, by how long after it they come: in tenths of a second, up to a second. */
function lagsOf(first: Times, second: Times): number[] {
  const counts = Array<number>(lagBins).fill(0)
  for (const at of first)
    for (const other of second) {
      const bin = Math.floor((other - at) / lagMs)
      if (other > at && bin < lagBins) counts[bin] = (counts[bin] as number) + 1 / first.length
    }
  return counts
}

function seriesOf(times: Times, windowMs: number): number[] {
  const counts = Array<number>(windowMs / binMs).fill(0)
  for (const at of times) {
    const bin = Math.floor(at / binMs)
    counts[bin] = (counts[bin] as number) + 1
  }
  return counts
}

/** Sum, most in a bin, most in two, and how it varies. */
function spread(series: readonly number[]): number[] {
  const sum = series.reduce((a, b) => a + b, 0)
  const squares = series.reduce((a, b) => a + b * b, 0)
  const two = Math.max(...series.slice(1).map((n, i) => n + (series[i] as number)))
  return [sum, Math.max(...series), two, squares - sum ** 2 / series.length]
}

/** Correlates what one client's seat sees with what another's does, at lags of up to a second and a half. */
export function together(one: WindowView, other: WindowView): number[] {
  return one.series.flatMap(a => other.series.flatMap(b => [0, 1, 2, 3].map(lag => correlation(a, b, lag))))
}

function correlation(a: readonly number[], b: readonly number[], lag: number): number {
  const n = Math.min(a.length, b.length) - lag
  const [x, y] = [a.slice(0, n), b.slice(lag, lag + n)]
  const mean = (of: readonly number[]): number => of.reduce((sum, each) => sum + each, 0) / n
  const [mx, my] = [mean(x), mean(y)]
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [(x[i] as number) - mx, (y[i] as number) - my]
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy)
}

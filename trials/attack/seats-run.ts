// One run of `attack -- gateway`: who does what, when; and what each seat's notes say about windows of it.

import type { Client } from '../../client/index.ts'
import { CoverPackets } from '../../client/outgoing/cover-packets.ts'
import type { Surroundings } from '../../client/packets/packets.ts'
import { drawPath } from '../../client/packets/paths.ts'
import { makeReplyBlock, useReplyBlock } from '../../sphinx/reply.ts'
import { exponential, fraction, type Random, seededRandom, shuffle } from '../../world/random.ts'
import type { Sample } from './classifier.ts'
import { type Seats, type Sight, startSeats, type Watched } from './seats.ts'
import { type Chunk, cut, features } from './windows.ts'

export const seats = ['entry', 'home', 'both'] as const
export type Seat = (typeof seats)[number]
export const questions = ['sending', 'receiving', 'replying', 'pairs'] as const
export type Question = (typeof questions)[number]

/** Two write to two; one asks two, who answer; two are silent. */
const roles = [
  'sends',
  'sends',
  'receives',
  'receives',
  'asks',
  'answers',
  'answers',
  'silent',
  'silent',
] as const
type Role = (typeof roles)[number]

const windows = { windowMs: 4000, gapMs: 500 } as const
const windowsPerHalf = 8
/** Until talking has reached its pace; and until what was written has arrived, and what took its place is over. */
const warmUpMs = 3000
const coolDownMs = 6000
const meanGapMs = 4000
/** Bytes of a message, on a logarithmic scale: one or two fragments. */
const shortest = 10
const longest = 3000

export type SamplesBySeat = Readonly<Record<Seat, Readonly<Record<Question, Sample[]>>>>

/**
 * Watches nine clients for two halves, in the second of which each has another role.
 *
 * @param before clients of before: one gateway, loops that come back over a reply block, no messages to oneself
 */
export async function watchRun(
  seed: number,
  before: boolean,
): Promise<{ readonly seed: number; readonly samples: SamplesBySeat }> {
  const make = CoverPackets.prototype.make
  if (before) CoverPackets.prototype.make = loopOfBefore
  const net = await startSeats({ seed, gateways: before ? 1 : 4, clients: roles.length })
  try {
    const random = seededRandom(seed + 1_000_000)
    const samples = noSamples()
    const order = shuffle(random, [...net.watched.keys()])
    for (const half of [0, 1]) {
      // Those that were active are silent or do something else
      const of = (role: Role): number[] =>
        roles.flatMap((each, i) => (each === role ? [order[(i + half * 4) % order.length] as number] : []))
      await watchHalf(net, of, random, samples)
    }
    return { seed, samples }
  } finally {
    await net.close()
    CoverPackets.prototype.make = make
  }
}

function noSamples(): SamplesBySeat {
  const none = (): Record<Question, Sample[]> => ({ sending: [], receiving: [], replying: [], pairs: [] })
  return { entry: none(), home: none(), both: none() }
}

async function watchHalf(
  net: Seats,
  of: (role: Role) => number[],
  random: Random,
  samples: SamplesBySeat,
): Promise<void> {
  const { clock, watched } = net
  const client = (i: number): Client => (watched[i] as Watched).client
  const [senders, receivers, [asker], repliers, silent] = [
    of('sends'),
    of('receives'),
    of('asks'),
    of('answers'),
    of('silent'),
  ] as [number[], number[], [number], number[], number[]]
  const stop = new AbortController()
  const begins = clock.now()
  const length = windowsPerHalf * (windows.windowMs + windows.gapMs) + warmUpMs
  for (const i of repliers) void answerAll(client(i), random, stop.signal)
  const lines: readonly (readonly [number, number, boolean])[] = [
    ...senders.map((from, i) => [from, receivers[i] as number, false] as const),
    ...repliers.map(to => [asker, to, true] as const),
  ]
  const due = lines.map(() => begins + exponential(random, meanGapMs))
  while (clock.now() < begins + length) {
    const next = Math.min(...due)
    if (next > begins + length) {
      await clock.advance(begins + length - clock.now())
      break
    }
    await clock.advance(Math.max(0, next - clock.now()))
    const i = due.indexOf(next)
    const [from, to, asks] = lines[i] as (typeof lines)[0]
    due[i] = next + exponential(random, meanGapMs)
    await client(from)
      .send(client(to).address, random(asks ? 100 : someLength(random)), asks ? { replies: true } : {})
      .catch(() => {})
  }
  stop.abort()
  await clock.advance(coolDownMs)
  const from = begins + warmUpMs
  const views = watched.map(each => viewsOf(each, from))
  for (const seat of seats) {
    const add = (question: Question, clients: readonly number[], positive: boolean): void => {
      for (const i of clients)
        for (const window of (views[i] as Views)[seat])
          samples[seat][question].push({ features: window.features, positive })
    }
    for (const [question, active] of [
      ['sending', senders],
      ['receiving', receivers],
      ['replying', repliers],
    ] as const) {
      add(question, active, true)
      add(question, silent, false)
    }
    // Who of the two writes to whom of the two: the pair as it is, and crossed
    for (const [i, sender] of senders.entries())
      for (const [j, receiver] of receivers.entries())
        for (let w = 0; w < windowsPerHalf; w++) {
          const [a, b] = [(views[sender] as Views)[seat][w], (views[receiver] as Views)[seat][w]]
          if (a === undefined || b === undefined) continue
          samples[seat].pairs.push({ features: together(a.series, b.series), positive: i === j })
        }
  }
}

async function answerAll(client: Client, random: Random, signal: AbortSignal): Promise<void> {
  for await (const received of client.messages({ signal }))
    if (received.canReply) await client.reply(received, random(someLength(random))).catch(() => {})
}

function someLength(random: Random): number {
  return Math.round(shortest * (longest / shortest) ** fraction(random))
}

interface WindowView {
  readonly features: number[]
  readonly series: readonly number[][]
}

type Views = Readonly<Record<Seat, readonly WindowView[]>>

/** Lists what an entry sees go up and come down, and what a home sees come in and read. */
function viewsOf({ atEntry, atHome }: Watched, from: number): Views {
  const plan = { from, windows: windowsPerHalf, ...windows }
  const chunks = (sights: readonly Sight[], up: readonly Sight['what'][]): Chunk[][] =>
    cut(
      sights.map(({ at, what }) => ({ at, up: up.includes(what), bytes: kinds.indexOf(what) })),
      plan,
    )
  const entries = chunks(atEntry, ['packet', 'cell'])
  const homes = chunks(atHome, ['read'])
  const entry = entries.map(seen => ({
    features: features(seen, windows.windowMs),
    series: [seriesOf(seen, 'packet')],
  }))
  const home = homes.map(seen => {
    const series = [seriesOf(seen, 'message'), seriesOf(seen, 'return')]
    return { features: [...features(seen, windows.windowMs), ...series.flatMap(spread)], series }
  })
  const both = entry.map((seen, i) => {
    const other = home[i] as WindowView
    const lags = lagsOf(entries[i] as Chunk[], homes[i] as Chunk[])
    return {
      features: [...seen.features, ...other.features, ...lags],
      series: [...seen.series, ...other.series, lags],
    }
  })
  return { entry, home, both }
}

const kinds: readonly Sight['what'][] = ['packet', 'cell', 'answer', 'read', 'message', 'return']
const binMs = 500

/** Counts one kind of sight in each half second. */
function seriesOf(window: readonly Chunk[], what: Sight['what']): number[] {
  const counts = Array<number>(windows.windowMs / binMs).fill(0)
  for (const { at, bytes } of window)
    if (bytes === kinds.indexOf(what))
      counts[Math.floor(at / binMs)] = (counts[Math.floor(at / binMs)] ?? 0) + 1
  return counts
}

/** Sum, most in a bin, most in two, and how it varies. */
function spread(series: readonly number[]): number[] {
  const sum = series.reduce((a, b) => a + b, 0)
  const squares = series.reduce((a, b) => a + b * b, 0)
  const two = Math.max(...series.slice(1).map((n, i) => n + (series[i] as number)))
  return [sum, Math.max(...series), two, squares - sum ** 2 / series.length]
}

/** Returns for each packet that left, by how long after it: in tenths of a second, up to a second. */
function lagsOf(entry: readonly Chunk[], home: readonly Chunk[]): number[] {
  const left = entry.filter(({ bytes }) => bytes === kinds.indexOf('packet'))
  const came = home.filter(({ bytes }) => bytes === kinds.indexOf('return'))
  const counts = Array<number>(10).fill(0)
  for (const { at } of left)
    for (const other of came) {
      const bin = Math.floor((other.at - at) / 100)
      if (bin >= 0 && bin < 10) counts[bin] = (counts[bin] as number) + 1 / Math.max(1, left.length)
    }
  return counts
}

/** Correlates the series of two, at lags of up to a second and a half. */
function together(one: readonly number[][], other: readonly number[][]): number[] {
  return one.flatMap(a => other.flatMap(b => [0, 1, 2, 3].map(lag => correlation(a, b, lag))))
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

/** A client of before: its loops are reply blocks of its own, used at once, away for four delays and not for nine. */
const loopOfBefore: CoverPackets['make'] = (around: Surroundings, _name, now) => {
  const { g, view, epochAt, home, mailbox, weight, random } = around
  const path = drawPath(
    { view, first: home, last: home, at: now, epochAt, weight, delayAtEnd: false },
    random,
  )
  const replyId = random(16)
  const { block } = makeReplyBlock(g, path.hops, { recipient: mailbox, replyId }, random)
  const { packet } = useReplyBlock(g, block, new Uint8Array(g.bodyBytes))
  const { transitMs: drawnMs, nodes } = path
  return {
    made: { packet, replyId, far: nodes[0] as string, nodes, drawnMs, roundTripMs: drawnMs },
    comesBack: true,
  }
}

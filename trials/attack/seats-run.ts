// One run of `attack -- gateway`: who does what, when; and what each seat's notes say about windows of it.

import type { Client } from '../../client/index.ts'
import { CoverPackets } from '../../client/outgoing/cover-packets.ts'
import { exponential, fraction, type Random, seededRandom, shuffle } from '../../world/random.ts'
import type { Sample } from './classifier.ts'
import { easyCover, easyLoop } from './easy-cover.ts'
import { type Seats, startSeats, type Watched } from './seats.ts'
import { type Seat, seats, together, type Views, viewsOf, type WindowView } from './seats-views.ts'

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

/** Says how those talk who write to somebody, and how long anybody looks. */
interface Talk {
  readonly windowMs: number
  /** Between two messages, on average. */
  readonly meanGapMs: number
  /** Bytes of a message, on a logarithmic scale. */
  readonly bytes: readonly [shortest: number, longest: number]
}

const gapMs = 500
/** Messages of one or two fragments; of each three windows one is without. */
const chat: Talk = { windowMs: 4000, meanGapMs: 4000, bytes: [10, 3000] }
/** Four fragments at a time, nine of ten packets of the payload clock: no window is without. */
const files: Talk = { windowMs: 20_000, meanGapMs: 450, bytes: [7500, 7500] }
/** Gives what each of so many hears of somebody who talks to all of them in turn. */
const askedOf = (count: number): Talk => ({ ...chat, meanGapMs: chat.meanGapMs * count })
/** Until talking has reached its pace; and until what was written has arrived, and what took its place is over. */
const warmUpMs = 3000
const coolDownMs = 6000
/** The share of messages that arrive until then in a run that shows anything: all but what is under way. */
const leastHeard = 0.9

export type SamplesBySeat = Readonly<Record<Seat, Readonly<Record<Question, Sample[]>>>>

/**
 * Watches nine clients for two halves, in the second of which each has another role.
 *
 * @param windows of each client in each half
 * @param before clients of before, who send as much as they can: one gateway, loops that come back over a reply block,
 * no messages to oneself
 */
export async function watchRun(
  seed: number,
  windows: number,
  before: boolean,
): Promise<{ readonly seed: number; readonly samples: SamplesBySeat }> {
  const make = CoverPackets.prototype.make
  const realCover = easyCover()
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
      await watchHalf(net, { windows, talk: before ? files : chat }, of, random, samples)
    }
    return { seed, samples }
  } finally {
    await net.close()
    CoverPackets.prototype.make = make
    realCover()
  }
}

function noSamples(): SamplesBySeat {
  const none = (): Record<Question, Sample[]> => ({ sending: [], receiving: [], replying: [], pairs: [] })
  return { entry: none(), home: none(), both: none() }
}

/** Says who writes to whom. */
interface Line {
  readonly from: number
  readonly to: number
  readonly asks: boolean
  readonly talk: Talk
}

async function watchHalf(
  net: Seats,
  { windows, talk }: { readonly windows: number; readonly talk: Talk },
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
  const { windowMs } = talk
  const length = windows * (windowMs + gapMs) + warmUpMs
  const talked = { written: 0, heard: 0 }
  const heardAll = new AbortController()
  for (const i of receivers) void hearAll(client(i), () => talked.heard++, heardAll.signal)
  for (const i of repliers) void answerAll(client(i), random, stop.signal)
  const lines: readonly Line[] = [
    ...senders.map((from, i): Line => ({ from, to: receivers[i] as number, asks: false, talk })),
    // Who asks several writes no more than others do
    ...repliers.map((to): Line => ({ from: asker, to, asks: true, talk: askedOf(repliers.length) })),
  ]
  const due = lines.map(each => begins + exponential(random, each.talk.meanGapMs))
  while (clock.now() < begins + length) {
    const next = Math.min(...due)
    if (next > begins + length) {
      await clock.advance(begins + length - clock.now())
      break
    }
    await clock.advance(Math.max(0, next - clock.now()))
    const i = due.indexOf(next)
    const { from, to, asks, talk: how } = lines[i] as Line
    if (!asks) talked.written++
    due[i] = next + exponential(random, how.meanGapMs)
    await client(from)
      .send(client(to).address, random(asks ? 100 : someLength(random, how)), asks ? { replies: true } : {})
      .catch(() => {})
  }
  stop.abort()
  await clock.advance(coolDownMs)
  heardAll.abort()
  // Where nothing arrives there is nothing to be found either
  if (talk === chat && talked.heard < leastHeard * talked.written)
    throw new Error(`of ${talked.written} messages ${talked.heard} were heard: this run shows nothing`)
  const plan = { from: begins + warmUpMs, windows, windowMs, gapMs }
  const views = watched.map(each => viewsOf(each, plan))
  for (const seat of seats)
    addSamples(samples[seat], i => (views[i] as Views)[seat], { senders, receivers, repliers, silent })
}

/** Adds the windows of one seat, whose `of` gives those of a client. */
function addSamples(
  samples: Readonly<Record<Question, Sample[]>>,
  of: (client: number) => readonly WindowView[],
  who: Readonly<Record<'senders' | 'receivers' | 'repliers' | 'silent', readonly number[]>>,
): void {
  const { senders, receivers, repliers, silent } = who
  const add = (question: Question, clients: readonly number[], positive: boolean): void => {
    for (const { features } of clients.flatMap(of)) samples[question].push({ features, positive })
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
      for (const [w, view] of of(sender).entries())
        samples.pairs.push({
          features: together(view, of(receiver)[w] as WindowView),
          positive: i === j,
        })
}

async function hearAll(client: Client, hears: () => void, signal: AbortSignal): Promise<void> {
  for await (const _ of client.messages({ signal })) hears()
}

async function answerAll(client: Client, random: Random, signal: AbortSignal): Promise<void> {
  for await (const received of client.messages({ signal }))
    if (received.canReply) await client.reply(received, random(someLength(random, chat))).catch(() => {})
}

function someLength(random: Random, { bytes: [shortest, longest] }: Talk): number {
  return Math.round(shortest * (longest / shortest) ** fraction(random))
}

/** A client of before: its loops are reply blocks of its own, used at once, away for four delays and not for nine. */
const loopOfBefore: CoverPackets['make'] = (around, _name, now) => ({
  made: easyLoop(around, now),
  comesBack: true,
})

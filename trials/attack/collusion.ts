// npm run attack -- collusion [--json] [--runs 12] [--seed 1]: k of eight gateways work together. As entries they see
// when their clients' packets come, as homes when something comes into a mailbox, and name for each mailbox who writes
// to it, after so many messages; and of clients that enter at one and read at another they know address and mailbox.
// Clients draw their gateways by their own code; people, clocks and network are a model: a message every four seconds,
// which leaves at a tick of the payload clock and comes four exponential delays later (docs/spec/client-clocks.md 8.2).
// The control is a client without cover. Both are curves, and no verdict on the defence.

import { pickGateway } from '../../client/incoming/choice.ts'
import { defaultParameters } from '../../directory/documents/parameters.ts'
import { Dice } from '../../hiding/dice.ts'
import { poissonTimes } from '../../hiding/layered.ts'
import { below, type Random, seededRandom, shuffle } from '../../world/random.ts'
import { minute, second } from '../../world/units.ts'
import { readRunArguments } from './arguments.ts'
import { shareInterval } from './proportion.ts'
import type { Interval } from './score.ts'

const gateways = 8
const clients = 32
const usualRuns = 12
const messageCounts = [10, 100, 1000] as const
const messageS = 4
/** Between an entry's door and a mailbox: the entry and three mixes. */
const hops = 4
const hopS = defaultParameters.hopDelayMs / second
const perS = (perMinute: number): number => (perMinute * second) / minute
const rates = {
  payload: perS(defaultParameters.payloadPerMinute),
  loop: perS(defaultParameters.loopPerMinute),
  drop: perS(defaultParameters.dropPerMinute),
} as const
/** One message to oneself is left out for each that came, of so many at most (docs/spec/client-clocks.md 8.2). */
const mostOwed = 64
/** Times are told apart by so much, seconds: a fifth of a hop's delay. */
const binS = 0.01

type Cover = 'default' | 'off'

/** Holds what the gateways of one client see, seconds: its packets at the entry, and what comes into its mailbox. */
interface Seen {
  readonly sent: readonly number[]
  readonly came: readonly number[]
}

function throughNetwork(dice: Dice): number {
  let delay = 0
  for (let hop = 0; hop < hops; hop++) delay += dice.exponential(hopS)
  return delay
}

/** Draws the ticks of a clock, in order. */
function ticks(dice: Dice, perS: number, untilS: number): number[] {
  return [...poissonTimes(dice, perS, untilS)]
}

/** Draws what all clients do: client 2i writes to client 2i + 1, and nobody else writes. */
function drawTraffic(dice: Dice, cover: Cover, untilS: number): Seen[] {
  const sent: number[][] = []
  const real: number[][] = Array.from({ length: clients }, () => [])
  const loops: number[][] = []
  for (let client = 0; client < clients; client++) {
    const payload = ticks(dice, rates.payload, untilS)
    const loop = cover === 'off' ? [] : ticks(dice, rates.loop, untilS)
    const drop = cover === 'off' ? [] : ticks(dice, rates.drop, untilS)
    const leaving = client % 2 === 0 ? leavingAt(payload, ticks(dice, 1 / messageS, untilS)) : []
    for (const at of leaving) real[client + 1]?.push(at + throughNetwork(dice))
    sent.push([...(cover === 'off' ? leaving : payload), ...loop, ...drop].sort((a, b) => a - b))
    loops.push(loop)
  }
  return sent.map((times, client) => ({
    sent: times,
    came: mailbox(dice, real[client] ?? [], loops[client] ?? []),
  }))
}

/** Gives the ticks at which messages leave: each with the first that is free. */
function leavingAt(ticks: readonly number[], written: readonly number[]): number[] {
  const leaving: number[] = []
  let next = 0
  for (const at of written) {
    while (next < ticks.length && (ticks[next] as number) < at) next++
    if (next < ticks.length) leaving.push(ticks[next++] as number)
  }
  return leaving
}

/** Puts messages to oneself beside what really came, which takes the place of as many. */
function mailbox(dice: Dice, real: readonly number[], loops: readonly number[]): number[] {
  const came = [...real].sort((a, b) => a - b)
  const all = [...came]
  let [owed, next] = [0, 0]
  for (const tick of loops) {
    for (; next < came.length && (came[next] as number) < tick; next++) owed = Math.min(mostOwed, owed + 1)
    if (owed > 0) owed--
    else all.push(tick + throughNetwork(dice))
  }
  return all.sort((a, b) => a - b)
}

/** Gives for each moment how likely a packet of this client would come then, as a rate: hops filters of one pole. */
function expected(sent: readonly number[], untilS: number): Float64Array {
  const series = new Float64Array(Math.ceil(untilS / binS) + 1)
  for (const time of sent) if (time < untilS) (series[Math.floor(time / binS)] as number)++
  const kept = Math.exp(-binS / hopS)
  for (let hop = 0; hop < hops; hop++) {
    let level = 0
    for (let at = 0; at < series.length; at++) {
      level = kept * level + (1 - kept) * (series[at] as number)
      series[at] = level
    }
  }
  return series.map(level => level / binS)
}

/**
 * Scores each client as the writer to a mailbox, after each number of messages: how much likelier what came is if it
 * writes there than if it does not, the logarithm, summed up. Of what comes a share is from the one who writes.
 */
function scoresOf({ came }: Seen, { sent }: Seen, rate: Float64Array, untilS: number): readonly number[] {
  const share = Math.min(0.999, untilS / messageS / came.length)
  const meanPerS = sent.length / untilS
  const scores: number[] = []
  let [sum, next] = [0, 0]
  for (const count of messageCounts) {
    for (; next < came.length && (came[next] as number) < messageS * count; next++) {
      const bin = Math.floor((came[next] as number) / binS)
      sum += Math.log(1 - share + (share * (rate[bin] ?? 0)) / meanPerS)
    }
    scores.push(sent.length === 0 ? Number.NEGATIVE_INFINITY : sum)
  }
  return scores
}

const receivers = Array.from({ length: clients / 2 }, (_, i) => 2 * i + 1)

interface Places {
  readonly entry: number
  readonly home: number
}

/** Draws home and entry as clients do, where gateways are alike: the entry is none of the homes. */
function drawPlaces(random: Random): Places[] {
  const all = Array.from({ length: gateways }, (_, index) => ({ index, capacity: 7 }))
  return Array.from({ length: clients }, () => {
    const home = pickGateway(random, all, all).index
    return {
      home,
      entry: pickGateway(
        random,
        all.filter(({ index }) => index !== home),
        all,
      ).index,
    }
  })
}

interface Guesses {
  right: number
  messages: number
}

interface RunFound {
  /** By cover, number of messages and k. */
  readonly named: Readonly<Record<Cover, Guesses[][]>>
  /** By k: receivers whose home, and whose writer's entry, are the gateways'. */
  readonly watched: Guesses[]
  /** By k: clients whose address and mailbox are known to belong together. */
  readonly addresses: Guesses[]
}

function oneRun(seed: number, run: number): RunFound {
  const random = seededRandom(1000 * seed + run)
  const places = drawPlaces(random)
  const order = shuffle(
    random,
    Array.from({ length: gateways }, (_, index) => index),
  )
  const sets = Array.from({ length: gateways + 1 }, (_, k) => new Set(order.slice(0, k)))
  const untilS = messageS * Math.max(...messageCounts)
  const named = { default: [] as Guesses[][], off: [] as Guesses[][] }
  for (const cover of ['default', 'off'] as const) {
    const traffic = drawTraffic(new Dice(seed, run, cover === 'off' ? 0 : 1), cover, untilS)
    const rate = traffic.map(({ sent }) => expected(sent, untilS))
    const scores = receivers.map(receiver =>
      traffic.map((writer, client) =>
        scoresOf(traffic[receiver] as Seen, writer, rate[client] as Float64Array, untilS),
      ),
    )
    messageCounts.forEach((_, at) => {
      const then = scores.map(each => each.map(score => score[at] as number))
      named[cover].push(sets.map(set => guess(random, places, set, then)))
    })
  }
  const share = (of: number, holds: (index: number, set: ReadonlySet<number>) => boolean): Guesses[] =>
    sets.map(set => ({
      right: Array.from({ length: of }, (_, i) => i).filter(i => holds(i, set)).length,
      messages: of,
    }))
  return {
    named,
    watched: share(receivers.length, (i, set) => isWatched(places, receivers[i] as number, set)),
    addresses: share(clients, (client, set) => {
      const { entry, home } = places[client] as Places
      return set.has(entry) && set.has(home)
    }),
  }
}

function isWatched(places: readonly Places[], receiver: number, set: ReadonlySet<number>): boolean {
  return set.has((places[receiver] as Places).home) && set.has((places[receiver - 1] as Places).entry)
}

/** Names for each receiver the likeliest writer; of those whom no gateway of the set sees each is as likely. */
function guess(
  random: Random,
  places: readonly Places[],
  set: ReadonlySet<number>,
  scores: readonly (readonly number[])[],
): Guesses {
  const found: Guesses = { right: 0, messages: receivers.length }
  receivers.forEach((receiver, i) => {
    const seesMailbox = set.has((places[receiver] as Places).home)
    const score = (client: number): number =>
      seesMailbox && set.has((places[client] as Places).entry) ? (scores[i]?.[client] as number) : 0
    const others = places.map((_, client) => client).filter(client => client !== receiver)
    const most = Math.max(...others.map(score))
    const best = others.filter(client => score(client) === most)
    if (best[below(random, best.length)] === receiver - 1) found.right++
  })
  return found
}

export interface CollusionResult {
  readonly gateways: number
  readonly clients: number
  readonly messages: readonly number[]
  readonly runs: number
  readonly chance: number
  /** By messages and k, 0 to all: the share of mailboxes whose writer was named, 95 % intervals. */
  readonly named: readonly (readonly Interval[])[]
  /** The same of clients without cover: the control. */
  readonly withoutCover: readonly (readonly Interval[])[]
  /** By k: receivers of whom both ends are watched, and clients whose address and mailbox are known: share, and law. */
  readonly watched: readonly (readonly [share: number, law: number])[]
  readonly addresses: readonly (readonly [share: number, law: number])[]
  /** The control succeeds where both ends are watched, and nobody learns anything where none is. */
  readonly agrees: boolean
}

/** Draws the curves. */
export function collusionCurves(runs: number, seed: number): CollusionResult {
  const all = Array.from({ length: runs }, (_, run) => oneRun(seed, run))
  const chance = 1 / (clients - 1)
  const ks = Array.from({ length: gateways + 1 }, (_, k) => k)
  const curves = (cover: Cover): Interval[][] =>
    messageCounts.map((_, at) =>
      ks.map(k =>
        shareInterval(
          all.map(({ named }) => named[cover][at]?.[k] as Guesses),
          seed,
        ),
      ),
    )
  const shares = (
    of: (run: RunFound) => Guesses[],
    law: (k: number) => number,
  ): (readonly [number, number])[] =>
    ks.map(k => {
      const each = all.map(run => of(run)[k] as Guesses)
      const right = each.reduce((sum, one) => sum + one.right, 0)
      return [rounded(right / each.reduce((sum, one) => sum + one.messages, 0)), rounded(law(k))] as const
    })
  const named = curves('default')
  const withoutCover = curves('off')
  const watched = shares(
    run => run.watched,
    k => (k / gateways) ** 2,
  )
  const addresses = shares(
    run => run.addresses,
    k => (k * (k - 1)) / (gateways * (gateways - 1)),
  )
  return {
    gateways,
    clients,
    messages: messageCounts,
    runs,
    chance: rounded(chance),
    named,
    withoutCover,
    watched,
    addresses,
    agrees: agree({ named, withoutCover, watched, addresses, chance, runs }),
  }
}

/** A guess by chance lies in an interval that reaches to within this of it. */
const tolerated = 0.03

/** Pairs of one run share its gateways, so that shares vary from run to run by some .13. */
const toleratedShare = 0.5

function agree(
  found: Pick<CollusionResult, 'named' | 'withoutCover' | 'watched' | 'addresses' | 'chance' | 'runs'>,
): boolean {
  const { named, withoutCover, watched, addresses, chance, runs } = found
  const none = [...named, ...withoutCover].every(
    curve => (curve[0]?.[0] as number) <= chance + tolerated && (curve[0]?.[1] as number) < 0.15,
  )
  // whoever watches both ends of somebody without cover names the writer after a hundred messages
  const control = withoutCover
    .slice(1)
    .every(
      curve =>
        curve.every(([, high], k) => high >= (watched[k]?.[0] as number) - tolerated) &&
        (curve.at(-1)?.[0] as number) > 0.95,
    )
  const laws = [...watched, ...addresses].every(
    ([share, law]) => Math.abs(share - law) < toleratedShare / Math.sqrt(runs),
  )
  return none && control && laws
}

export async function attack(args: readonly string[]): Promise<number> {
  const { json, runs, seed } = readRunArguments(args, usualRuns, 1000)
  const result = collusionCurves(runs, seed)
  if (json) console.log(JSON.stringify(result))
  else {
    const row = ([low, high]: Interval): string => `${low} to ${high}`
    for (const [at, count] of messageCounts.entries()) {
      console.log(`after ${count} messages, by k of ${gateways} gateways: writer named (without cover)`)
      for (const [k, interval] of (result.named[at] ?? []).entries())
        console.log(`  ${k}\t${row(interval)}\t(${row(result.withoutCover[at]?.[k] as Interval)})`)
    }
    for (const [k, [share]] of result.addresses.entries())
      console.log(`  ${k}\taddress and mailbox known of ${share} of the clients`)
  }
  return result.agrees ? 0 : 1
}

function rounded(value: number): number {
  return Math.round(1000 * value) / 1000
}

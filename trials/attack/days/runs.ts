// Runs of `attack -- days`: pairs that write to each other and as many clients that write to nobody, day by day, each
// day put into numbers before the next is played.

import { Dice } from '../../../hiding/dice.ts'
import { minute } from '../../../world/units.ts'
import { dayMs, drawOpenings, lengthOf, onDay, overlapOf, type Spell } from './habits.ts'
import { type DayLog, planted, rates, type Sending, silentOne, talkers, withoutBytes } from './model.ts'
import { type Beyond, homeSums, linkSums, togetherSum, totalsAlike, whileAway } from './sums.ts'

/** In each run, and as many clients that are silent as these are. */
const pairsPerRun = 6
/** Each client that begins a pair is held against so many others that it does not write to. */
const strangers = 4

/** Holds what is added up of one client, day by day. */
export interface ClientDays {
  /** For each day whether its owner wrote anything; never where it is silent. */
  readonly talked: readonly boolean[]
  readonly link: readonly (readonly Beyond[])[]
  readonly home: readonly (readonly Beyond[])[]
  /** Messages that came while it was away. */
  readonly away: readonly number[]
  readonly sent: readonly number[]
  /** Packets that a planted leak leaves out, in the mean. */
  readonly missing: readonly number[]
  /** Times for which a page is there that is opened to look and to talk alone. */
  readonly tabMs: readonly number[]
}

/** Holds what is added up of two clients, day by day. */
export interface PairDays {
  readonly writes: boolean
  readonly together: readonly Beyond[]
  readonly totals: readonly number[]
  /** Packets of both that a planted leak sends beside the clocks. */
  readonly beside: readonly number[]
  /** Times for which two such pages are both there, beyond what each one's share of the day gives. */
  readonly tabMs: readonly number[]
}

export interface DayRun {
  readonly clients: readonly ClientDays[]
  readonly pairs: readonly PairDays[]
}

type Growing<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }

const newClient = (): Growing<ClientDays> => ({
  talked: [],
  link: [],
  home: [],
  away: [],
  sent: [],
  missing: [],
  tabMs: [],
})

/** Plays a run: first those of the pairs, then those that are silent, or pairs alone. */
export function playRun(seed: readonly number[], days: number, sending: Sending, withSilent = true): DayRun {
  return withoutBytes(() => {
    const pairs = Array.from({ length: pairsPerRun }, (_, i) => talkers([...seed, i, 1], days, sending))
    const silent = Array.from({ length: withSilent ? 2 * pairsPerRun : 0 }, (_, i) =>
      silentOne([...seed, i, 2], days, sending),
    )
    const companies = [...pairs, ...silent]
    const talks = companies.flatMap(({ talk, spells }) => spells.map(() => talk))
    const tabs = talks.map((talk, i) => drawOpenings(new Dice(...seed, i, 3), days, talk))
    const clients = talks.map(newClient)
    const pairings = pairingsOf(pairsPerRun)
    const pairDays = pairings.map(
      ([one, other]): Growing<PairDays> => ({
        ...{ writes: (one ^ 1) === other, together: [], totals: [], beside: [], tabMs: [] },
      }),
    )
    for (let day = 0; day < days; day++) {
      const logs = companies.flatMap(company => company.next())
      const tabsThen = tabs.map(spells => onDay(spells, day))
      for (const [i, log] of logs.entries()) {
        const leaks = sending === 'late' && talks[i]?.days[day] === true
        note(clients[i] as Growing<ClientDays>, log, leaks)
        clients[i]?.tabMs.push(lengthOf(tabsThen[i] as Spell[]))
      }
      for (const [i, [one, other]] of pairings.entries()) {
        const [a, b] = [logs[one] as DayLog, logs[other] as DayLog]
        const pair = pairDays[i] as Growing<PairDays>
        pair.together.push(togetherSum(a, b))
        pair.totals.push(totalsAlike(a, b, sending !== 'bare'))
        pair.beside.push(a.beside + b.beside)
        pair.tabMs.push(bothBeyond(tabsThen[one] as Spell[], tabsThen[other] as Spell[]))
      }
    }
    return { clients, pairs: pairDays }
  })
}

function note(client: Growing<ClientDays>, log: DayLog, leaks: boolean): void {
  client.talked.push(log.wrote > 0)
  client.link.push(linkSums(log))
  client.home.push(homeSums(log))
  client.away.push(whileAway(log))
  client.sent.push(log.sent.length)
  client.missing.push(leaks ? missingOf(log.there) : 0)
}

/** Clients 2 i and 2 i + 1 write to each other; each first one is held against the second ones of others too. */
function pairingsOf(pairs: number): [number, number][] {
  return Array.from({ length: pairs }, (_, i) =>
    Array.from({ length: 1 + strangers }, (_, k): [number, number] => [2 * i, 2 * ((i + k) % pairs) + 1]),
  ).flat()
}

/** A clock that is late loses what it would have ticked meanwhile, as long as its client is there. */
function missingOf(there: readonly Spell[]): number {
  const { lateShare, lateMs } = planted
  const squares = [rates.payload, rates.loop, rates.drop].reduce((sum, rate) => sum + (rate / minute) ** 2, 0)
  const lost = there.reduce((sum, { from, until }) => {
    const late = Math.min(lateMs, until - from)
    return sum + late * (until - from) - late ** 2 / 2
  }, 0)
  return lateShare * squares * lost
}

function bothBeyond(one: readonly Spell[], other: readonly Spell[]): number {
  return lengthOf(overlapOf(one, other)) - (lengthOf(one) * lengthOf(other)) / dayMs
}

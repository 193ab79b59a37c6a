// npm run attack -- days [--json] [--runs 120] [--seed 1]: somebody adds up all that they see of clients for 1, 3, 10
// and 30 days. Does a client talk at all, on which of its days did it, and which two write to each other? All days are
// played (days/model.ts), with production clocks and decisions. Rows: its link, and its entry, which sees the same; its
// home; and what the times tell at which it is there. Controls: no cover, and planted leaks of known sizes, which are
// to be found as the normal distribution says, so that a curve at one half says what could have been found. Of the
// link the curves have to lie in [.45, .55]; what stays visible are curves, and no verdict.

import { seededRandom } from '../../world/random.ts'
import { readRunArguments } from './arguments.ts'
import {
  expectedArea,
  movesOf,
  type PlantedPoint,
  type Point,
  rounded,
  sumOf,
  together,
  whenItTalks,
  whenItTalksBy,
  whoTalks,
  whoTalksBy,
  whoWritesToWhom,
} from './days/curves.ts'
import { type ClientDays, type DayRun, type PairDays, playRun } from './days/runs.ts'
import { summedUp } from './days/sums.ts'
import type { Interval } from './score.ts'

/** Each run has six pairs, and twelve clients that talk to nobody: enough that an area of 30 days varies by .012. */
const usualRuns = 120
const spans = [1, 3, 10, 30] as const
/** Leaks are planted in one run of six. */
const plantedShare = 1 / 6
/** Without cover a run shows much; of 144 pairs an area near the control's bound varies by .008, of half by .012. */
const bareRuns = 24
const bareDays = 3
const chance: Interval = [0.45, 0.55]
const controlAbove = 0.95
/** The normal distribution stands for counts, and cuts of spells for what they lose. */
const formulaSlack = 0.02

type Curve = readonly Point[]

export interface DaysResult {
  readonly runs: number
  /** Clients that talk, and as many that do not. */
  readonly clients: number
  /** On its link: who talks, when, and with whom, by what follows what and by totals. An entry sees the same. */
  readonly link: {
    readonly talks: Curve
    readonly when: Curve
    readonly together: Curve
    readonly totals: Curve
  }
  /** At its home: who talks by what comes while it is there, and by what comes while it is away; and when. */
  readonly home: {
    readonly talks: Curve
    readonly away: Curve
    readonly when: Curve
    readonly whenAway: Curve
  }
  /** By the times alone at which a client is there that is opened in order to talk. */
  readonly presence: { readonly talks: Curve; readonly when: Curve; readonly together: Curve }
  readonly withoutCover: { readonly talks: Curve; readonly when: Curve; readonly together: Curve }
  /** Leaks of known sizes: a tick of 500 that is late, and a packet for every second that comes. */
  readonly planted: {
    readonly late: readonly PlantedPoint[]
    /** The same by the classifier that looks at everything, and is told nothing. */
    readonly lateByClassifier: Curve
    readonly beside: readonly PlantedPoint[]
  }
  readonly holds: boolean
}

/** Plays so many runs, and draws all curves. */
export function daysAttack(runs: number, seed: number, upTo: number = spans.at(-1) as number): DaysResult {
  const random = seededRandom(seed)
  const days = spans.filter(span => span <= upTo)
  const all = played(runs, run => playRun([seed, run], upTo, 'covered'))
  const link = {
    talks: days.map(span => whoTalks(all, span, client => client.link, random)),
    when: days.map(span => whenItTalks(all, span, dayByDay('link'), random)),
    together: days.map(span => whoWritesToWhom(all, span, together, random)),
    totals: days.map(span => whoWritesToWhom(all, span, totals, random)),
  }
  const home = {
    talks: days.map(span => whoTalks(all, span, client => client.home, random)),
    away: days.map(span => whoTalksBy(all, span, summed('away'), random)),
    when: days.map(span => whenItTalks(all, span, dayByDay('home'), random)),
    whenAway: days.map(span => whenItTalksBy(all, span, client => client.away, random)),
  }
  const presence = {
    talks: days.map(span => whoTalksBy(all, span, summed('tabMs'), random)),
    when: days.map(span => whenItTalksBy(all, span, client => client.tabMs, random)),
    together: days.map(span =>
      whoWritesToWhom(all, span, (pair, from, until) => sumOf(pair.tabMs, from, until), random),
    ),
  }
  const bare = played(Math.min(runs, bareRuns), run => playRun([seed, run], bareDays, 'bare'))
  const shortly = spans.filter(span => span <= bareDays)
  const withoutCover = {
    talks: shortly.map(span => whoTalksBy(bare, span, summed('sent'), random)),
    when: shortly.map(span => whenItTalksBy(bare, span, client => client.sent, random)),
    together: shortly.map(span => whoWritesToWhom(bare, span, together, random)),
  }
  const planted = plantLeaks(all, seed, days, random)
  const result = { runs, clients: all.reduce((sum, { clients }) => sum + clients.length, 0) / 2 }
  const figures = { ...result, link, home, presence, withoutCover, planted }
  return { ...figures, holds: holds(figures) }
}

function plantLeaks(
  all: readonly DayRun[],
  seed: number,
  days: readonly number[],
  random: ReturnType<typeof seededRandom>,
): DaysResult['planted'] {
  const upTo = days.at(-1) as number
  const some = Math.max(2, Math.round(plantedShare * all.length))
  const leaky = (sending: 'late' | 'beside'): DayRun[] =>
    played(some, run => playRun([seed, run], upTo, sending, false))
  const [late, beside] = [leaky('late'), leaky('beside')]
  // Held against those that are silent, and have no leak
  const mixed = late.map((run, i): DayRun => {
    const silent = (all[i] as DayRun).clients.filter(({ talked }) => !talked.includes(true))
    return { clients: [...run.clients, ...silent], pairs: [] }
  })
  const besides = beside.map(({ pairs }): DayRun => ({ clients: [], pairs }))
  const lateClients = late.flatMap(({ clients }) => clients)
  const besidePairs = beside.flatMap(({ pairs }) => pairs.filter(({ writes }) => writes))
  return {
    late: days.map(span => ({
      ...whoTalksBy(mixed, span, fewer, random),
      expected: rounded(expectedArea(movesOf(lateClients, span, ({ missing }) => missing, varianceOfCounts))),
    })),
    lateByClassifier: days.map(span => whoTalks(mixed, span, client => client.link, random)),
    beside: days.map(span => ({
      ...whoWritesToWhom(besides, span, together, random),
      expected: rounded(
        expectedArea(
          movesOf(
            besidePairs,
            span,
            pair => pair.beside,
            pair => pair.together.map(([, variance]) => variance),
          ),
        ),
      ),
    })),
  }
}

function played(runs: number, play: (run: number) => DayRun): DayRun[] {
  return Array.from({ length: runs }, (_, run) => play(run))
}

function summed(of: 'away' | 'tabMs' | 'sent'): (client: ClientDays, from: number, until: number) => number {
  return (client, from, until) => sumOf(client[of], from, until)
}

/** The first measure of a link: how many packets there are fewer than expected. */
function fewer({ link }: ClientDays, from: number, until: number): number {
  return -(summedUp(link.slice(from, until))[0] as number)
}

function varianceOfCounts({ link }: ClientDays): number[] {
  return link.map(([packets]) => packets?.[1] as number)
}

function totals(pair: PairDays, from: number, until: number): number {
  return sumOf(pair.totals, from, until)
}

function dayByDay(of: 'link' | 'home'): (client: ClientDays) => number[][] {
  return client => client[of].map(day => summedUp([day]))
}

function holds({ link, withoutCover, planted }: Omit<DaysResult, 'holds'>): boolean {
  const hidden = Object.values(link).flat()
  return (
    hidden.every(({ auc: [low, high] }) => low >= chance[0] && high <= chance[1]) &&
    Object.values(withoutCover).every(curve => curve.some(({ auc: [low] }) => low > controlAbove)) &&
    [...planted.late, ...planted.beside].every(
      ({ auc: [low, high], expected }) => expected > low - formulaSlack && expected < high + formulaSlack,
    ) &&
    [planted.late, planted.beside].every(curve => (curve.at(-1)?.auc[0] as number) > chance[1])
  )
}

export async function attack(args: readonly string[]): Promise<number> {
  const { json, runs, seed } = readRunArguments(args, usualRuns, 10_000)
  const result = daysAttack(runs, seed)
  if (json) console.log(JSON.stringify(result))
  else {
    const { link, home, presence, withoutCover, planted } = result
    const rows = Object.entries({ link, home, presence, withoutCover, planted }).flatMap(([name, curves]) =>
      Object.entries(curves).map(([of, curve]: [string, readonly (Point & { expected?: number })[]]) => [
        `${name} ${of}`,
        Object.fromEntries(
          curve.map(({ days, auc: [low, high], expected }) => [
            days,
            `${low} to ${high}${expected === undefined ? '' : ` (${expected})`}`,
          ]),
        ),
      ]),
    )
    console.table(Object.fromEntries(rows))
  }
  console.error(
    result.holds
      ? 'what adds up of links over days tells nothing; the curves say what stays visible'
      : 'A LINK TELLS SOMETHING, OR A CONTROL FAILS',
  )
  return result.holds ? 0 : 1
}

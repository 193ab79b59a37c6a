// People, for who watches them for days (`attack -- days`): when they are there, on which days two write to each other,
// and when. Spells of being online have the shares and medians of three of the schedules that Rollercoaster's authors
// publish; messages come in sessions as in CollegeMsg: 2.4 messages of each, 156 s apart, by a profile of the day whose
// best hour has thirty times the messages of its worst, and pairs whose amounts have a heavy tail (Pareto, 1.44).

import type { Dice } from '../../../hiding/dice.ts'
import { hour, minute, second } from '../../../world/units.ts'

export const dayMs: number = 24 * hour

/** Is there from one time until another, milliseconds. */
export interface Spell {
  readonly from: number
  readonly until: number
}

/** One who begins, and how many messages they write. */
export interface Session {
  readonly at: number
  readonly by: 0 | 1
  readonly messages: number
}

/** Says what two say to each other. */
export interface Talk {
  /** For each day whether they talk on it. */
  readonly days: readonly boolean[]
  /** In order. */
  readonly sessions: readonly Session[]
}

/** The share of the time that somebody is there, and for how long at a time in the mean. */
const presences = [
  { share: 0.37, spellMs: 1062 * second },
  { share: 0.65, spellMs: 2258 * second },
  { share: 0.93, spellMs: 12_992 * second },
] as const
const talkingShare = 3 / 4
const meanMessages = 2.4
/** Between two messages of a session. */
export const betweenMs: number = 156 * second
const tail = 1.44
/** The most sessions a day beyond the first, in the mean. */
const mostSessions = 6
/** So much oftener in the best hour than in the worst one, and when that is. */
const profile = { ratio: 31, best: 15 * hour } as const
/** Whoever opens a page only in order to talk opens it so long before, and leaves so long after. */
const aroundSession = { beforeMs: minute, afterMs: 5 * minute } as const
/** Everybody looks so often a day, for so long in the mean, whether there is anything or not. */
const looks = { perDay: 3, ms: 5 * minute } as const

/** Draws when somebody is there, in order: exponential times, one of three kinds of people. */
export function drawSpells(dice: Dice, days: number): Spell[] {
  const { share, spellMs } = presences[dice.below(presences.length)] as (typeof presences)[number]
  const awayMs = (spellMs * (1 - share)) / share
  const end = days * dayMs
  const spells: Spell[] = []
  let at = dice.fraction() < share ? 0 : dice.exponential(awayMs)
  while (at < end) {
    const until = at + dice.exponential(spellMs)
    spells.push({ from: at, until: Math.min(end, until) })
    at = until + dice.exponential(awayMs)
  }
  return spells
}

/** Draws what two say: on three days of four, one session or more. */
export function drawTalk(dice: Dice, days: number): Talk {
  const more = Math.min(mostSessions, (1 - dice.fraction()) ** (-1 / tail))
  const talks = Array.from({ length: days }, () => dice.fraction() < talkingShare)
  const sessions = talks.flatMap((talksThen, day) =>
    Array.from({ length: talksThen ? 1 + dice.poisson(more) : 0 }, (): Session => {
      const at = day * dayMs + drawHour(dice)
      return { at, by: dice.below(2) as 0 | 1, messages: geometric(dice, meanMessages) }
    }),
  )
  return { days: talks, sessions: sessions.sort((a, b) => a.at - b.at) }
}

/** Draws a time of the day. */
function drawHour(dice: Dice): number {
  const height = Math.log(profile.ratio) / 2
  for (;;) {
    const at = dice.fraction() * dayMs
    const angle = (2 * Math.PI * (at - profile.best)) / dayMs
    if (dice.fraction() < Math.exp(height * (Math.cos(angle) - 1))) return at
  }
}

function geometric(dice: Dice, mean: number): number {
  let count = 1
  while (dice.fraction() < 1 - 1 / mean) count++
  return count
}

/** Draws when somebody has a page open that is open only to look, and to talk where they do. */
export function drawOpenings(dice: Dice, days: number, talk: Talk | undefined): Spell[] {
  const { beforeMs, afterMs } = aroundSession
  const looking = Array.from({ length: days }, (_, day) =>
    Array.from({ length: dice.poisson(looks.perDay) }, (): Spell => {
      const from = day * dayMs + drawHour(dice)
      return { from, until: from + dice.exponential(looks.ms) }
    }),
  ).flat()
  const talking = (talk?.sessions ?? []).map(({ at, messages }) => ({
    from: Math.max(0, at - beforeMs),
    until: at + (messages - 1) * betweenMs + afterMs,
  }))
  return joined([...looking, ...talking])
}

function joined(spells: readonly Spell[]): Spell[] {
  const out: { from: number; until: number }[] = []
  for (const { from, until } of spells.toSorted((a, b) => a.from - b.from)) {
    const last = out.at(-1)
    if (last !== undefined && from <= last.until) last.until = Math.max(last.until, until)
    else out.push({ from, until })
  }
  return out
}

/** Cuts out of spells what lies on a day. */
export function onDay(spells: readonly Spell[], day: number): Spell[] {
  const [from, until] = [day * dayMs, (day + 1) * dayMs]
  return spells
    .filter(spell => spell.until > from && spell.from < until)
    .map(spell => ({ from: Math.max(from, spell.from), until: Math.min(until, spell.until) }))
}

/** Sums up how long spells last, milliseconds. */
export function lengthOf(spells: readonly Spell[]): number {
  return spells.reduce((sum, { from, until }) => sum + until - from, 0)
}

/** Lists when both are there; the spells of each are in order. */
export function overlapOf(one: readonly Spell[], other: readonly Spell[]): Spell[] {
  const both: Spell[] = []
  for (let [i, j] = [0, 0]; i < one.length && j < other.length; ) {
    const [a, b] = [one[i] as Spell, other[j] as Spell]
    const [from, until] = [Math.max(a.from, b.from), Math.min(a.until, b.until)]
    if (from < until) both.push({ from, until })
    if (a.until < b.until) i++
    else j++
  }
  return both
}

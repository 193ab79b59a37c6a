// What somebody adds up of a client's days (`attack -- days`): of each day how far counts are from what clocks alone
// would give, and how far they may be by chance, so that sums over days are in standard deviations.

import { minute } from '../../../world/units.ts'
import { follows } from '../follows.ts'
import { lengthOf, overlapOf, type Spell } from './habits.ts'
import { type DayLog, rates } from './model.ts'

/** Says what is beyond expectation, and its variance. */
export type Beyond = readonly [over: number, variance: number]

/** Sums up days, measure by measure. @returns standard deviations */
export function summedUp(days: readonly (readonly Beyond[])[]): number[] {
  return (days[0] ?? []).map((_, i) => {
    let [over, variance] = [0, 0]
    for (const day of days) {
      const [more, spread] = day[i] as Beyond
      over += more
      variance += spread
    }
    return variance === 0 ? 0 : over / Math.sqrt(variance)
  })
}

/** Packets a millisecond. */
const sentPerMs = (rates.payload + rates.loop + rates.drop) / minute
const askedPerMs = rates.read / minute
/** At the home: messages of the client to itself, of which a quarter go elsewhere, and acknowledgements. */
const messagesPerMs = (0.75 * rates.loop) / minute
const acknowledgementsPerMs = (rates.payload + rates.drop) / minute
/** Gaps count as short, and as long, by mean gaps; windows have so many packets in the mean. */
const shortGap = 0.1
const longGap = 3
const windows = [5, 50] as const
/** A packet follows a page when it comes within this part of a mean gap. */
const followsWithin = 0.25

/** Measures what a client's link shows, and its entry sees. The first measure is the number of packets. */
export function linkSums({ there, sent, asked }: DayLog): Beyond[] {
  return [
    ...streamSums(sent, there, sentPerMs),
    countSum(asked, there, askedPerMs),
    followSum(asked, sent, followsWithin / sentPerMs),
  ]
}

/** Measures what comes into a mailbox while its owner is there. */
export function homeSums({ there, messages, acknowledgements }: DayLog): Beyond[] {
  return [
    ...streamSums(within(messages, there).flat(), there, messagesPerMs),
    countSum(acknowledgements, there, acknowledgementsPerMs),
  ]
}

/** Counts the messages that come into a mailbox while its owner is away, and has been for more than a moment. */
export function whileAway({ there, messages }: DayLog): number {
  const momentMs = minute
  return messages.filter(at => !there.some(({ from, until }) => at >= from && at < until + momentMs)).length
}

function countSum(times: readonly number[], there: readonly Spell[], perMs: number): Beyond {
  const expected = perMs * lengthOf(there)
  return [times.length - expected, expected]
}

/** Measures one kind of event: how many, how close, how unevenly, and whether gaps hang on those before. */
function streamSums(times: readonly number[], there: readonly Spell[], perMs: number): Beyond[] {
  const gaps = gapsOf(times, there, perMs)
  const gapsBeyond = (count: number, share: number): Beyond => [
    count - share * gaps.length,
    share * (1 - share) * gaps.length,
  ]
  let [short, long, alike] = [0, 0, 0]
  for (const [i, gap] of gaps.entries()) {
    if (gap < shortGap) short++
    if (gap > longGap) long++
    if (i > 0) alike += (gap - 1) * ((gaps[i - 1] as number) - 1)
  }
  return [
    countSum(times, there, perMs),
    gapsBeyond(short, 1 - Math.exp(-shortGap)),
    gapsBeyond(long, Math.exp(-longGap)),
    [alike, gaps.length],
    ...windows.map(mean => unevenness(times, there, mean, perMs)),
  ]
}

/** Lists the gaps between two events of one spell, in mean gaps. */
function gapsOf(times: readonly number[], there: readonly Spell[], perMs: number): number[] {
  return within(times, there).flatMap(of => of.slice(1).map((at, i) => perMs * (at - (of[i] as number))))
}

/** Compares counts in windows with those of a Poisson process: the variance of each square is 2 + 1/mean. */
function unevenness(times: readonly number[], there: readonly Spell[], mean: number, perMs: number): Beyond {
  const lengthMs = mean / perMs
  let [over, count, at] = [0, 0, 0]
  for (const { from, until } of there)
    for (let begin = from; begin + lengthMs <= until; begin += lengthMs, count++) {
      while (at < times.length && (times[at] as number) < begin) at++
      let inside = 0
      for (; at < times.length && (times[at] as number) < begin + lengthMs; at++) inside++
      over += (inside - mean) ** 2 / mean - 1
    }
  return [over, count * (2 + 1 / mean)]
}

function followSum(first: readonly number[], then: readonly number[], withinMs: number): Beyond {
  const expected = first.length * withinMs * sentPerMs
  return [follows(first, then, withinMs) - expected, expected]
}

/** An answer follows within this as far as an observer can tell: some ticks of each clock. */
const answerMs = 5 * minute

/**
 * Measures how much oftener packets of two lie within five minutes of each other than if neither knew of the other,
 * among those sent while both were there. What is expected goes by how many these are, and by how much of what lies
 * around each is within the spell; what both have of the latter is then counted twice, and taken off once (the first
 * projections of a U-statistic, Hoeffding 1948), so that the variance is what is expected, whatever the spells are.
 */
export function togetherSum(one: DayLog, other: DayLog): Beyond {
  const both = overlapOf(one.there, other.there)
  const bothMs = lengthOf(both)
  if (bothMs === 0) return [0, 0]
  const [first, second] = [within(one.sent, both), within(other.sent, both)]
  const perMs = (times: readonly (readonly number[])[]): number => times.flat().length / bothMs
  const [firstPerMs, secondPerMs] = [perMs(first), perMs(second)]
  let [over, area] = [0, 0]
  for (const [i, { from, until }] of both.entries()) {
    const [mine, theirs] = [first[i] as readonly number[], second[i] as readonly number[]]
    const aroundMs = (times: readonly number[]): number =>
      times.reduce((sum, at) => sum + Math.min(answerMs, at - from) + Math.min(answerMs, until - at), 0)
    over += follows(mine, theirs, answerMs) + follows(theirs, mine, answerMs)
    over -= secondPerMs * aroundMs(mine) + firstPerMs * aroundMs(theirs)
    const near = Math.min(answerMs, until - from)
    area += 2 * near * (until - from) - near ** 2
  }
  const expected = firstPerMs * secondPerMs * area
  return [over + expected, expected]
}

/** Sorts times by the spell in which they lie, if they do; all rise. */
function within(times: readonly number[], spells: readonly Spell[]): number[][] {
  let at = 0
  return spells.map(({ from, until }) => {
    while (at < times.length && (times[at] as number) < from) at++
    const first = at
    while (at < times.length && (times[at] as number) < until) at++
    return times.slice(first, at)
  })
}

/**
 * Says whether the totals of two clients go up and down together.
 *
 * @param covered else totals are all that somebody wrote, and nothing is expected
 */
export function totalsAlike(one: DayLog, other: DayLog, covered: boolean): number {
  const total = ({ there, sent }: DayLog): number => {
    const [over, variance] = countSum(sent, there, sentPerMs)
    if (!covered) return sent.length
    return variance === 0 ? 0 : over / Math.sqrt(variance)
  }
  return total(one) * total(other)
}

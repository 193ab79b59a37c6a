// npm run attack -- days: what adds up of a client's link over days does not tell whether, when and with whom it talks;
// without cover it does, and a leak of a known small size is found as the normal distribution says.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Dice } from '../hiding/dice.ts'
import { expectedArea } from '../trials/attack/days/curves.ts'
import { dayMs, drawSpells, drawTalk, lengthOf, overlapOf } from '../trials/attack/days/habits.ts'
import { type DayLog, rates, silentOne, talkers, withoutBytes } from '../trials/attack/days/model.ts'
import { linkSums, summedUp, togetherSum } from '../trials/attack/days/sums.ts'
import { daysAttack } from '../trials/attack/days.ts'
import { minute } from '../world/units.ts'

const found = daysAttack(12, 3, 3)

test('three days of a link tell nothing that a few runs could find', () => {
  for (const [what, curve] of Object.entries(found.link))
    for (const { days, auc } of curve) assert.ok(auc[0] < 0.54 && auc[1] > 0.46, `${what} ${days}: ${auc}`)
})

test('control: without cover they tell who talks, when and with whom', () => {
  const { talks, when, together } = found.withoutCover
  assert.ok((talks[1]?.auc[0] as number) > 0.95, `${talks[1]?.auc}`)
  assert.ok((when[0]?.auc[0] as number) > 0.95, `${when[0]?.auc}`)
  assert.ok((together[1]?.auc[0] as number) > 0.95, `${together[1]?.auc}`)
})

test('what stays visible shows: mail that comes while its owner is away, and pages opened to talk', () => {
  const { home, presence } = found
  assert.ok((home.away[1]?.auc[0] as number) > 0.7)
  assert.ok((presence.talks[1]?.auc[0] as number) > 0.7)
  assert.ok((presence.together[1]?.auc[0] as number) > 0.7)
})

test('what a planted leak gives grows with days as the normal distribution says', () => {
  const { late, beside } = found.planted
  for (const curve of [late, beside])
    for (const [i, { expected }] of curve.entries())
      assert.ok(expected > (curve[i - 1]?.expected ?? 0.51) && expected < 0.7, `${expected}`)
  assert.is(expectedArea([0, 0]), 0.5)
  assert.ok(Math.abs(expectedArea([1]) - 0.7602) < 0.001, `${expectedArea([1])}`)
})

test('control: a packet beside the clocks for one in fifty is found in twenty pairs, and none where none is', () => {
  const mean = (sending: 'covered' | 'beside'): number => {
    const figures = Array.from({ length: 20 }, (_, i) =>
      withoutBytes(() => {
        const company = talkers([5, i], 10, sending)
        const days = Array.from({ length: 10 }, () => company.next() as [DayLog, DayLog])
        return summedUp(days.map(([one, other]) => [togetherSum(one, other)]))[0] as number
      }),
    )
    return figures.reduce((sum, each) => sum + each, 0) / figures.length
  }
  const [covered, beside] = [mean('covered'), mean('beside')]
  // Means of twenty, each with a deviation of one, lie within .7 of theirs
  assert.ok(Math.abs(covered) < 0.7, `${covered}`)
  assert.ok(beside > 0.35, `${beside}`)
})

test('what is counted of a client with nothing to say is what its clocks give', () => {
  const [log] = withoutBytes(() => silentOne([7], 1, 'covered').next()) as [DayLog]
  const expected = ((rates.payload + rates.loop + rates.drop) * lengthOf(log.there)) / minute
  assert.ok(Math.abs(log.sent.length - expected) < 5 * Math.sqrt(expected))
  for (const each of summedUp([linkSums(log)])) assert.ok(Math.abs(each) < 5, `${each}`)
  assert.is(log.wrote, 0)
})

test('people are there for the shares of the published schedules, and talk by day rather than by night', () => {
  const dice = new Dice(1)
  const share = lengthOf(Array.from({ length: 60 }, () => drawSpells(dice, 10)).flat()) / (600 * dayMs)
  assert.ok(Math.abs(share - (0.37 + 0.65 + 0.93) / 3) < 0.08, `${share}`)
  const sessions = Array.from({ length: 50 }, () => drawTalk(dice, 10).sessions).flat()
  const by = (from: number, until: number): number =>
    sessions.filter(({ at }) => at % dayMs >= from * (dayMs / 24) && at % dayMs < until * (dayMs / 24)).length
  assert.ok(by(12, 18) > 8 * by(0, 6))
})

test('two are both there where their spells meet', () => {
  const spell = (from: number, until: number): { from: number; until: number } => ({ from, until })
  const both = overlapOf([spell(0, 10), spell(20, 30)], [spell(5, 22), spell(25, 26), spell(40, 50)])
  assert.equal(both, [spell(5, 10), spell(20, 22), spell(25, 26)])
})

test.run()

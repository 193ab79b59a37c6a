// npm run attack -- intersection: how fast somebody who sees who is there at each message finds its writer. Nothing
// here says that it fails: with everybody always there, which is the control, nobody is struck off.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type CurvePoint, intersectionCurves } from '../trials/attack/intersection.ts'

const { curves, agrees, users } = intersectionCurves(40, 1)
const points = (presence: string, gap: string): readonly CurvePoint[] => curves[presence]?.[gap] ?? []
const at = (messages: number, presence: string, gap: string): CurvePoint =>
  points(presence, gap).find(point => point.messages === messages) as CurvePoint

test('the curves are those of the closed form where messages are far apart, and slower where they are close', () => {
  assert.ok(agrees)
  const { left, independent } = at(5, 'online .65', 'daily')
  assert.ok(Math.abs(left[0] - independent.left) < 4 * left[1] + 1, `${left} ${independent.left}`)
  assert.ok(at(10, 'online .99', 'hourly').left[0] > at(10, 'online .99', 'daily').left[0] + 20)
})

test('who is often away is known after few messages, and who is seldom away after many', () => {
  assert.is(at(15, 'online .37', 'daily').alone[0], 1)
  assert.is(at(15, 'online .93', 'daily').alone[0], 0)
  assert.ok(at(100, 'online .93', 'daily').left[0] < 5)
  assert.ok(at(100, 'online .99', 'daily').left[0] > 300)
})

test('control: who is never away hides nobody else, and is hidden by all', () => {
  for (const gap of ['hourly', 'daily'])
    for (const { left, alone } of points('never away', gap)) {
      assert.equal(left, [users, 0])
      assert.equal(alone, [0, 0])
    }
})

test.run()

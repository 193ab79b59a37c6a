// npm run attack -- timing: with cover, and in rounds, the times at which packets leave two clients do not tell whether
// these write to each other; without cover, the control, they do.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { converse, together } from '../trials/attack/ends-model.ts'
import { timingAttack } from '../trials/attack/timing.ts'
import { minute, second } from '../world/units.ts'

test('what leaves with cover, and in rounds, does not hang on what is said; without cover it does', () => {
  const { auc, roundsAuc, controlAuc } = timingAttack(12, 1, 4 * minute)
  assert.ok(auc[0] < 0.5 && auc[1] > 0.5, `covered ${auc}`)
  assert.equal(roundsAuc, [0.5, 0.5])
  assert.ok(controlAuc[0] > 0.8, `bare ${controlAuc}`)
})

test('who follows the other at once scores high, who never does low', () => {
  const one = Array.from({ length: 20 }, (_, i) => 60 * second * i)
  const after = one.map(at => at + second)
  const later = one.map(at => at + 30 * second)
  assert.ok(together(one, after, 20 * minute) > 4)
  assert.ok(together(one, later, 20 * minute) < 0)
  assert.is(together([], later, 20 * minute), 0)
})

test('in rounds each client sends once a round; without cover only what somebody wrote leaves', () => {
  const scene = { pairs: 2, ms: 2 * minute, seed: 7 }
  for (const left of converse(scene, 'rounds')) assert.is(left.length, 240)
  for (const left of converse(scene, 'bare')) assert.ok(left.length < 60)
})

test.run()

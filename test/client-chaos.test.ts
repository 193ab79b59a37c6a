// npm run chaos -- client: a short version of it. Clients and gateways that are killed between two writes, lose their
// power or move lose nothing and hand nothing out twice, a seed replays its run, and a planted defect is found.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runAll } from '../trials/chaos-client/chaos-client.ts'
import { defects } from '../trials/chaos-client/defects.ts'
import { drawPlan } from '../trials/chaos-client/plan.ts'
import { run } from '../trials/chaos-client/run.ts'

test('clients that are killed lose nothing, and a seed replays its run', async () => {
  const first = await run(drawPlan(7), {})
  assert.is(first.violation, undefined)
  assert.ok(first.accepted > 0)
  assert.is(first.read, first.accepted)
  assert.equal(await run(drawPlan(7), {}), first)
})

/** By defect: a seed that shows it, and what does not hold then. */
const shown = {
  'queue-not-written': [1, 'nothing-lost'],
  'seen-not-written': [2, 'read-once'],
  'inbox-written-late': [2, 'nothing-lost'],
  'reply-secrets-not-written': [117, 'nothing-lost'],
  'states-not-written': [2, 'opens-again'],
  'fragments-not-written': [2, 'nothing-lost'],
  'identity-not-written': [1, 'same-person'],
  'strangers-told': [3, 'strangers-unanswered'],
  'jumps-believed': [9, 'clock-keeps'],
  'client-not-synced': [4, 'opens-again'],
  'mail-not-synced': [298, 'nothing-lost'],
  'losses-unnoticed': [22, 'nothing-lost'],
  'identity-not-apart': [21, 'same-person'],
  'old-homes-left': [44, 'nothing-lost'],
  'mail-not-written': [18, 'nothing-lost'],
} as const

test('there is a seed for every defect', () => {
  assert.ok(Object.keys(defects).length >= 10)
  assert.equal(Object.keys(shown).sort(), Object.keys(defects).sort())
})

for (const [defect, [seed, invariant]] of Object.entries(shown)) {
  test(`${defect} is found out`, async () => {
    const { error } = console
    console.error = () => {}
    const found = await runAll({ seeds: [seed], defect })
    console.error = error
    assert.is(found.first?.invariant, invariant)
  })
}

test('people who do not say who they are lose nothing where their reply blocks are kept', async () => {
  const [seed] = shown['reply-secrets-not-written']
  const { violation } = await run(drawPlan(seed), { anonymous: true })
  assert.is(violation, undefined)
})

test.run()

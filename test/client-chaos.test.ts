// npm run chaos -- client: a short version of it. Clients and gateways that are killed between two writes lose nothing and
// hand nothing out twice, a seed replays its run, and a planted defect is found.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runAll } from '../scripts/chaos-client.ts'
import { defects } from '../scripts/chaos-client-defects.ts'
import { drawPlan } from '../scripts/chaos-client-plan.ts'
import { run } from '../scripts/chaos-client-run.ts'

test('clients that are killed lose nothing, and a seed replays its run', async () => {
  const first = await run(drawPlan(3), {})
  assert.is(first.violation, undefined)
  assert.ok(first.accepted > 0)
  assert.is(first.read, first.accepted)
  assert.equal(await run(drawPlan(3), {}), first)
})

test('a queue that is not on disk is found out', async () => {
  const { error } = console
  console.error = () => {}
  const found = await runAll({ seeds: [1, 2, 3, 4, 5], defect: 'queue-not-written' })
  console.error = error
  assert.is(found.first?.invariant, 'nothing-lost')
})

test('five defects at least can be planted', () => {
  assert.ok(Object.keys(defects).length >= 5)
})

test.run()

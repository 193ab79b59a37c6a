// npm run chaos -- cascade: a short version of it, with each lie
// (docs/spec/cascade.md 16, docs/threats.md 3.68 and 3.73).
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chaos, runAll } from '../trials/chaos-cascade/chaos-cascade.ts'
import { defects } from '../trials/chaos-cascade/defects.ts'
import { packetLies } from '../trials/chaos-cascade/packet-plan.ts'
import { drawPlan, lies } from '../trials/chaos-cascade/plan.ts'
import { run } from '../trials/chaos-cascade/run.ts'
import { printing } from './printing.ts'

const seeds = Array.from({ length: 2 * lies.length }, (_, i) => i + 1)

test('everything holds among liars, losses and crashes', async () => {
  const tally = await runAll({ seeds, defect: undefined })
  assert.is(tally.violations, 0)
  assert.equal(Object.keys(tally.lies).sort(), [...lies, ...packetLies].sort())
  for (const fault of ['crash-before', 'crash-after', 'outage-before', 'outage-after', 'lost', 'unanswered'])
    assert.ok((tally.faults[fault] ?? 0) > 0, fault)
})

test('a mixer is not named for a log that the Controller swapped, however long the stretch', async () => {
  const { violation } = await run({ ...drawPlan(18), lie: 'log-swapped' })
  assert.is(violation, undefined)
})

test('ten defects at least can be planted, and are listed', async () => {
  const { result, out } = await printing(() => chaos(['--break', 'list']))
  assert.is(result, 0)
  const listed = out.trim().split('\n')
  assert.equal(listed, Object.keys(defects))
  assert.ok(listed.length >= 10)
  for (const name of ['one-signer-closes', 'proof-without-statement']) assert.ok(listed.includes(name))
})

test.run()

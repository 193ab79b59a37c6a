// npm run chaos -- payment: a short version of it. Rounds with vanishing, lying and crashing peers keep every
// invariant, a seed replays its run, and a planted defect is found.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runSeed } from '../scripts/chaos-payment.ts'
import { defects } from '../scripts/chaos-payment-defects.ts'
import type { Plant } from '../scripts/chaos-payment-world.ts'

const sound: Plant = parts => parts

test('rounds among faulty peers keep every invariant', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const { violations } = await runSeed(seed, sound)
    assert.equal(violations, [], `seed ${seed}`)
  }
})

test('a rerun that keeps its messages is found', async () => {
  const { plant } = defects['keep-messages'] as { plant: Plant }
  for (let seed = 1; seed <= 20; seed++) if ((await runSeed(seed, plant)).violations.length > 0) return
  assert.unreachable('keep-messages was not found')
})

test('six defects at least can be planted', () => {
  assert.ok(Object.keys(defects).length >= 6)
})

test.run()

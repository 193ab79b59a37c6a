// npm run chaos -- payment: a short version of it. Rounds with vanishing, lying and crashing peers keep every
// invariant, and a planted defect breaks the one that it should.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runSeed } from '../trials/chaos-payment/chaos-payment.ts'
import { invariants } from '../trials/chaos-payment/checks.ts'
import { defects } from '../trials/chaos-payment/defects.ts'

/** A crash, a false accusation, a spoilt message: small rounds in which every defect has its occasion. */
const seeds = [8, 10, 18]

test('rounds among faulty peers keep every invariant', async () => {
  for (const seed of seeds) {
    const { violations } = await runSeed(seed, parts => parts)
    assert.equal(violations, [], `seed ${seed}`)
  }
})

for (const [name, { breaks, plant }] of Object.entries(defects)) {
  test(`${name} is found because of: ${breaks}`, async () => {
    assert.ok(Object.hasOwn(invariants, breaks))
    for (const seed of seeds) {
      const { violations } = await runSeed(seed, plant)
      if (violations.some(({ invariant }) => invariant === breaks)) return
    }
    assert.unreachable('no seed found it')
  })
}

test('a seed replays its run', async () => {
  const hashes = async (): Promise<string[]> => {
    const { world } = await runSeed(10, parts => parts)
    return world.trace.sent.map(({ message }) => message.from + message.body.kind)
  }
  assert.equal(await hashes(), await hashes())
})

test('fourteen defects at least can be planted', () => {
  assert.ok(Object.keys(defects).length >= 14)
})

test.run()

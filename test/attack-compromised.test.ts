// npm run attack -- compromised: some of three parties are the attacker's, with single keys and with a threshold key.
// As long as too few are, it names writers as often as by chance; with as many as it takes, which is the control, all.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compromisedAttack } from '../trials/attack/compromised.ts'

const { named, proofs, threshold, chance } = compromisedAttack(6, 2)

test('one or two of three servers with keys of their own name nobody; all three name everybody', () => {
  for (const corrupt of [0, 1, 2]) {
    const [low, high] = named.singleKeys[corrupt] as readonly [number, number]
    assert.ok(low < chance + 0.1 && high < 0.4, `${corrupt}: ${low} to ${high}`)
  }
  assert.equal(named.singleKeys[3], [1, 1])
})

test('of two of three trustees the attacker needs two, and then an honest mix does not help', () => {
  assert.equal(threshold, [2, 3])
  for (const corrupt of [0, 1]) {
    const [low, high] = named.thresholdKey[corrupt] as readonly [number, number]
    assert.ok(low < chance + 0.1 && high < 0.4, `${corrupt}: ${low} to ${high}`)
  }
  assert.equal(named.thresholdKey.slice(2), [
    [1, 1],
    [1, 1],
  ])
})

test('a message that a party changes has no proof that holds, and what an honest one does has one', () => {
  assert.equal(proofs, { honest: true, changed: false })
})

test.run()

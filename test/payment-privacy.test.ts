// docs/spec/payments-paymix.md 5.7, npm run trial -- payment-privacy: who keeps the ledger and who is paid find out
// what chance gives, and with the ways of before nearly everything.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { credit, intervalOf, together } from '../trials/payment-privacy/measure.ts'
import { isHidden, measurePrivacy, type Privacy } from '../trials/payment-privacy/payment-privacy.ts'

test('who draws from what is equally likely has the credit of chance, and who knows has all of it', () => {
  assert.is(
    credit([1, 1, 1, 1], place => place === 2),
    0.25,
  )
  assert.is(
    credit([0, 3, 1], place => place === 1),
    1,
  )
  assert.is(
    credit([0, 3, 1], place => place === 0),
    0,
  )
  assert.is(
    credit([5, 1, 1, 0], place => place <= 1, 2),
    1.5,
  )
})

test('an interval holds its part, and is narrower the more was guessed', () => {
  const few = intervalOf({ right: 5, guesses: 10, chance: 0.5 })
  const many = intervalOf(
    together(Array.from({ length: 100 }, () => ({ right: 5, guesses: 10, chance: 0.5 }))),
  )
  assert.ok(few[0] < many[0] && many[0] < 0.5 && many[1] > 0.5 && many[1] < few[1])
})

test("a ledger's operator and a receiver guess as chance does; asked and exchanged as before, they know", async () => {
  const privacy = await measurePrivacy(1, 1)
  assert.ok(isHidden(privacy), JSON.stringify(privacy))
  // A trial that could not fail would show nothing
  const told: Privacy = { ...privacy, ledgerLinks: [0.9, 1] }
  assert.not(isHidden(told))
  assert.not(isHidden({ ...privacy, control: { ...privacy.control, receiverNames: 0.5 } }))
})

test.run()

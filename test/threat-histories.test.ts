// docs/threats.md 3.26: a ledger shows two payers two logs, over the mixnet. Heads on the bulletin give it away.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EmbeddedLedger } from '../payment/ledger/embedded.ts'
import { signMint } from '../payment/ledger/transaction.ts'
import type { PaymentsEvent } from '../payment/person/news.ts'
import { second } from '../world/units.ts'
import { honest, mintSeed, openTestLedger, type Person, paymentWorld } from './payment-world.ts'

interface Outcome {
  /** For each of two payers: what it was told of the ledger, and how its last payment was answered. */
  readonly alarms: readonly boolean[][]
  readonly last: readonly string[]
  readonly sizes: readonly number[]
  readonly isSplit: boolean
}

async function attack(isGossiping: boolean): Promise<Outcome> {
  let other: EmbeddedLedger | undefined
  const world = await paymentWorld({
    persons: 2,
    isGossiping,
    parameters: { payloadPerMinute: 120, readPerMinute: 60 },
    // A ledger that does not know who asks can tell payers apart by the address that each was given
    otherOf: ledger => async question => await honest(other ?? ledger)(question),
  })
  const { clock } = world.w
  const { ledger } = world
  // What both logs begin with
  other = await openTestLedger(() => Math.floor(clock.now()))
  const persons = world.persons as readonly [Person, Person]
  for (const [i, { payments }] of persons.entries()) {
    const owner = new Uint8Array(Buffer.from((await payments.address()).key, 'hex'))
    const mint = signMint(ledger.id, new Uint8Array(32).fill(50 + i), [{ denomination: 10, owner }], mintSeed)
    for (const log of [ledger, other]) await log.submit(mint)
  }
  await clock.advance(30 * second)
  const alarms = persons.map(({ payments }) => {
    const heard: boolean[] = []
    payments.on((event: PaymentsEvent) => {
      if (event.type === 'ledger') heard.push(event.data.isProven)
    })
    return heard
  })
  const pay = async (person: Person, amount: number): Promise<string> => {
    const { body } = await person.ask('/pay/mix', { amount })
    const signed = await person.ask(`/pay/quotes/${body['quote']}`, {})
    return String(signed.body['code'] ?? 'signed')
  }
  // Each exchanges its note for smaller ones: a transaction, a receipt, a head
  for (const person of persons) assert.is(await pay(person, 1), 'signed')
  const isSplit = Buffer.compare(ledger.head.root, other.head.root) !== 0
  for (let n = 0; n < 24 && alarms.some(heard => heard.length === 0); n++) await clock.advance(15 * second)
  const last: string[] = []
  for (const person of persons) last.push(await pay(person, 3))
  const sizes = [ledger.head.size, other.head.size]
  await world.close()
  return { alarms, last, sizes, isSplit }
}

test('two payers who were shown two histories find out by the heads on the bulletin, and pay no more', async () => {
  const { alarms, last, isSplit } = await attack(true)
  assert.ok(isSplit)
  assert.equal(alarms, [[true], [true]])
  assert.equal(last, ['FORKED', 'FORKED'])
})

test('control: without heads both go on paying, each in a history of its own', async () => {
  const { alarms, last, sizes, isSplit } = await attack(false)
  assert.ok(isSplit)
  assert.equal(alarms, [[], []])
  assert.equal(last, ['signed', 'signed'])
  assert.ok(sizes.every(size => size >= 4))
})

test.run()

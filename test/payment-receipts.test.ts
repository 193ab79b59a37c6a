// docs/spec/payments-paymix.md 5.5: a payer asks for its receipt until it has it. A question that is lost on its way
// through the mixnet, or comes before the receiver's copy of the log has the payment, costs no more than one turn.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PaymentLine } from '../payment/person/account.ts'
import { News, type PaymentsEvent } from '../payment/person/news.ts'
import type { Payment } from '../payment/person/pieces.ts'
import { receiptsIn } from '../payment/person/receipts.ts'
import { makeRequest, readRequest } from '../payment/person/request.ts'
import { Upkeep, type UpkeepInit } from '../payment/person/upkeep.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { hour, minute, second } from '../world/units.ts'

const random = seededRandom(1)
const wants = { ledger: new Uint8Array(32), amount: 10, deadline: hour, memo: '', receipts: 'somewhere' }
const { request } = makeRequest(wants, random)
const { hash } = readRequest(request)
/** As long as a request waits for its answer. */
const lostIn = (clock: VirtualClock) => (): Promise<never> =>
  new Promise((_, reject) => clock.after(2 * minute, () => reject(new Error('no answer'))))

interface Payer {
  readonly upkeep: Upkeep
  /** When it asked, milliseconds. */
  readonly asked: number[]
  readonly told: PaymentsEvent[]
  readonly receipt: () => Promise<Uint8Array | null>
}

/** A payer who has paid, with an epoch of 20 s. @param answers what comes of its questions, one after the other */
function payer(clock: VirtualClock, answers: readonly (() => Promise<Uint8Array | null>)[]): Payer {
  const receipts = receiptsIn(memoryStore())
  const [asked, told]: [number[], PaymentsEvent[]] = [[], []]
  const news = new News()
  news.on(event => told.push(event))
  const order = { request, agreed: 0, why: '' }
  const payment = { id: hash, deadline: hour, pieces: [{ denomination: 10, state: { at: 'paid' } }] }
  const upkeep = new Upkeep({
    clock,
    log: silent,
    epochMs: 20 * second,
    stockMs: 0,
    random,
    orders: { all: async () => [order] },
    kept: async () => [payment as unknown as Payment],
    receipts,
    wallet: { unpaid: async () => [] },
    news,
    line: async () =>
      ({ isPaid: true, receipt: (await receipts.find(hash)) === null ? null : 'there' }) as PaymentLine,
    async askReceipt() {
      asked.push(clock.elapsed())
      return await (answers[asked.length - 1] ?? lostIn(clock))()
    },
  } as unknown as UpkeepInit)
  return { upkeep, asked, told, receipt: () => receipts.find(hash) }
}

test('a question that is lost keeps the next one back for one turn, and no longer', async () => {
  const clock = virtualClock(0)
  const start = clock.elapsed()
  const { upkeep, asked, told, receipt } = payer(clock, [
    lostIn(clock),
    async () => null,
    async () => new Uint8Array(9),
  ])
  upkeep.now()
  await clock.advance(50 * second)
  assert.equal(
    asked.map(at => Math.round((at - start) / second)),
    [0, 20, 40],
  )
  assert.is((await receipt())?.length, 9)
  assert.equal(
    told.map(({ type, data }) => [type, 'receipt' in data && data.receipt]),
    [
      ['payment', null],
      ['payment', 'there'],
    ],
  )
  await clock.advance(10 * minute)
  assert.is(asked.length, 3, 'who has it asks no more')
  await upkeep.close()
})

test('however often the log grows, no more is asked than once a turn', async () => {
  const clock = virtualClock(0)
  const { upkeep, asked } = payer(clock, [])
  for (let i = 0; i < 60; i++) {
    upkeep.now()
    await clock.advance(second)
  }
  assert.ok(asked.length >= 2 && asked.length <= 3, `${asked.length} questions in a minute`)
})

test.run()

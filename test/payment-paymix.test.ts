// docs/spec/payments-paymix.md 5: payments in pieces, the temporal ledger, requests and receipts, and what an observer
// makes of it.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sealedValues } from '../client/folder/vault.ts'
import { hex } from '../encoding/bytes.ts'
import { collusion, intersections } from '../payment/anonymity/intersection.ts'
import { linkability } from '../payment/anonymity/linkability.ts'
import { runPaymix } from '../payment/demo/paymix.ts'
import { denominations, split } from '../payment/denominations.ts'
import { PaymentError } from '../payment/error.ts'
import { ownerOf } from '../payment/ledger/transaction.ts'
import {
  beginPayment,
  mixEpoch,
  type Payment,
  type PieceEvent,
  type Purse,
  resumePayment,
  stepPayment,
} from '../payment/person/pieces.ts'
import { makeReceipt, makeRequest, readReceipt, readRequest } from '../payment/person/request.ts'
import { paymentsIn, readPayment, recordBytes, writePayment } from '../payment/person/temporal-ledger.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { day, minute } from '../world/units.ts'

const times = { epochMs: 10 * minute, arriveMs: minute, delayMs: 60 * minute }
const ledger = new Uint8Array(32).fill(1)
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

/** Has every note. */
function purse(): Purse {
  let made = 0
  return {
    take(denomination) {
      const secret = new Uint8Array(32).fill(++made)
      return {
        secret,
        note: { id: new Uint8Array(32).fill(100 + made), denomination, owner: ownerOf(secret) },
      }
    },
  }
}

function begin(amount: number, seed: number, deadline = day): Payment {
  const { request } = makeRequest({ ledger, amount, deadline, memo: '', receipts: '' }, seededRandom(seed))
  return beginPayment(readRequest(request), purse(), times, seededRandom(seed), 0)[0]
}

/** All pieces mixed at the end of their epochs, then paid when they are due. */
function carryOut(payment: Payment, seed: number): Payment {
  const random = seededRandom(seed)
  const wakes = new Set<number>(payment.pieces.map(({ epoch }) => (epoch + 1) * times.epochMs))
  let now = payment
  for (let guard = 0; wakes.size > 0 && guard < 1000; guard++) {
    const at = Math.min(...wakes)
    wakes.delete(at)
    const events: PieceEvent[] = now.pieces.flatMap(({ epoch, state, note, secret }, piece): PieceEvent[] =>
      state.at === 'mixing' && (epoch + 1) * times.epochMs === at
        ? [{ type: 'mixed', piece, note, secret }]
        : [],
    )
    for (const event of [...events, { type: 'time' } as const]) {
      const [next, actions] = stepPayment(now, event, times, random, at)
      now = next
      for (const action of actions) {
        if (action.do === 'wake') wakes.add(action.at)
        if (action.do === 'pay')
          now = stepPayment(now, { type: 'paid', piece: action.piece }, times, random, at)[0]
      }
    }
  }
  return now
}

test('no two pieces of a payment are mixed, or paid out, in one epoch; all are paid', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999 }), fc.nat(10 ** 6), (amount, seed) => {
      const payment = carryOut(begin(amount, seed), seed)
      const mixed = payment.pieces.map(({ epoch }) => epoch)
      assert.is(new Set(mixed).size, mixed.length)
      const paid = payment.pieces.map(({ state }) =>
        state.at === 'paid' ? Math.floor(state.when / times.epochMs) : -1,
      )
      assert.is(new Set(paid).size, paid.length)
      assert.not.ok(paid.includes(-1))
      assert.is(
        payment.pieces.reduce((sum, { denomination }) => sum + denomination, 0),
        amount,
      )
    }),
    { numRuns: 40 },
  )
})

test('who was mixed first is often not paid out first', () => {
  let crossed = 0
  for (let seed = 0; seed < 60; seed++) {
    const { pieces } = carryOut(begin(77, seed), seed)
    const order = [...pieces]
      .sort((a, b) => a.epoch - b.epoch)
      .map(({ state }) => (state.at === 'paid' ? state.when : 0))
    if (order.some((at, i) => i > 0 && at < (order[i - 1] as number))) crossed++
  }
  assert.ok(crossed > 30, `${crossed} of 60`)
})

test('ones, twos and fives take turns, so that payers of one time meet', () => {
  assert.equal(
    [1, 2, 5, 10, 200, 5000].map(denomination => mixEpoch(denomination, 6)),
    [6, 7, 8, 6, 7, 8],
  )
  assert.is(mixEpoch(1, 6, new Set([6, 9])), 12)
  for (const denomination of denominations) assert.ok(mixEpoch(denomination, 100) < 103)
})

test('a piece whose round fails tries again, and is kept with the reason when there is no time left', () => {
  const payment = begin(10, 1)
  const { note, secret } = payment.pieces[0] as Payment['pieces'][number]
  const why = 'fewer than three peers came to the meeting'
  const event: PieceEvent = { type: 'unmixed', piece: 0, note, secret, why }
  const [again, actions] = stepPayment(payment, event, times, seededRandom(1), 11 * minute)
  assert.is(again.pieces[0]?.state.at, 'mixing')
  assert.ok(
    actions.some(
      action => action.do === 'mix' && action.from === (again.pieces[0]?.epoch ?? 0) * times.epochMs,
    ),
  )
  const [kept] = stepPayment(payment, event, times, seededRandom(1), day - minute)
  assert.equal(kept.pieces[0]?.state, { at: 'kept', why })
})

test('a payer that was away pays one of the pieces that are due, and lets the others wait for epochs of their own', () => {
  let payment = begin(87, 3)
  const random = seededRandom(3)
  for (const [piece, { note, secret }] of payment.pieces.entries()) {
    payment = stepPayment(payment, { type: 'mixed', piece, note, secret }, times, random, 0)[0]
  }
  const [after, actions] = stepPayment(payment, { type: 'time' }, times, random, 10 * day)
  assert.is(actions.filter(action => action.do === 'pay').length, 1)
  const waiting = after.pieces.flatMap(({ state }) => (state.at === 'mixed' ? [state.notBefore] : []))
  assert.is(waiting.length, payment.pieces.length - 1)
  assert.ok(waiting.every(at => at >= 10 * day + times.epochMs - ((10 * day) % times.epochMs)))
  assert.is(
    resumePayment(after).filter(action => action.do === 'pay').length,
    1,
    'and says so again after a restart',
  )
})

test('the temporal ledger comes back as it was, in records of one size under seal', async () => {
  const [one, other] = [carryOut(begin(1, 5), 5), begin(98_765, 6)]
  for (const payment of [one, other]) {
    assert.equal(readPayment(writePayment(payment)), payment)
    assert.is(writePayment(payment).length, recordBytes)
  }
  const store = memoryStore(sealedValues(new Uint8Array(32).fill(9), seededRandom(9)))
  const disk = paymentsIn(store)
  await disk.save(other)
  assert.equal(await disk.all(), [other])
  const raw = await store.get(`payment/${hex(other.id)}`, { valueEncoding: 'view' } as never)
  const secret = (other.pieces[0] as Payment['pieces'][number]).secret
  assert.not.ok(hex(raw as Uint8Array).includes(hex(secret)))
  assert.ok(hex(writePayment(other)).includes(hex(secret)), 'without the seal the key would lie open')
})

test('any bytes are no payment, no request and no receipt, or give the error of this folder', () => {
  const { request, secrets } = makeRequest(
    { ledger, amount: 87, deadline: day, memo: 'tea', receipts: '' },
    seededRandom(1),
  )
  const wanted = readRequest(request)
  const receipt = makeReceipt(wanted, 5, secrets.key)
  const parsers = [readPayment, readRequest, (any: Uint8Array) => readReceipt(any, wanted)]
  const record = writePayment(begin(8, 1))
  const nearly = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
    fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
      const bad = good.slice()
      bad[at] = (bad[at] as number) ^ flip
      return bad
    })
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    bytes(recordBytes),
    nearly(request),
    nearly(receipt),
    nearly(record),
  )
  fc.assert(
    fc.property(any, bytes => {
      for (const parse of parsers) {
        try {
          parse(bytes)
        } catch (error) {
          assert.instance(error, PaymentError)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('a request has a fresh key for every piece, and a receipt is of one request', () => {
  const random = seededRandom(4)
  const one = makeRequest({ ledger, amount: 87, deadline: day, memo: 'tea', receipts: '' }, random)
  const other = makeRequest({ ledger, amount: 87, deadline: day, memo: 'tea', receipts: '' }, random)
  const [first, second] = [readRequest(one.request), readRequest(other.request)]
  assert.is(first.owners.length, split(87).length)
  assert.is(new Set([...first.owners, ...second.owners].map(hex)).size, 2 * split(87).length)
  const receipt = makeReceipt(first, 7, one.secrets.key)
  assert.is(readReceipt(receipt, first).at, 7)
  assert.throws(() => readReceipt(receipt, second), /not signed by the key of this request/)
})

test('three senders pay three receivers, and the observer is left with all three for every payout', async () => {
  const demo = await runPaymix(7, () =>
    memoryStore(sealedValues(new Uint8Array(32).fill(1), seededRandom(2))),
  )
  assert.equal([demo.senders.length, demo.receivers.length], [3, 3])
  assert.ok(
    demo.owners.every(({ state, paidAt, deadline }) => state === 'paid' && (paidAt ?? deadline) < deadline),
  )
  assert.ok(demo.receipts.every(({ isPaid, receiptHolds }) => isPaid && receiptHolds))
  assert.is(demo.observer.guesses.length, 9)
  for (const { probability, effectiveSet } of demo.observer.guesses) {
    assert.ok(probability < 0.34 && effectiveSet > 2.99)
  }
})

test('what is paid to one account is linked by its sum; keys of one use and long delays leave little', () => {
  const each = { payments: 600, everyMs: minute }
  const account = linkability({ ...each, delayMs: 10 * minute, isOneAccount: true }, seededRandom(1))
  const short = linkability({ ...each, delayMs: 10 * minute, isOneAccount: false }, seededRandom(1))
  const long = linkability({ ...each, delayMs: 60 * minute, isOneAccount: false }, seededRandom(1))
  assert.ok(account.topOne > 0.9, `${account.topOne}`)
  assert.ok(short.topOne < 0.25, `${short.topOne}`)
  assert.ok(long.topOne < 0.08, `${long.topOne}`)
})

test('the set of those who can be meant shrinks from round to round, and with every peer that colludes', () => {
  const rounds = [new Set(['a', 'b', 'c', 'd']), new Set(['a', 'b', 'e']), new Set(['a', 'd', 'e'])]
  assert.equal(intersections(rounds), [4, 2, 1])
  assert.equal(collusion(8, 3), {
    colluding: 3,
    effectiveSet: 5,
    entropyBits: Math.log2(5),
    linkProbability: 0.2,
  })
  assert.is(collusion(8, 7).linkProbability, 1)
})

test.run()

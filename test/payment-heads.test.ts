// docs/spec/payments-ledger.md 3.8: peers gossip heads; a ledger that shows two histories is caught by all of them, and
// paid with no more.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { write } from '../encoding/cbor.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import { answerProof, HeadWatch } from '../payment/ledger/heads.ts'
import { writeHead } from '../payment/ledger/log.ts'
import { ownerOf, signMint } from '../payment/ledger/transaction.ts'
import { isFork } from '../payment/ledger/watch.ts'
import { virtualClock } from '../world/clock.ts'
import { memoryStore } from '../world/store.ts'
import { minute } from '../world/units.ts'

const [ledgerSeed, mintSeed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }

async function open(): Promise<EmbeddedLedger> {
  return await openLedger({ store: memoryStore(), genesis, ledgerSeed, now: () => 1000 })
}

async function mint(ledger: EmbeddedLedger, nonce: number): Promise<Uint8Array> {
  const outputs = [{ denomination: 10, owner: ownerOf(new Uint8Array(32).fill(nonce)) }]
  const transaction = signMint(ledger.id, new Uint8Array(32).fill(nonce), outputs, mintSeed)
  await ledger.submit(transaction)
  return transaction
}

/** Peers who each ask their own view of the ledger, and tell each other heads. */
function peersOf(views: readonly EmbeddedLedger[]) {
  const clock = virtualClock(0)
  const alarms: boolean[] = views.map(() => false)
  const watches: HeadWatch[] = views.map((view, i): HeadWatch => {
    return new HeadWatch({
      genesis,
      clock,
      ask: async question => answerProof(view, question) ?? write({ is: 'refused' }),
      tell: head => {
        for (const [j, other] of watches.entries()) if (j !== i) clock.after(1000, () => other.receive(head))
      },
      onAlarm: ({ first, second, isProven }) => {
        alarms[i] = isProven && isFork(genesis, writeHead(first), writeHead(second))
      },
    })
  })
  return { clock, alarms, watches }
}

test('a ledger that shows two peers two histories is caught by both, with a proof for everybody', async () => {
  const [one, other] = [await open(), await open()]
  await mint(one, 3)
  await mint(other, 4)
  const { clock, alarms, watches } = peersOf([one, other, one])
  for (const [i, view] of [one, other, one].entries()) watches[i]?.seen(view.head)
  await clock.advance(6 * minute)
  assert.equal(alarms, [true, true, true])
  const guarded = (watches[0] as HeadWatch).guard(one)
  const refused = await guarded.submit(await mint(one, 5)).catch((error: { code: string }) => error.code)
  assert.is(refused, 'FORKED')
  for (const watch of watches) watch.close()
})

test('control: without gossip nobody notices, and with one history there is no alarm', async () => {
  const [one, other] = [await open(), await open()]
  await mint(one, 3)
  await mint(other, 4)
  const apart = [peersOf([one]), peersOf([other])]
  for (const [i, view] of [one, other].entries()) {
    apart[i]?.watches[0]?.seen(view.head)
    await apart[i]?.clock.advance(60 * minute)
    assert.equal(apart[i]?.alarms, [false])
  }
  const honest = peersOf([one, one, one])
  for (const [i, watch] of honest.watches.entries()) {
    watch.seen(one.head)
    await mint(one, 20 + i)
  }
  await honest.clock.advance(60 * minute)
  assert.equal(honest.alarms, [false, false, false])
  const transaction = await mint(one, 30)
  assert.is((await (honest.watches[0] as HeadWatch).guard(one).submit(transaction)).index, one.head.size - 1)
})

test('histories of different lengths are caught when the ledger cannot prove that one continues the other', async () => {
  const [one, other] = [await open(), await open()]
  await mint(one, 3)
  await mint(other, 4)
  await mint(other, 5)
  const { clock, watches } = peersOf([one, other])
  watches[0]?.seen(one.head)
  watches[1]?.seen(other.head)
  await clock.advance(30 * minute)
  assert.is.not(watches[0]?.fork, null)
  assert.is.not(watches[1]?.fork, null)
})

test('a fork that is proven is known after a restart, before anybody says a word', async () => {
  const [one, other] = [await open(), await open()]
  await mint(one, 3)
  await mint(other, 4)
  const store = memoryStore()
  const alone = { genesis, clock: virtualClock(0), tell: () => {}, onAlarm: () => {} }
  const ask = async (question: Uint8Array): Promise<Uint8Array> =>
    answerProof(one, question) ?? write({ is: 'refused' })
  const first = await HeadWatch.open({ ...alone, ask, store })
  first.seen(one.head)
  first.receive(writeHead(other.head))
  await alone.clock.advance(6 * minute)
  assert.ok(first.fork?.isProven)
  first.close()
  const again = await HeadWatch.open({ ...alone, ask, store })
  assert.ok(again.fork?.isProven)
  const refused = await again
    .guard(one)
    .submit(await mint(one, 5))
    .catch((error: { code: string }) => error.code)
  assert.is(refused, 'FORKED')
  again.close()
  // The control: on another disk nothing is known
  const fresh = await HeadWatch.open({ ...alone, ask, store: memoryStore() })
  assert.is(fresh.fork, null)
  fresh.close()
})

test('a ledger that is away for 20 minutes is paid with no more until it proves its history, and then again', async () => {
  const ledger = await open()
  const clock = virtualClock(0)
  let isAway = true
  const ask = async (question: Uint8Array): Promise<Uint8Array> => {
    if (isAway) throw new Error('no answer')
    return answerProof(ledger, question) ?? write({ is: 'refused' })
  }
  const alarms: boolean[] = []
  const watch = new HeadWatch({
    genesis,
    clock,
    ask,
    tell: () => {},
    onAlarm: ({ isProven }) => alarms.push(isProven),
  })
  const guarded = watch.guard(ledger)
  const pay = async (nonce: number): Promise<string> =>
    await guarded.submit(await mint(ledger, nonce)).then(
      () => 'paid',
      error => error.code,
    )
  watch.seen(ledger.head)
  await mint(ledger, 3)
  watch.seen(ledger.head)
  await clock.advance(20 * minute)
  assert.equal(alarms, [false], 'told once')
  // The control: while nothing is proven, nothing is paid
  assert.is(await pay(4), 'FORKED')
  isAway = false
  await clock.advance(2 * minute)
  assert.is(watch.fork, null)
  assert.is(await pay(5), 'paid')
  watch.close()
})

test('any bytes are no question and no head', async () => {
  const ledger = await open()
  const { watches } = peersOf([ledger])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), any => {
      assert.is(answerProof(ledger, any), null)
      watches[0]?.receive(any)
    }),
    { numRuns: 200 },
  )
  for (const [first, second] of [
    [0, 1],
    [2, 1],
    [1, 5000],
  ]) {
    assert.is(
      answerProof(ledger, write({ ask: 'consistency', first: first as number, second: second as number })),
      null,
    )
  }
})

test.run()

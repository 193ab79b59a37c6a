// People and NTP set the wall clock, forth and back (world/clock.ts). Of payments only meetings, deadlines and dates
// may notice: what a peer waits for, gives up and tries again goes by the time that has gone by.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openLedger } from '../payment/ledger/embedded.ts'
import { answerProof, HeadWatch } from '../payment/ledger/heads.ts'
import { ownerOf, signMint } from '../payment/ledger/transaction.ts'
import { proofTime } from '../payment/ledger/watch.ts'
import { Quotes } from '../payment/person/quotes.ts'
import { RoundTransport } from '../payment/rounds/transport.ts'
import { momentOf } from '../payment/times.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { Timers } from '../world/timers.ts'
import { hour, minute, second } from '../world/units.ts'
import { Table, times } from './payment-table.ts'
import { times as paymentTimes } from './payment-world.ts'

const start = 1_800_000_000_000

/** A watch that owes itself a proof: two heads of one history, and a ledger that answers when it is told to. */
async function watching(clock: VirtualClock): Promise<{ watch: HeadWatch; answer: () => void }> {
  const [ledgerSeed, mintSeed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
  const ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now: () => 1 })
  let isAway = true
  const watch = new HeadWatch({
    genesis,
    clock,
    ask: async question => {
      const proof = isAway ? undefined : (answerProof(ledger, question) ?? undefined)
      if (proof === undefined) throw new Error('no answer')
      return proof
    },
    tell: () => {},
    onAlarm: () => {},
  })
  watch.seen(ledger.head)
  const outputs = [{ denomination: 10, owner: ownerOf(mintSeed) }]
  await ledger.submit(signMint(ledger.id, new Uint8Array(32), outputs, mintSeed))
  watch.seen(ledger.head)
  return {
    watch,
    answer: () => {
      isAway = false
    },
  }
}

test('a ledger that answers after two minutes raises no alarm where the clock was put forth by an hour', async () => {
  const clock = virtualClock(start)
  const { watch, answer } = await watching(clock)
  await clock.advance(minute)
  clock.set(hour)
  await clock.advance(minute)
  answer()
  await clock.advance(20 * minute)
  assert.is(watch.fork, null)
  watch.close()
})

test('a ledger that proves nothing is caught in its ten minutes, also where the clock was put back by an hour', async () => {
  const clock = virtualClock(start)
  const { watch } = await watching(clock)
  clock.set(-hour)
  await clock.advance(proofTime + minute)
  assert.is.not(watch.fork, null)
  watch.close()
})

function quotesAt(clock: VirtualClock): { make: () => string; isGood: (quote: string) => boolean } {
  const quotes = new Quotes({
    ledger: new Uint8Array(32),
    random: seededRandom(1),
    clock,
    times: paymentTimes,
  })
  const wanted = { what: 'mix', amount: 10, deadline: start + 10 * hour, memo: '' } as const
  return {
    make: () => quotes.make(wanted, { peers: 8, colluding: 2 }, '').quote,
    isGood(quote) {
      try {
        return quotes.take(quote, '') === wanted
      } catch {
        return false
      }
    },
  }
}

test('a quote is good for ten minutes that have gone by, however the clock was put', async () => {
  const clock = virtualClock(start)
  const { make, isGood } = quotesAt(clock)
  const [first, second] = [make(), make()]
  clock.set(hour)
  assert.ok(isGood(first))
  clock.set(-2 * hour)
  await clock.advance(10 * minute)
  assert.not.ok(isGood(second))
})

for (const ms of [hour, -hour]) {
  test(`a message is tried for as long as it is of use, where the clock was put by ${ms / hour} h`, async () => {
    const clock = virtualClock(start)
    let tries = 0
    const topic = {
      name: 'payments',
      async publish(): Promise<string> {
        tries++
        throw new Error('not now')
      },
      async *entries(): AsyncGenerator<never, void, undefined> {},
    }
    const transport = await RoundTransport.open({
      topic,
      store: memoryStore(),
      clock,
      log: silent,
      receive: () => {},
      giveUpMs: minute,
    })
    transport.publish(new Uint8Array(3))
    await clock.advance(1)
    clock.set(ms)
    await clock.advance(10 * minute)
    // At once, and after 2, 6, 14, 30 and 60 seconds
    assert.is(tries, 6)
    assert.is(transport.counters.failed, 1)
    await transport.close()
  })
}

/** Four peers of whom the fourth says no more than its key, when the others wait for its slots. */
function waitingTable(): Table {
  const table = new Table(4, ({ body, bytes }, from) =>
    from.name === 3 && body.kind !== 'PR' && body.kind !== 'KE' ? null : bytes,
  )
  table.run(() => table.at.slice(0, 3).every(at => at === 'slots'))
  return table
}

test('no phase of a round ends early where the clock was put forth', () => {
  const table = waitingTable()
  table.set(10 * minute)
  for (const seat of table.seats) table.tell(seat, { type: 'time' })
  assert.equal(table.at.slice(0, 3), ['slots', 'slots', 'slots'])
  assert.equal(
    table.seat(0).sent.map(({ body }) => body.kind),
    ['PR', 'KE', 'SR'],
  )
})

test('a phase of a round ends in its time where the clock was put back', () => {
  const table = waitingTable()
  const begun = table.now
  table.set(-hour)
  table.run(() => table.at.slice(0, 3).every(at => at === 'submitting'))
  assert.equal(table.at.slice(0, 3), ['submitting', 'submitting', 'submitting'])
  assert.is(table.now - begun, times.phaseMs + times.voteMs)
})

test('a round is over at its expiry by the wall clock', () => {
  const table = waitingTable()
  table.set(2 * hour)
  for (const seat of table.seats) table.tell(seat, { type: 'time' })
  assert.equal(table.at.slice(0, 3), ['aborted', 'aborted', 'aborted'])
})

test('timers of one owner ring once, again and again, or by the wall, and never after it has closed', async () => {
  const clock = virtualClock(start)
  const timers = new Timers(clock)
  const rung: string[] = []
  timers.after(second, () => rung.push('after'))
  timers.at(start + 10 * second, () => rung.push('at'))
  timers.every(4 * second, () => rung.push('every'))
  timers.after(second, () => rung.push('never')).cancel()
  clock.set(-second)
  await clock.advance(10 * second)
  assert.equal(rung, ['after', 'every', 'every'])
  await clock.advance(second)
  assert.equal(rung, ['after', 'every', 'every', 'at'])
  timers.close()
  assert.ok(timers.isClosed)
  timers.after(0, () => rung.push('late'))
  await clock.advance(hour)
  assert.is(rung.length, 4)
  assert.is(clock.pending, 0)
})

test('a moment of a round has the time that has gone by, whatever the wall clock shows', async () => {
  const clock = virtualClock(start)
  const before = momentOf(clock)
  await clock.advance(minute)
  clock.set(-hour)
  const after = momentOf(clock)
  assert.equal([after.elapsed - before.elapsed, after.wall - before.wall], [minute, minute - hour])
})

test.run()

// docs/spec/payments-rounds.md 4.5, 4.8 and 4.9: when peers meet, what becomes of a note after a round, and who is not
// paired with.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NoteState, Position } from '../payment/ledger/ledger.ts'
import { nextMeeting } from '../payment/rounds/pairing.ts'
import type { Attempt, RoundRecord } from '../payment/rounds/record.ts'
import { type Shown, settle } from '../payment/rounds/settle.ts'
import { banish, isCooling, noStrikes, type Strikes, strike } from '../payment/rounds/strikes.ts'
import { seededRandom } from '../world/random.ts'
import { minute } from '../world/units.ts'

const times = { epochMs: 10 * minute, arriveMs: minute, roundMs: 30 * minute }
const ledger = new Uint8Array(32).fill(1)

test('a meeting is asked for at a random moment of the first nine tenths of an epoch, and never in the past', () => {
  fc.assert(
    fc.property(fc.nat(10 ** 12), fc.nat(10 ** 6), (now, dice) => {
      const { ask, until, expiry } = nextMeeting(ledger, 10, times, seededRandom(dice), now)
      assert.is(until % times.epochMs, 0)
      assert.ok(ask >= now && ask <= until - times.epochMs / 10)
      assert.ok(until - now > times.epochMs / 10 && until - now <= 1.1 * times.epochMs + 1)
      assert.is(expiry, until + times.roundMs)
    }),
    { numRuns: 200 },
  )
})

test('whoever means the same ledger, denomination and epoch meets, and nobody else', () => {
  const at = (denomination: number, now: number, dice: number): string =>
    String(nextMeeting(ledger, denomination, times, seededRandom(dice), now).pairing)
  assert.is(at(10, 0, 1), at(10, 8 * minute, 2))
  assert.is.not(at(10, 0, 1), at(20, 0, 1))
  // The last tenth is for requests to arrive: who comes then waits for the next epoch.
  assert.is.not(at(10, 0, 1), at(10, 9.5 * minute, 1))
  assert.is(at(10, 9.5 * minute, 1), at(10, 12 * minute, 1))
})

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const committed: Attempt = { number: 0, outputSecret: key(2), sent: 'commit', transaction: key(3) }
const open: Attempt = { number: 1, outputSecret: key(4), sent: 'nothing', transaction: null }

function record(attempts: readonly Attempt[], reclaim: Uint8Array | null = null): RoundRecord {
  const note = { id: key(5), denomination: 10, owner: key(6) }
  return { pairing: key(7), identitySeed: key(8), note, noteSecret: key(9), expiry: 1000, attempts, reclaim }
}

const spentBy = (by: number | null): NoteState => ({
  ...record([]).note,
  spentBy: by === null ? null : key(by),
})
const unspent: Shown = { own: null, note: spentBy(null), foreign: null, confirmations: 1 }
const position = (depth: number, spends: readonly Uint8Array[] = [key(5)]): Position => ({
  transaction: key(3),
  index: 7,
  depth,
  spends,
})

test('a note that nothing signed can spend is free at once', () => {
  assert.equal(settle(record([open]), unspent, 0), { is: 'free' })
  const revealed: Attempt = { ...open, sent: 'reveal' }
  assert.equal(settle(record([revealed, open]), unspent, 0), { is: 'free' })
})

test('a signed join that has not come about keeps the note until the round is over, and then the note is moved', () => {
  assert.equal(settle(record([committed, open]), unspent, 999), { is: 'open', until: 1000 })
  assert.equal(settle(record([committed, open]), unspent, 1000), { is: 'reclaim' })
})

test('a join that came about pays the output of its own run once it is deep enough, and is open before', () => {
  const own = { is: 'paid', secret: key(2), position: position(1) } as const
  const shown: Shown = { ...unspent, own, note: spentBy(3) }
  const paid = { is: 'paid', outputSecret: key(2), joined: 1 }
  assert.equal(settle(record([committed, open]), shown, 5000), paid)
  assert.is(settle(record([committed, open]), { ...shown, confirmations: 2 }, 5000).is, 'open')
  // A block was undone: what it held is as open as it was
  assert.is(settle(record([committed, open]), { ...unspent, confirmations: 2 }, 999).is, 'open')
  assert.is(settle(record([committed, open]), { ...unspent, confirmations: 2 }, 5000).is, 'reclaim')
})

test('a note that somebody is said to have spent is given up only when that is proven', () => {
  const said: Shown = { ...unspent, note: spentBy(8) }
  const kept = record([committed])
  assert.is(settle(kept, said, 5000).is, 'open')
  assert.is(settle(kept, { ...said, foreign: position(1, [key(1)]) }, 5000).is, 'open')
  assert.is(settle(kept, { ...said, foreign: position(0), confirmations: 1 }, 5000).is, 'open')
  assert.equal(settle(kept, { ...said, foreign: position(1) }, 5000), { is: 'moved', outputSecret: null })
  assert.is(settle(kept, { ...unspent, note: null }, 5000).is, 'open', 'a note that is gone says nothing')
})

test('a spender that the ledger names between two questions is found at the next look, and no key goes before', () => {
  // The join is not there when it is asked for, and there when the note is: the control is what was inferred before
  const between: Shown = { ...unspent, note: spentBy(3) }
  assert.is(settle(record([committed]), between, 5000).is, 'open')
})

test('one timeout costs nothing, the next cools for ten minutes, and every further one twice as long, up to a day', () => {
  let strikes = strike(noStrikes, 'a', 0)
  assert.not.ok(isCooling(strikes, 'a', 0))
  const coolings: number[] = []
  for (let i = 0; i < 10; i++) {
    strikes = strike(strikes, 'a', 0)
    let minutes = 0
    while (isCooling(strikes, 'a', minutes * minute)) minutes++
    coolings.push(minutes)
  }
  assert.equal(coolings, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440])
  assert.not.ok(isCooling(strikes, 'b', 0))
})

test('a conviction cools for a day at once, and all is forgotten a day after that', () => {
  const day = 24 * 60 * minute
  const strikes = banish(noStrikes, 'a', 0)
  assert.ok(isCooling(strikes, 'a', day - 1))
  assert.not.ok(isCooling(strikes, 'a', day))
  assert.ok(isCooling(strike(strikes, 'a', 2 * day - 1), 'a', 2 * day))
  assert.not.ok(isCooling(strike(strikes, 'a', 2 * day), 'a', 2 * day))
})

test('what is remembered is bounded', () => {
  let strikes: Strikes = { notes: new Map(Array.from({ length: 10_000 }, (_, i) => [`${i}`, first(i)])) }
  strikes = banish(strikes, 'new', 0)
  assert.is(strikes.notes.size, 10_000)
  assert.ok(isCooling(strikes, 'new', 1))
  assert.not.ok(strikes.notes.has('0'), 'the one that would be forgotten first has gone')
})

function first(i: number): { count: number; coolUntil: number; forgetAt: number } {
  return { count: 1, coolUntil: 1, forgetAt: 1000 + i }
}

test.run()

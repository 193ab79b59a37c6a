// docs/spec/link.md 9: who sends what nobody can use is shut out, for longer each time; who is merely late is not.

import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { type Conduct, type ConductLimits, conducts, later, step, stranger } from '../link/conduct.ts'
import { defaultLimits } from '../link/limits.ts'
import { virtualClock } from '../world/clock.ts'
import { second } from '../world/units.ts'

const test = suite('conduct')
const limits: ConductLimits = defaultLimits.conduct
const peer = (n: number): Uint8Array => {
  const id = new Uint8Array(32)
  new DataView(id.buffer).setUint32(0, n)
  return id
}

/** Garbage at a rate, and what fits beside it, in steps of 20 ms. @returns after how many cells it was out */
function garbage(perSecond: number, fittingPerSecond = 0, longestMs = 600 * second): number | undefined {
  let conduct: Conduct = stranger(0)
  let [sent, owing, fits] = [0, 0, 0]
  for (let now = 0; now < longestMs; now += 20) {
    owing += perSecond / 50
    fits += fittingPerSecond / 50
    const cells = { misfits: Math.floor(owing), fitting: Math.floor(fits) }
    owing -= cells.misfits
    fits -= cells.fitting
    sent += cells.misfits
    conduct = step(conduct, { type: 'cells', ...cells }, now, limits)
    if (conduct.at === 'out') return sent
  }
  return undefined
}

test('garbage at any rate that matters ends: after 8,192 cells and what is forgiven meanwhile', () => {
  for (const rate of [500, 1000, 5000, 50_000]) {
    const sent = garbage(rate)
    assert.ok(sent !== undefined, `${rate} a second`)
    const allowed = limits.mostOwed / (1 - limits.forgivenPerSecond / rate)
    assert.ok(sent <= allowed + rate / 10, `${rate} a second: ${sent} of ${allowed}`)
  }
})

test('half of a client’s cells may be of no use, or so few that they cost nothing; above that it is parted', () => {
  assert.is(garbage(200), undefined)
  assert.is(garbage(5000, 5000), undefined)
  assert.ok(garbage(5000, 4000))
})

/**
 * Bounds what an honest client may send that does not fit: its whole queue, after a link was cut across the end of an
 * epoch, and what the connection held; and after each connection that broke, a batch once more. Links are re-opened
 * with back-off: the n-th in a row waits half of min(5 s, 100 ms * 2^(n-1)) at least.
 */
interface Honest {
  readonly waitMs: number
  readonly late: number
  readonly again: number
  readonly fitting: number
}

test('a client that is late for its keys, or sends again after a crash, is never shut out', () => {
  const { queueCells, backOff } = defaultLimits
  const inFlight = 1024 * 1024 // a window
  const held = Math.ceil(inFlight / 3369)
  const moment: fc.Arbitrary<Honest> = fc.record({
    waitMs: fc.integer({ min: backOff.firstMs / 2, max: 20 * second }),
    late: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: queueCells + held })),
    again: fc.integer({ min: 0, max: 19 }),
    fitting: fc.integer({ min: 0, max: 5000 }),
  })
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 200 }), moments => {
      let conduct: Conduct = stranger(0)
      let now = 0
      // an epoch and its grace are 20 s at least: a queue is late once in them
      let lastLate = -Infinity
      for (const { waitMs, late, again, fitting } of moments) {
        now += waitMs
        const isLate = now - lastLate >= 20 * second
        if (isLate && late > 0) lastLate = now
        const misfits = (isLate ? late : 0) + again
        // the worst order: all that does not fit comes first
        conduct = step(conduct, { type: 'cells', fitting: 0, misfits }, now, limits)
        assert.is(conduct.at, 'in', `${misfits} at ${now}`)
        conduct = step(conduct, { type: 'cells', fitting, misfits: 0 }, now, limits)
        // a stream that was not admitted while the consensus was not here yet
        conduct = step(conduct, { type: 'stream' }, now, limits)
        assert.is(conduct.at, 'in')
      }
    }),
  )
})

test('each time out is twice the last, to a bound; after an hour without one it begins anew', () => {
  let conduct: Conduct = stranger(0)
  let now = 0
  const outs: number[] = []
  for (let i = 0; i < 9; i++) {
    conduct = step(conduct, { type: 'cells', fitting: 0, misfits: limits.mostOwed + 1 }, now, limits)
    if (conduct.at !== 'out') throw new Error('not out')
    outs.push((conduct.until - now) / second)
    // what still comes of it changes nothing
    assert.equal(step(conduct, { type: 'frame' }, now + 1, limits), conduct)
    now = conduct.until
    assert.is(later(conduct, now, limits).at, 'in')
  }
  assert.equal(outs, [10, 20, 40, 80, 160, 320, 600, 600, 600])
  const forgotten = step(
    conduct,
    { type: 'cells', fitting: 0, misfits: 9000 },
    now + limits.rememberedMs,
    limits,
  )
  assert.equal(forgotten, { at: 'out', until: now + limits.rememberedMs + limits.firstOutMs, times: 1 })
})

test('whatever is done, nobody owes less than nothing or more than the bound, and time only forgives', () => {
  const deed = fc.oneof(
    fc.record({ type: fc.constant('cells' as const), fitting: fc.nat(5000), misfits: fc.nat(20_000) }),
    fc.constant({ type: 'stream' as const }),
    fc.constant({ type: 'frame' as const }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 100 * second }), deed)), deeds => {
      let conduct: Conduct = stranger(0)
      let now = 0
      for (const [ms, did] of deeds) {
        now += ms
        conduct = step(conduct, did, now, limits)
        if (conduct.at === 'in') assert.ok(conduct.owed >= 0 && conduct.owed <= limits.mostOwed)
        else assert.ok(conduct.until - now <= limits.longestOutMs + 100 * second)
        const after = later(conduct, now + 1, limits)
        if (conduct.at === 'in' && after.at === 'in') assert.ok(after.owed <= conduct.owed)
      }
    }),
  )
})

test('of ten thousand peers with throw-away names 4,096 are remembered, and of the honest none', () => {
  const clock = virtualClock(0)
  const out: string[] = []
  const all = conducts(clock, limits, id => out.push(hex(id)))
  for (let n = 0; n < 10_000; n++) all.did(peer(n), { type: 'cells', fitting: 10, misfits: 0 })
  assert.is(all.size, 0)
  for (let n = 0; n < 10_000; n++) {
    all.did(peer(n), { type: 'stream' })
    assert.ok(all.size <= 4096)
  }
  assert.equal(out, [])
  all.did(peer(1), { type: 'cells', fitting: 0, misfits: 9000 })
  assert.equal(out, [hex(peer(1))])
  assert.ok(all.isOut(peer(1)))
  assert.equal(all.out(), [{ id: hex(peer(1)), until: limits.firstOutMs }])
})

test('what is remembered goes: debts within a minute, times out within an hour', async () => {
  const clock = virtualClock(0)
  const all = conducts(clock, limits, () => {})
  for (let n = 0; n < 100; n++) all.did(peer(n), { type: 'cells', fitting: 0, misfits: 8000 })
  all.did(peer(100), { type: 'cells', fitting: 0, misfits: 9000 })
  assert.is(all.size, 101)
  await clock.advance(60 * second)
  assert.is(all.size, 1)
  await clock.advance(limits.rememberedMs + 70 * second)
  assert.is(all.size, 0)
})

test.run()

// The delivery machine: whatever is lost, late or doubled, every message is delivered or fails at its deadline,
// states move forward only, and what is in flight is bounded.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { emptyBitmap, setBit } from '../client/outgoing/bitmap.ts'
import { step } from '../client/outgoing/delivery.ts'
import {
  type Accepted,
  type Action,
  type Delivery,
  type Event,
  type MessageState,
  mayFollow,
  noDelivery,
} from '../client/outgoing/queue-state.ts'
import { below, seededRandom } from '../world/random.ts'

const never = Number.MAX_SAFE_INTEGER

function accepted(id: string, count: number, more: Partial<Accepted> = {}): Event {
  return { type: 'accepted', id, count, by: 'gateway', deadline: never, ...more }
}

/** Carries the machine, its clock and what it did. */
class Run {
  state: Delivery = noDelivery
  now = 0
  readonly states = new Map<string, MessageState>()
  readonly reasons = new Map<string, string | undefined>()
  readonly transmitted: Extract<Action, { type: 'transmit' }>[] = []

  do(event: Event): Action[] {
    const [next, actions] = step(this.state, event, this.now)
    this.state = next
    if (event.type === 'accepted') this.states.set(event.id, event.resume?.state ?? 'queued')
    for (const action of actions) {
      if (action.type === 'transmit') {
        this.transmitted.push(action)
        continue
      }
      const before = this.states.get(action.id) as MessageState
      assert.ok(mayFollow(before, action.state), `${before} -> ${action.state}`)
      this.states.set(action.id, action.state)
      this.reasons.set(action.id, action.reason)
    }
    let flights = 0
    for (const job of this.state.jobs.values()) flights += job.flights.size
    assert.is(this.state.inFlight, flights)
    assert.ok(flights <= 1024)
    return actions
  }

  /** One tick; what it hands out leaves at once. */
  tick(slackMs = 100, mostSlackMs?: number, far?: string): Extract<Action, { type: 'transmit' }> | undefined {
    this.do({ type: 'overdue', wall: this.now })
    const sent = this.do({ type: 'tick' }).find(action => action.type === 'transmit')
    const most = { ...(mostSlackMs !== undefined && { mostSlackMs }), ...(far !== undefined && { far }) }
    if (sent !== undefined) this.do({ ...sent, type: 'departed', drawnMs: 50, slackMs, ...most })
    return sent
  }
}

test('everything accepted is stored when the network loses, delays and doubles', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 80 }),
      (seed, sizes, lossPercent) => {
        const random = seededRandom(seed)
        const run = new Run()
        for (const [i, count] of sizes.entries()) run.do(accepted(`m${i}`, count))
        const arriving: { at: number; id: string; index: number }[] = []
        const acknowledged = new Set<string>()
        for (; run.state.jobs.size > 0; run.now += 10) {
          assert.ok(run.now < 10_000_000, 'not over')
          const sent = run.tick()
          if (sent !== undefined) {
            assert.not.ok(
              acknowledged.has(`${sent.id} ${sent.index}`),
              'sent again after its acknowledgement',
            )
            const lost = below(random, 100) < lossPercent
            const copies = lost ? 0 : 1 + below(random, 2)
            for (let copy = 0; copy < copies; copy++) {
              arriving.push({ at: run.now + below(random, 400), id: sent.id, index: sent.index })
            }
          }
          for (const [i, ack] of arriving.entries()) {
            if (ack.at > run.now) continue
            arriving.splice(i, 1)
            acknowledged.add(`${ack.id} ${ack.index}`)
            run.do({ type: 'acknowledged', id: ack.id, index: ack.index })
            break
          }
        }
        for (const state of run.states.values()) assert.is(state, 'stored')
      },
    ),
    { numRuns: 60 },
  )
})

test('without acknowledgements a fragment leaves again later and later, then fails at the deadline', () => {
  const run = new Run()
  run.do(accepted('m', 1, { deadline: 60_000 }))
  const times: number[] = []
  for (; run.now <= 60_000; run.now += 10) if (run.tick() !== undefined) times.push(run.now)
  assert.equal(times, [0, 150, 400, 850, 1700, 3350, 6600, 13_050, 25_900, 51_550])
  assert.equal(
    run.transmitted.map(({ attempt }) => attempt),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
  assert.is(run.states.get('m'), 'failed')
  assert.is(run.reasons.get('m'), 'EXPIRED')
  assert.equal(run.do({ type: 'acknowledged', id: 'm', index: 0 }), [])
})

test('once what left later comes back from a gateway, what was lost there waits no longer than usual', () => {
  const lost = (alive: { far: string; sentAt: number } | undefined): number[] => {
    const run = new Run()
    run.do(accepted('m', 1))
    const times: number[] = []
    for (; run.now <= 8000; run.now += 10) {
      if (run.tick(100, undefined, 'far') !== undefined) times.push(run.now)
      if (run.now === 4000 && alive !== undefined) run.do({ type: 'alive', ...alive })
    }
    return times
  }
  const waiting = [0, 150, 400, 850, 1700, 3350, 6600]
  assert.equal(lost(undefined), waiting)
  assert.equal(lost({ far: 'another', sentAt: 3900 }), waiting)
  assert.equal(lost({ far: 'far', sentAt: 3300 }), waiting, 'it had left before')
  // The sixth loss: 50 ms drawn, and the slack once and once more for each loss beyond four; that was over
  assert.equal(lost({ far: 'far', sentAt: 3900 }), [...waiting.slice(0, 6), 4010])
})

test('what the client sends by itself is given up by elapsed time, and what a person wrote by the wall clock', () => {
  const run = new Run()
  run.do(accepted('own', 1, { deadline: undefined, giveUpAt: 1000 }))
  run.do(accepted('written', 1, { deadline: 1000 }))
  run.do({ type: 'overdue', wall: 999 })
  run.now = 999
  run.do({ type: 'tick' })
  assert.is(run.state.jobs.size, 2)
  run.do({ type: 'overdue', wall: 1000 })
  assert.is(run.states.get('written'), 'failed')
  assert.is(run.states.get('own'), 'queued')
  run.now = 1000
  run.do({ type: 'tick' })
  assert.is(run.states.get('own'), 'failed')
})

test('the wait for an acknowledgement doubles no further than its sender says', () => {
  const run = new Run()
  run.do(accepted('m', 1, { deadline: 2000 }))
  const times: number[] = []
  for (; run.now < 2000; run.now += 10) if (run.tick(100, 300) !== undefined) times.push(run.now)
  assert.equal(times, [0, 150, 400, 750, 1100, 1450, 1800])
})

test('a message is sent when all of it has left, and stored when all of it is acknowledged', () => {
  const run = new Run()
  run.do(accepted('m', 2))
  run.tick()
  assert.is(run.states.get('m'), 'queued')
  run.tick()
  assert.is(run.states.get('m'), 'sent')
  run.do({ type: 'acknowledged', id: 'm', index: 1 })
  run.do({ type: 'acknowledged', id: 'm', index: 1 })
  assert.is(run.states.get('m'), 'sent')
  run.do({ type: 'acknowledged', id: 'm', index: 0 })
  assert.is(run.states.get('m'), 'stored')
})

test('a long message does not hold up a short one', () => {
  const run = new Run()
  run.do(accepted('long', 500))
  run.do(accepted('short', 2))
  const turns = [run.tick(), run.tick(), run.tick()].map(sent => sent?.id)
  assert.equal(turns, ['long', 'short', 'long'])
})

test("what a client sends by itself goes behind people's messages, but for one turn in eight", () => {
  const run = new Run()
  run.do(accepted('person', 100))
  // However much a stranger makes it send
  for (let i = 0; i < 300; i++) run.do(accepted(`own ${i}`, 24, { dueTo: 'stranger' }))
  const turns = Array.from({ length: 64 }, () => run.tick()?.id)
  assert.is(turns.filter(id => id === 'person').length, 56)
  // And of those that make it send each has its turn
  run.do(accepted('friend', 1, { dueTo: 'friend', by: 'none' }))
  const next = Array.from({ length: 16 }, () => run.tick()?.id)
  assert.ok(next.includes('friend'))
  assert.is(run.states.get('friend'), 'sent')
})

test('what a client sends by itself has all turns that people leave', () => {
  const run = new Run()
  for (const id of ['a', 'b']) run.do(accepted(id, 3, { dueTo: id, by: 'none' }))
  assert.equal(
    Array.from({ length: 6 }, () => run.tick()?.id),
    ['a', 'b', 'a', 'b', 'a', 'b'],
  )
})

test('a window bounds what is in flight', () => {
  const run = new Run()
  for (const id of ['a', 'b', 'c']) run.do(accepted(id, 1000))
  for (let i = 0; i < 2000; i++) run.tick(1e9)
  assert.is(run.state.inFlight, 1024)
  assert.is(run.transmitted.length, 1024)
})

test('a fragment that could not leave waits, and leaves with the same attempt', () => {
  const run = new Run()
  run.do(accepted('m', 1))
  const [sent] = run.do({ type: 'tick' }) as [Extract<Action, { type: 'transmit' }>]
  run.do({ ...sent, type: 'held', retryAt: 500 })
  assert.is(run.tick(), undefined)
  assert.is(run.states.get('m'), 'queued')
  run.now = 500
  assert.equal(run.tick(), sent)
})

test('a restarted client goes on with what was not acknowledged', () => {
  const done = emptyBitmap(10)
  for (const index of [0, 1, 2, 5]) setBit(done, index)
  const run = new Run()
  run.do(accepted('m', 10, { resume: { state: 'sent', acknowledged: done } }))
  for (let i = 0; i < 20; i++) run.tick()
  assert.equal(
    run.transmitted.map(({ index }) => index),
    [3, 4, 6, 7, 8, 9],
  )
  for (const index of [3, 4, 6, 7, 8, 9]) run.do({ type: 'acknowledged', id: 'm', index })
  assert.is(run.states.get('m'), 'stored')
})

test('a receipt settles what the other side has and repairs at once what it lacks', () => {
  const run = new Run()
  run.do(accepted('r', 4, { by: 'peer' }))
  for (let i = 0; i < 4; i++) run.tick(10_000)
  assert.is(run.tick(), undefined)
  const have = emptyBitmap(4)
  for (const index of [0, 2]) setBit(have, index)
  run.do({ type: 'receipt', id: 'r', have })
  assert.is(run.tick()?.index, 1)
  // 3 left after what the receipt has seen; it may still be on its way
  assert.is(run.tick(), undefined)
  for (const index of [1, 3]) setBit(have, index)
  run.do({ type: 'receipt', id: 'r', have })
  assert.is(run.states.get('r'), 'received')
})

test('cancelled and read end a message wherever it stands', () => {
  const run = new Run()
  run.do(accepted('a', 3))
  run.tick()
  run.do({ type: 'failed', id: 'a', reason: 'ABORTED' })
  assert.is(run.reasons.get('a'), 'ABORTED')
  run.do(accepted('b', 3))
  run.do({ type: 'read', id: 'b' })
  assert.is(run.states.get('b'), 'read')
  assert.equal(run.do({ type: 'read', id: 'b' }), [])
  assert.is(run.state.jobs.size, 0)
})

test('an event that cannot belong to the queue is an error with a code', () => {
  const run = new Run()
  run.do(accepted('m', 3))
  const wrong: Event[] = [
    accepted('m', 3),
    { type: 'acknowledged', id: 'm', index: 3 },
    { type: 'receipt', id: 'm', have: new Uint8Array(2) },
  ]
  for (const event of wrong) {
    assert.throws(
      () => run.do(event),
      (error: unknown) => error instanceof ClientError && error.code === 'WRONG_STATE',
    )
  }
})

test('what was lost while nothing came back leaves again soon, and is doubled from there', () => {
  const run = new Run()
  run.do(accepted('m', 2))
  const attempts = (): number[] => run.transmitted.map(({ attempt }) => attempt)
  for (; run.now < 10_000; run.now += 10) run.tick()
  const before = attempts().length
  assert.ok(Math.max(...attempts()) >= 6)
  run.do({ type: 'revived', slackMs: 100 })
  run.now += 100
  run.tick()
  run.tick()
  assert.is(attempts().length, before + 2)
  // As after a first attempt: 50 drawn and 100 of slack
  run.now += 140
  run.tick()
  assert.is(attempts().length, before + 2)
  run.now += 20
  run.tick()
  run.tick()
  assert.is(attempts().length, before + 4)
  run.now += 240
  run.tick()
  assert.is(attempts().length, before + 4, 'twice as long')
})

test('a reply for which other blocks have come leaves again soon, and what else is under way waits on', () => {
  const run = new Run()
  run.do(accepted('reply', 2))
  run.do(accepted('other', 1))
  const of = (id: string): number => run.transmitted.filter(one => one.id === id).length
  for (; run.now < 10_000; run.now += 10) run.tick()
  const before = { reply: of('reply'), other: of('other') }
  run.do({ type: 'supplied', id: 'reply', slackMs: 100 })
  run.now += 90
  for (let i = 0; i < 3; i++) run.tick()
  assert.is(of('reply'), before.reply)
  run.now += 10
  for (let i = 0; i < 3; i++) run.tick()
  assert.is(of('reply'), before.reply + 2)
  assert.is(of('other'), before.other)
})

test.run()

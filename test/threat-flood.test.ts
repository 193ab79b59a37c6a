// docs/threats.md 3.13: more packets than a relay has room for. It goes on passing on as many as ever, and whose
// packets go does not depend on who sent them, nor when within a moment.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultLimits } from '../link/limits.ts'
import { CellQueue } from '../link/queue.ts'
import { poisson } from '../node/mixing/poisson.ts'
import type { Strategy } from '../node/mixing/strategy.ts'
import { type Action, type Mixed, newRelay, type RelayEvent, step } from '../node/relay/relay.ts'
import { geometry } from '../sphinx/geometry.ts'
import { exponential, type Random, seededRandom } from '../world/random.ts'

const senders = 10
const [limit, meanDelayMs] = [50, 50]
/** Packets a second that a full hold lets go: 1,000. */
const capacity = (limit * 1000) / meanDelayMs
const seconds = 12
/** Pearson's statistic with nine degrees of freedom exceeds it once in a hundred times. */
const critical = 21.67

function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

interface Outcome {
  /** Packets passed on, a second. */
  readonly goodput: number
  /** Dropped, by who sent them. */
  readonly dropped: readonly number[]
  /** The longest stay but one in a hundred, milliseconds. */
  readonly p99Ms: number
}

/**
 * A relay under `load` times its capacity, in time that is only counted. In each millisecond all send, always in the
 * same order.
 */
function flood(load: number, hold: Strategy<Mixed>, random: Random): Outcome {
  const relay = newRelay({
    geometry: geometry({ suite: 'x25519', hops: 3, userBytes: 200 }),
    self: new Uint8Array(32),
    keepsMail: false,
    passingLimit: 1000,
    maxDelayMs: 10_000,
    hold,
  })
  const sent = new Array<number>(senders).fill(0)
  const passed = new Array<number>(senders).fill(0)
  const stays: number[] = []
  let now = 0
  const came = new WeakMap<Uint8Array, number>()
  const happen = (event: RelayEvent): void => {
    for (const action of step(relay, event, now)) carryOut(action)
  }
  const carryOut = (action: Action): void => {
    if (action.do === 'peel') happen({ type: 'peeled', results: action.packets.map(peeled) })
    else if (action.do === 'record') happen({ type: 'recorded', batch: action.batch, ok: true })
    else if (action.do === 'forward') {
      const sender = action.packet[0] as number
      passed[sender] = (passed[sender] as number) + 1
      stays.push(now - (came.get(action.packet) as number))
      happen({ type: 'ended', end: 'forwarded' })
    }
  }
  const peeled = (packet: Uint8Array) => ({
    peeled: { at: 'forward' as const, next: packet, delayMs: exponential(random, meanDelayMs), packet },
  })
  let owed = 0
  for (; now < seconds * 1000; now++) {
    happen({ type: 'due' })
    owed += (load * capacity) / 1000
    for (; owed >= 1; owed--) {
      const total = sent.reduce((sum, count) => sum + count, 0)
      const sender = total % senders
      const packet = Uint8Array.of(sender)
      came.set(packet, now)
      sent[sender] = (sent[sender] as number) + 1
      happen({ type: 'arrived', from: `${sender}`, packets: [packet] })
    }
  }
  assert.is(
    relay.counters.received,
    relay.counters.forwarded + (relay.counters.dropped.get('HOLD_FULL') ?? 0) + hold.size,
    'every packet is accounted for',
  )
  stays.sort((a, b) => a - b)
  return {
    goodput: stays.length / seconds,
    dropped: sent.map((count, i) => count - (passed[i] as number)),
    p99Ms: stays[Math.floor(stays.length * 0.99)] as number,
  }
}

/** The control: a hold that has no room for what comes last. */
function dropNewest(random: Random): Strategy<Mixed> {
  const hold = poisson<Mixed>({ random, limit })
  return {
    get size() {
      return hold.size
    },
    put: (packet, now) => (hold.size >= limit ? packet : hold.put(packet, now)),
    take: now => hold.take(now),
    wakeAt: () => hold.wakeAt(),
    release: () => hold.release(),
  }
}

test('five times its capacity costs a relay none of what it passes on, and nobody waits longer', () => {
  const random = seededRandom(31)
  const outcomes = [0.5, 1, 2, 5].map(load => flood(load, poisson({ random, limit }), random))
  const peak = Math.max(...outcomes.map(({ goodput }) => goodput))
  const worst = outcomes.at(-1) as Outcome
  assert.ok(worst.goodput >= 0.8 * peak, `${worst.goodput} of ${peak} a second`)
  assert.ok(peak > 0.9 * capacity, `${peak} of ${capacity} a second`)
  // as long as the delays that were drawn: -50 ln 0.01
  for (const { p99Ms } of outcomes) assert.ok(p99Ms < 250, `${p99Ms} ms`)
})

test('what a full relay drops does not depend on who sent it', () => {
  const random = seededRandom(32)
  const { dropped } = flood(5, poisson({ random, limit }), random)
  const statistic = chiSquare(dropped)
  assert.ok(statistic < critical, `chi-square ${statistic}: ${dropped}`)
})

test('control: where the newest goes, whoever sends last in each moment loses', () => {
  const random = seededRandom(32)
  const { dropped } = flood(5, dropNewest(random), random)
  const statistic = chiSquare(dropped)
  assert.ok(statistic > 10 * critical, `chi-square ${statistic}: ${dropped}`)
})

/** Whose cells a neighbour's queue drops when five come for each that leaves. */
function queueDrops(keepsOldest: boolean): number[] {
  const random = seededRandom(33)
  const queue = new CellQueue({ cells: 60, ageMs: defaultLimits.cellAgeMs }, random)
  const left = new Array<number>(senders).fill(0)
  const rounds = 4000
  for (let now = 0; now < rounds; now++) {
    for (let sender = 0; sender < senders; sender++)
      if (!keepsOldest || queue.length < 60) queue.push(Uint8Array.of(sender), now)
    const [a, b] = queue.first(2)
    for (const cell of [a, b])
      if (cell !== undefined) left[cell[0] as number] = (left[cell[0] as number] as number) + 1
    queue.shift(2)
  }
  return left.map(count => rounds - count)
}

test('nor does what a full queue to a neighbour drops; control: it does where the newest goes', () => {
  const fair = chiSquare(queueDrops(false))
  assert.ok(fair < critical, `chi-square ${fair}`)
  const unfair = chiSquare(queueDrops(true))
  assert.ok(unfair > 10 * critical, `chi-square ${unfair}`)
})

test.run()

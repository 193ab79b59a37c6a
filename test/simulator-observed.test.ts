// The claim anonymity-as-simulated of a local network (docs/spec/simulator.md 11): what an eye on the production code's
// hold sees is what the simulator says of the declared delay; each control is a mix that does something else.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Dice } from '../hiding/dice.ts'
import { shannon } from '../hiding/metrics.ts'
import { votedStrategy } from '../node/mixing/voted.ts'
import { type Passage, watched } from '../node/mixing/watched.ts'
import { type Mixed, newRelay, type Relay, step } from '../node/relay/relay.ts'
import { anonymityClaims } from '../scripts/network/claims-anonymity.ts'
import {
  compareMix,
  figuresOf,
  type MixAgreement,
  type SeenMix,
} from '../simulator/anonymity/observed-mix.ts'
import { simulatedClock } from '../simulator/anonymity/simulated-clock.ts'
import type { RunRecord } from '../simulator/processes/record.ts'
import { addTimer, noTimers, timerLateMs } from '../simulator/processes/timers.ts'
import { geometry } from '../sphinx/geometry.ts'
import { seededRandom } from '../world/random.ts'

const delayMs = 50
const heldOnMs = 4 * delayMs
const packetsPerS = 60
const seconds = 20
/** Timers that have nothing to do with packets are set as a mix sets them. */
const timerMs = 10

interface Ways {
  /** Gives what the mix makes of the delay that a sender asked for. */
  readonly delay: (asked: number) => number
  /** It holds on what falls due in these milliseconds. */
  readonly wary: readonly [from: number, until: number]
  /** Its loop stands still for so long, once a second. */
  readonly stallMs: number
}

const usual: Ways = { delay: asked => asked, wary: [0, 0], stallMs: 0 }

/** Runs the production code's relay on a clock of its own, as a mix that packets of a Poisson process come to. */
function runMix(ways: Partial<Ways>, seed: number): SeenMix {
  const { delay, wary, stallMs } = { ...usual, ...ways }
  const clock = simulatedClock()
  const dice = new Dice(seed)
  const random = seededRandom(seed)
  const passages: Passage[] = []
  const voted = votedStrategy<Mixed>({ random, limit: 1000, wall: clock.now })
  const hold = watched(voted, clock.elapsed, passage => passages.push(passage))
  const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
  const relay: Relay = newRelay({
    ...{ geometry: g, self: new Uint8Array(32), keepsMail: false, passingLimit: 1000, maxDelayMs: 10_000 },
    hold,
  })
  let stalledUntil = 0
  const due = (): void => {
    const now = clock.elapsed()
    if (now < stalledUntil) return void clock.after(stalledUntil - now, due)
    relay.holdOn = now >= wary[0] && now < wary[1] ? () => dice.exponential(heldOnMs) : undefined
    step(relay, { type: 'due' }, now)
    const next = hold.wakeAt()
    if (next !== undefined) clock.after(Math.max(0, next - now), ring)
  }
  // One is enough: who rings has to be the earliest
  const ring = (): void => {
    if ((hold.wakeAt() ?? Number.POSITIVE_INFINITY) <= clock.elapsed()) due()
  }
  const come = (): void => {
    const packet = { at: 'forward', next: new Uint8Array(32), packet: new Uint8Array(1) } as const
    const asked = delay(Math.round(dice.exponential(delayMs)))
    hold.put({ ...packet, delayMs: asked }, Math.floor(clock.elapsed()))
    clock.after(asked, ring)
    clock.after(dice.exponential(1000 / packetsPerS), come)
  }
  const stall = (): void => {
    stalledUntil = clock.elapsed() + stallMs
    clock.after(1000, stall)
  }
  let timers = noTimers
  const look = (): void => {
    const due = clock.elapsed() + timerMs
    const rings = (): void => {
      const now = clock.elapsed()
      if (now < stalledUntil) return void clock.after(stalledUntil - now, rings)
      timers = addTimer(timers, timerMs, now - due)
      look()
    }
    clock.after(timerMs, rings)
  }
  if (stallMs > 0) stall()
  come()
  look()
  clock.run(seconds * 1000)
  return { passages, timerLateMs: timerLateMs(timers) }
}

function found(ways: Partial<Ways>, seed: number, from = seconds): MixAgreement {
  const { passages, timerLateMs } = runMix(ways, seed)
  const seen = passages.filter(({ left }) => left < from * 1000)
  const agreement = compareMix({ passages: seen, timerLateMs }, { delayMs, heldOnMs }, seed)
  assert.ok(agreement !== undefined)
  return agreement
}

function holds(agreement: MixAgreement): boolean {
  const [claim] = anonymityClaims
  const run = { comparedDelayMs: delayMs, mixes: [{ name: 'mix-0', ...agreement }] } as unknown as RunRecord
  return claim?.holds(claim.read(run), run) ?? false
}

const seeds = [1, 2, 3]

test('a mix that holds packets as their senders asked hides them as the simulator says', () => {
  for (const seed of seeds) {
    const agreement = found({}, seed)
    assert.ok(holds(agreement), JSON.stringify(agreement))
    // log2 (e times the 3 packets that it holds)
    assert.ok(Math.abs(agreement.observed.bits - Math.log2(Math.E * 3)) < 0.3)
  }
})

const others: readonly [string, Partial<Ways>][] = [
  ['sends at once what comes', { delay: () => 0 }],
  ['holds for half as long as it is asked to', { delay: asked => Math.round(asked / 2) }],
  ['holds for twice as long', { delay: asked => 2 * asked }],
  ['holds all equally long', { delay: () => delayMs }],
]

for (const [what, ways] of others)
  test(`control: a mix that ${what} is found`, () => {
    for (const seed of seeds) assert.not.ok(holds(found(ways, seed)), what)
  })

test('a mix that holds on while its loops are missing, and one whose loop stands still, hide as the simulator says', () => {
  for (const seed of seeds) {
    for (const ways of [{ wary: [8000, 14_000] }, { stallMs: 150 }, { stallMs: 310 }] as const) {
      const agreement = found(ways, seed)
      assert.ok(holds(agreement), JSON.stringify(agreement))
    }
  }
})

test('control: with stalls, too, half the delay is found, and three times the delay', () => {
  for (const seed of seeds) {
    assert.not.ok(holds(found({ stallMs: 150, delay: asked => Math.round(asked / 2) }, seed)))
    assert.not.ok(holds(found({ stallMs: 150, delay: asked => 3 * asked }, seed)))
  }
})

test('of few packets nothing is said', () => {
  const few = runMix({}, 1).passages.slice(0, 90)
  assert.is(compareMix({ passages: few, timerLateMs: 0 }, { delayMs, heldOnMs }, 1), undefined)
})

test('the posterior is that of all matchings, each as likely as any other', () => {
  // Three come, one leaves, one comes, three leave
  const came = Float64Array.of(0, 1, 2, 4)
  const left = Float64Array.of(5, 3, 7, 6)
  const { bits, place } = figuresOf(came, left, [0])
  assert.ok(Math.abs(bits - shannon([1 / 3, 2 / 9, 2 / 9, 2 / 9])) < 1e-12)
  // The second of three, the first of three, the second of two; the last has nobody to be compared with
  assert.ok(Math.abs(place - (1 / 2 + 0 + 1) / 3) < 1e-12)
})

test('what is held on has left when it leaves the second time', () => {
  const { passages } = runMix({ wary: [2000, 4000] }, 1)
  const heldOn = passages.filter(passage => passage.heldOn)
  assert.ok(heldOn.length > 60)
  assert.ok(heldOn.every(({ came, left }) => left >= came && left > 2000 && came < 4000))
  const stays = heldOn.map(({ came, left }) => left - came)
  const mean = stays.reduce((sum, stay) => sum + stay, 0) / stays.length
  assert.ok(mean > 3 * delayMs && mean < 7 * delayMs, `${mean} ms`)
})

test.run()

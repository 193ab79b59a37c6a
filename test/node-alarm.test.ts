// The n-1 alarm (docs/spec/node.md 4.2): its false alarms at 2 % loss, how surely it finds an attack that lasts no
// longer than one needs, and what it needs for that.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultParameters } from '../directory/documents/parameters.ts'
import {
  type AlarmState,
  evidenceNeeded,
  newAlarm,
  step,
  usualAlarm,
  usualLoss,
} from '../node/loops/alarm.ts'
import { exponential, fraction, type Random, seededRandom } from '../world/random.ts'
import { day, second } from '../world/units.ts'
import { type Place, type World, world } from './node-world.ts'

const gatewayOf = (w: World, i: number): Place =>
  w.places.filter(place => place.role === 'gateway')[i] as Place

interface Traffic {
  /** A second: own loops, and packets of others. */
  readonly loops: number
  readonly others: number
  readonly loss: number
  /** From when a loop is due to when it is missing, milliseconds. */
  readonly rtt: number
}

const { hopDelayMs, nodeLoopPerMinute } = defaultParameters
/** Default rates, of others' packets those that would be others' loops if there were as many, and of lateness 10 ms. */
const usual: Traffic = {
  loops: nodeLoopPerMinute / 60,
  others: 20,
  loss: 0.02,
  rtt: 15 + 2 * hopDelayMs,
}
/** An attack needs so long (4.2): others leave, then the target does, each with a probability of 99 %. */
const attackMs = 2 * Math.log(100) * hopDelayMs

/** Loops and arrivals until `end`; from `attackAt` on nothing arrives. Stops at the first alarm when `first`. */
function run(
  { loops, others, loss, rtt }: Traffic,
  random: Random,
  begin: AlarmState,
  from: number,
  end: number,
  attackAt = Number.POSITIVE_INFINITY,
): AlarmState {
  let state = begin
  let nextLoop = from + exponential(random, second / loops)
  let nextArrival = others === 0 ? Number.POSITIVE_INFINITY : from + exponential(random, second / others)
  let nextTick = from + 250
  const fates: { at: number; returned: boolean }[] = []
  const alarms = begin.raised
  for (;;) {
    const fate = fates[0]?.at ?? Number.POSITIVE_INFINITY
    const now = Math.min(nextLoop, nextArrival, fate, nextTick)
    if (now >= end) return state
    if (now === nextTick) {
      nextTick += 250
      if (state.missing > 0) state = step(state, { type: 'tick' }, now)
    } else if (now === nextLoop) {
      const back = now + rtt
      fates.push({ at: back, returned: back < attackAt && fraction(random) >= loss })
      nextLoop = now + exponential(random, second / loops)
    } else if (now === nextArrival) {
      if (now < attackAt) state = step(state, { type: 'arrived', count: 1 }, now)
      nextArrival = now + exponential(random, second / others)
    } else {
      state = step(state, { type: 'loop', returned: fates.shift()?.returned === true }, now)
    }
    if (now >= attackAt && state.raised > alarms) return state
  }
}

type Way =
  /** Nothing comes. */
  | 'silence'
  /** Packets of the attacker's own come in the place of the others. */
  | 'instead'
  /** The same, and when it is over what was kept away comes. */
  | 'later'

/** Attacks of this length on a mix that has learned its traffic for 20 minutes: the share that raises an alarm. */
function detection(traffic: Traffic, way: Way, lengthMs: number, trials: number, seed: number): number {
  const random = seededRandom(seed)
  let state = run(traffic, random, newAlarm(0), 0, 1200 * second)
  let found = 0
  for (let i = 0, now = 1200 * second; i < trials; i++, now += 3 * second) {
    const from = now + 2 * second + exponential(random, 250)
    const before = run(traffic, random, state, now, from)
    if (attacked(traffic, random, before, from, lengthMs, way).raised > before.raised) found++
    state = run(traffic, random, state, now, now + 3 * second)
  }
  return found / trials
}

/** One attack, and two seconds more; what is not kept away is lost or comes as usual. */
function attacked(
  { loops, others, loss, rtt }: Traffic,
  random: Random,
  begin: AlarmState,
  from: number,
  lengthMs: number,
  way: Way,
): AlarmState {
  const [over, end] = [from + lengthMs, from + lengthMs + 2 * second]
  const events: { at: number; event: Parameters<typeof step>[1] }[] = []
  const gap = (rate: number): number => exponential(random, second / rate)
  for (let due = from + gap(loops); due < end; due += gap(loops)) {
    const keptAway = due < over
    const comes = way === 'later' && due + rtt > over
    const returned = fraction(random) >= loss && (!keptAway || comes)
    // told in the order in which they were due
    events.push({ at: due + rtt, event: { type: 'loop', returned } })
  }
  for (let at = from + gap(others); at < end; at += gap(others))
    if (at >= over || way !== 'silence') events.push({ at, event: { type: 'arrived', count: 1 } })
  events.sort((a, b) => a.at - b.at)
  return events.reduce((state, { at, event }) => step(state, event, at), begin)
}

test('fewer than two false alarms a day at 2 % loss', () => {
  const days = 0.25
  const state = run(usual, seededRandom(3), newAlarm(0), 0, days * day)
  assert.ok(state.raised < 2 * days, `${state.raised} false alarms in ${days} days`)
  assert.ok(usualLoss(state) < 0.04, `${usualLoss(state)}`)
})

test('the control: a threshold for a false alarm a minute has many in an hour', () => {
  let state = newAlarm(0)
  const loose = { ...usualAlarm, falsePerDay: 24 * 60 }
  const random = seededRandom(4)
  let now = 0
  let alarms = 0
  // Without packets of others, so that the loops alone decide.
  for (let i = 0; i < 20_000; i++) {
    now += exponential(random, second)
    state = step(state, { type: 'loop', returned: fraction(random) >= 0.02 }, now, loose)
    if (state.at === 'raised') alarms++
    if (state.at === 'raised') state = { ...state, at: 'calm', evidence: { loops: 0, silence: 0 } }
  }
  assert.ok(alarms > 2, `${alarms}`)
})

test('by default a node sends a loop for each mean delay of a hop', () => {
  assert.is(nodeLoopPerMinute, 60_000 / hopDelayMs)
})

for (const way of ['silence', 'instead', 'later'] as const)
  test(`an attack that lasts as long as it needs raises an alarm in 9 of 10 cases: ${way}`, () => {
    for (const [i, loss] of [0, 0.02].entries()) {
      const share = detection({ ...usual, loss }, way, attackMs, 250, 5 + i)
      assert.ok(share >= 0.9, `loss ${loss}: ${share}`)
    }
  })

test('the control: at a loop a second, as it was, hardly any such attack does', () => {
  for (const way of ['instead', 'later'] as const)
    assert.ok(detection({ ...usual, loops: 1 }, way, attackMs, 200, 7) < 0.05, way)
})

test('the control: silence alone is no alarm', () => {
  let state = run(usual, seededRandom(9), newAlarm(0), 0, 600 * second)
  if (state.missing > 0) state = step(state, { type: 'loop', returned: true }, 600 * second)
  state = step(state, { type: 'tick' }, 660 * second)
  assert.is(state.raised, 0, 'a minute of silence, and no loop missing')
})

test('somebody puts packets of his own in the place of all others: four missing loops in a row are enough', () => {
  const before = run(usual, seededRandom(14), newAlarm(0), 0, 1200 * second)
  let state = before
  for (let i = 1; i <= 4; i++) {
    assert.is(state.raised, before.raised)
    state = step(state, { type: 'arrived', count: 20 }, (1200 + i) * second)
    state = step(state, { type: 'loop', returned: false }, (1200 + i) * second)
  }
  assert.is(state.at, 'raised')
})

test('what is usual is learned: at 20 % loss there are no more alarms than at 2 %', () => {
  const lossy = { ...usual, loss: 0.2 }
  const random = seededRandom(10)
  const before = run(lossy, random, newAlarm(0), 0, 600 * second)
  const state = run(lossy, random, before, 600 * second, day / 12)
  assert.ok(state.raised - before.raised <= 1, `${state.raised - before.raised}`)
  assert.ok(usualLoss(state) > 0.15)
})

test('an attack teaches nothing, and three loops in a row end the alarm', () => {
  const before = run(usual, seededRandom(11), newAlarm(0), 0, 1200 * second)
  let state = run(usual, seededRandom(12), before, 1200 * second, 1230 * second, 1200 * second)
  assert.is(state.at, 'raised')
  for (let i = 0; i < 500; i++) state = step(state, { type: 'loop', returned: false }, (1230 + i) * second)
  assert.is(usualLoss(state), usualLoss(before))
  for (let i = 0; i < 3; i++) {
    assert.is(state.at, 'raised')
    state = step(state, { type: 'loop', returned: true }, (1800 + i) * second)
  }
  assert.is(state.at, 'calm')
  assert.is(state.raised, before.raised + 1)
})

test('the threshold is the logarithm of the events of a day', () => {
  const state = run(usual, seededRandom(13), newAlarm(0), 0, 3600 * second)
  const { loops, silence } = evidenceNeeded(state, usualAlarm)
  assert.ok(Math.abs(loops - Math.log(20 * 86_400)) < 0.2)
  assert.ok(Math.abs(silence - Math.log(40 * 86_400)) < 0.2)
})

test('a whole mix: its links are cut while it runs, the alarm is in its status, and ends with the attack', async () => {
  const w = await world({ parameters: { nodeLoopPerMinute: 120 }, perLayer: 4, seed: 2 })
  await w.clock.advance(60 * second)
  const target = w.places.find(({ role }) => role === 'mix')?.node
  const others = w.places.map(({ node }) => node).filter(node => node !== target)
  assert.ok([target, ...others].every(node => node?.status().alarm.count === 0))
  w.links.partition([[target?.id as Uint8Array]])
  await w.clock.advance(6 * second)
  const { alarm } = target?.status() ?? {}
  assert.ok(alarm?.raised && alarm.count === 1)
  assert.ok(gatewayOf(w, 0).node.status().alarm.count === 0, 'the others lose some loops and hear enough')
  w.links.heal()
  await w.clock.advance(30 * second)
  assert.not(target?.status().alarm.raised)
  await w.close()
})

test.run()

// docs/spec/simulator.md 4 to 6: a network of Poisson mixes. The engine beside a second, naive one, beside the
// enumeration of all that the observer holds possible, beside closed forms, and beside the production code.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { Dice } from '../hiding/dice.ts'
import { delayBits } from '../hiding/formulas-network.ts'
import { carryLabels, chooseTargets, corruptInEach, follow, patternOf } from '../hiding/labels.ts'
import { drawTrace, type LayeredPlan, leaves, type Trace } from '../hiding/layered.ts'
import { meanBits, measureNetwork } from '../hiding/network.ts'
import { order } from '../hiding/sort.ts'
import { runChallenge } from '../simulator/anonymity/likelihood.ts'
import { runProduction } from '../simulator/anonymity/production.ts'
import { overRuns } from '../simulator/anonymity/runs.ts'
import { paperNetwork, paperNode, paperView } from '../simulator/paper.ts'
import { x25519PublicKey } from '../sphinx/crypto-portable.ts'
import { seededRandom } from '../world/random.ts'

const plan: LayeredPlan = { ratePerS: 50, layers: 3, width: 3, hopDelayS: 0.2 }

test('4: sorting by digits is sorting, and leaves equal times in order', () => {
  const dice = new Dice(1)
  const times = Float64Array.from({ length: 5000 }, () => dice.below(300))
  const places = Array.from({ length: 5000 }, (_, i) => i).sort(
    (a, b) => (times[a] as number) - (times[b] as number) || a - b,
  )
  assert.equal([...order(times, times.length)], places)
  assert.is(order(new Float64Array(0), 0).length, 0)
})

test('4: each packet comes and leaves once a layer, in order of time, and mixes hold what came and did not leave', () => {
  const trace = drawTrace({ ...plan, dummiesPerMixS: 2 }, new Dice(2), 20)
  for (const { time, what, mix, held } of trace.layers) {
    const holds = new Map<number, Set<number>>()
    time.forEach((at, i) => {
      assert.ok(i === 0 || at >= (time[i - 1] as number))
      const inside = holds.get(mix[i] as number) ?? new Set<number>()
      holds.set(mix[i] as number, inside)
      const code = what[i] as number
      if ((code & 3) === 0) inside.add(code >> 2)
      if ((code & 3) !== leaves) return
      assert.is(held[i], inside.size)
      assert.ok(inside.delete(code >> 2))
    })
    for (const inside of holds.values()) assert.is(inside.size, 0)
  }
})

/** Carries a label the naive way: every packet in a mix has a share of its own, which departures make even. */
function naively(trace: Trace, corrupt: readonly Uint8Array[], target: number): Map<number, number> {
  let shares = new Map([[target, 1]])
  trace.layers.forEach(({ what, mix }, layer) => {
    const pools = new Map<number, Map<number, number>>()
    const out = new Map<number, number>()
    what.forEach((code, i) => {
      const where = mix[i] as number
      const packet = code >> 2
      const pool = pools.get(where) ?? new Map<number, number>()
      pools.set(where, pool)
      if ((code & 3) !== leaves) {
        pool.set(packet, shares.get(packet) ?? 0)
        return
      }
      if (corrupt[layer]?.[where] !== 1) {
        const even = [...pool.values()].reduce((sum, each) => sum + each, 0) / pool.size
        for (const each of pool.keys()) pool.set(each, even)
      }
      out.set(packet, pool.get(packet) as number)
      pool.delete(packet)
    })
    shares = out
  })
  return shares
}

test('5: labels go where a naive second implementation carries them', () => {
  for (const [seed, corrupt, cascades] of [
    [3, 0, false],
    [4, 1, false],
    [5, 0, true],
    [6, 1, true],
  ] as const) {
    const trace = drawTrace({ ...plan, cascades }, new Dice(seed), 8)
    const bad = corruptInEach(plan.layers, plan.width, corrupt)
    const target = 20 + seed
    const masses = new Float64Array(trace.all)
    masses[target] = 1
    carryLabels(trace, bad, masses, 0, 1000)
    for (const [packet, share] of naively(trace, bad, target))
      assert.ok(Math.abs(share - (masses[packet] as number)) < 1e-12, `packet ${packet}`)
    let all = 0
    for (let i = 0; i < trace.packets; i++) all += masses[i] as number
    assert.ok(Math.abs(all - 1) < 1e-12)
  }
})

/** Counts, of all ways in which what left a mix can be what came, in how many each that left is the labelled one. */
function enumerated(
  events: readonly (readonly [kind: 'in' | 'out', packet: number])[],
  label: number,
): Map<number, number> {
  const counts = new Map<number, number>()
  let ways = 0
  const walk = (
    at: number,
    inside: readonly number[],
    taken: readonly (readonly [number, number])[],
  ): void => {
    const event = events[at]
    if (event === undefined) {
      ways++
      for (const [out, was] of taken) if (was === label) counts.set(out, (counts.get(out) ?? 0) + 1)
      return
    }
    const [kind, packet] = event
    if (kind === 'in') walk(at + 1, [...inside, packet], taken)
    else
      for (const [i, was] of inside.entries()) walk(at + 1, inside.toSpliced(i, 1), [...taken, [packet, was]])
  }
  walk(0, [], [])
  for (const [out, count] of counts) counts.set(out, count / ways)
  return counts
}

test('5: the posterior at one mix is what all matchings give, which have one likelihood', () => {
  const trace = drawTrace({ ratePerS: 6, layers: 1, width: 1, hopDelayS: 0.4 }, new Dice(7), 1.5)
  assert.ok(trace.packets >= 6 && trace.packets <= 10, `${trace.packets} packets`)
  const { what } = trace.layers[0] as Trace['layers'][number]
  const events = [...what].map(code => [(code & 3) === leaves ? 'out' : 'in', code >> 2] as const)
  const masses = new Float64Array(trace.all)
  masses[1] = 1
  carryLabels(trace, corruptInEach(1, 1, 0), masses, 0, 1000)
  const want = enumerated(events, 1)
  for (let i = 0; i < trace.packets; i++)
    assert.ok(Math.abs((masses[i] as number) - (want.get(i) ?? 0)) < 1e-12)
})

test('5: a packet that meets corrupt mixes alone is known', () => {
  const trace = drawTrace(plan, new Dice(8), 10)
  const bad = corruptInEach(plan.layers, plan.width, 2)
  const masses = new Float64Array(trace.all)
  const known = Array.from({ length: 200 }, (_, i) => 100 + i).filter(i => patternOf(trace, bad, i) === 7)
  assert.ok(known.length > 20)
  for (const packet of known) assert.is(follow(trace, bad, packet, 10, masses).bits, 0)
})

test('5: targets stand for all packets, each pattern of corrupt hops by its share', () => {
  const trace = drawTrace(plan, new Dice(9), 60)
  const bad = corruptInEach(plan.layers, plan.width, 1)
  const targets = chooseTargets(trace, bad, new Dice(10), 40, [5, 55])
  const total = targets.reduce((sum, { weight }) => sum + weight, 0)
  assert.ok(Math.abs(total - 1) < 1e-12)
  const wholly = targets.filter(({ packet }) => patternOf(trace, bad, packet) === 7)
  const weight = wholly.reduce((sum, each) => sum + each.weight, 0)
  assert.ok(Math.abs(weight - 1 / 27) < 0.02, `${weight}`)
})

test('4.3: wide pools hide what the closed form says', () => {
  for (const layers of [1, 3]) {
    const wide: LayeredPlan = { ratePerS: 1000, layers, width: 2, hopDelayS: 0.2 }
    const rate = layers === 1 ? wide.ratePerS / wide.width : wide.ratePerS
    const { value, se } = overRuns(6, run => [
      meanBits(measureNetwork(wide, corruptInEach(layers, 2, 0), new Dice(11, run), 10)),
    ])
    const want = Math.log2(rate) + delayBits(layers, wide.hopDelayS)
    assert.ok(
      Math.abs((value[0] as number) - want) < 0.03 + 4 * (se[0] as number),
      `${layers}: ${value} ${want}`,
    )
  }
})

test('4: one seed gives one result, another another', () => {
  const bits = (seed: number): number =>
    meanBits(measureNetwork(plan, corruptInEach(3, 3, 1), new Dice(seed), 20))
  assert.is(bits(12), bits(12))
  assert.is.not(bits(12), bits(13))
})

test('5: dummies hide, and at a high rate as well as messages of all mixes together can', () => {
  const thin: LayeredPlan = { ratePerS: 20, layers: 3, width: 10, hopDelayS: 0.25 }
  const bits = (dummiesPerMixS: number): number =>
    overRuns(4, run => [
      meanBits(measureNetwork({ ...thin, dummiesPerMixS }, corruptInEach(3, 10, 0), new Dice(14, run), 60)),
    ]).value[0] as number
  const none = bits(0)
  const many = bits(100)
  const best = Math.log2(20) + delayBits(3, 0.25)
  assert.ok(none < best - 2, `${none} ${best}`)
  assert.ok(Math.abs(many - best) < 0.25, `${many} ${best}`)
})

test('6: two senders are told apart the better the shorter the delays are', () => {
  const epsilon = (hopDelayS: number): number =>
    overRuns(6, run => [
      runChallenge(
        { senders: 100, sendRate: 2, layers: 3, width: 3, hopDelayS, corruptProbability: 0, units: 30 },
        new Dice(15, run),
      ).epsilon,
    ]).value[0] as number
  const long = epsilon(2)
  const short = epsilon(0.5)
  assert.ok(short > 3 * long, `${short} ${long}`)
})

test('8: mixing, clocks and paths of the production code give the law of the engine', () => {
  const random = seededRandom(16)
  const width = 3
  const nodes = [-1, 0, 1, 2].flatMap(layer =>
    Array.from({ length: width }, () => ({
      ...paperNode({ id: random(32), addresses: [] }, layer),
      packetKeys: new Map([[0, x25519PublicKey(random(32))]]),
    })),
  )
  const hopDelayMs = 200
  const parameters = { ...defaultParameters, hopDelayMs, networksApart: 0, nodeLoopPerMinute: 0 }
  const network = paperNetwork({ name: 'paper', genesis: 0, epochMs: 3_600_000 })
  const view = paperView(network, nodes, { parameters })
  const produced = overRuns(4, run => {
    const { followed } = runProduction({
      view,
      clients: 30,
      rates: { payload: 60, loop: 30, drop: 30, read: 60 },
      seed: run,
      settleMs: 4000,
      targets: 40,
      everyMs: 250,
    })
    return [followed.reduce((sum, { shannonBits }) => sum + shannonBits, 0) / followed.length]
  })
  // the entry gateway mixes as well; the last hop is the mailbox
  const engine = overRuns(8, run => [
    meanBits(
      measureNetwork(
        { ratePerS: 60, layers: 4, width, hopDelayS: hopDelayMs / 1000 },
        corruptInEach(4, width, 0),
        new Dice(17, run),
        40,
      ),
    ),
  ])
  const by = 4 * Math.hypot(produced.se[0] as number, engine.se[0] as number)
  const difference = Math.abs((produced.value[0] as number) - (engine.value[0] as number))
  assert.ok(difference <= by, `${produced.value} and ${engine.value} differ by more than ${by}`)
})

test.run()

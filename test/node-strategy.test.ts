// docs/spec/mixing.md: every strategy loses nothing, repeats nothing, keeps its bound and its rule, and leaves no trace
// of the order of arrival.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultParameters } from '../directory/documents/parameters.ts'
import type { Strategy } from '../node/mixing/strategy.ts'
import { type MixingNumbers, strategyNames, type VotedStrategy, votedStrategy } from '../node/mixing/voted.ts'
import { below, type Random, seededRandom } from '../world/random.ts'

interface Packet {
  readonly delayMs: number
  readonly name: number
}

const numbers = (change: Partial<MixingNumbers> = {}): MixingNumbers => ({ ...defaultParameters, ...change })

/** A hold whose wall clock shows the time that it is told. */
function voted(random: Random, limit: number): VotedStrategy<Packet> {
  let shown = 0
  const hold = votedStrategy<Packet>({ random, limit, wall: () => shown })
  const at = (now: number): typeof hold => {
    shown = now
    return hold
  }
  return {
    get name() {
      return hold.name
    },
    get size() {
      return hold.size
    },
    put: (packet, now) => at(now).put(packet, now),
    take: now => at(now).take(now),
    follow: (name, change, now) => at(now).follow(name, change, now),
    wakeAt: hold.wakeAt,
    release: hold.release,
  }
}

function strategy(name: string, random: Random, limit: number, change: MixingNumbers): Strategy<Packet> {
  const hold = voted(random, limit)
  hold.follow(name, change, 0)
  assert.is(hold.name, name)
  return hold
}

/** Records what one `take` did. */
interface Taken {
  readonly from: number
  readonly to: number
  /** Held just before. */
  readonly held: number
  readonly left: number
}

const tickBetween = ({ from, to }: Taken, everyMs: number): boolean =>
  Math.floor(to / everyMs) > Math.floor(from / everyMs)

/** Tells whether what left is what the rule says; `n` and `least` are already within the limit. */
const rules: Readonly<
  Record<string, (taken: Taken, n: number, least: number, at: MixingNumbers) => boolean>
> = {
  poisson: () => true,
  threshold: ({ held, left }, n) => left === (held >= n ? held : 0),
  timed: (taken, _n, _least, { batchMs }) => taken.left === (tickBetween(taken, batchMs) ? taken.held : 0),
  'threshold-or-timed': (taken, n, _least, { batchMs }) =>
    taken.left === (taken.held >= n || tickBetween(taken, batchMs) ? taken.held : 0),
  pool(taken, _n, least, { batchMs, poolPercent }) {
    const { held, left } = taken
    const most = Math.max(1, Math.floor((held * poolPercent) / 100))
    return left === (tickBetween(taken, batchMs) && held > least ? Math.min(held - least, most) : 0)
  },
  round: (taken, n, _least, { batchMs }) =>
    taken.left === (tickBetween(taken, batchMs) && taken.held >= n ? taken.held : 0),
}

const someNumbers = fc.record({
  batchPackets: fc.integer({ min: 1, max: 12 }),
  batchMs: fc.integer({ min: 10, max: 60 }),
  poolPackets: fc.nat(8),
  poolPercent: fc.integer({ min: 1, max: 100 }),
})
const arrivals = fc.array(fc.record({ delayMs: fc.nat(100), gap: fc.nat(30), packets: fc.nat(4) }), {
  maxLength: 60,
})
const somewhere = fc.record({ limit: fc.integer({ min: 1, max: 20 }), seed: fc.nat(), start: fc.nat(1000) })

test('each strategy has its rule in this test', () => {
  assert.equal(Object.keys(rules).sort(), [...strategyNames].sort())
})

for (const [name, follows] of Object.entries(rules)) {
  test(`${name}: nothing is lost, nothing comes twice, and the rule and the bound hold`, () => {
    fc.assert(
      fc.property(arrivals, someNumbers, somewhere, (events, set, { limit, seed, start }) => {
        const hold = strategy(name, seededRandom(seed), limit, set)
        const gone = new Set<Packet>()
        const go = (packet: Packet): void => {
          assert.not(gone.has(packet), 'once')
          gone.add(packet)
        }
        const least = Math.min(set.poolPackets, limit - 1)
        let now = start
        let looked = start
        let put = 0
        const look = (): void => {
          const held = hold.size
          const taken = hold.take(now)
          for (const packet of taken) go(packet)
          const what = { from: looked, to: now, held, left: taken.length }
          assert.ok(follows(what, Math.min(set.batchPackets, limit), least, set), JSON.stringify(what))
          assert.is(hold.size, held - taken.length)
          if (name === 'pool' && taken.length > 0) assert.ok(hold.size >= least, 'the pool stays')
          assert.ok((hold.wakeAt() ?? Number.POSITIVE_INFINITY) > now, 'nothing that may leave stays')
          looked = now
        }
        for (const { delayMs, gap, packets } of events) {
          now += gap
          look()
          for (let i = 0; i < packets; i++) {
            const pushedOut = hold.put({ delayMs, name: put++ }, now)
            if (pushedOut !== undefined) go(pushedOut)
            assert.is(hold.size, put - gone.size, 'pushed out only what was held')
            assert.ok(hold.size <= limit, 'bound')
          }
          look()
        }
        for (let wake = hold.wakeAt(); wake !== undefined; wake = hold.wakeAt()) {
          const before = hold.size
          now = wake
          look()
          assert.ok(hold.size < before, 'woken for something')
        }
        for (const packet of hold.release()) go(packet)
        assert.is(hold.size, 0)
        assert.is(hold.wakeAt(), undefined)
        assert.is(gone.size, put)
      }),
    )
  })
}

test('round: one with too few keeps none of a later one waiting', () => {
  const hold = strategy('round', seededRandom(1), 100, numbers({ batchPackets: 4, batchMs: 50 }))
  const left: number[] = []
  for (const [round, packets] of [5, 3, 5, 6, 4].entries()) {
    for (let name = 0; name < packets; name++) hold.put({ delayMs: 0, name }, round * 50 + 25)
    left.push(hold.take((round + 1) * 50).length)
  }
  assert.equal(left, [5, 0, 8, 6, 4])
})

/** Pearson's statistic of counts against equal chances. */
function chiSquare(counts: ReadonlyMap<string, number>, outcomes: number, runs: number): number {
  const expected = runs / outcomes
  const seen = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  return seen + (outcomes - counts.size) * expected
}

/** With this many degrees of freedom even chances exceed it once in a million: many tests, and a seed each. */
const critical: Readonly<Record<number, number>> = { 4: 33.38, 11: 48.87, 23: 70.55 }

function assertEven(outcomes: number, runs: number, draw: () => string): void {
  const counts = new Map<string, number>()
  for (let run = 0; run < runs; run++) {
    const outcome = draw()
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  }
  const statistic = chiSquare(counts, outcomes, runs)
  const most = critical[outcomes - 1] as number
  assert.ok(counts.size <= outcomes && statistic < most, `chi-square ${statistic} of at most ${most}`)
}

/** Four packets, put at one time, and what leaves of them. */
const batchesOfFour = numbers({ batchPackets: 4, batchMs: 50, poolPackets: 2, poolPercent: 100 })
const orderOf = (packets: readonly Packet[]): string => packets.map(packet => packet.name).join('')

for (const name of strategyNames) {
  const outcomes = name === 'pool' ? 12 : 24
  test(`${name}: all ${outcomes} outcomes of a batch are equally likely`, () => {
    const random = seededRandom(11)
    const hold = strategy(name, random, 10, batchesOfFour)
    let now = 0
    assertEven(outcomes, 500 * outcomes, () => {
      now += 100
      for (let i = 0; i < 4; i++) hold.put({ delayMs: 50, name: i }, now)
      const order = orderOf(hold.take(now + 50))
      hold.release()
      return order
    })
  })

  test(`${name}: each packet is as likely to be pushed out of a full hold, the newest too`, () => {
    const random = seededRandom(12)
    const hold = strategy(name, random, 4, numbers({ batchPackets: 4, batchMs: 50, poolPackets: 4 }))
    assertEven(5, 2500, () => {
      let out = ''
      for (let i = 0; i < 5; i++) out += hold.put({ delayMs: 50, name: i }, 0)?.name ?? ''
      assert.is(hold.release().length, 4)
      return out
    })
  })

  test(`${name}: what another strategy takes over comes in random order, whatever came first`, () => {
    const random = seededRandom(13)
    const hold = strategy(name, random, 10, numbers({ batchPackets: 9, batchMs: 50 }))
    assertEven(24, 12_000, () => {
      for (let i = 0; i < 4; i++) hold.put({ delayMs: 10 * i, name: i }, 0)
      return orderOf(hold.release())
    })
  })
}

test('a pool does not tell the older from the newer', () => {
  const random = seededRandom(14)
  const hold = strategy('pool', random, 10, numbers({ batchMs: 50, poolPackets: 1, poolPercent: 25 }))
  assertEven(12, 6000, () => {
    for (let i = 0; i < 4; i++) hold.put({ delayMs: 0, name: i }, 10 * i)
    const first = hold.take(50)
    const second = hold.take(100)
    hold.release()
    return orderOf([...first, ...second])
  })
})

/** The entropy of which arrival a departure was, bits, measured over many ticks with `arrivals` packets each. */
function poolEntropy(arrivals: number, set: MixingNumbers): number {
  const hold = strategy('pool', seededRandom(15), 1000, set)
  const ages: number[] = []
  let departures = 0
  const ticks = 5000
  for (let tick = 0; tick < ticks; tick++) {
    for (let i = 0; i < arrivals; i++) hold.put({ delayMs: 0, name: tick }, tick * set.batchMs)
    // the first ticks only fill the pool
    for (const { name: came } of hold.take((tick + 1) * set.batchMs)) {
      if (tick < 100) continue
      ages[tick - came] = (ages[tick - came] ?? 0) + 1
      departures++
    }
  }
  const shares = ages.filter(count => count > 0).map(count => count / departures)
  return shares.reduce((sum, share) => sum - share * Math.log2(share / arrivals), 0)
}

test('a pool gives the anonymity of docs/spec/mixing.md, under little load and under much', () => {
  const set = numbers({ batchMs: 500, poolPackets: 20, poolPercent: 60 })
  for (const [a, held] of [
    [10, 30],
    [90, 150],
  ] as const) {
    const formula = Math.log2(held) + ((held - a) / a) * Math.log2(held / (held - a))
    const measured = poolEntropy(a, set)
    assert.ok(Math.abs(measured - formula) < 0.02, `${measured} bits, want ${formula}`)
  }
})

test('a timer that rings late fires once, and ticks without packets do not count', () => {
  const hold = strategy('timed', seededRandom(1), 10, numbers({ batchMs: 100 }))
  assert.is(hold.wakeAt(), undefined)
  hold.put({ delayMs: 0, name: 0 }, 950)
  assert.is(hold.wakeAt(), 1000)
  assert.is(hold.take(999).length, 0)
  assert.is(hold.take(1730).length, 1)
  hold.put({ delayMs: 0, name: 1 }, 1740)
  assert.is(hold.take(1799).length, 0)
  assert.is(hold.wakeAt(), 1800)
  hold.take(1800)
  hold.put({ delayMs: 0, name: 2 }, 9100)
  assert.is(hold.wakeAt(), 9200)
})

test('a change of strategy or of its numbers loses nothing, and keeps the bound', () => {
  const changes = fc.array(fc.tuple(fc.constantFrom(...strategyNames, 'no-such'), someNumbers), {
    minLength: 1,
    maxLength: 8,
  })
  fc.assert(
    fc.property(changes, arrivals, somewhere, (switches, events, { limit, seed }) => {
      const random = seededRandom(seed)
      const hold = voted(random, limit)
      const gone = new Set<Packet>()
      let put = 0
      let now = 0
      for (const { delayMs, gap, packets } of events) {
        now += gap
        const [name, set] = switches[below(random, switches.length)] as [string, MixingNumbers]
        const before = hold.size
        hold.follow(name, set, now)
        assert.is(hold.name, name === 'no-such' ? 'poisson' : name)
        assert.is(hold.size, before)
        for (let i = 0; i < packets; i++) {
          const pushedOut = hold.put({ delayMs, name: put++ }, now)
          if (pushedOut !== undefined) gone.add(pushedOut)
          assert.ok(hold.size <= limit)
        }
        for (const packet of hold.take(now)) gone.add(packet)
        assert.is(gone.size + hold.size, put)
      }
    }),
  )
})

test('a strategy is changed only when the consensus says something new', () => {
  const hold = voted(seededRandom(1), 5)
  assert.not(hold.follow('poisson', numbers(), 0))
  assert.not(hold.follow('poisson', numbers({ batchMs: 20 }), 0), 'numbers of others')
  assert.ok(hold.follow('timed', numbers(), 0))
  assert.not(hold.follow('timed', numbers(), 0))
  assert.ok(hold.follow('timed', numbers({ batchMs: 20 }), 0))
  for (const unknown of ['no-such', 'constructor', '']) {
    assert.ok(hold.follow(unknown, numbers(), 0))
    assert.not(hold.follow(unknown, numbers(), 0))
    assert.is(hold.name, 'poisson')
  }
})

test.run()

// What nodes publish of their traffic (docs/spec/counts.md 2 to 4): the law of the noise, one count a period whatever
// the clock does, and one word a period whatever ends the process.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { countForm, type PublishedCount, readCount, writableSteps } from '../directory/documents/count.ts'
import {
  budget,
  clientPacketsPerS,
  type Mechanism,
  mechanism,
  periodEpochs,
  samplesInPeriod,
} from '../directory/documents/counting.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { Reader } from '../directory/reader.ts'
import { write } from '../encoding/cbor.ts'
import { deviationInSteps } from '../hiding/published.ts'
import { type Counts, openCounts } from '../node/counts/counts.ts'
import { discreteLaplace } from '../node/counts/noise.ts'
import { PeriodCount } from '../node/counts/period-count.ts'
import { diskWatch } from '../node/disk.ts'
import { type Files, memoryFiles } from '../node/files.ts'
import { paperNetwork } from '../simulator/paper.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { Timers } from '../world/timers.ts'
import { day, hour, minute, second } from '../world/units.ts'

const draws = 30_000

/** The probability of each whole number that is as far as `reach` from 0 at most. */
function laplace(scale: number, reach: number): Map<number, number> {
  const ratio = Math.exp(-1 / scale)
  const each = (k: number): number => ((1 - ratio) / (1 + ratio)) * ratio ** Math.abs(k)
  return new Map(Array.from({ length: 2 * reach + 1 }, (_, i) => [i - reach, each(i - reach)]))
}

/** Chi-square of draws beside a law, and how many values of it were told apart; the rest is one more. */
function chiSquare(
  drawn: readonly number[],
  law: ReadonlyMap<number, number>,
): { sum: number; freedom: number } {
  const counts = new Map<number, number>()
  for (const value of drawn) counts.set(value, (counts.get(value) ?? 0) + 1)
  let [sum, rest, seen, freedom] = [0, 1, 0, 0]
  for (const [value, probability] of law) {
    const expected = probability * drawn.length
    if (expected < 10) continue
    const count = counts.get(value) ?? 0
    sum += (count - expected) ** 2 / expected
    rest -= probability
    seen += count
    freedom++
  }
  const expected = rest * drawn.length
  return { sum: sum + (drawn.length - seen - expected) ** 2 / expected, freedom }
}

/** A chi-square beyond this comes by chance once in 100,000 times (Wilson and Hilferty 1931). */
function beyondChance(freedom: number): number {
  const part = 2 / (9 * freedom)
  return freedom * (1 - part + 4.265 * Math.sqrt(part)) ** 3
}

test('the noise is discrete Laplace of the scale that is stated', () => {
  for (const scale of [1, 2, 7, 40]) {
    const random = seededRandom(scale)
    const drawn = Array.from({ length: draws }, () => discreteLaplace(random, scale))
    const { sum, freedom } = chiSquare(drawn, laplace(scale, 12 * scale))
    assert.ok(freedom >= 5 && sum < beyondChance(freedom), `scale ${scale}: ${sum} of ${freedom}`)
    // Control: of another scale, or with a 0 of either sign, it is found out
    const wrong = chiSquare(drawn, laplace(scale * 1.1, 12 * scale))
    assert.ok(wrong.sum > beyondChance(wrong.freedom), `scale ${scale} passes for ${scale * 1.1}`)
    const twice = drawn.map((value, i) => (i % 20 === 0 ? 0 : value))
    assert.ok(chiSquare(twice, laplace(scale, 12 * scale)).sum > beyondChance(freedom))
  }
})

test('large scales are drawn as they are stated too', () => {
  const random = seededRandom(5)
  const scale = 4_000_000_007 % 2 ** 32
  const sizes = Array.from({ length: 4000 }, () => Math.abs(discreteLaplace(random, scale)) / scale)
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  assert.ok(Math.abs(mean - 1) < 5 / Math.sqrt(sizes.length), String(mean))
})

test('what one client may change is hidden to the epsilon that is stated', () => {
  const network = { epochMs: hour, layers: 3 }
  for (const role of ['mix', 'gateway'] as const) {
    const { sensitivity, scale } = mechanism(role, network, defaultParameters) as Mechanism
    const epsilon = role === 'mix' ? budget.packets : budget.users
    // probabilities of two neighbours differ by exp(sensitivity / scale) at most
    assert.ok(sensitivity / scale <= epsilon && sensitivity / (scale - 1) > epsilon)
  }
  const { sensitivity } = mechanism('mix', network, defaultParameters) as Mechanism
  const packets = (clientPacketsPerS(defaultParameters) * day) / second
  // three layers, there and back, at the busiest level of cover
  assert.ok(sensitivity > 3 * 2 * 1.5 * packets && sensitivity < 3 * 2 * 1.51 * packets)
  const busy = { ...defaultParameters, payloadPerMinute: 60_000, loopPerMinute: 60_000 }
  assert.is(mechanism('mix', { ...network, layers: 9 }, busy), undefined)
})

test('the deviation that readers go by is that of what is drawn', () => {
  const by: Mechanism = { sensitivity: 60, scale: 200, perStep: 120 }
  const random = seededRandom(6)
  const steps = Array.from({ length: 20_000 }, (_, i) => {
    const exact = 600 + (i % 120)
    return writableSteps((exact + discreteLaplace(random, by.scale)) / by.perStep) - exact / by.perStep
  })
  const deviation = Math.sqrt(steps.reduce((sum, step) => sum + step * step, 0) / steps.length)
  assert.ok(Math.abs(deviation / deviationInSteps(by) - 1) < 0.03, `${deviation} ${deviationInSteps(by)}`)
})

test('a period is a day where people use the network, and an epoch in networks for tests', () => {
  assert.is(periodEpochs({ epochMs: hour }), 24)
  assert.is(periodEpochs({ epochMs: 7 * hour }), 4)
  assert.is(periodEpochs({ epochMs: 2 * day }), 1)
  assert.is(periodEpochs({ epochMs: 10 * minute }), 144)
  assert.is(periodEpochs({ epochMs: 10 * minute - 1 }), 1)
})

test('a count has one form', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: -(2 ** 32), max: 2 ** 32 }), (period, steps) => {
      const bytes = write(countForm({ period, steps }))
      const read = readCount(new Reader(bytes, 'count'))
      assert.equal(read, { period, steps })
      assert.equal(write(countForm(read)), bytes)
    }),
  )
  assert.ok(Object.is(writableSteps(-0.2), 0))
  assert.is(writableSteps(Number.MAX_SAFE_INTEGER), 2 ** 32)
})

const periodMs = 960
const by: Mechanism = { sensitivity: 1, scale: 1, perStep: 1 }

/** A counter without noise, of something that grows by one a millisecond. */
function counter(told = -1): PeriodCount {
  return new PeriodCount({ periodMs, noise: () => 0, told })
}

/** Lets time pass in steps, as the wall clock shows it; returns what was told. */
function pass(count: PeriodCount, clock: { wall: number; elapsed: number }, ms: number): PublishedCount[] {
  const told: PublishedCount[] = []
  for (let left = ms; left > 0; left -= 16) {
    clock.wall += 16
    clock.elapsed += 16
    const moment = { sinceGenesis: clock.wall, elapsed: clock.elapsed, isSure: true }
    const one = count.look(moment, { grown: clock.elapsed }, by)
    if (one !== undefined) told.push(one)
  }
  return told
}

test('each whole period is told once, and parts of one never', () => {
  const clock = { wall: 500, elapsed: 0 }
  const count = counter()
  const told = pass(count, clock, 5 * periodMs)
  assert.equal(
    told.map(({ period }) => period),
    [1, 2, 3, 4],
  )
  for (const { steps } of told) assert.ok(Math.abs(steps - periodMs) <= 32, String(steps))
})

test('what is told is what was counted and noise, drawn once a period and of the scale that is stated', () => {
  const scales: number[] = []
  const drawn = [300, -400, 0]
  const noise = (scale: number): number => drawn[scales.push(scale) - 1] ?? 0
  const told = (count: PeriodCount): number[] =>
    pass(count, { wall: 500, elapsed: 0 }, 4 * periodMs).map(({ steps }) => steps)
  const exact = told(counter())
  const noised = told(new PeriodCount({ periodMs, noise, told: -1 }))
  assert.equal(
    noised.map((steps, i) => steps - (exact[i] as number)),
    drawn,
  )
  assert.equal(scales, [by.scale, by.scale, by.scale, by.scale])
})

test('samples are those of a whole period, also when looks are late', () => {
  const count = counter()
  const look = (at: number): PublishedCount | undefined =>
    count.look({ sinceGenesis: at, elapsed: at, isSure: true }, { sample: 7 }, by)
  look(950)
  look(961)
  for (let at = 970; at < 2 * periodMs; at += 41) assert.is(look(at), undefined)
  assert.equal(look(2 * periodMs + 3), { period: 1, steps: 7 * samplesInPeriod })
})

test('a clock that is put forwards or back, sleep, doubt and other numbers spoil the period', () => {
  const spoilt = (
    spoil: (count: PeriodCount, clock: { wall: number; elapsed: number }) => void,
  ): number[] => {
    const clock = { wall: 900, elapsed: 0 }
    const count = counter()
    const first = pass(count, clock, 400)
    spoil(count, clock)
    return [...first, ...pass(count, clock, 1000)].map(({ period }) => period)
  }
  assert.equal(
    spoilt(() => {}),
    [1],
  )
  assert.equal(
    spoilt((_, clock) => {
      clock.wall += 100
    }),
    [],
  )
  assert.equal(
    spoilt((_, clock) => {
      clock.wall -= 100
    }),
    [],
  )
  assert.equal(
    spoilt((_, clock) => {
      clock.wall += 200
      clock.elapsed += 200
    }),
    [],
  )
  assert.equal(
    spoilt((count, clock) => {
      const moment = { sinceGenesis: clock.wall, elapsed: clock.elapsed, isSure: false }
      count.look(moment, { grown: 0 }, by)
    }),
    [],
  )
  assert.equal(
    spoilt((count, clock) => {
      const moment = { sinceGenesis: clock.wall, elapsed: clock.elapsed, isSure: true }
      count.look(moment, { grown: 0 }, undefined)
    }),
    [],
  )
})

test('other numbers at the end than at the beginning tell nothing', () => {
  const count = counter()
  const look = (at: number, scale: number): PublishedCount | undefined =>
    count.look({ sinceGenesis: at, elapsed: at, isSure: true }, { grown: at }, { ...by, scale })
  look(940, 1)
  for (let at = 961; at < 2 * periodMs; at += 40) assert.is(look(at, 1), undefined)
  assert.is(look(2 * periodMs, 2), undefined)
})

type Event =
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'set'; readonly by: number }
  | { readonly do: 'restart' }

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 16, max: 3000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('set' as const), by: fc.integer({ min: -4000, max: 4000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

/** Plays events; returns each told count with the elapsed time at which it was told. */
function play(events: readonly Event[], remembers: boolean): { period: number; at: number; steps: number }[] {
  const clock = { wall: 10_000, elapsed: 0 }
  let count = counter()
  const told: { period: number; at: number; steps: number }[] = []
  for (const event of events) {
    if (event.do === 'set') clock.wall = Math.max(0, clock.wall + event.by)
    else if (event.do === 'restart')
      count = counter(remembers ? Math.max(-1, ...told.map(({ period }) => period)) : -1)
    else
      for (let left = event.ms; left > 0; left -= 16)
        for (const one of pass(count, clock, 16)) told.push({ ...one, at: clock.elapsed })
  }
  return told
}

test('no period is told twice, and no time counted twice, whatever the clock and the process do', () => {
  let toldAtAll = 0
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), events => {
      const told = play(events, true)
      toldAtAll += told.length
      for (const [i, { period, at, steps }] of told.entries()) {
        const before = told[i - 1]
        assert.ok(Math.abs(steps - periodMs) <= periodMs / 8 + 32, `${steps}`)
        if (before === undefined) continue
        assert.ok(period > before.period)
        // what one counted was over when the next began
        assert.ok(at - before.at >= steps - 16)
      }
    }),
    { numRuns: 150 },
  )
  assert.ok(toldAtAll > 50)
})

test('control: a process that remembers nothing tells a period again', () => {
  const again = fc.sample(fc.array(anyEvent, { minLength: 20, maxLength: 40 }), { numRuns: 300, seed: 1 })
  const twice = again.filter(events => {
    const periods = play(events, false).map(({ period }) => period)
    return new Set(periods).size < periods.length
  })
  assert.ok(twice.length > 0)
})

// The shell

/** A gateway with five clients that counts, on a clock that is moved by hand. */
async function gateway(
  files: Files,
  clock: { wall: number; elapsed: number },
  random = seededRandom(3),
): Promise<Counts> {
  const network = paperNetwork({ name: 'paper', genesis: 0, epochMs: minute })
  const ticking = { now: () => clock.wall, elapsed: () => clock.elapsed, after: () => ({ cancel: () => {} }) }
  const counts = await openCounts({
    role: 'gateway',
    network,
    files,
    clock: ticking,
    isSure: () => true,
    random,
    parameters: () => defaultParameters,
    disk: diskWatch(silent),
    log: silent,
    isOn: true,
  })
  counts.start(new Timers(ticking), () => ({ sample: 5 }))
  return counts
}

/** Lets time pass for a node. */
async function live(
  counts: Counts,
  clock: { wall: number; elapsed: number },
  ms: number,
): Promise<(PublishedCount | undefined)[]> {
  const seen: (PublishedCount | undefined)[] = []
  for (let left = ms; left > 0; left -= second) {
    clock.wall += second
    clock.elapsed += second
    seen.push(await counts.newest())
  }
  return seen
}

test('a node that starts again tells what it told, and no other number of that period', async () => {
  const files = memoryFiles()
  const clock = { wall: 30 * second, elapsed: 0 }
  const first = await live(await gateway(files, clock), clock, 100 * second)
  const told = first.at(-1)
  assert.is(told?.period, 1)
  const again = await gateway(files, clock, seededRandom(4))
  assert.equal(again.current, told)
  // also where the clock was put back, so that the period comes again
  clock.wall = 50 * second
  const afterwards = await live(again, clock, 80 * second)
  assert.ok(afterwards.every(count => count === undefined || count.steps === told?.steps))
  assert.equal(again.current, told)
  // and it goes on with the next
  const later = await live(again, clock, 3 * minute)
  assert.ok((later.at(-1)?.period ?? 0) > 1)
})

test('nodes with the same traffic tell different numbers, around what it is', async () => {
  const told = new Set<number>()
  for (let seed = 0; seed < 12; seed++) {
    const clock = { wall: 30 * second, elapsed: 0 }
    const counts = await gateway(memoryFiles(), clock, seededRandom(seed))
    const steps = (await live(counts, clock, 100 * second)).at(-1)?.steps as number
    told.add(steps)
    // 5 clients are 2.5 steps, and noise is that far off once in a hundred million draws
    assert.ok(Math.abs(steps - 2.5) < 35, `${steps}`)
  }
  assert.ok(told.size > 3, [...told].join(' '))
})

test('what the disk does not take is told nobody', async () => {
  const kept = memoryFiles()
  const files: Files = { ...kept, write: () => Promise.reject(new Error('ENOSPC')) }
  const clock = { wall: 30 * second, elapsed: 0 }
  const seen = await live(await gateway(files, clock), clock, 5 * minute)
  assert.ok(seen.every(count => count === undefined))
})

test('a file that cannot be read costs the period of now', async () => {
  const files = memoryFiles()
  await files.write('count', new Uint8Array([1, 2, 3]))
  const clock = { wall: 30 * second, elapsed: 0 }
  const counts = await gateway(files, clock)
  const seen = await live(counts, clock, 3 * minute)
  assert.equal([...new Set(seen.map(count => count?.period))], [undefined, 1, 2])
})

test('an old count is published no more', async () => {
  const files = memoryFiles()
  const clock = { wall: 30 * second, elapsed: 0 }
  await live(await gateway(files, clock), clock, 100 * second)
  clock.wall += 10 * minute
  const counts = await gateway(files, clock)
  assert.is(counts.current, undefined)
})

test.run()

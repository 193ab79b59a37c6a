// How answers are counted (docs/spec/voting.md 6): each method against properties that define it, against counts by
// hand, and against Belenios' tool where that has the method.

import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { majorityJudgment } from '../voting/tally/grades.ts'
import { highestAverages } from '../voting/tally/lists.ts'
import { borda, schulze } from '../voting/tally/ranked.ts'
import { type Places, placesBy, seat } from '../voting/tally/standing.ts'
import { stv } from '../voting/tally/stv.ts'

type Ballots = readonly (readonly number[])[]

/** Ranks of some of `options`, without gaps and without ties. */
const strictRanks = (options: number): fc.Arbitrary<number[]> =>
  fc
    .shuffledSubarray(
      Array.from({ length: options }, (_, i) => i),
      { minLength: 1 },
    )
    .map(order => Array.from({ length: options }, (_, option) => order.indexOf(option) + 1))
const strict = fc
  .integer({ min: 2, max: 6 })
  .chain(n =>
    fc.record({ n: fc.constant(n), ballots: fc.array(strictRanks(n), { minLength: 1, maxLength: 25 }) }),
  )

/** Ranks with ties, and options without one; not all of them without. */
const looseRanks = (n: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0, max: n }), { minLength: n, maxLength: n }).map(drawn => {
    const used = [...new Set(drawn.filter(rank => rank > 0))].sort((a, b) => a - b)
    return used.length === 0 ? drawn.map(() => 1) : drawn.map(rank => used.indexOf(rank) + 1)
  })
const loose = fc
  .integer({ min: 2, max: 6 })
  .chain(n =>
    fc.record({ n: fc.constant(n), ballots: fc.array(looseRanks(n), { minLength: 1, maxLength: 25 }) }),
  )
const graded = fc
  .record({ n: fc.integer({ min: 1, max: 5 }), grades: fc.integer({ min: 2, max: 5 }) })
  .chain(of =>
    fc.record({
      of: fc.constant(of),
      ballots: fc.array(
        fc.array(fc.integer({ min: 0, max: of.grades - 1 }), { minLength: of.n, maxLength: of.n }),
        { minLength: 1, maxLength: 25 },
      ),
    }),
  )

const sortedPlaces = (places: Places): number[][] => places.map(place => [...place].sort((a, b) => a - b))
/** Options are numbered anew: option i becomes option n - 1 - i. */
const mirrored = (ballots: Ballots): number[][] => ballots.map(ranks => [...ranks].reverse())
const mirror = (places: Places, n: number): number[][] =>
  sortedPlaces(places.map(place => place.map(i => n - 1 - i)))

test('ties are named, and nobody decides them', () => {
  const places = placesBy([3, 5, 3, 1])
  assert.equal(places, [[1], [0, 2], [3]])
  assert.equal(seat(places, 1), { elected: [1], tied: [], open: 0 })
  assert.equal(seat(places, 2), { elected: [1], tied: [0, 2], open: 1 })
  assert.equal(seat(places, 3), { elected: [1, 0, 2], tied: [], open: 0 })
  assert.equal(seat(places, 9), { elected: [1, 0, 2, 3], tied: [], open: 0 })
})

test('the order of ballots, and the numbering of options, change no count', () => {
  fc.assert(
    fc.property(loose, ({ n, ballots }) => {
      for (const method of [borda, schulze]) {
        const places = sortedPlaces(method(n, ballots).places)
        assert.equal(sortedPlaces(method(n, [...ballots].reverse()).places), places)
        assert.equal(mirror(method(n, mirrored(ballots)).places, n), places)
      }
    }),
  )
})

test('an option that wins every duel is first by Schulze, and one that loses every duel last', () => {
  fc.assert(
    fc.property(loose, ({ n, ballots }) => {
      const { preferences, places } = schulze(n, ballots)
      const wins = (a: number, b: number): boolean => (preferences[a]?.[b] ?? 0) > (preferences[b]?.[a] ?? 0)
      for (let a = 0; a < n; a++) {
        const others = Array.from({ length: n }, (_, i) => i).filter(b => b !== a)
        if (others.every(b => wins(a, b))) assert.equal(places[0], [a])
        if (others.every(b => wins(b, a))) assert.equal(places.at(-1), [a])
      }
    }),
  )
})

test('Schulze gives the paths of his own example, of 45 ballots', () => {
  const orders: readonly [number, string][] = [
    [5, 'ACBED'],
    [5, 'ADECB'],
    [8, 'BEDAC'],
    [3, 'CABED'],
    [7, 'CAEBD'],
    [2, 'CBADE'],
    [7, 'DCEBA'],
    [8, 'EBADC'],
  ]
  const ballots = orders.flatMap(([count, order]) =>
    Array.from({ length: count }, () => [...'ABCDE'].map(option => order.indexOf(option) + 1)),
  )
  const { places, paths } = schulze(5, ballots)
  assert.equal(places, [[4], [0], [2], [1], [3]])
  assert.equal(
    paths[0]?.slice(1).map(([wins]) => wins),
    [28, 28, 30, 24],
  )
})

test('Borda gives every ballot the same number of points', () => {
  fc.assert(
    fc.property(loose, ({ n, ballots }) => {
      const { half_points } = borda(n, ballots)
      assert.is(
        half_points.reduce((sum, half) => sum + half, 0),
        ballots.length * n * (n - 1),
      )
    }),
  )
  assert.equal(
    borda(3, [
      [1, 2, 3],
      [1, 0, 0],
    ]).half_points,
    [8, 3, 1],
  )
})

test('a single transferable vote fills the seats, and never elects two on less than two quotas', () => {
  fc.assert(
    fc.property(strict, fc.integer({ min: 1, max: 4 }), ({ n, ballots }, seats) => {
      const { elected, quota, events } = stv(seats, ballots)
      const named = Array.from({ length: n }, (_, i) => i).filter(i => ballots.some(ranks => ranks[i] !== 0))
      assert.ok(elected.length <= Math.min(seats, named.length))
      assert.is(new Set(elected).size, elected.length)
      assert.ok(quota * (seats + 1) > ballots.length)
      for (const { option, among } of events) assert.ok(among.length === 0 || among.includes(option))
      assert.equal(stv(seats, [...ballots].reverse()).elected, elected)
    }),
  )
})

test('whoever has a quota of first votes has a seat', () => {
  fc.assert(
    fc.property(strict, fc.integer({ min: 1, max: 4 }), ({ n, ballots }, seats) => {
      const { elected, quota } = stv(seats, ballots)
      for (let option = 0; option < n; option++) {
        const first = ballots.filter(ranks => ranks[option] === 1).length
        if (first >= quota) assert.ok(elected.includes(option))
      }
    }),
  )
})

test('a surplus is passed on in exact parts', () => {
  // 3 seats, quota 6: A has 12, of whom 8 say B and 4 say C; half of each goes on
  const ballots = [
    ...Array.from({ length: 8 }, () => [1, 2, 0, 0]),
    ...Array.from({ length: 4 }, () => [1, 0, 2, 0]),
    ...Array.from({ length: 4 }, () => [0, 0, 1, 0]),
    ...Array.from({ length: 5 }, () => [0, 0, 0, 1]),
  ]
  const { quota, events } = stv(3, ballots)
  assert.is(quota, 6)
  assert.equal(
    events.map(({ does, option, votes }) => [does, option, votes]),
    [
      ['elected', 0, '12'],
      ['elected', 2, '6'],
      ['out', 1, '4'],
      ['elected', 3, '5'],
    ],
  )
  const thirds = stv(2, [
    [1, 2, 0],
    [1, 2, 0],
    [1, 0, 2],
    [1, 2, 0],
    [0, 1, 2],
    [0, 0, 1],
  ])
  assert.equal(
    thirds.events.map(({ does, option, votes }) => [does, option, votes]),
    [
      ['elected', 0, '4'],
      ['out', 2, '5/4'],
      ['elected', 1, '7/4'],
    ],
  )
})

test('the majority grade is the worse of two in the middle, or the better where the definition says so', () => {
  const ballots = [
    [0, 1],
    [2, 1],
  ]
  assert.equal(majorityJudgment(2, 3, ballots, 'worse').places, [[1], [0]])
  assert.equal(majorityJudgment(2, 3, ballots, 'better').places, [[0], [1]])
  assert.equal(majorityJudgment(2, 3, [[1, 1]]).places, [[0, 1]])
  assert.equal(majorityJudgment(2, 3, []), {
    counts: [
      [0, 0, 0],
      [0, 0, 0],
    ],
    majority: [],
    places: [[0, 1]],
  })
})

test('more than half give at least the majority grade, and a better grade for an option never sets it back', () => {
  fc.assert(
    fc.property(graded, fc.constantFrom('worse' as const, 'better' as const), ({ of, ballots }, median) => {
      const { majority, places } = majorityJudgment(of.n, of.grades, ballots, median)
      majority.forEach((grade, option) => {
        const least = ballots.filter(ballot => (ballot[option] as number) <= grade).length
        assert.ok(2 * least >= ballots.length)
      })
      const first = (all: Places): number => all.findIndex(place => place.includes(0))
      const better = ballots.map(([mine, ...others]) => [Math.max(0, (mine as number) - 1), ...others])
      assert.ok(first(majorityJudgment(of.n, of.grades, better, median).places) <= first(places))
    }),
  )
})

test('seats of lists are those of highest averages, and a tie for the last seat is named', () => {
  const votes = [340_000, 280_000, 160_000, 60_000]
  assert.equal(highestAverages(votes, 7, 'dhondt').seats, [3, 3, 1, 0])
  assert.equal(highestAverages([53_000, 24_000, 23_000], 7, 'sainte-lague').seats, [3, 2, 2])
  assert.equal(highestAverages([10, 10, 0], 3, 'dhondt'), { seats: [1, 1, 0], tied: [0, 1], open: 1 })
  assert.equal(highestAverages([0, 0], 3, 'dhondt'), { seats: [0, 0], tied: [], open: 0 })
})

const belenios = spawnSync('belenios-tool', ['--version']).status === 0
if (!belenios)
  console.log('skipped: comparison with belenios-tool, which is not here (apt-get install belenios-tool)')
const compared = belenios ? test : test.skip

function tool(method: string, args: readonly string[], ballots: Ballots): Record<string, unknown> {
  const input = JSON.stringify(ballots)
  const { stdout, stderr } = spawnSync('belenios-tool', ['method', method, ...args], {
    input,
    encoding: 'utf8',
  })
  // It gives up where ballots name fewer options than there are seats
  fc.pre(!stderr.includes('Assertion failed'))
  assert.ok(stdout !== '', stderr)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** Every comparison starts a program. */
const runs = { numRuns: 40, seed: 19 }

compared('Schulze counts as belenios-tool does', () => {
  fc.assert(
    fc.property(loose, ({ n, ballots }) => {
      const theirs = tool('schulze', ['--blank-allowed=false', `--nchoices=${n}`], ballots)
      const { preferences, paths, places } = schulze(n, ballots)
      assert.equal(preferences, theirs['raw'])
      assert.equal(paths, theirs['beatpaths'])
      assert.equal(sortedPlaces(places), sortedPlaces(theirs['winners'] as Places))
    }),
    runs,
  )
})

compared('the single transferable vote elects whom belenios-tool elects, in the same order', () => {
  fc.assert(
    fc.property(strict, fc.integer({ min: 1, max: 4 }), ({ ballots }, seats) => {
      const theirs = tool('stv', [`--nseats=${seats}`], ballots)
      const { elected, events } = stv(seats, ballots)
      assert.equal(elected, theirs['winners'], JSON.stringify(ballots))
      const lost = (theirs['events'] as [string, number][]).filter(([what]) => what === 'Lose')
      assert.equal(
        events.filter(({ does }) => does === 'out').map(({ option }) => option),
        lost.map(([, option]) => option),
      )
    }),
    runs,
  )
})

compared('majority judgment puts options where belenios-tool puts them', () => {
  fc.assert(
    fc.property(graded, ({ of, ballots }) => {
      const args = ['--blank-allowed=false', `--nchoices=${of.n}`, `--ngrades=${of.grades}`]
      const from1 = ballots.map(ballot => ballot.map(grade => grade + 1))
      const theirs = tool('majority-judgment', args, from1)
      const { counts, places } = majorityJudgment(of.n, of.grades, ballots, 'better')
      assert.equal(counts, theirs['raw'])
      assert.equal(sortedPlaces(places), sortedPlaces(theirs['winners'] as Places))
    }),
    runs,
  )
})

test.run()

// From loop statistics to flags (docs/spec/directory-nodes.md 5.7, docs/spec/directory-tally.md 7.5): the bound against
// reporters that lie, and its edge.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StatisticsBook } from '../directory/authority/statistics.ts'
import { nameBody } from '../directory/documents/consensus.ts'
import { viewOf } from '../directory/documents/document.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { halfStart, type NodeCount, signStatistics } from '../directory/documents/statistics.ts'
import {
  judge,
  type LoopCount,
  type MeasuringRules,
  measure,
  type Report,
  trimmedAtEachEnd,
  trimmedMean,
  weightsOf,
} from '../directory/rounds/reliability.ts'
import { hex } from '../encoding/bytes.ts'
import { bodyOf, descriptorsOf, idOf, signer } from '../simulator/directory-samples.ts'
import { networkOf } from '../simulator/directory-world.ts'
import { codeOf } from './refusals.ts'

const value = fc.double({ min: 0, max: 1, noNaN: true })
const anything = fc.double({ min: -1e6, max: 1e6, noNaN: true })
const trim = fc.integer({ min: 0, max: 49 })

test('as many liars as are dropped at each end move nothing out of the span of the others', () => {
  fc.assert(
    fc.property(
      trim,
      fc.array(value, { minLength: 1, maxLength: 30 }),
      fc.array(anything, { maxLength: 30 }),
      (trimPercent, honest, lies) => {
        const liars = lies.filter(
          (_, i) => i < trimmedAtEachEnd(honest.length + Math.min(i + 1, lies.length), trimPercent),
        )
        const mean = trimmedMean([...honest, ...liars], trimPercent)
        assert.ok(liars.length <= trimmedAtEachEnd(honest.length + liars.length, trimPercent))
        assert.ok(mean >= Math.min(...honest) - 1e-9 && mean <= Math.max(...honest) + 1e-9)
      },
    ),
    { numRuns: 500 },
  )
})

test('the bound is exact: one liar more moves the mean as far as it likes', () => {
  for (let count = 1; count <= 30; count++) {
    for (const trimPercent of [0, 20, 34, 49]) {
      const k = trimmedAtEachEnd(count, trimPercent)
      const values = Array.from({ length: count }, (_, i) => (i <= k ? -1e9 : 1))
      assert.ok(trimmedMean(values, trimPercent) < 0, `${k + 1} of ${count}`)
      assert.ok(k >= Math.min((count * trimPercent) / 100, (count - 1) / 2 - 0.5))
    }
  }
})

const rules: MeasuringRules = { trimPercent: 34, minimumReporters: 3, minimumSamples: 12 }

/** Counts as an honest node does when each node lets its share pass: 40 loops through each of a ring. */
function honest(shares: Readonly<Record<string, number>>): Map<string, LoopCount> {
  return new Map(Object.entries(shares).map(([id, share]) => [id, { sent: 40, returned: 40 * share }]))
}

const counts = fc.integer({ min: 1, max: 65_535 })
const lie: fc.Arbitrary<Report> = fc
  .array(fc.tuple(counts, counts), { minLength: 3, maxLength: 3 })
  .map(
    drawn =>
      new Map(
        drawn.map(([a, b], i) => [
          ['good', 'dead', 'other'][i] as string,
          { sent: Math.max(a, b), returned: Math.min(a, b) },
        ]),
      ),
  )

test('colluding reporters within the bound push no honest node out and keep no dead one in', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.array(lie, { maxLength: 10 }), (good, lies) => {
      const most = lies.filter((_, i) => i < trimmedAtEachEnd(good + i + 1, rules.trimPercent))
      const truth = honest({ good: 1, dead: 0, other: 1 })
      const measured = measure([...Array.from({ length: good }, () => truth), ...most], rules)
      if (good + most.length < rules.minimumReporters) return
      const before = { running: true, reliable: true }
      const flagsOf = (id: string) => {
        const of = measured.get(id)
        return judge({ newest: of, whole: of }, before, defaultParameters)
      }
      assert.equal(flagsOf('good'), { running: true, reliable: true })
      assert.equal(flagsOf('dead'), { running: false, reliable: false })
    }),
    { numRuns: 300 },
  )
})

test('the control: without trimming one liar of twenty keeps a dead node in, and one pushes an honest one out', () => {
  const truth = honest({ good: 1, dead: 0.1 })
  const promoter: Report = new Map([
    ['dead', { sent: 65_535, returned: 65_535 }],
    ['good', { sent: 65_535, returned: 1 }],
  ])
  const reports = [...Array.from({ length: 19 }, () => truth), promoter]
  const untrimmed = measure(reports, { ...rules, trimPercent: 0 }).get('dead')?.share as number
  const trimmed = measure(reports, rules).get('dead')?.share as number
  assert.ok(untrimmed > 1.05 * trimmed)
  const two: Report[] = [truth, promoter, promoter]
  assert.ok((measure(two, { ...rules, trimPercent: 0 }).get('dead')?.share as number) > 0.5)
})

test('what the others of a path lose does not count against a node', () => {
  // Two layers of two: in one a mix is dead, so half of all loops are lost.
  const report: Report = new Map([
    ['a', { sent: 100, returned: 50 }],
    ['b', { sent: 100, returned: 50 }],
    ['c', { sent: 100, returned: 100 }],
    ['d', { sent: 100, returned: 0 }],
  ])
  const measured = measure([report, report, report], rules)
  assert.ok((measured.get('a')?.share as number) > 0.7)
  assert.is(measured.get('d')?.share, 0)
})

test('too few reporters, too few loops, and a reporter to whom nothing returns decide nothing', () => {
  const full = honest({ good: 1 })
  assert.is(measure([full, full], rules).size, 0)
  const few: Report = new Map([['good', { sent: 3, returned: 3 }]])
  assert.is(measure([few, few, few], rules).size, 0)
  const boaster: Report = new Map([['good', { sent: 65_535, returned: 65_535 }]])
  assert.is(measure([boaster, few, few], rules).size, 0, 'one reporter alone does not make up for the others')
  assert.is(measure([few, few, few, few], rules).get('good')?.samples, 12)
  const alone: Report = new Map([['good', { sent: 40, returned: 0 }]])
  assert.is(measure([alone, alone, alone], rules).size, 0)
  const out = { running: false, reliable: false }
  assert.equal(judge({ newest: undefined, whole: undefined }, out, defaultParameters), out)
  assert.equal(judge({ newest: undefined, whole: undefined }, undefined, defaultParameters), {
    running: true,
    reliable: true,
  })
})

const network = networkOf()
const named = nameBody(bodyOf(network, 1, descriptorsOf(network, 1)))
const view = viewOf(named.body, named.hash, [])
const inHalf3 = halfStart(network, 3) + 1

function book(): StatisticsBook {
  return new StatisticsBook({
    network,
    body: name => (name === hex(named.hash) ? named.body : undefined),
    parameters: () => defaultParameters,
    before: () => view,
  })
}

/** Makes the report of `node` on half 2: `dead` lets nothing pass. */
function reportOf(node: string, dead: string, change: { half?: number; rows?: NodeCount[] } = {}) {
  const rows = named.body.nodes.flatMap(({ descriptor }, index) => {
    const id = hex(descriptor.stable.id)
    return id === hex(idOf(node)) ? [] : [{ index, sent: 10, returned: id === dead ? 0 : 10 }]
  })
  const content = { reporter: idOf(node), half: 2, document: named.hash, rows, ...change }
  return signStatistics(network.name, content, signer(node))
}

test('an authority takes one report a node and half, and says of each node what follows', () => {
  const of = book()
  const dead = idOf('mix 3')
  for (const node of ['mix 0', 'mix 1', 'gateway 0', 'gateway 1']) of.take(reportOf(node, hex(dead)), inHalf3)
  of.take(reportOf('mix 0', hex(dead)), inHalf3)
  assert.is(of.reporters(2), 4)
  assert.ok(of.isDead(2, hex(dead)))
  assert.not(of.isDead(2, hex(idOf('mix 4'))))
  assert.equal(of.flags(2, dead), { running: false, reliable: false })
  assert.equal(of.flags(2, idOf('mix 4')), { running: true, reliable: true })
  // Nothing is known of the round after: it stays what the document before says.
  assert.equal(of.flags(4, dead), { running: true, reliable: true })
})

test('reports that are refused', () => {
  const of = book()
  const report = reportOf('mix 0', '')
  assert.is(
    codeOf(() => of.take(report, halfStart(network, 2) + 1)),
    'WRONG_STATE',
  )
  assert.is(
    codeOf(() => of.take(report, halfStart(network, 6))),
    'OLD_EPOCH',
  )
  assert.is(
    codeOf(() => of.take({ ...report, document: new Uint8Array(32) }, inHalf3)),
    'UNAVAILABLE',
  )
  assert.is(
    codeOf(() => of.take({ ...report, reporter: idOf('mix 1') }, inHalf3)),
    'BAD_SIGNATURE',
  )
  assert.is(
    codeOf(() => of.take(reportOf('stranger', ''), inHalf3)),
    'NOT_ADMITTED',
  )
  const far = reportOf('mix 0', '', { rows: [{ index: 8, sent: 1, returned: 1 }] })
  assert.is(
    codeOf(() => of.take(far, inHalf3)),
    'BAD_DOCUMENT',
  )
  of.take(report, inHalf3)
  assert.is(
    codeOf(() => of.take(reportOf('mix 0', hex(idOf('mix 1'))), inHalf3)),
    'CONFLICT',
  )
})

test('reporters of one network or family weigh as one; the control: as many as they are, they kill a node', () => {
  const honest = new Map([
    ['good', { sent: 100, returned: 95 }],
    ['victim', { sent: 100, returned: 95 }],
  ])
  const lie = new Map([
    ['good', { sent: 100, returned: 95 }],
    ['victim', { sent: 100, returned: 0 }],
  ])
  const reports = [...Array.from({ length: 5 }, () => honest), ...Array.from({ length: 20 }, () => lie)]
  const groups = reports.map((_, i) => (i < 5 ? [`network ${i}`] : ['network 198.51', `network ${i}`]))
  const share = (weights: number[]): number => measure(reports, rules, weights).get('victim')?.share ?? -1
  assert.ok(Math.abs(share(weightsOf(groups)) - 1) < 0.01)
  assert.ok(share([]) < 0.5)
  assert.equal(weightsOf([['family a'], ['family a', 'network 1'], ['network 1'], []]), [0.5, 0.5, 0.5, 1])
  const crowd = Array.from({ length: 6 }, () => lie)
  assert.is(measure(crowd, rules, weightsOf(crowd.map(() => ['network 198.51']))).size, 0, 'one is too few')
})

test('with equal weights a weighted mean is the trimmed mean', () => {
  fc.assert(
    fc.property(trim, fc.array(value, { minLength: 1, maxLength: 20 }), (trimPercent, values) => {
      const k = trimmedAtEachEnd(values.length, trimPercent)
      const kept = values.toSorted((a, b) => a - b).slice(k, values.length - k)
      const mean = kept.reduce((sum, next) => sum + next, 0) / kept.length
      assert.ok(Math.abs(trimmedMean(values, trimPercent) - mean) < 1e-9)
      const halves = values.flatMap(next => [next, next])
      const weights = halves.map(() => 0.5)
      assert.ok(Math.abs(trimmedMean(halves, trimPercent, weights) - mean) < 1e-9)
    }),
  )
})

test.run()

// chaffinch simulate: a point is a function of the file and its number; threads, interruptions and the order in which
// results are put together change nothing; the page holds what was measured, and nothing else of it runs.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chart, escaped } from '../simulator/study/chart.ts'
import {
  csv,
  merged,
  type Plan,
  pointCount,
  readPlan,
  readResults,
  report,
  resultLine,
  runPoint,
  runSweep,
} from '../simulator/study/index.ts'
import { pointOf } from '../simulator/study/plan.ts'
import type { StartThread } from '../simulator/study/sweep.ts'

function planOf(toml: string): Plan {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-study-'))
  const file = join(folder, 'sweep.toml')
  writeFileSync(file, toml)
  try {
    return readPlan(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const sweep = `runs = 3
targets = 10
[network]
packets_per_s = [50, 100]
width = 3
hop_delay_s = [0.05, 0.1]
corrupt_per_layer = [0, 1, 3]
`
const plan = planOf(sweep)

test('points are the combinations of a file, and a line that is wrong is named', () => {
  assert.is(pointCount(plan), 12)
  const params = Array.from({ length: 12 }, (_, i) => JSON.stringify(pointOf(plan, i).params))
  assert.is(new Set(params).size, 12)
  assert.equal(pointOf(plan, 0).params, {
    packets_per_s: 50,
    layers: 3,
    width: 3,
    hop_delay_s: 0.05,
    corrupt_per_layer: 0,
    dummies_per_mix_s: 0,
  })
  assert.throws(() => planOf(`${sweep}colour = 1\n`), /sweep\.toml:8: .*colour/)
  assert.throws(() => planOf(sweep.replace('width = 3', 'width = 0')), /sweep\.toml:5: /)
})

test('what is corrupt altogether hides nothing, and the shorter delay less', () => {
  const results = [0, 2, 3].map(point => runPoint(plan, point))
  const [short, known, long] = results as [(typeof results)[0], (typeof results)[0], (typeof results)[0]]
  assert.is(known.bits.value, 0)
  assert.ok(known.known.value > 1 - 1e-9)
  assert.ok(short.bits.value < long.bits.value)
  assert.ok(short.lowBits.value <= short.bits.value)
  assert.ok(short.minBits.value <= short.bits.value)
})

const loader = import.meta.resolve('tsx/esm/api')
const program = new URL('../simulator/study/sweep-thread.ts', import.meta.url).href
const fromSource: StartThread = workerData =>
  new Worker(
    `import(${JSON.stringify(loader)}).then(({ register }) => {
       register()
       return import(${JSON.stringify(program)})
     })`,
    { eval: true, workerData, execArgv: ['--conditions=chaffinch-source'] },
  )

async function swept(workers: number, done: (point: number) => boolean): Promise<string[]> {
  const lines: string[] = []
  await runSweep(plan, {
    done,
    workers,
    startThread: fromSource,
    result: result => lines.push(resultLine(result)),
  })
  return lines
}

test('any number of threads gives the same lines, and what is done is left out', async () => {
  const alone = Array.from({ length: 12 }, (_, i) => resultLine(runPoint(plan, i)))
  assert.equal(await swept(2, () => false), alone)
  assert.equal(await swept(1, point => point !== 5 && point !== 11), [alone[5], alone[11]])
})

test('results are put together in any order, and a line that was cut off is left out', () => {
  const lines = [2, 0].map(point => `${resultLine(runPoint(plan, point))}\n`)
  const text = `${lines.join('')}{"point":3,"par`
  const results = readResults(text)
  assert.equal(
    results.map(({ point }) => point),
    [2, 0],
  )
  assert.equal(
    merged([...results, ...results]).map(({ point }) => point),
    [0, 2],
  )
  assert.throws(() => readResults('{"point":1}\n'))
  const [head, first] = csv(merged(results)).split('\n')
  assert.is(head?.split(',').length, first?.split(',').length)
})

test('the page has a picture for each number that changes, the table, and no script', () => {
  const results = [0, 1, 2, 3, 4, 5].map(point => runPoint(plan, point))
  const page = report(results)
  assert.is(page.match(/<svg /g)?.length, 2)
  assert.is(page.match(/<tr>/g)?.length, 7)
  assert.match(page, /href="data:text\/csv;base64,/)
  assert.not.match(page, /<script|https?:(?!\/\/www\.w3\.org)/)
  assert.match(report([results[0] as (typeof results)[0]]), /<table>/)
})

test('a picture keeps to its frame, and text cannot leave its place', () => {
  const svg = chart([{ name: 'a<b', points: [{ x: 1, y: 5, error: 1 }] }], { x: 'x"', y: "y'" })
  assert.match(svg, /a&#60;b/)
  assert.is(escaped(`<&>"'`), '&#60;&#38;&#62;&#34;&#39;')
  for (const [, x, y] of svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)) {
    assert.ok(Number(x) >= 0 && Number(x) <= 640)
    assert.ok(Number(y) >= 0 && Number(y) <= 360)
  }
})

test.run()

// How well a message sent now is hidden, as a daemon reports it (docs/spec/counts.md 5 and 6): against what
// `chaffinch simulate` says for the same rates, and as bounds where nodes publish nothing.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PublishedCount } from '../directory/documents/count.ts'
import {
  clientPacketsPerS,
  countStep,
  type Mechanism,
  mechanism,
  samplesInPeriod,
} from '../directory/documents/counting.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import type { NodeEntry, View } from '../directory/documents/view.ts'
import { hiddenBy } from '../hiding/entropy.ts'
import { trafficOf } from '../hiding/published.ts'
import { type AnonymityReport, reportSteps } from '../hiding/report.ts'
import { discreteLaplace } from '../node/counts/noise.ts'
import { paperNetwork, paperNode, paperView } from '../simulator/paper.ts'
import { runPoint } from '../simulator/study/point.ts'
import { seededRandom } from '../world/random.ts'
import { atOnce } from '../world/slices.ts'
import { day, hour, second } from '../world/units.ts'

const network = paperNetwork({ name: 'paper', genesis: 0, epochMs: hour })
const width = 4
const gatewaysOf = 3
const epoch = 100
const parameters = { ...defaultParameters, nodeLoopPerMinute: 60 }
const perClient = clientPacketsPerS(parameters)

interface Told {
  /** Clients of each gateway and packets a second of each mix, as they are; undefined: none publishes. */
  readonly clients?: number
  readonly packetsPerS?: number
  readonly noise?: (scale: number) => number
  readonly capacity?: number
  readonly period?: number
  /** Gives what a node tells instead of the truth. */
  readonly lie?: (node: NodeEntry, count: PublishedCount | undefined) => PublishedCount | undefined
}

/** A consensus whose nodes publish what such a traffic would have them publish. */
function viewOf(
  { clients, packetsPerS, noise = () => 0, capacity = 0, period = 3, lie }: Told,
  change: Partial<View> = {},
): View {
  const nodes = [
    ...Array.from({ length: gatewaysOf }, (_, i) => [i, -1] as const),
    ...Array.from({ length: 3 * width }, (_, i) => [gatewaysOf + i, i % 3] as const),
  ].map(([i, layer]): NodeEntry => {
    const node = paperNode({ id: new Uint8Array(32).fill(i + 1), addresses: [] }, layer)
    const exact =
      layer < 0 ? clients && clients * samplesInPeriod : packetsPerS && (packetsPerS * day) / second
    const { scale, perStep } = mechanism(node.role as 'mix', network, parameters) as Mechanism
    const count =
      exact === undefined ? undefined : { period, steps: Math.round((exact + noise(scale)) / perStep) }
    const told = lie === undefined ? count : lie(node, count)
    return { ...node, ...(layer < 0 ? { capacity } : {}), ...(told === undefined ? {} : { count: told }) }
  })
  return paperView(network, nodes, { epoch, parameters, ...change })
}

function reportOf(view: View): AnonymityReport {
  return atOnce(reportSteps(view))
}

test('a report agrees with chaffinch simulate for the same rates', () => {
  for (const packetsPerS of [120, 900, 6000]) {
    const report = reportOf(viewOf({ clients: 20, packetsPerS: packetsPerS / width }))
    const rate = report.packetsPerS.value as number
    const point = (corrupt: number): ReturnType<typeof runPoint> =>
      runPoint(
        {
          seed: 7,
          runs: 4,
          targets: 40,
          topology: 'stratified',
          values: {
            packets_per_s: [rate],
            layers: [3],
            width: [width],
            hop_delay_s: [0.05],
            corrupt_per_layer: [corrupt],
            dummies_per_mix_s: [0],
          },
        },
        0,
      )
    const simulated = point(0)
    const agrees = (name: string, have: number, se: number, figure: { value: number; se: number }): void => {
      const allowed = 4 * Math.hypot(se, figure.se)
      assert.ok(
        Math.abs(have - figure.value) <= allowed,
        `${name} at ${rate}: ${have} ${figure.value} +- ${allowed}`,
      )
      // an interval that would hold anything says nothing
      assert.ok(allowed < 1, `${name} at ${rate}: +- ${allowed}`)
    }
    agrees('bits', report.bits.value as number, report.bits.se, simulated.bits)
    agrees('lowBits', report.lowBits.value as number, report.lowBits.se, simulated.lowBits)
    // Control: another rate is not in that interval
    const other = atOnce(hiddenBy({ ...report.model }, rate * 2))
    assert.ok(Math.abs(other.bits - simulated.bits.value) > 4 * Math.hypot(other.bitsSe, simulated.bits.se))
    if (packetsPerS === 900) {
      const corrupt = point(1)
      assert.ok(Math.abs(report.oneCorrupt.bits - corrupt.bits.value) < 4 * Math.hypot(corrupt.bits.se, 0.1))
      assert.ok(report.oneCorrupt.bits < (report.bits.value as number))
    }
  }
})

test('counts with their noise are within the bounds that are stated, 19 times of 20', () => {
  const random = seededRandom(11)
  const noise = (scale: number): number => discreteLaplace(random, scale)
  let [users, packets] = [0, 0]
  const tries = 200
  for (let i = 0; i < tries; i++) {
    const traffic = trafficOf(viewOf({ clients: 500, packetsPerS: 6000, noise }))
    if (traffic.users.low <= 1500 && 1500 <= (traffic.users.high as number)) users++
    if (traffic.packetsPerS.low <= 24_000 && 24_000 <= (traffic.packetsPerS.high as number)) packets++
  }
  // the median of three layers is nearer than any one of them, whose deviation is stated
  assert.ok(users / tries > 0.9 && packets / tries > 0.95, `${users} ${packets}`)
  // Control: noise of twice the scale is found out
  const loud = Array.from(
    { length: tries },
    () => trafficOf(viewOf({ clients: 500, noise: s => noise(2 * s) })).users,
  )
  assert.ok(loud.filter(({ low, high }) => low <= 1500 && 1500 <= (high as number)).length / tries < 0.85)
})

test('where nodes publish nothing there are bounds, and it is said', () => {
  const report = reportOf(viewOf({}))
  assert.is(report.published, false)
  assert.is(report.users.from, 'consensus')
  assert.is(report.users.value, null)
  assert.is(report.users.low, 1)
  assert.is(report.users.high, null)
  // loops of all nodes but one layer's, and one's own packets
  assert.is(report.packetsPerS.low, gatewaysOf + 2 * width + perClient)
  assert.is(report.bits.value, null)
  assert.is(report.bits.high, null)
  assert.ok(report.bits.low > 0 && report.lowBits.low <= report.bits.low)
  assert.is(report.senderBits.low, 0)
  assert.equal(report.sources.noised, [])
  assert.ok(report.sources.assumed.some(what => what.includes('at least one user')))
  const bounded = reportOf(viewOf({ capacity: 8 }))
  assert.is(bounded.users.high, gatewaysOf * 255)
  assert.ok((bounded.bits.high as number) > bounded.bits.low)
})

test('with counts there is a value between bounds, of users and of packets', () => {
  const { users, packetsPerS, bits, senderBits, sources, published } = reportOf(
    viewOf({ clients: 40, packetsPerS: 960 }),
  )
  assert.ok(published)
  assert.is(users.value, 120)
  assert.ok(Math.abs((packetsPerS.value as number) - 3840) < (width * countStep.packets * perClient) / 2)
  for (const { value, low, high } of [users, packetsPerS, bits])
    assert.ok(low < (value as number) && (value as number) < (high as number))
  assert.is(senderBits.value, Math.log2(120))
  assert.equal(sources.noised, ['users', 'packetsPerS'])
})

test('a layer that lies, old counts and too few of them change nothing', () => {
  const honest = trafficOf(viewOf({ clients: 40, packetsPerS: 960 }))
  const oneLayer = trafficOf(
    viewOf({
      clients: 40,
      packetsPerS: 960,
      lie: ({ layer }, count) => (layer === 1 && count ? { ...count, steps: 1e6 } : count),
    }),
  )
  assert.is(oneLayer.packetsPerS.value, honest.packetsPerS.value)
  // Control: two of three layers that lie are believed
  const twoLayers = trafficOf(
    viewOf({
      clients: 40,
      packetsPerS: 960,
      lie: ({ layer }, count) => (layer >= 1 && count ? { ...count, steps: 1e6 } : count),
    }),
  )
  assert.ok((twoLayers.packetsPerS.value as number) > 100 * (honest.packetsPerS.value as number))
  assert.is(trafficOf(viewOf({ clients: 40, packetsPerS: 960, period: -1 })).users.from, 'consensus')
  const few = trafficOf(viewOf({ clients: 40, lie: (node, count) => (node.id[0] === 1 ? count : undefined) }))
  assert.is(few.users.from, 'consensus')
  const most = trafficOf(
    viewOf({ clients: 40, lie: (node, count) => (node.id[0] === 1 ? undefined : count) }),
  )
  assert.is(Math.round(most.users.value as number), 120)
  // what a gateway cannot carry it does not have
  const room = trafficOf(viewOf({ clients: 40, capacity: 4 }))
  assert.is(room.users.value, gatewaysOf * 15)
})

test('n-1 costs what the formulas say, for each way of mixing that has one', () => {
  const of = (mixing: string): AnonymityReport['nMinusOne'] =>
    reportOf(viewOf({ clients: 40, packetsPerS: 960 }, { mixing })).nMinusOne
  const poisson = of('poisson')
  assert.is(poisson?.messages, 0)
  // 48 packets in a mix in the mean: gamma + ln 45 mean delays
  assert.ok(Math.abs((poisson?.seconds as number) - 0.05 * (0.5772 + Math.log(48))) < 0.001)
  assert.ok((poisson?.seconds95 as number) > (poisson?.seconds as number))
  assert.ok((poisson?.unseen as number) > 0 && (poisson?.unseen as number) < 1)
  assert.is(of('threshold')?.messages, defaultParameters.batchPackets - 1)
  assert.is(of('timed')?.messages, 0)
  assert.is(of('round')?.messages, defaultParameters.batchPackets - 1)
  assert.is(of('round')?.seconds, of('timed')?.seconds)
  assert.is(of('pool'), null)
})

test('other mixing and other topologies give figures too', () => {
  const bits = (change: Partial<View>): number =>
    reportOf(viewOf({ clients: 40, packetsPerS: 960 }, change)).bits.value as number
  assert.is(bits({ mixing: 'threshold' }), Math.log2(defaultParameters.batchPackets))
  // half a second of 960 packets a second, of which one is the message
  assert.ok(Math.abs(bits({ mixing: 'timed' }) - Math.log2(480)) < 0.02)
  assert.ok(bits({ mixing: 'threshold-or-timed' }) <= Math.log2(defaultParameters.batchPackets))
  assert.ok(bits({ topology: 'cascade' }) < bits({}))
  assert.ok(bits({ topology: 'free' }) > 0)
})

test.run()

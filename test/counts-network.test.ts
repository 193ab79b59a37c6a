// Counts flow in a network: on the virtual clock every node publishes one each epoch, clients read them in the
// consensus, and what they make of them is what passed, as far as the noise lets one see (docs/spec/counts.md).
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientPacketsPerS, countStep, mechanism } from '../directory/documents/counting.ts'
import type { View } from '../directory/documents/view.ts'
import { deviationInSteps, trafficOf } from '../hiding/published.ts'
import { localNetwork } from '../simulator/local.ts'
import { second } from '../world/units.ts'

const epochMs = 8 * second
/** Slow clocks: the noise goes by the clocks, and so what is told is as good as with quick ones. */
const parameters = { payloadPerMinute: 60, loopPerMinute: 20, dropPerMinute: 20, readPerMinute: 60 }
const clients = 3
const looks = 28

test('every node publishes a count each period, of the traffic that it has', async () => {
  const local = await localNetwork({ link: 'memory', seed: 3, epochMs, clients, parameters })
  const client = local.clients[0]
  assert.ok(client)
  const views = new Map<number, View>()
  for (let look = 0; look < looks; look++) {
    await local.advance(epochMs / 4)
    const view = client.consensus()
    if (view !== undefined) views.set(view.epoch, view)
  }
  const forwarded = local.names
    .filter(name => name.startsWith('mix'))
    .map(name => (local.status(name) as unknown as { packets: { forwarded: number } }).packets.forwarded)
  const elapsedS = looks * (epochMs / 4 / second)
  await local.stop()

  const counted = [...views.values()].filter(({ nodes }) => [...nodes.values()].every(({ count }) => count))
  assert.ok(counted.length >= 4, `${counted.length} of ${views.size} documents have all counts`)
  for (const { epoch, nodes } of counted)
    for (const { count } of nodes.values()) assert.is(count?.period, epoch - 2)
  // one number a node and period, in whatever document
  const told = new Map<string, number>()
  for (const { nodes } of views.values())
    for (const [id, { count }] of nodes) {
      if (count === undefined) continue
      const key = `${id} ${count.period}`
      assert.is(told.get(key) ?? count.steps, count.steps)
      told.set(key, count.steps)
    }
  // the mean over nodes and periods, whose noise is smaller, is that of what passed
  const last = counted.at(-1) as View
  const network = { epochMs, layers: last.layers.length }
  const stepS = countStep.packets * clientPacketsPerS(last.parameters)
  const steps = counted.flatMap(({ layers }) => layers.flat().map(({ count }) => count?.steps ?? 0))
  const mean = (steps.reduce((sum, one) => sum + one, 0) / steps.length) * stepS
  const by = mechanism('mix', network, last.parameters)
  assert.ok(by)
  const deviation = (deviationInSteps(by) * stepS) / Math.sqrt(steps.length)
  const passed = forwarded.reduce((sum, one) => sum + one, 0) / forwarded.length / elapsedS
  assert.ok(Math.abs(mean - passed) < 4 * deviation + 0.2 * passed, `${mean} ${passed} +- ${deviation}`)
  const users = counted.map(view => trafficOf(view).users)
  assert.ok(users.every(({ from, of, nodes }) => from === 'counts' && nodes === of))
  const meanUsers = users.reduce((sum, { value = 0 }) => sum + value, 0) / users.length
  const spread = (users[0]?.high as number) / Math.sqrt(users.length)
  assert.ok(Math.abs(meanUsers - clients) < 4 * Math.max(8, spread), String(meanUsers))
})

test.run()

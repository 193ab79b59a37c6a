// docs/threats.md 3.16: one hand has a node in every layer, and waits for a path that leads through all of them.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { drawPath } from '../client/packets/paths.ts'
import type { NodeEntry, View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { seededRandom } from '../world/random.ts'
import { FakeNetwork } from './client-network.ts'

const view = new FakeNetwork().directory().current() as View
const draws = 2000

/** The adversary has the first mix of each of the three layers; every other node is somebody's own. */
function withHand(change: Partial<NodeEntry>, parameters: Partial<View['parameters']> = {}): View {
  const layers = view.layers.map((layer, l) =>
    layer.map((mix, i) => {
      const honest = { ...mix, family: '', addresses: [`/ip4/203.${10 * l + i}.0.1/tcp/4001`] }
      return i === 0 ? { ...honest, ...change } : honest
    }),
  )
  return { ...view, layers, parameters: { ...view.parameters, ...parameters } }
}

/** Computes the part of the paths that clients draw on which the adversary has two mixes, and all three. */
function caught(of: View): { readonly two: number; readonly all: number } {
  const random = seededRandom(1)
  const own = new Set(of.layers.map(layer => hex(layer[0]?.id as Uint8Array)))
  const [first, last] = of.gateways as [NodeEntry, NodeEntry]
  const counts = { two: 0, all: 0 }
  for (let i = 0; i < draws; i++) {
    const { nodes } = drawPath({ view: of, first, last, at: 0, epochAt: () => 0, delayAtEnd: true }, random)
    const passed = nodes.filter(node => own.has(node)).length
    if (passed >= 2) counts.two++
    if (passed === 3) counts.all++
  }
  return { two: counts.two / draws, all: counts.all / draws }
}

test('who states a family has one mix of a path at most', () => {
  assert.equal(caught(withHand({ family: 'one hand' })), { two: 0, all: 0 })
})

test('who states none and has one network has one mix of a path at most', () => {
  assert.equal(caught(withHand({ addresses: ['/ip4/198.51.100.1/tcp/4001'] })), { two: 0, all: 0 })
})

test('control: where networks may meet on a path, one in eight is the adversary’s from end to end', () => {
  const { two, all } = caught(withHand({ addresses: ['/ip4/198.51.100.1/tcp/4001'] }, { networksApart: 0 }))
  assert.ok(Math.abs(all - 1 / 8) < 0.03, `${all}`)
  assert.ok(Math.abs(two - 1 / 2) < 0.04, `${two}`)
})

test('control: as is one in eight of whoever has three networks and states no family', () => {
  const { all } = caught(withHand({}))
  assert.ok(Math.abs(all - 1 / 8) < 0.03, `${all}`)
})

test.run()

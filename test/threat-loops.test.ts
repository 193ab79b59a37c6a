// docs/threats.md 3.58: a gateway cannot be kind to what measures it and drop the rest. A node measures with a client
// of its own (docs/spec/node.md 4.1), whose packets are a client's. The control: nodes' loops, which a gateway knows.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client, ClientOptions } from '../client/index.ts'
import { halfAt } from '../directory/documents/statistics.ts'
import type { NodeEntry, View } from '../directory/documents/view.ts'
import { measure } from '../directory/rounds/reliability.ts'
import { hex } from '../encoding/bytes.ts'
import type { CellsHandler, Link } from '../link/link.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { nodeLoops } from '../node/loops/loops.ts'
import { loopRecord } from '../node/loops/record.ts'
import { startProbing } from '../roles/probing.ts'
import { peel } from '../sphinx/peel.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { minute, second } from '../world/units.ts'
import { type Place, world } from './node-world.ts'

/** By the hex of a host: which cells it takes. */
const gates = new Map<string, (from: Uint8Array, cell: Uint8Array) => boolean>()

const host = memoryNetwork({ clock: virtualClock(0), random: seededRandom(9) }).host({
  cellBytes: 10,
  admits: () => true,
  role: 'node',
})
const prototype = Object.getPrototypeOf(host) as Link
const { onCells } = prototype
test.before(() => {
  prototype.onCells = function (this: Link, handler: CellsHandler) {
    onCells.call(this, (from, cells) => {
      const gate = gates.get(hex(this.id))
      const taken = gate === undefined ? cells : cells.filter(cell => gate(from, cell))
      return taken.length === 0 ? undefined : handler(from, taken)
    })
  }
})
test.after(() => {
  prototype.onCells = onCells
})

test('a gateway that lets nodes’ loops pass and drops clients’ packets is found by clients of nodes', async () => {
  const w = await world({
    epochMs: 200 * second,
    perLayer: 2,
    gateways: 4,
    parameters: {
      payloadPerMinute: 120,
      loopPerMinute: 30,
      dropPerMinute: 30,
      readPerMinute: 120,
      nodeLoopPerMinute: 30,
    },
  })
  const all = w.places.filter(({ role }) => role === 'gateway')
  const [evil, ...honest] = all as [Place, ...Place[]]
  const mixes = w.places.filter(({ role }) => role === 'mix')
  const key = (await evil.files.read('packet-0.key', 64))?.subarray(0, 32) as Uint8Array
  const last = new Set(mixes.filter(({ layer }) => layer === 2).map(({ link }) => hex(link.id)))
  // What comes from the last layer and goes on, or ends here for this node, is a node's loop
  gates.set(hex(evil.link.id), (from, cell) => {
    if (!last.has(hex(from))) return false
    try {
      const peeled = peel(w.geometry, key, cell, () => false)
      return peeled.at === 'forward' || (peeled.at === 'reply' && hex(peeled.recipient) === hex(evil.link.id))
    } catch {
      return false
    }
  })
  const records = Array.from({ length: 5 }, () => loopRecord(w.network, w.clock))
  const probings = records.map(record =>
    startProbing({
      clock: w.clock,
      random: seededRandom(w.random(32)),
      log: silent,
      record,
      client: { network: w.network, link: w.client(), directory: w.directory },
    }),
  )
  await w.clock.advance(95 * second)
  const half = halfAt(w.network, w.clock.now())
  const rules = { trimPercent: 34, minimumReporters: 3, minimumSamples: 12 }
  const told = measure(
    records.map(record => record.measured(half)),
    rules,
  )
  const share = ({ link }: Place): number => told.get(hex(link.id))?.share ?? Number.NaN
  assert.ok(share(evil) < 0.5, `the evil one: ${share(evil)}`)
  for (const place of [...honest, ...mixes]) assert.ok(share(place) > 0.8, `${place.role}: ${share(place)}`)
  // The control: by nodes' loops it is as good as any
  const loops = mixes.map(({ node }) => node.status().loops)
  const sum = (what: 'sent' | 'returned'): number => loops.reduce((so, each) => so + each[what], 0)
  assert.ok(sum('returned') > 0.9 * sum('sent'), `${sum('returned')} of ${sum('sent')} loops came back`)
  for (const probing of probings) await probing.close()
  gates.clear()
  await w.close()
})

test('where a client measures, a node’s loops count for nodes that do not run, and for no others', async () => {
  const w = await world({ perLayer: 2, gateways: 2 })
  const view = w.directory.current() as View
  const [[self], [out]] = view.layers as unknown as [[NodeEntry], [NodeEntry]]
  const withOneOut = {
    ...view,
    layers: view.layers.map(layer => layer.map(node => (node === out ? { ...node, running: false } : node))),
  }
  const { network, geometry, clock } = w
  const [alone, beside] = [false, true].map(probed =>
    nodeLoops({ network, geometry, self: self.id, clock, random: seededRandom(3), limit: 1000, probed }),
  )
  const half = halfAt(network, clock.now())
  for (const loops of [alone, beside]) for (let i = 0; i < 100; i++) loops?.make(withOneOut)
  // None of them was sent: all are lost
  await clock.advance(9 * second)
  const counted = (loops: typeof alone): Set<string> =>
    new Set([half, half + 1].flatMap(each => [...(loops?.measured(each).keys() ?? [])]))
  assert.equal([...counted(beside)], [hex(out.id)])
  assert.ok(counted(alone).size > 3, 'the control')
  await w.close()
})

test('a client that measures is somebody else after some epochs, and what fails is tried again', async () => {
  const clock = virtualClock(0)
  const opened: ClientOptions[] = []
  let closed = 0
  const epochMs = minute
  const probing = startProbing({
    clock,
    random: seededRandom(1),
    log: silent,
    record: { ended: () => {} },
    client: { network: { epochMs } as ClientOptions['network'] },
    open: async options => {
      if (opened.push(options) % 3 === 0) throw new Error('no host')
      return { close: async () => void closed++ } as unknown as Client
    },
  })
  await clock.advance(100 * epochMs)
  assert.ok(opened.length > 5 && opened.length < 40, `${opened.length} in 100 epochs, of 9 on average`)
  assert.is(probing.lives, opened.length - Math.floor(opened.length / 3))
  assert.is(new Set(opened.map(({ store }) => store)).size, opened.length, 'nothing is kept')
  await probing.close()
  assert.is(closed, probing.lives)
})

test.run()

// docs/threats.md 3.31: clients with throw-away names send through an honest node what will not open at the next. The
// two are not parted: nobody is blamed for what it cannot see. Control: held against who passed it on, it parts them.
// tier: slow

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { x25519PublicKey } from '#crypto'
import { hex } from '../encoding/bytes.ts'
import { defaultLimits } from '../link/limits.ts'
import { wrap } from '../sphinx/wrap.ts'
import { second } from '../world/units.ts'
import { type Place, type World, world } from './node-world.ts'

const test = suite('framing')
const clients = 5
/** So many go through a gateway before it says that a client sends too fast. */
const burst = 240

interface Framed {
  readonly w: World
  /** The place that passed it on, and to whom. */
  readonly by: Place
  readonly at: Place
  /** Misfits that the one counts of the other. */
  readonly misfits: number
  /** Counts those that arrive of 20 packets of an honest client's on the same way. */
  readonly delivered: number
}

/** Clients build packets that open at the gateway, and so many hops on, and then not. */
async function framing(opens: number): Promise<Framed> {
  const w = await world({
    epochMs: 1200 * second,
    linkLimits: { conduct: { ...defaultLimits.conduct, mostOwed: 1000 } },
  })
  const mixes = w.places.filter(({ role }) => role === 'mix')
  const [gate, far] = w.places.filter(({ role }) => role === 'gateway') as [Place, Place]
  const way = [gate, ...mixes, far]
  const wrongKey = x25519PublicKey(w.random(32))
  const nothing = new Uint8Array(w.geometry.bodyBytes)
  const packet = (delays: number, spoilt: number): Uint8Array => {
    const path = w.path(
      way,
      way.slice(1).map(() => delays),
    )
    const hops = path.map((hop, i) => (i === spoilt ? { ...hop, key: wrongKey } : hop))
    return wrap(w.geometry, hops, new Uint8Array(32).fill(3), nothing, w.random)
  }
  for (let i = 0; i < clients; i++) {
    const client = w.client()
    for (let sent = 0; sent < burst; sent++) client.send(gate.link, packet(0, opens))
    await w.clock.advance(20)
  }
  await w.clock.advance(500)
  const [by, at] = [way[opens - 1], way[opens]] as [Place, Place]
  const before = far.node.status().packets.stored
  const honest = w.client()
  for (let i = 0; i < 20; i++) honest.send(gate.link, packet(10, -1))
  await w.clock.advance(2 * second)
  const misfits = at.node.status().upstream.find(({ id }) => id === hex(by.link.id))?.misfits ?? 0
  return { w, by, at, misfits, delivered: far.node.status().packets.stored - before }
}

for (const [opens, where] of [
  [1, 'at the first mix'],
  [2, 'at the second mix'],
  [4, 'at the far gateway'],
] as const)
  test(`${clients} clients’ packets do not open ${where}: nobody is parted, and honest packets pass`, async () => {
    const { w, by, at, misfits, delivered } = await framing(opens)
    assert.is(misfits, clients * burst)
    assert.equal(at.node.status().shut, { times: 0, nodes: [] })
    assert.is(delivered, 20)
    // the control: as much, held against who passed it on
    assert.ok(at.link.judge(by.link.id, { fitting: delivered, misfits }))
    assert.is(at.node.status().shut.nodes[0]?.id, hex(by.link.id))
    await w.close()
  })

test.run()

// Whole nodes and authorities on the virtual clock: a mix that goes on uploading and carries nothing is found by the
// others' loops, leaves the documents' running nodes, and is back when it carries again.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Authority, startAuthority } from '../directory/authority/authority.ts'
import { authorityEntry } from '../directory/authority/keys.ts'
import type { Network } from '../directory/documents/network.ts'
import type { NodeEntry } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { memoryFiles } from '../node/files.ts'
import { type RunningNode, startNode } from '../node/node.ts'
import { admission } from '../node/routes.ts'
import { geometry } from '../sphinx/geometry.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { second } from '../world/units.ts'

const start = 1_700_000_000_000

test('a mix that uploads and carries nothing stops running by the second document, and returns', async () => {
  const clock = virtualClock(start)
  const random = seededRandom(1)
  const links = memoryNetwork({ clock, random, latencyMs: { min: 5, max: 20 } })
  const seeds = [0, 1, 2].map(() => random(32))
  const base = { hops: 5, userBytes: 50, suite: 'x25519' } as const
  const cellBytes = geometry(base).packetBytes
  const hosts = seeds.map(seed => links.host({ seed, cellBytes, admits: () => false, role: 'authority' }))
  const network: Network = {
    ...base,
    name: 'reliability',
    genesis: start,
    epochMs: 8 * second,
    authorities: seeds.map((seed, i) => authorityEntry(seed, hosts[i]?.addresses ?? [])),
    threshold: 2,
    topology: 'stratified',
    layers: 3,
    minimum: { mixes: 6, gateways: 2 },
  }
  const common = { network, clock, random, log: silent }
  const wanted = { nodeLoopPerMinute: 60, minimumSamples: 8 }
  const authorities: Authority[] = []
  for (const [i, seed] of seeds.entries()) {
    const link = hosts[i] as (typeof hosts)[number]
    authorities.push(await startAuthority({ ...common, seed, link, store: memoryStore(), wanted }))
  }
  const nodes: RunningNode[] = []
  let isDead = false
  for (const role of ['mix', 'mix', 'mix', 'mix', 'mix', 'mix', 'gateway', 'gateway'] as const) {
    const seed = random(32)
    const gate = admission(role)
    const first = nodes.length === 0
    const admits = (id: Uint8Array): boolean => !(first && isDead) && gate.admits(id)
    const link = links.host({ seed, cellBytes, admits, role: 'node' })
    // The dead one takes cells that were under way, and does nothing with them.
    const { isNode } = gate
    const guarded = { ...gate, isNode: (id: Uint8Array) => !(first && isDead) && isNode(id) }
    Object.defineProperty(guarded, 'views', { get: () => gate.views })
    const place = { role, link, seed, family: '', files: memoryFiles(), store: memoryStore() }
    nodes.push(await startNode({ ...common, ...place, admission: guarded }))
  }
  const zombie = hex((nodes[0] as RunningNode).id)
  const until = (epoch: number, fraction: number): Promise<void> =>
    clock.advance(start + (epoch + fraction) * 8 * second - clock.now())
  const said = (): NodeEntry => authorities[0]?.current()?.nodes.get(zombie) as NodeEntry
  const others = (): NodeEntry[] =>
    [...(authorities[0]?.current()?.nodes.entries() ?? [])]
      .filter(([id]) => id !== zombie)
      .map(([, entry]) => entry)
  await until(3, 0.2)
  assert.ok([said(), ...others()].every(({ running, reliable }) => running && reliable))
  // In the first half of epoch 3, so that most of its second half has loops that were lost.
  isDead = true
  await until(5, 0.1)
  assert.not(said().running, 'the document of epoch 5 is the second one after its death')
  assert.not(said().reliable)
  assert.ok(others().every(({ running }) => running))
  isDead = false
  await until(9, 0.1)
  assert.ok(said().running, 'loops that try it came back')
  for (const node of nodes) await node.close()
  for (const authority of authorities) await authority.close()
})

test.run()

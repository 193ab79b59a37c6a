// docs/spec/node.md 5: nodes that know the authorities only become a network, and live through its epochs.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey } from '#crypto'
import { startAuthority } from '../directory/authority/authority.ts'
import { authorityEntry } from '../directory/authority/keys.ts'
import type { Network } from '../directory/documents/network.ts'
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

test('nodes join, are listed, loop through each other, and keep doing so for six epochs', async () => {
  const clock = virtualClock(start)
  const random = seededRandom(8)
  const links = memoryNetwork({ clock, random, latencyMs: { min: 1, max: 3 } })
  const seeds = [0, 1, 2].map(() => random(32))
  const base = { hops: 5, userBytes: 200, suite: 'x25519' } as const
  const cellBytes = geometry(base).packetBytes
  const hosts = seeds.map(seed => links.host({ seed, cellBytes, admits: () => false, role: 'authority' }))
  const network: Network = {
    ...base,
    name: 'join',
    genesis: start,
    epochMs: 20 * second,
    authorities: hosts.map((host, i) => authorityEntry(seeds[i] as Uint8Array, host.addresses)),
    threshold: 2,
    topology: 'stratified',
    layers: 3,
    minimum: { mixes: 6, gateways: 2 },
  }
  const common = { network, clock, random, log: silent }
  const wanted = { nodeLoopPerMinute: 120 }
  const authorities = await Promise.all(
    seeds.map((seed, i) => {
      assert.equal(ed25519PublicKey(seed), hosts[i]?.id)
      return startAuthority({ ...common, seed, link: hosts[i] as never, store: memoryStore(), wanted })
    }),
  )
  const nodes: RunningNode[] = []
  for (const role of ['mix', 'mix', 'mix', 'mix', 'mix', 'mix', 'gateway', 'gateway'] as const) {
    const seed = random(32)
    const gate = admission(role)
    const link = links.host({ seed, cellBytes, admits: gate.admits, role: 'node' })
    const place = {
      role,
      link,
      admission: gate,
      seed,
      family: '',
      files: memoryFiles(),
      store: memoryStore(),
    }
    nodes.push(await startNode({ ...common, ...place }))
  }
  await clock.advance(10 * second)
  const first = nodes.map(node => node.status())
  assert.ok(first.every(status => status.listed && status.consensus?.epoch === 0))
  assert.is(new Set(first.map(status => status.consensus?.hash)).size, 1)
  assert.equal(first.map(status => status.layer).sort(), [-1, -1, 0, 0, 1, 1, 2, 2])
  await clock.advance(115 * second)
  const last = nodes.map(node => node.status())
  assert.ok(last.every(status => status.listed && status.consensus?.epoch === 6))
  for (const { packets, loops } of last) {
    assert.ok(loops.sent > 180, `${loops.sent} loops`)
    assert.ok(loops.sent - loops.returned < 10, `${loops.returned} of ${loops.sent} returned`)
    assert.equal(packets.dropped, {})
    const ends = packets.forwarded + packets.stored + packets.served + packets.held
    assert.is(packets.received, ends)
  }
  for (const node of nodes) await node.close()
  for (const authority of authorities) await authority.close()
})

test.run()

// docs/threats.md 3.5: everybody a joining client can reach is the adversary.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey } from '#crypto'
import { openClient } from '../client/index.ts'
import { type Authority, startAuthority } from '../directory/authority/authority.ts'
import { authorityEntry } from '../directory/authority/keys.ts'
import type { Network } from '../directory/documents/network.ts'
import { hex } from '../encoding/bytes.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { memoryFiles } from '../node/files.ts'
import { startNode } from '../node/node.ts'
import { admission } from '../node/routes.ts'
import { geometry } from '../sphinx/geometry.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'

interface Outcome {
  readonly ready: boolean
  readonly cellsFromClient: number
}

/**
 * A client that only the adversary answers. The adversary runs a whole network with the very name, addresses and
 * nodes of the real one, and keys of its own for all but `corrupt` of the three authorities.
 */
async function join(corrupt: number): Promise<Outcome> {
  const genesis = 1_700_000_000_000
  const clock = virtualClock(genesis)
  const random = seededRandom(corrupt + 1)
  const links = memoryNetwork({ clock, random, latencyMs: { min: 1, max: 5 } })
  const cellBytes = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 }).packetBytes
  const real = Array.from({ length: 3 }, () => random(32))
  const fake = real.map((seed, i) => (i < corrupt ? seed : random(32)))
  const networkOf = (seeds: readonly Uint8Array[]): Network => ({
    name: 'real',
    genesis,
    epochMs: 20_000,
    authorities: seeds.map(seed =>
      authorityEntry(seed, [`/memory/${hex(ed25519PublicKey(seed).subarray(0, 8))}`]),
    ),
    threshold: 2,
    suite: 'x25519',
    hops: 5,
    userBytes: 2000,
    topology: 'stratified',
    layers: 3,
    minimum: { mixes: 3, gateways: 1 },
  })
  const theirs = networkOf(fake)
  const common = { clock, random, log: silent }
  const nobody = (): boolean => false
  const authorities: Authority[] = []
  for (const seed of fake) {
    const link = links.host({ seed, role: 'authority', cellBytes, admits: nobody })
    authorities.push(await startAuthority({ ...common, network: theirs, seed, link, store: memoryStore() }))
  }
  const sources = []
  for (const role of ['mix', 'mix', 'mix', 'gateway'] as const) {
    const seed = random(32)
    const gate = admission(role)
    const link = links.host({ seed, role: 'node', cellBytes, admits: gate.admits })
    const files = memoryFiles()
    await startNode({
      ...common,
      role,
      network: theirs,
      link,
      admission: gate,
      seed,
      family: '',
      files,
      store: memoryStore(),
    })
    sources.push({ id: link.id, addresses: link.addresses })
  }
  await clock.advance(5000)
  assert.ok(
    authorities.every(authority => authority.current() !== undefined),
    'their network runs',
  )

  const link = links.host({ role: 'client', cellBytes, admits: nobody })
  let cells = 0
  links.tap(sight => {
    if (sight.what === 'cells' && hex(sight.from) === hex(link.id)) cells++
  })
  const client = await openClient({
    ...common,
    network: networkOf(real),
    link,
    store: memoryStore(),
    sources,
  })
  await clock.advance(120_000)
  const { ready } = client.status()
  await client.close()
  for (const authority of authorities) await authority.close()
  return { ready, cellsFromClient: cells }
}

test('without a document that t authorities signed a client sends nothing at all', async () => {
  assert.equal(await join(0), { ready: false, cellsFromClient: 0 })
  assert.equal(await join(1), { ready: false, cellsFromClient: 0 })
})

test('control: where t authorities are the adversary, the client joins its network', async () => {
  const { ready, cellsFromClient } = await join(3)
  assert.ok(ready)
  assert.ok(cellsFromClient > 0)
})

test.run()

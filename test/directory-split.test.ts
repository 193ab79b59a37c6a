// Splits (docs/spec/directory-travel.md 10.3): a signed document whose nodes are the adversary's only is found out by
// who is asked besides them, and nobody works with it before.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConsensusBody, nameBody } from '../directory/documents/consensus.ts'
import { writeDocument } from '../directory/documents/document.ts'
import type { Role } from '../directory/documents/view.ts'
import type { FollowedDirectory } from '../directory/follow/follow.ts'
import { HeldDocuments } from '../directory/follow/held-documents.ts'
import { serveDocuments } from '../directory/follow/serve.ts'
import { HeldNotes } from '../directory/follow/status-note-held.ts'
import { compare, hex } from '../encoding/bytes.ts'
import { bodyOf, descriptorOf, descriptorsOf, idOf, signaturesOf } from '../simulator/directory-samples.ts'
import { DirectoryWorld } from '../simulator/directory-world.ts'
import { memoryStore } from '../world/store.ts'

const honest = [...Array.from({ length: 6 }, (_, i) => `mix ${i}`), 'gateway 0', 'gateway 1']
const hostile = Array.from({ length: 8 }, (_, i) => `trap ${i}`)

interface Shown {
  /** Those who hold the honest document of epoch 5. */
  readonly holders: readonly string[]
  /** True when the client holds the honest document of epoch 4. */
  readonly held: boolean
  readonly seed?: number
}

/** A client whose one source, and its nodes, hold a document of epoch 5 that t authorities signed for it alone. */
async function shown({ holders, held, seed = 1 }: Shown): Promise<{
  world: DirectoryWorld
  client: FollowedDirectory
}> {
  const world = new DirectoryWorld({ seed })
  const { network, clock } = world
  await world.advanceTo(4, 0.2)
  const sign = (body: ConsensusBody): Uint8Array => {
    const { bytes, hash } = nameBody(body)
    return writeDocument(bytes, signaturesOf(network, body.epoch, hash, 2))
  }
  const four = sign(bodyOf(network, 4, descriptorsOf(network, 4)))
  const five = sign(bodyOf(network, 5, descriptorsOf(network, 5)))
  const roleOf = (i: number): Role => (i < 6 ? 'mix' : 'gateway')
  const trap = hostile
    .map((name, i) => descriptorOf(network, name, roleOf(i), 5))
    .sort((a, b) => compare(a.stable.id, b.stable.id))
  const other = sign(bodyOf(network, 5, trap))
  const serve = (name: string, documents: readonly Uint8Array[], role: 'node' | 'authority' = 'node') => {
    const kept = new HeldDocuments(network)
    for (const bytes of documents) kept.add(bytes, clock.now())
    const i = name.split(' ')[1] as string
    const address = role === 'node' ? '/ip4/127.0.0.1/tcp/4001' : `/memory/authority-${i}`
    const link = world.host(name, role, [address])
    serveDocuments(link, kept, new HeldNotes(kept.succession, () => undefined, clock), clock.now)
    return link
  }
  for (const name of holders) {
    const isNode = !name.startsWith('authority')
    serve(name, isNode ? [four, five] : [five], isNode ? 'node' : 'authority')
  }
  for (const name of hostile) serve(name, [other])
  const liar = serve('liar 0', held ? [four, other] : [other])
  const client = await world.startClient({
    store: memoryStore(),
    sources: [{ id: liar.id, addresses: liar.addresses }],
  })
  await clock.advance(200)
  return { world, client }
}

test('a trap with nodes of its own is found out by nodes of the document before', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { world, client } = await shown({ holders: honest, held: true, seed })
    assert.is(client.current()?.epoch, 4)
    await world.advanceTo(5, 0.9)
    assert.is(client.health().splits.length, 1, `seed ${seed}`)
    assert.is(client.current()?.epoch, 4)
    await client.close()
    await world.close()
  }
})

test('and by one honest authority, where a client holds nothing older', async () => {
  let found = 0
  for (let seed = 1; seed <= 10; seed++) {
    const { world, client } = await shown({ holders: ['authority 2'], held: false, seed })
    await world.advanceTo(5, 0.9)
    // It may have asked the honest one first
    const isSplit = client.health().splits.length === 1
    const has = client.current()?.nodes.has(hex(idOf(honest[0] as string))) === true
    assert.ok(isSplit ? client.current() === undefined : has, `seed ${seed}`)
    if (isSplit) found++
    await client.close()
    await world.close()
  }
  assert.ok(found > 0)
})

test('control: who holds nothing older and reaches nobody but the trap believes it', async () => {
  const { world, client } = await shown({ holders: [], held: false })
  await world.advanceTo(5, 0.9)
  assert.is(client.health().splits.length, 0)
  assert.is(client.current()?.epoch, 5)
  await client.close()
  await world.close()
})

test('a document that shares few nodes with the one before is not used until others have it, or nothing older is left', async () => {
  const { world, client } = await shown({ holders: [], held: true })
  const told: number[] = []
  client.onView(({ epoch }) => told.push(epoch))
  await world.advanceTo(5, 0.9)
  assert.is(client.current()?.epoch, 4, 'it goes on with the one before')
  assert.is(client.view(5), undefined)
  assert.equal(told, [])
  await world.advanceTo(7, 0.5)
  assert.is(client.current()?.epoch, 5, 'when that is over it is as well off as a newcomer')
  await client.close()
  await world.close()
})

test('a network whose nodes have changed at once goes on, when the authorities say so', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
  await world.startAuthorities()
  await world.startNodes()
  const client = await world.startClient()
  await world.advanceTo(2, 0.05)
  for (let i = 0; i < 12; i++) await world.startNode(`newcomer ${i}`, 'mix')
  await world.advanceTo(3, 0.05)
  for (const node of world.nodes.filter(({ role }) => role === 'mix').slice(0, 3)) await world.killNode(node)
  const nodes: number[] = []
  for (const epoch of [3, 4, 5]) {
    await world.advanceTo(epoch, 0.2)
    assert.is(client.current()?.epoch, epoch)
    nodes.push(client.current()?.nodes.size as number)
  }
  assert.ok((nodes[0] as number) >= 12, nodes.join())
  assert.equal(client.health().splits, [])
  await world.close()
})

test.run()

// tier: slow
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Authority } from '../directory/authority/authority.ts'
import type { View } from '../directory/documents/view.ts'
import { DirectoryError } from '../directory/error.ts'
import { hex } from '../encoding/bytes.ts'
import {
  DirectoryWorld,
  type NodeMember,
  type WorldOptions,
  wrongClock,
} from '../simulator/directory-world.ts'

test('a network of three authorities has its first documents within two seconds, with any epoch', async () => {
  for (const epochMs of [5000, 20_000, 20 * 60_000]) {
    const world = new DirectoryWorld({ epochMs })
    await world.startAuthorities()
    await world.startNodes()
    const client = await world.startClient()
    await world.clock.advance(2000)
    const view = client.current() as View
    assert.ok(view, `epoch of ${epochMs} ms`)
    assert.is(view.epoch, 0)
    assert.is(view.signers.length, 3)
    assert.equal(
      view.layers.map(layer => layer.length),
      [2, 2, 2],
    )
    assert.is(view.gateways.length, 2)
    for (const authority of world.authorities) {
      assert.is(hex(authority?.current()?.hash as Uint8Array), hex(view.hash))
      assert.is(authority?.status().state, 'published')
    }
    await world.close()
    assert.is(world.clock.pending, 0)
  }
})

test('a network starts on links that take most of a second, with authorities that are seconds apart', async () => {
  const latencyMs = { min: 600, max: 1000 }
  for (const seed of [1, 2]) {
    const world = new DirectoryWorld({ seed, epochMs: 20 * 60_000, latencyMs })
    for (let i = 0; i < 3; i++) {
      await world.startAuthority(i)
      await world.clock.advance(2500)
    }
    await world.startNodes()
    await world.clock.advance(30_000)
    for (const authority of world.authorities) {
      assert.is(authority?.status().state, 'published', `seed ${seed}`)
      assert.is(authority?.current()?.signers.length, 3)
    }
    await world.close()
  }
})

test('ten epochs: everybody has the same document of each, before it begins', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  for (let i = 0; i < 4; i++) await world.startClient()
  const chain = new Map<number, string>()
  for (let epoch = 0; epoch < 10; epoch++) {
    await world.advanceTo(epoch, 0.95)
    const followers = [...world.clients, ...world.nodes.map(({ directory }) => directory)]
    for (const follower of followers) {
      assert.is(follower.current()?.epoch, epoch)
      const next = follower.view(epoch + 1) as View
      assert.ok(next, `document of epoch ${epoch + 1} in time`)
      chain.set(epoch + 1, chain.get(epoch + 1) ?? hex(next.hash))
      assert.is(hex(next.hash), chain.get(epoch + 1))
      assert.is(next.nodes.size, 8)
      assert.is(next.signers.length, 3)
    }
  }
  for (const authority of world.authorities) assert.is(authority?.status().rounds.failed, 0)
  await world.close()
})

/** A network that has its first documents. */
async function started(options: WorldOptions = {}): Promise<DirectoryWorld> {
  const world = new DirectoryWorld(options)
  await world.startAuthorities()
  await world.startNodes()
  await world.startClient()
  await world.clock.advance(Math.min(4000, world.network.epochMs / 2))
  assert.is(world.clients[0]?.current()?.epoch, 0)
  return world
}

function hashOf(world: DirectoryWorld, epoch: number): string {
  const view = world.clients[0]?.view(epoch) as View
  return hex(view.hash)
}

test('one authority of three is enough to lose: documents go on with two signatures', async () => {
  const world = await started()
  await world.killAuthority(2)
  for (let epoch = 1; epoch < 5; epoch++) {
    await world.advanceTo(epoch, 0.95)
    assert.is(world.clients[0]?.view(epoch + 1)?.signers.length, 2)
  }
  await world.startAuthority(2)
  await world.advanceTo(6, 0.95)
  assert.is(world.clients[0]?.view(7)?.signers.length, 3)
  await world.close()
})

test('an authority killed and started again in any phase costs no epoch', async () => {
  const world = await started({ epochMs: 8000, mixes: 3, gateways: 1 })
  // Phases end at eighths: a second each.
  for (const [epoch, second] of [0.1, 0.9, 1.1, 1.9, 2.2, 2.9, 3.5, 4.2, 4.95, 5.5, 7.5].entries()) {
    await world.advanceTo(epoch + 1, second / 8)
    await world.killAuthority(epoch % 3)
    await world.clock.advance(epoch % 2 === 0 ? 100 : 1200)
    await world.startAuthority(epoch % 3)
    await world.advanceTo(epoch + 1, 0.98)
    const next = world.clients[0]?.view(epoch + 2)
    assert.ok(next !== undefined && next.signers.length >= 2, `killed ${second} s into epoch ${epoch + 1}`)
    for (const authority of world.authorities) {
      assert.is(hex(authority?.current()?.hash as Uint8Array), hashOf(world, epoch + 1))
      assert.is(authority?.status().evidence, 0)
    }
  }
  await world.close()
})

test('with all authorities dead the documents hold for three epochs, and then it starts anew', async () => {
  const world = await started()
  await world.advanceTo(1, 0.9)
  for (let i = 0; i < 3; i++) await world.killAuthority(i)
  await world.advanceTo(4, 0.9)
  assert.is(world.clients[0]?.current()?.epoch, 2)
  await world.advanceTo(5, 0.1)
  assert.is(world.clients[0]?.current(), undefined)
  assert.is(world.nodes[0]?.directory.current(), undefined)
  for (let i = 0; i < 3; i++) await world.startAuthority(i)
  await world.clock.advance(5000)
  const view = world.clients[0]?.current() as View
  assert.is(view.epoch, 5)
  assert.is(view.nodes.size, 8)
  await world.advanceTo(6, 0.9)
  assert.is(world.clients[0]?.view(7)?.signers.length, 3)
  await world.close()
})

test('a node that came too late for one round is in time for the one that starts the network anew', async () => {
  const world = await started()
  await world.advanceTo(1, 0.9)
  for (let i = 0; i < 3; i++) await world.killAuthority(i)
  await world.killNode(world.nodes[0] as NodeMember)
  await world.advanceTo(4, 0.4)
  for (let i = 0; i < 3; i++) await world.startAuthority(i)
  // Document 2 is still valid, and the descriptors for 5 are closed.
  await world.startNode('late', 'mix')
  await world.advanceTo(5, 0.2)
  assert.is(world.clients[0]?.current()?.epoch, 5)
  assert.is(world.clients[0]?.current()?.nodes.size, 8)
  await world.close()
})

test('a node that stops is gone by the second document, and has its layer again when it is back', async () => {
  const world = await started()
  const node = world.nodes.find(({ role }) => role === 'mix') as (typeof world.nodes)[number]
  const id = hex(node.link.id)
  const layer = world.clients[0]?.current()?.nodes.get(id)?.layer
  await world.advanceTo(2, 0.4)
  await world.killNode(node)
  await world.advanceTo(3, 0.95)
  assert.ok(world.clients[0]?.view(3)?.nodes.has(id), 'it had uploaded for this one')
  assert.not(world.clients[0]?.view(4)?.nodes.has(id))
  assert.is(world.clients[0]?.view(4)?.nodes.size, 7)
  await world.startNode(node.name, 'mix')
  await world.advanceTo(5, 0.95)
  assert.is(world.clients[0]?.view(6)?.nodes.get(id)?.layer, layer)
  await world.close()
})

test('packet keys of three epochs: a key, once published, stays the same in the documents after', async () => {
  const world = await started()
  await world.advanceTo(3, 0.95)
  const [older, newer] = [world.clients[0]?.view(3), world.clients[0]?.view(4)]
  for (const [id, entry] of newer?.nodes ?? []) {
    assert.equal([...entry.packetKeys.keys()], [4, 5, 6])
    for (const epoch of [4, 5]) {
      assert.equal(older?.nodes.get(id)?.packetKeys.get(epoch), entry.packetKeys.get(epoch))
    }
  }
  await world.close()
})

test('a start with two authorities of three: the third joins when it comes', async () => {
  const world = new DirectoryWorld()
  await world.startAuthority(0)
  await world.startAuthority(1)
  await world.startNodes()
  const client = await world.startClient()
  // Three phases wait for the third: an eighth of the epoch each.
  await world.clock.advance(10_000)
  assert.is(client.current()?.signers.length, 2)
  const third = await world.startAuthority(2)
  await world.clock.advance(1000)
  assert.is(hex(third.current()?.hash as Uint8Array), hex(client.current()?.hash as Uint8Array))
  await world.advanceTo(1, 0.9)
  assert.is(client.view(2)?.signers.length, 3)
  await world.close()
})

test('too few nodes: the first documents wait for the end of the epoch, and are made without the others', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes(3, 1)
  const client = await world.startClient()
  await world.advanceTo(0, 0.99)
  assert.is(client.current(), undefined)
  await world.clock.advance(6000)
  assert.is(client.current()?.epoch, 1)
  assert.is(client.current()?.nodes.size, 4)
  await world.advanceTo(2, 0.9)
  assert.is(client.view(3)?.nodes.size, 4)
  await world.close()
})

test('a first round that fails costs its epoch only: with t authorities the network starts in the next', async () => {
  const world = new DirectoryWorld()
  await world.startAuthority(0)
  await world.startNodes()
  const client = await world.startClient()
  await world.advanceTo(1, 0.7)
  assert.is(client.current(), undefined)
  assert.is(world.authorities[0]?.status().rounds.published, 0)
  assert.ok((world.authorities[0]?.status().rounds.failed ?? 0) >= 1)
  await world.startAuthority(1)
  await world.advanceTo(2, 0.4)
  assert.is(client.current()?.epoch, 2)
  await world.startAuthority(2)
  await world.advanceTo(4, 0.1)
  assert.is(client.current()?.epoch, 4)
  assert.is(client.current()?.signers.length, 3)
  await world.close()
})

test('authorities that start long after genesis begin in the epoch of now', async () => {
  const world = new DirectoryWorld()
  await world.advanceTo(7, 0.4)
  await world.startAuthorities()
  await world.startNodes()
  const client = await world.startClient()
  await world.clock.advance(3000)
  assert.is(client.current()?.epoch, 7)
  await world.advanceTo(8, 0.9)
  assert.is(client.view(9)?.signers.length, 3)
  await world.close()
})

test('clocks: one authority some tenths of a round off votes along, one of another day costs nothing', async () => {
  for (const [offMs, signers] of [
    [300, 3],
    [-300, 3],
    [86_400_000, 2],
    [-86_400_000, 2],
  ] as const) {
    const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
    await world.startAuthority(0)
    await world.startAuthority(1)
    await world.startAuthority(2, { clock: wrongClock(world.clock, offMs) })
    await world.startNodes()
    const client = await world.startClient()
    await world.advanceTo(2, 0.95)
    assert.is(client.view(3)?.signers.length, signers, `${offMs} ms`)
    assert.is(world.authorities[0]?.status().rounds.failed, 0)
    await world.close()
  }
})

test('a client of another day has no view and says so; its clock set right, it has one', async () => {
  const world = await started()
  let off = 86_400_000
  const clock = { ...world.clock, now: () => world.clock.now() + off }
  const client = await world.startClient({ clock })
  await world.clock.advance(30_000)
  assert.is(client.current(), undefined)
  assert.is(client.status().consensus, null)
  assert.ok((client.status().refused.OLD_EPOCH ?? 0) > 0)
  off = 0
  await world.clock.advance(30_000)
  assert.is(client.current()?.epoch, 3)
  await world.close()
})

test('a partition that heals: the two that reach each other go on, the third follows', async () => {
  const world = await started()
  const lone = world.authorityLinks[0]?.id as Uint8Array
  await world.advanceTo(1, 0.2)
  world.links.partition([[lone]])
  await world.advanceTo(2, 0.95)
  assert.is(world.clients[0]?.view(3)?.signers.length, 2)
  world.links.heal()
  await world.advanceTo(4, 0.95)
  assert.is(world.clients[0]?.view(5)?.signers.length, 3)
  assert.is(hex((world.authorities[0] as Authority).current()?.hash as Uint8Array), hashOf(world, 4))
  await world.close()
})

test('a link of another identity, and a network that does not name it, are refused at the start', async () => {
  const world = new DirectoryWorld()
  const other = new DirectoryWorld({ network: { authorities: world.network.authorities.slice(1) } })
  for (const start of [
    () => other.startAuthority(0),
    () => world.startAuthority(0, { seed: new Uint8Array(32) }),
    () => world.startAuthority(1, { network: { ...world.network, threshold: 1 } }),
  ]) {
    try {
      await start()
      assert.unreachable()
    } catch (error) {
      assert.instance(error, DirectoryError)
      assert.is((error as DirectoryError).code, 'BAD_NETWORK')
    }
  }
})

test.run()

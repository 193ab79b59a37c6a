import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../directory/statement.ts'
import type { View } from '../directory/view.ts'
import { DirectoryWorld } from './directory-world.ts'

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

test.run()

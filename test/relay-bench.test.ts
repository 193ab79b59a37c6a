// npm run bench -- relay: the packets that it measures with.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { x25519PublicKey } from '#crypto'
import { geometry } from '../sphinx/geometry.ts'
import { type Peeled, peel } from '../sphinx/peel.ts'
import { numberOf, writePackets } from '../trials/bench/relay-packets.ts'
import { seededRandom } from '../world/random.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

test('packets for one hop are whole packets, all different, that go on at once with their number', () => {
  const random = seededRandom(1)
  const secret = random(32)
  const next = random(32)
  const packets = new Uint8Array(5 * g.packetBytes)
  writePackets(g, { key: x25519PublicKey(secret), next, first: 70_000, random }, packets)
  const tags = new Set<string>()
  const seen = new Set<string>()
  for (let i = 0; i < 5; i++) {
    const packet = packets.subarray(i * g.packetBytes, (i + 1) * g.packetBytes)
    const peeled = peel(g, secret, packet, tag => {
      tags.add(tag.join())
      return false
    }) as Extract<Peeled, { at: 'forward' }>
    assert.is(peeled.at, 'forward')
    assert.is(peeled.delayMs, 0)
    assert.equal(peeled.next, next)
    assert.is(numberOf(g, peeled.packet), 70_000 + i)
    seen.add(peeled.packet.join())
  }
  assert.is(tags.size, 5)
  assert.is(seen.size, 5)
})

test.run()

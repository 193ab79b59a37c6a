// docs/threats.md 3.3: a hop tries to tell from its packet how long the path is, or where on it the hop stands.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as backend from '#crypto'
import { geometry } from '../sphinx/geometry.ts'
import { peel } from '../sphinx/peel.ts'
import { makeReplyBlock, useReplyBlock } from '../sphinx/reply.ts'
import { newKeys } from '../sphinx/suite.ts'
import { x25519Suite } from '../sphinx/suite-x25519.ts'
import { type Hop, wrap } from '../sphinx/wrap.ts'
import { type Random, seededRandom } from '../world/random.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const suite = x25519Suite(backend)
const random = seededRandom(23)
const secrets = Array.from({ length: g.hops }, () => random(32))
const hops: Hop[] = secrets.map(secret => ({
  id: random(32),
  key: backend.x25519PublicKey(secret),
  delayMs: 1,
}))

/** The packets that each hop of a path gets. */
function packetsAlong(length: number, dice: Random): Uint8Array[] {
  const packets = [wrap(g, hops.slice(0, length), random(32), random(g.bodyBytes), dice)]
  for (let hop = 0; hop + 1 < length; hop++) {
    const peeled = peel(g, secrets[hop] as Uint8Array, packets[hop] as Uint8Array, () => false)
    if (peeled.at === 'forward') packets.push(peeled.packet)
  }
  return packets
}

/** Gives what the last hop of a path finds behind its own commands once it has decrypted its routing field. */
function behindTheLastHop(length: number, dice: Random): Uint8Array {
  const packet = packetsAlong(length, dice)[length - 1] as Uint8Array
  const [shared, keys] = [new Uint8Array(suite.sharedBytes), newKeys(suite)]
  suite.decapsulate(
    secrets[length - 1] as Uint8Array,
    packet.subarray(g.adBytes, g.adBytes + g.kemBytes),
    shared,
  )
  suite.deriveKeys(shared, keys)
  const routing = packet.slice(g.adBytes + g.kemBytes, g.headerBytes - g.macBytes)
  suite.headerXor(keys.header, routing)
  return routing.subarray(g.commandBytes)
}

const longestRunOf = (value: number, bytes: Uint8Array): number =>
  bytes.reduce(
    ({ run, longest }, byte) => {
      const now = byte === value ? run + 1 : 0
      return { run: now, longest: Math.max(longest, now) }
    },
    { run: 0, longest: 0 },
  ).longest

test('every packet has one length, at every hop, for every path, forward and reply', () => {
  const lengths = new Set<number>()
  for (let length = 1; length <= g.hops; length++)
    for (const packet of packetsAlong(length, random)) lengths.add(packet.length)
  const to = { recipient: random(32), replyId: random(16) }
  lengths.add(useReplyBlock(g, makeReplyBlock(g, hops, to, random).block, random(g.bodyBytes)).packet.length)
  assert.equal([...lengths], [g.packetBytes])
})

test('the last hop of a short path finds noise where hops are missing', () => {
  for (let length = 1; length <= g.hops; length++)
    for (let i = 0; i < 20; i++) {
      const rest = behindTheLastHop(length, random)
      for (const value of [0, 9]) assert.ok(longestRunOf(value, rest) < 5, `path of ${length}`)
    }
})

test('control: a sender that fills missing hops with one byte shows the last hop how many there are', () => {
  const lazy: Random = length => (length === 32 ? random(32) : new Uint8Array(length).fill(9))
  const runs = [2, 3, 4].map(length => longestRunOf(9, behindTheLastHop(length, lazy)))
  assert.equal(
    runs,
    [2, 3, 4].map(length => (g.hops - length) * g.slotBytes),
  )
})

test.run()

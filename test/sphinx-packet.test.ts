// docs/spec/sphinx.md 6 to 8 and 10: packets and replies, and the rules that keep them safe.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as node from '#crypto'
import { hex } from '../encoding/bytes.ts'
import { DROP_RECIPIENT } from '../sphinx/commands.ts'
import * as browser from '../sphinx/crypto-portable.ts'
import { SphinxError, type SphinxErrorCode } from '../sphinx/error.ts'
import { type Geometry, geometry } from '../sphinx/geometry.ts'
import { type Peeled, peel } from '../sphinx/peel.ts'
import { makeReplyBlock, openReply, useReplyBlock } from '../sphinx/reply.ts'
import { newKeys, type Suite } from '../sphinx/suite.ts'
import { x25519Suite } from '../sphinx/suite-x25519.ts'
import { wrap } from '../sphinx/wrap.ts'
import { below, type Random, seededRandom } from '../world/random.ts'
import { asBuffer } from './as-buffer.ts'
import { journey } from './sphinx-vectors-good.ts'

const fresh = (): boolean => false
const small = geometry({ suite: 'x25519', hops: 3, userBytes: 16 })
const suite = x25519Suite(node)

function codeOf(run: () => unknown): SphinxErrorCode | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    assert.instance(error, SphinxError, String(error))
    return (error as SphinxError).code
  }
}

/** Carries a packet as far as it goes. */
function carry(g: Geometry, secretKeys: readonly Uint8Array[], first: Uint8Array): Peeled[] {
  const steps: Peeled[] = []
  let packet = first
  for (const secretKey of secretKeys) {
    const step = peel(g, secretKey, packet, fresh)
    steps.push(step)
    if (step.at === 'forward') packet = step.packet
  }
  return steps
}

function forward(
  random: Random,
  hops = 3,
): { secretKeys: readonly Uint8Array[]; packet: Uint8Array; content: Uint8Array } {
  const { secretKeys, path } = journey(random, hops)
  const content = random(small.bodyBytes)
  return { secretKeys, packet: wrap(small, path, random(32), content, random), content }
}

test('a packet of any length of path brings its body; every stage has the same size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 100 }),
      fc.nat(),
      (maximum, wanted, userBytes, seed) => {
        const g = geometry({ suite: 'x25519', hops: maximum, userBytes })
        const random = seededRandom(seed)
        const { secretKeys, path } = journey(random, Math.min(wanted, maximum))
        const [to, content] = [random(32), random(g.bodyBytes)]
        const steps = carry(g, secretKeys, wrap(g, path, to, content, random))
        for (const [i, step] of steps.slice(0, -1).entries()) {
          if (step.at !== 'forward') throw new Error(`hop ${i}: ${step.at}`)
          assert.is(step.packet.length, g.packetBytes)
          assert.equal(step.next, path[i + 1]?.id)
        }
        assert.equal(
          steps.map(step => step.delayMs),
          path.map(hop => hop.delayMs),
        )
        const last = steps.at(-1)
        if (last?.at !== 'deliver') throw new Error(`last hop: ${last?.at}`)
        assert.equal(last.recipient, to)
        assert.equal(last.body, content)
      },
    ),
    { numRuns: 60 },
  )
})

test('a reply reaches the maker of its block, who alone can read it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.nat(), (hops, seed) => {
      const random = seededRandom(seed)
      const { secretKeys, path } = journey(random, hops)
      const to = { recipient: random(32), replyId: random(16) }
      const content = random(small.bodyBytes)
      const { block, secret } = makeReplyBlock(small, path, to, random)
      const { first, packet } = useReplyBlock(small, block, content)
      assert.equal(first, path[0]?.id)
      const last = carry(small, secretKeys, packet).at(-1)
      if (last?.at !== 'reply') throw new Error(`last hop: ${last?.at}`)
      assert.equal([last.recipient, last.replyId], [to.recipient, to.replyId])
      assert.equal(openReply(small, secret, last.payload), content)
      const other = makeReplyBlock(small, path, to, random).secret
      assert.is(
        codeOf(() => openReply(small, other, last.payload)),
        'BAD_PAYLOAD',
      )
    }),
    { numRuns: 40 },
  )
})

test('a drop is a packet like any other, told by its recipient alone', () => {
  const random = seededRandom(5)
  const { secretKeys, path } = journey(random, 3)
  const last = carry(
    small,
    secretKeys,
    wrap(small, path, DROP_RECIPIENT, random(small.bodyBytes), random),
  ).at(-1)
  assert.is(last?.at === 'deliver' && node.equal(last.recipient, DROP_RECIPIENT), true)
})

test('peeling leaves its input as it is and keeps nothing of it', () => {
  const { secretKeys, packet, content } = forward(seededRandom(6))
  const before = packet.slice()
  const step = peel(small, secretKeys[0] as Uint8Array, packet, fresh)
  assert.equal(packet, before)
  packet.fill(0)
  if (step.at !== 'forward') throw new Error(step.at)
  const last = carry(small, secretKeys.slice(1), step.packet).at(-1)
  assert.equal(last?.at === 'deliver' && last.body, content)
})

test('a Buffer, and a view into a larger one, peel like any other bytes', () => {
  const { secretKeys, packet } = forward(seededRandom(7))
  const large = asBuffer(new Uint8Array(packet.length + 3))
  large.set(packet, 3)
  const want = peel(small, secretKeys[0] as Uint8Array, packet, fresh)
  assert.equal(peel(small, secretKeys[0] as Uint8Array, large.subarray(3), fresh), want)
})

test('every bit of a header is covered: turned over, the packet is dropped at the next hop and never remembered', () => {
  const random = seededRandom(8)
  const { secretKeys, packet } = forward(random)
  const remember = (): boolean => {
    throw new Error('remembered')
  }
  for (let bit = 0; bit < small.headerBytes * 8; bit++) {
    const at = bit >> 3
    packet[at] = (packet[at] as number) ^ (1 << (bit & 7))
    const code = codeOf(() => peel(small, secretKeys[0] as Uint8Array, packet, remember))
    assert.is(code, at < small.adBytes ? 'BAD_AD' : 'BAD_MAC', `bit ${bit}`)
    packet[at] = (packet[at] as number) ^ (1 << (bit & 7))
  }
  assert.is(
    codeOf(() => peel(small, secretKeys[0] as Uint8Array, packet, fresh)),
    undefined,
  )
})

test('every bit of a payload is covered: turned over anywhere on the way, the last hop gets garbage', () => {
  const random = seededRandom(9)
  const { secretKeys, packet } = forward(random, 2)
  const onward = peel(small, secretKeys[0] as Uint8Array, packet, fresh)
  if (onward.at !== 'forward') throw new Error(onward.at)
  for (let bit = small.headerBytes * 8; bit < small.packetBytes * 8; bit++) {
    const bytes = onward.packet
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    assert.is(
      codeOf(() => peel(small, secretKeys[1] as Uint8Array, bytes, fresh)),
      'BAD_PAYLOAD',
      `bit ${bit}`,
    )
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
  }
  for (let n = 0; n < 200; n++) {
    const bytes = packet.slice()
    const bit = small.headerBytes * 8 + below(random, small.payloadBytes * 8)
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    assert.is(
      codeOf(() => carry(small, secretKeys, bytes)),
      'BAD_PAYLOAD',
      `bit ${bit}`,
    )
  }
})

test('a tagged payload comes out of one honest hop as random bytes (Hamming distance within 3 sigma)', () => {
  const random = seededRandom(10)
  const { secretKeys, packet } = forward(random, 2)
  const clean = peel(small, secretKeys[0] as Uint8Array, packet, fresh)
  packet[small.packetBytes - 1] = (packet[small.packetBytes - 1] as number) ^ 1
  const tagged = peel(small, secretKeys[0] as Uint8Array, packet, fresh)
  if (clean.at !== 'forward' || tagged.at !== 'forward') throw new Error('not forwarded')
  const bits = small.payloadBytes * 8
  let different = 0
  for (let i = small.headerBytes; i < small.packetBytes; i++)
    different += ((clean.packet[i] as number) ^ (tagged.packet[i] as number))
      .toString(2)
      .replaceAll('0', '').length
  assert.ok(Math.abs(different - bits / 2) < (3 * Math.sqrt(bits)) / 2, `${different} of ${bits}`)
})

test('hostile bytes give only a SphinxError', () => {
  const secretKey = seededRandom(11)(32)
  const sized = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n })
  const likely = sized(small.packetBytes).map(bytes => Uint8Array.of(1, 1, ...bytes.subarray(2)))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), sized(small.packetBytes), likely), bytes => {
      assert.not(codeOf(() => peel(small, secretKey, bytes, fresh)) === undefined)
    }),
    { numRuns: 300 },
  )
  const blocks = fc.oneof(fc.uint8Array({ maxLength: 800 }), sized(small.replyBlockBytes))
  fc.assert(
    fc.property(blocks, block => {
      codeOf(() => useReplyBlock(small, block, new Uint8Array(small.bodyBytes)))
    }),
    { numRuns: 300 },
  )
})

test('the MAC is checked before the tag is remembered, and the tag before the payload is touched', () => {
  const { secretKeys, packet } = forward(seededRandom(12))
  const events: string[] = []
  const noting: Suite = {
    ...suite,
    mac: (key, data, out) => {
      events.push('mac')
      suite.mac(key, data, out)
    },
    headerXor: (key, data) => {
      events.push('header')
      suite.headerXor(key, data)
    },
    payloadDecrypt: (key, data) => {
      events.push('payload')
      suite.payloadDecrypt(key, data)
    },
  }
  const isReplay = (): boolean => {
    events.push('tag')
    return events.filter(event => event === 'tag').length > 1
  }
  peel(small, secretKeys[0] as Uint8Array, packet, isReplay, noting)
  assert.equal(events, ['mac', 'tag', 'header', 'payload'])
  assert.is(
    codeOf(() => peel(small, secretKeys[0] as Uint8Array, packet, isReplay, noting)),
    'REPLAY',
  )
  assert.equal(events, ['mac', 'tag', 'header', 'payload', 'mac', 'tag'])
})

test('a packet has one tag at a hop, another at the next, whatever becomes of its payload', () => {
  const { secretKeys, packet } = forward(seededRandom(13))
  const tags: Uint8Array[] = []
  const remember = (tag: Uint8Array): boolean => tags.push(tag) > 99
  const step = peel(small, secretKeys[0] as Uint8Array, packet, remember)
  packet[small.packetBytes - 1] = 0
  peel(small, secretKeys[0] as Uint8Array, packet, remember)
  if (step.at === 'forward') peel(small, secretKeys[1] as Uint8Array, step.packet, remember)
  assert.is(tags.length, 3)
  assert.equal(tags[0], tags[1])
  assert.not.equal(tags[0], tags[2])
  assert.is(tags[0]?.length, 32)
})

test('the last hop cannot tell how long the path was: what no hop uses is as random as it was rolled', () => {
  for (const hops of [1, 2]) {
    const random = seededRandom(14 + hops)
    const { secretKeys, path } = journey(random, hops)
    const rolls: Uint8Array[] = []
    const noted: Random = length => {
      rolls.push(random(length))
      return (rolls.at(-1) as Uint8Array).slice()
    }
    let packet = wrap(small, path, random(32), random(small.bodyBytes), noted)
    for (const secretKey of secretKeys.slice(0, -1)) {
      const step = peel(small, secretKey, packet, fresh)
      if (step.at === 'forward') packet = step.packet
    }
    const [shared, keys] = [new Uint8Array(suite.sharedBytes), newKeys(suite)]
    const routingAt = small.adBytes + small.kemBytes
    suite.decapsulate(secretKeys.at(-1) as Uint8Array, packet.subarray(small.adBytes, routingAt), shared)
    suite.deriveKeys(shared, keys)
    const routing = packet.slice(routingAt, routingAt + small.routingBytes)
    suite.headerXor(keys.header, routing)
    const unused = (small.hops - hops) * small.slotBytes
    const [slots, ciphertext] = rolls.slice(-2) as [Uint8Array, Uint8Array]
    assert.is(slots.length, unused)
    assert.equal(routing.slice(small.slotBytes, small.slotBytes + unused), slots)
    assert.equal(routing.slice(small.commandBytes, small.slotBytes), ciphertext)
  }
})

test('two packets with the same contents share no field but the version', () => {
  const random = seededRandom(17)
  const { path } = journey(random, 3)
  const [to, content] = [random(32), random(small.bodyBytes)]
  const [one, two] = [wrap(small, path, to, content, random), wrap(small, path, to, content, random)]
  const same = one.filter((byte, i) => i >= small.adBytes && byte === two[i]).length
  assert.ok(same < 20, `${same} bytes of ${one.length}`)
})

test('secrets are wiped, whether a packet is taken, damaged or seen before', () => {
  const { secretKeys, packet } = forward(seededRandom(18))
  const held: Uint8Array[] = []
  const spy: Suite = {
    ...suite,
    decapsulate: (secretKey, ciphertext, shared) => {
      suite.decapsulate(secretKey, ciphertext, shared)
      held.push(shared)
    },
    deriveKeys: (shared, keys) => {
      suite.deriveKeys(shared, keys)
      held.push(keys.all)
      assert.ok(keys.all.some(byte => byte !== 0))
    },
    headerXor: (key, data) => {
      suite.headerXor(key, data)
      held.push(data)
    },
  }
  const damaged = packet.slice()
  damaged[small.headerBytes - 1] = (damaged[small.headerBytes - 1] as number) ^ 1
  for (const run of [
    () => peel(small, secretKeys[0] as Uint8Array, packet, fresh, spy),
    () => peel(small, secretKeys[0] as Uint8Array, damaged, fresh, spy),
    () => peel(small, secretKeys[0] as Uint8Array, packet, () => true, spy),
    () =>
      peel(
        small,
        secretKeys[0] as Uint8Array,
        packet,
        () => {
          throw new SphinxError('REPLAY', 'the store is full')
        },
        spy,
      ),
  ]) {
    codeOf(run)
    assert.ok(held.length >= 2)
    for (const bytes of held) assert.ok(bytes.every(byte => byte === 0))
    held.length = 0
  }
})

test('wrapping wipes its secrets too, also when a key on the path is bad', () => {
  const random = seededRandom(19)
  const { path } = journey(random, 3)
  const held: Uint8Array[] = []
  const spy: Suite = {
    ...suite,
    encapsulate: (key, dice) => {
      const capsule = suite.encapsulate(key, length => {
        const roll = dice(length)
        held.push(roll)
        return roll
      })
      held.push(capsule.shared)
      return capsule
    },
    deriveKeys: (shared, keys) => {
      suite.deriveKeys(shared, keys)
      held.push(keys.all)
    },
  }
  const content = random(small.bodyBytes)
  wrap(small, path, random(32), content, random, spy)
  assert.is(held.length, 9)
  for (const bytes of held) assert.ok(bytes.every(byte => byte === 0))
  held.length = 0
  const bad = [...path.slice(0, 2), { id: random(32), key: new Uint8Array(32), delayMs: 0 }]
  assert.is(
    codeOf(() => wrap(small, bad, random(32), content, random, spy)),
    'BAD_POINT',
  )
  assert.is(held.length, 7)
  for (const bytes of held) assert.ok(bytes.every(byte => byte === 0))
})

test('making a reply block wipes what it does not hand out, and derives no other keys than wrapping does', () => {
  const random = seededRandom(22)
  const { path } = journey(random, 3)
  const held: Uint8Array[] = []
  const made: string[] = []
  const spy: Suite = {
    ...suite,
    deriveKeys: (shared, keys, wanted) => {
      suite.deriveKeys(shared, keys, wanted)
      const all = newKeys(suite)
      suite.deriveKeys(shared, all)
      made.push(wanted ?? 'all')
      assert.equal([keys.mac, keys.header], [all.mac, all.header])
      if (wanted === 'wrapping') assert.equal(keys.payload, all.payload)
      held.push(keys.all, shared)
    },
  }
  const to = { recipient: random(32), replyId: random(16) }
  const { secret } = makeReplyBlock(small, path, to, random, spy)
  wrap(small, path, random(32), random(small.bodyBytes), random, spy)
  assert.equal(made, [...Array(3).fill('header'), ...Array(3).fill('wrapping')])
  for (const bytes of held) assert.ok(bytes.every(byte => byte === 0))
  for (const shared of secret.shared) assert.ok(shared.some(byte => byte !== 0))
})

test('peeling inside the replay check of another packet disturbs neither', () => {
  const random = seededRandom(20)
  const [outer, inner] = [forward(random), forward(random)]
  const want = peel(small, outer.secretKeys[0] as Uint8Array, outer.packet, fresh)
  const have = peel(small, outer.secretKeys[0] as Uint8Array, outer.packet, () => {
    assert.is(peel(small, inner.secretKeys[0] as Uint8Array, inner.packet, fresh).at, 'forward')
    return false
  })
  assert.equal(have, want)
})

test('an array that comes to hold another secret key opens that key’s packets', () => {
  const random = seededRandom(21)
  const [one, two] = [forward(random, 1), forward(random, 1)]
  const key = (one.secretKeys[0] as Uint8Array).slice()
  assert.is(peel(small, key, one.packet, fresh).at, 'deliver')
  key.set(two.secretKeys[0] as Uint8Array)
  assert.is(peel(small, key, two.packet, fresh).at, 'deliver')
  assert.is(
    codeOf(() => peel(small, key, one.packet, fresh)),
    'BAD_MAC',
  )
})

test('a thousand reply blocks of one client have no field in common', () => {
  const random = seededRandom(22)
  const { path } = journey(random, 1)
  const seen = new Set<string>()
  const step = 16
  // what follows the version, up to the id of the first hop, and then the seed
  const fields = [small.adBytes, small.headerBytes + 32, small.headerBytes + 48]
  for (let at = small.adBytes + step; at + step <= small.headerBytes; at += step) fields.push(at)
  for (let n = 0; n < 1000; n++) {
    const { block } = makeReplyBlock(small, path, { recipient: random(32), replyId: random(16) }, random)
    for (const at of fields) seen.add(hex(block.subarray(at, at + step)))
  }
  assert.is(seen.size, 1000 * fields.length)
})

test('the backends wrap, peel and reply alike', () => {
  const other = x25519Suite(browser)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.nat(), (hops, seed) => {
      const run = (by: Suite): unknown[] => {
        const random = seededRandom(seed)
        const { secretKeys, path } = journey(random, hops)
        const [to, replyId, content] = [random(32), random(16), random(small.bodyBytes)]
        const packet = wrap(small, path, to, content, random, by)
        const { block, secret } = makeReplyBlock(small, path, { recipient: to, replyId }, random, by)
        const reply = useReplyBlock(small, block, content, by).packet
        const tags: Uint8Array[] = []
        const remember = (tag: Uint8Array): boolean => tags.push(tag) > 99
        const steps = [packet, reply].map(first =>
          peel(small, secretKeys[0] as Uint8Array, first, remember, by),
        )
        const opened = codeOf(() => openReply(small, secret, random(small.payloadBytes), by))
        return [packet, block, secret, reply, tags, steps, opened]
      }
      assert.equal(run(other), run(suite))
    }),
    { numRuns: 12 },
  )
})

test.run()

// The part of the pinned vectors that must fail: each breaks one rule of docs/spec/sphinx.md, with the code that it
// earns.

import { fromHex, hex } from '../encoding/bytes.ts'
import { geometry, suiteOf } from '../sphinx/geometry.ts'
import { peel } from '../sphinx/peel.ts'
import { makeReplyBlock, useReplyBlock, writeReplySecret } from '../sphinx/reply.ts'
import { newKeys } from '../sphinx/suite.ts'
import type { SuiteName } from '../sphinx/suite-names.ts'
import { wrap } from '../sphinx/wrap.ts'
import { seededRandom } from '../world/random.ts'
import { journey, type Vector } from './sphinx-vectors-good.ts'

const size = { hops: 2, userBytes: 16 }

/** RFC 7748, section 7, and https://cr.yp.to/ecdh.html#validate: what makes every X25519 zero, below 2^255. */
export const lowOrderPoints: readonly string[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]

export function badVectors(name: SuiteName): Vector[] {
  const g = geometry({ suite: name, ...size })
  const suite = suiteOf(g)
  const kemAt = g.adBytes
  const routingAt = kemAt + g.kemBytes
  const macAt = routingAt + g.routingBytes
  const random = seededRandom(99)
  const { secretKeys, path } = journey(random, 2)
  const [first, second] = secretKeys as [Uint8Array, Uint8Array]
  const [recipient, content] = [random(32), random(g.bodyBytes)]
  const packet = wrap(g, path, recipient, content, random)
  const peeled = peel(g, first, packet, () => false)
  if (peeled.at !== 'forward') throw new Error('the first of two hops passes the packet on')
  const { block, secret } = makeReplyBlock(g, path, { recipient, replyId: random(16) }, random)

  const bad = (
    run: Vector['run'],
    id: string,
    expect: string,
    why: string,
    input: Vector['input'],
  ): Vector => ({ id, run, why, ...size, input, expect })
  const badPeel = (id: string, expect: string, why: string, bytes: Uint8Array, more: object = {}): Vector =>
    bad('peel', id, expect, why, { secretKey: hex(first), packet: hex(bytes), seen: false, ...more })

  /** The packet with this hop's commands replaced, its header authentic. */
  const commanded = (commands: Uint8Array): Uint8Array => {
    const out = packet.slice()
    const [shared, keys] = [new Uint8Array(suite.sharedBytes), newKeys(suite)]
    suite.decapsulate(first, out.subarray(kemAt, routingAt), shared)
    suite.deriveKeys(shared, keys)
    const routing = out.subarray(routingAt, macAt)
    suite.headerXor(keys.header, routing)
    routing.fill(0, 0, g.commandBytes)
    routing.set(commands)
    suite.headerXor(keys.header, routing)
    suite.mac(keys.mac, out.subarray(0, macAt), out.subarray(macAt, g.headerBytes))
    return out
  }
  const next = joined(1, path[1]?.id as Uint8Array, random(32))
  const to = joined(2, recipient)
  const asWrap = (more: object): Vector['input'] => ({
    path: path.map(hop => ({ id: hex(hop.id), key: hex(hop.key), delayMs: hop.delayMs })),
    recipient: hex(recipient),
    body: hex(content),
    ...more,
  })
  const pathOf = (keyOrDelay: object): object[] => [
    { id: hex(random(32)), key: hex(path[0]?.key as Uint8Array), delayMs: 0, ...keyOrDelay },
  ]

  return [
    badPeel('empty packet', 'BAD_LENGTH', 'nothing to read', new Uint8Array(0)),
    badPeel('short packet', 'BAD_LENGTH', 'a byte is missing', packet.subarray(0, -1)),
    badPeel('long packet', 'BAD_LENGTH', 'a byte too many', joined(...packet, 0)),
    badPeel('other version', 'BAD_AD', 'version 2', changed(packet, 0, 3)),
    badPeel('other suite', 'BAD_AD', 'suite 2', changed(packet, 1, 3)),
    ...lowOrderPoints.map((point, i) =>
      badPeel(
        `low order ${i}`,
        'BAD_POINT',
        'the exchange would give zero',
        replaced(packet, kemAt, fromHex(point)),
      ),
    ),
    badPeel(
      'ignored bit',
      'BAD_MAC',
      'X25519 ignores this bit of a ciphertext, the key derivation does not',
      changed(packet, routingAt - 1, 0x80),
    ),
    badPeel('ciphertext changed', 'BAD_MAC', 'another shared secret', changed(packet, kemAt, 1)),
    badPeel(
      'first routing bit',
      'BAD_MAC',
      'the MAC covers the routing field',
      changed(packet, routingAt, 0x80),
    ),
    badPeel('last routing bit', 'BAD_MAC', 'to its end', changed(packet, macAt - 1, 1)),
    badPeel('mac changed', 'BAD_MAC', 'the last bit of the MAC', changed(packet, g.headerBytes - 1, 1)),
    badPeel('other key', 'BAD_MAC', 'the packet is for another hop', packet, { secretKey: hex(second) }),
    badPeel('seen before', 'REPLAY', 'its tag is known', packet, { seen: true }),
    badPeel(
      'mac before replay',
      'BAD_MAC',
      'nothing is remembered of a packet that is not authentic',
      changed(packet, macAt, 1),
      { seen: true },
    ),
    badPeel(
      'replay before commands',
      'REPLAY',
      'an authentic header is remembered whatever it says',
      commanded(joined()),
      { seen: true },
    ),
    badPeel('no command', 'BAD_COMMAND', 'neither a way on nor a recipient', commanded(joined())),
    badPeel('delay only', 'BAD_COMMAND', 'nothing after the delay', commanded(joined(0x80, 0, 0, 0, 5))),
    badPeel(
      'two delays',
      'BAD_COMMAND',
      'at most one',
      commanded(joined(0x80, 0, 0, 0, 5, 0x80, 0, 0, 0, 5, next)),
    ),
    badPeel(
      'delay at the end',
      'BAD_COMMAND',
      'the order is part of the format',
      commanded(joined(next, 0x80, 0, 0, 0, 5)),
    ),
    badPeel('unknown command', 'BAD_COMMAND', 'id 4', commanded(joined(4))),
    badPeel('way on and recipient', 'BAD_COMMAND', 'one of the two', commanded(joined(to, 1, random(32)))),
    badPeel('reply without recipient', 'BAD_COMMAND', 'nobody to keep it', commanded(joined(3, random(16)))),
    badPeel('two recipients', 'BAD_COMMAND', 'at most one', commanded(joined(to, to))),
    badPeel('something after the end', 'BAD_COMMAND', 'the padding is zero', commanded(joined(to, 0, 0, 1))),
    badPeel(
      'something in the last byte',
      'BAD_COMMAND',
      'to the end of the slot',
      commanded(replaced(joined(to, new Uint8Array(49)), 81, joined(1))),
    ),
    badPeel(
      'way on cut off',
      'BAD_COMMAND',
      'the second recipient would need more room than the slot has',
      commanded(joined(0x80, 0, 0, 0, 5, to, 3, random(16), 1)),
    ),
    badPeel(
      'payload changed at the last hop',
      'BAD_PAYLOAD',
      'its last bit',
      changed(peeled.packet, g.packetBytes - 1, 1),
      { secretKey: hex(second) },
    ),
    badPeel(
      'zeros changed at the last hop',
      'BAD_PAYLOAD',
      'its first bit',
      changed(peeled.packet, g.headerBytes, 0x80),
      { secretKey: hex(second) },
    ),
    bad('use-reply-block', 'short reply block', 'BAD_REPLY_BLOCK', 'a byte is missing', {
      block: hex(block.subarray(1)),
      body: hex(content),
    }),
    bad('use-reply-block', 'long reply block', 'BAD_REPLY_BLOCK', 'a byte too many', {
      block: hex(joined(...block, 0)),
      body: hex(content),
    }),
    bad('use-reply-block', 'other version of a reply block', 'BAD_REPLY_BLOCK', 'version 2', {
      block: hex(changed(block, 0, 3)),
      body: hex(content),
    }),
    bad('use-reply-block', 'short body for a reply', 'BAD_LENGTH', 'a byte is missing', {
      block: hex(block),
      body: hex(content.subarray(1)),
    }),
    ...badReplies(),
    bad('wrap', 'no hop', 'BAD_PATH', 'a path has one hop or more', asWrap({ path: [] })),
    bad(
      'wrap',
      'too many hops',
      'BAD_PATH',
      'three where the geometry has two',
      asWrap({ path: [...pathOf({}), ...pathOf({}), ...pathOf({})] }),
    ),
    bad(
      'wrap',
      'fraction of a millisecond',
      'BAD_PATH',
      'delays are whole',
      asWrap({ path: pathOf({ delayMs: 0.5 }) }),
    ),
    bad(
      'wrap',
      'negative delay',
      'BAD_PATH',
      'nobody sends into the past',
      asWrap({ path: pathOf({ delayMs: -1 }) }),
    ),
    bad(
      'wrap',
      'delay too long',
      'BAD_PATH',
      'four bytes hold 2^32 - 1',
      asWrap({ path: pathOf({ delayMs: 2 ** 32 }) }),
    ),
    bad('wrap', 'short node id', 'BAD_PATH', '31 bytes', asWrap({ path: pathOf({ id: hex(random(31)) }) })),
    bad('wrap', 'short key', 'BAD_PATH', '31 bytes', asWrap({ path: pathOf({ key: hex(random(31)) }) })),
    bad(
      'wrap',
      'key of low order',
      'BAD_POINT',
      'whoever published it gives the exchange away',
      asWrap({ path: pathOf({ key: lowOrderPoints[2] }) }),
    ),
    bad('wrap', 'short recipient', 'BAD_LENGTH', '31 bytes', asWrap({ recipient: hex(random(31)) })),
    bad('wrap', 'long body', 'BAD_LENGTH', 'a byte too many', asWrap({ body: hex(random(g.bodyBytes + 1)) })),
  ]

  function badReplies(): Vector[] {
    let reply = useReplyBlock(g, block, content).packet
    let payload = new Uint8Array(0)
    for (const secretKey of secretKeys) {
      const step = peel(g, secretKey, reply, () => false)
      if (step.at === 'forward') reply = step.packet
      if (step.at === 'reply') payload = new Uint8Array(step.payload)
    }
    const stored = writeReplySecret(secret)
    const other = writeReplySecret({ ...secret, seed: random(32) })
    const open = (id: string, expect: string, why: string, bytes: Uint8Array, key: Uint8Array): Vector =>
      bad('open-reply', id, expect, why, { secret: hex(key), payload: hex(bytes) })
    return [
      open('reply changed', 'BAD_PAYLOAD', 'one bit', changed(payload, 40, 4), stored),
      open('reply to another block', 'BAD_PAYLOAD', 'another seed', payload, other),
      open('short reply', 'BAD_LENGTH', 'a byte is missing', payload.subarray(1), stored),
      open('short secret', 'BAD_REPLY_BLOCK', 'a byte is missing', payload, stored.subarray(0, -1)),
      open('secret of another version', 'BAD_REPLY_BLOCK', 'version 2', payload, changed(stored, 0, 3)),
    ]
  }
}

function joined(...parts: readonly (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => (typeof part === 'number' ? [part] : [...part])))
}

/** A copy with bits of one byte turned over. */
function changed(bytes: Uint8Array, at: number, bits: number): Uint8Array {
  const out = bytes.slice()
  out[at] = (out[at] as number) ^ bits
  return out
}

/** A copy with some bytes replaced. */
function replaced(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const out = bytes.slice()
  out.set(by, at)
  return out
}

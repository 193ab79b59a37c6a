// The part of the pinned vectors that must succeed: packets and replies from one end to the other.

import { x25519PublicKey } from '#crypto'
import { hex } from '../encoding/bytes.ts'
import { body } from '../sphinx/body.ts'
import { DROP_RECIPIENT } from '../sphinx/commands.ts'
import { type Geometry, geometry } from '../sphinx/geometry.ts'
import { peel } from '../sphinx/peel.ts'
import { makeReplyBlock, useReplyBlock, writeReplySecret } from '../sphinx/reply.ts'
import type { SuiteName } from '../sphinx/suite-names.ts'
import { type Hop, wrap } from '../sphinx/wrap.ts'
import { type Random, seededRandom } from '../world/random.ts'

/** All bytes are hexadecimal. `expect` is what comes out, or the code of a SphinxError. */
export interface Vector {
  readonly id: string
  readonly run: 'forward' | 'reply' | 'wrap' | 'peel' | 'use-reply-block' | 'open-reply'
  readonly why: string
  readonly hops: number
  readonly userBytes: number
  readonly input: Readonly<Record<string, unknown>>
  readonly expect: string | Readonly<Record<string, unknown>>
}

/** A path with its secret keys. */
export interface Journey {
  readonly secretKeys: readonly Uint8Array[]
  readonly path: readonly Hop[]
}

export function journey(random: Random, hops: number): Journey {
  const secretKeys = Array.from({ length: hops }, () => random(32))
  const path = secretKeys.map((secretKey, i) => ({
    id: random(32),
    key: x25519PublicKey(secretKey),
    delayMs: 1000 * i + 7,
  }))
  return { secretKeys, path }
}

export function goodVectors(suite: SuiteName): Vector[] {
  const small = { suite, hops: 3, userBytes: 32 }
  return [
    forward({ suite, hops: 5, userBytes: 2000 }, 5, 'the default geometry, the longest path'),
    reply({ suite, hops: 5, userBytes: 2000 }, 5, 'the default geometry, the longest path'),
    ...[1, 2, 3].map(hops => forward(small, hops, `${hops} of at most 3 hops`)),
    ...[1, 2, 3].map(hops => reply(small, hops, `${hops} of at most 3 hops`)),
    forward(small, 3, 'a drop: the recipient is 32 bytes 0xff', DROP_RECIPIENT),
  ]
}

type Size = { readonly suite: SuiteName; readonly hops: number; readonly userBytes: number }

/** A packet from its sender to its recipient: what every hop gets, is told, and remembers it by. */
function forward(size: Size, hops: number, why: string, to?: Uint8Array): Vector {
  const g = geometry(size)
  const random = seededRandom(size.userBytes * 100 + hops + (to === undefined ? 0 : 50))
  const { secretKeys, path } = journey(random, hops)
  const recipient = to ?? random(32)
  const content = body(g, { flags: 1, ack: random(g.replyBlockBytes), user: random(g.userBytes) })
  const dice = recorded(random)
  const packet = wrap(g, path, recipient, content, dice.random)
  return {
    id: `forward ${hops} of ${size.hops}${to === undefined ? '' : ' drop'}`,
    run: 'forward',
    why,
    hops: size.hops,
    userBytes: size.userBytes,
    input: {
      path: path.map(hop => ({ id: hex(hop.id), key: hex(hop.key), delayMs: hop.delayMs })),
      secretKeys: secretKeys.map(hex),
      recipient: hex(recipient),
      body: hex(content),
      random: dice.rolled(),
    },
    expect: trace(g, secretKeys, packet),
  }
}

/** A reply block, the packet made with it, and its way back. */
function reply(size: Size, hops: number, why: string): Vector {
  const g = geometry(size)
  const random = seededRandom(size.userBytes * 100 + hops + 20)
  const { secretKeys, path } = journey(random, hops)
  const to = { recipient: random(32), replyId: random(16) }
  const content = random(g.bodyBytes)
  const dice = recorded(random)
  const { block, secret } = makeReplyBlock(g, path, to, dice.random)
  const { packet } = useReplyBlock(g, block, content)
  return {
    id: `reply ${hops} of ${size.hops}`,
    run: 'reply',
    why,
    hops: size.hops,
    userBytes: size.userBytes,
    input: {
      path: path.map(hop => ({ id: hex(hop.id), key: hex(hop.key), delayMs: hop.delayMs })),
      secretKeys: secretKeys.map(hex),
      recipient: hex(to.recipient),
      replyId: hex(to.replyId),
      body: hex(content),
      random: dice.rolled(),
    },
    expect: { block: hex(block), secret: hex(writeReplySecret(secret)), ...trace(g, secretKeys, packet) },
  }
}

function trace(g: Geometry, secretKeys: readonly Uint8Array[], first: Uint8Array): Record<string, unknown> {
  const packets: string[] = []
  const tags: string[] = []
  let packet = first
  for (const secretKey of secretKeys) {
    packets.push(hex(packet))
    const peeled = peel(g, secretKey, packet, tag => {
      tags.push(hex(tag))
      return false
    })
    if (peeled.at === 'forward') packet = peeled.packet
    else if (peeled.at === 'reply') return { packets, tags, payload: hex(peeled.payload) }
  }
  return { packets, tags }
}

/** Dice that remember what they rolled. */
function recorded(random: Random): { random: Random; rolled: () => string } {
  const rolls: string[] = []
  return {
    random: length => {
      const roll = random(length)
      rolls.push(hex(roll))
      return roll
    },
    rolled: () => rolls.join(''),
  }
}

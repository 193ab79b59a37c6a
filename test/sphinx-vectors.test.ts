// docs/spec/sphinx.md 11: the pinned vectors, good and bad in one loop, through both backends.

import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as node from '#crypto'
import { fromHex, hex } from '../encoding/bytes.ts'
import * as browser from '../sphinx/crypto-portable.ts'
import { SphinxError } from '../sphinx/error.ts'
import { type Geometry, geometry } from '../sphinx/geometry.ts'
import { peel } from '../sphinx/peel.ts'
import {
  makeReplyBlock,
  openReply,
  readReplySecret,
  useReplyBlock,
  writeReplySecret,
} from '../sphinx/reply.ts'
import type { Suite } from '../sphinx/suite.ts'
import { suiteNames } from '../sphinx/suite-names.ts'
import { x25519Suite } from '../sphinx/suite-x25519.ts'
import { x25519Suite2 } from '../sphinx/suite-x25519-2.ts'
import { wrap } from '../sphinx/wrap.ts'
import type { Random } from '../world/random.ts'
import { sphinxVectors, type VectorFile, vectorPath } from './sphinx-vectors.ts'
import type { Vector } from './sphinx-vectors-good.ts'

const makers = { x25519: x25519Suite, 'x25519-2': x25519Suite2 }

for (const suiteName of suiteNames) {
  const file = JSON.parse(readFileSync(vectorPath(suiteName), 'utf8')) as VectorFile

  test(`${suiteName}: the pinned file is what its generator makes`, () => {
    assert.equal(file, JSON.parse(JSON.stringify(sphinxVectors(suiteName))))
  })

  for (const [name, backend] of Object.entries({ node, browser })) {
    const suite = makers[suiteName](backend)
    for (const vector of file.vectors)
      test(`${suiteName}, ${name}: ${vector.run}: ${vector.id}`, () => {
        const g = geometry({ suite: suiteName, hops: vector.hops, userBytes: vector.userBytes })
        assert.equal(
          outcome(() => runners[vector.run](suite, g, fields(vector.input))),
          vector.expect,
          vector.why,
        )
      })
  }
}

/** Gives what comes out, or the code of the SphinxError; any other error fails the test. */
function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    if (error instanceof SphinxError) return error.code
    throw error
  }
}

/** The fields of an input, bytes decoded. */
interface Fields {
  readonly bytes: (name: string) => Uint8Array
  readonly list: (name: string) => readonly Uint8Array[]
  readonly path: () => { id: Uint8Array; key: Uint8Array; delayMs: number }[]
  readonly flag: (name: string) => boolean
  /** Dice that roll what the vector says, and run out. */
  readonly random: () => Random
}

function fields(input: Vector['input']): Fields {
  const decode = (text: string): Uint8Array => fromHex(text)
  return {
    bytes: name => decode(input[name] as string),
    list: name => (input[name] as string[]).map(decode),
    path: () =>
      (input['path'] as { id: string; key: string; delayMs: number }[]).map(hop => ({
        id: decode(hop.id),
        key: decode(hop.key),
        delayMs: hop.delayMs,
      })),
    flag: name => input[name] as boolean,
    random: () => {
      let rolls = decode((input['random'] as string | undefined) ?? '00'.repeat(10_000))
      return length => {
        assert.ok(rolls.length >= length, 'draws more than the vector has')
        const roll = rolls.slice(0, length)
        rolls = rolls.subarray(length)
        return roll
      }
    },
  }
}

const runners: Record<Vector['run'], (suite: Suite, g: Geometry, input: Fields) => unknown> = {
  forward(suite, g, input) {
    const packet = wrap(g, input.path(), input.bytes('recipient'), input.bytes('body'), input.random(), suite)
    return journey(suite, g, input, packet).seen
  },
  reply(suite, g, input) {
    const to = { recipient: input.bytes('recipient'), replyId: input.bytes('replyId') }
    const path = input.path()
    const { block, secret } = makeReplyBlock(g, path, to, input.random(), suite)
    const { first, packet } = useReplyBlock(g, block, input.bytes('body'), suite)
    assert.equal(first, path[0]?.id)
    const { seen, payload } = journey(suite, g, input, packet)
    assert.equal(openReply(g, readReplySecret(writeReplySecret(secret)), payload, suite), input.bytes('body'))
    return { block: hex(block), secret: hex(writeReplySecret(secret)), ...seen, payload: hex(payload) }
  },
  wrap: (suite, g, input) =>
    wrap(g, input.path(), input.bytes('recipient'), input.bytes('body'), input.random(), suite),
  peel: (suite, g, input) =>
    peel(g, input.bytes('secretKey'), input.bytes('packet'), () => input.flag('seen'), suite),
  'use-reply-block': (suite, g, input) => useReplyBlock(g, input.bytes('block'), input.bytes('body'), suite),
  'open-reply': (suite, g, input) =>
    openReply(g, readReplySecret(input.bytes('secret')), input.bytes('payload'), suite),
}

/** Peels hop by hop; every hop is told what the path says. */
function journey(
  suite: Suite,
  g: Geometry,
  input: Fields,
  first: Uint8Array,
): { seen: { packets: string[]; tags: string[] }; payload: Uint8Array } {
  const path = input.path()
  const seen = { packets: [] as string[], tags: [] as string[] }
  let packet = first
  for (const [i, secretKey] of input.list('secretKeys').entries()) {
    seen.packets.push(hex(packet))
    const peeled = peel(
      g,
      secretKey,
      packet,
      tag => {
        seen.tags.push(hex(tag))
        return false
      },
      suite,
    )
    assert.is(peeled.delayMs, path[i]?.delayMs)
    if (peeled.at === 'forward') {
      assert.equal(peeled.next, path[i + 1]?.id)
      packet = peeled.packet
      continue
    }
    assert.is(i, path.length - 1)
    assert.equal(peeled.recipient, input.bytes('recipient'))
    if (peeled.at === 'reply') {
      assert.equal(peeled.replyId, input.bytes('replyId'))
      return { seen, payload: peeled.payload }
    }
    assert.equal(peeled.body, input.bytes('body'))
  }
  return { seen, payload: new Uint8Array(0) }
}

test.run()

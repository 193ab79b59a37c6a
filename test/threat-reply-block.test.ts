// docs/threats.md 3.6: what somebody learns who collects reply blocks, or uses one twice.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as backend from '#crypto'
import { hex } from '../encoding/bytes.ts'
import { geometry } from '../sphinx/geometry.ts'
import { peel } from '../sphinx/peel.ts'
import { makeReplyBlock, useReplyBlock } from '../sphinx/reply.ts'
import type { Hop } from '../sphinx/wrap.ts'
import { seededRandom } from '../world/random.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const random = seededRandom(11)
const secrets = Array.from({ length: g.hops }, () => random(32))
const path: Hop[] = secrets.map((secret, i) => ({
  id: random(32),
  key: backend.x25519PublicKey(secret),
  delayMs: 40 + i,
}))
const owner = random(32)
const block = (): Uint8Array =>
  makeReplyBlock(g, path, { recipient: owner, replyId: random(16) }, random).block

/** Counts the windows of bytes that, outside the stated plain parts, occur a second time anywhere. */
function sharedWindows(
  blocks: readonly Uint8Array[],
  window: number,
  plain: readonly [number, number][],
): number {
  const seen = new Set<string>()
  let hits = 0
  for (const bytes of blocks) {
    for (let at = 0; at + window <= bytes.length; at++) {
      if (plain.some(([from, to]) => at < to && at + window > from)) continue
      const text = Buffer.from(bytes.subarray(at, at + window)).toString('latin1')
      if (seen.has(text)) hits++
      seen.add(text)
    }
  }
  return hits
}

const version: [number, number] = [0, g.adBytes]
const firstHop: [number, number] = [g.headerBytes, g.headerBytes + 32]

test('a thousand blocks of one client share no eight bytes but the version and the first hop', () => {
  const blocks = Array.from({ length: 1000 }, block)
  assert.is(sharedWindows(blocks, 8, [version, firstHop]), 0)
})

test('control: two blocks that hand out one seed are linked at once', () => {
  const seed = random(32)
  const made = Array.from({ length: 2 }, () => {
    const bytes = block()
    bytes.set(seed, g.headerBytes + 32)
    return bytes
  })
  assert.is(sharedWindows(made, 8, [version, firstHop]), 32 - 8 + 1)
})

test('a block used twice: the hop that sees it first lets one packet through', () => {
  const once = block()
  const tags = new Set<string>()
  const isReplay = (tag: Uint8Array): boolean => {
    const key = hex(tag)
    return tags.has(key) || !tags.add(key)
  }
  const use = (): string => {
    const { packet } = useReplyBlock(g, once, random(g.bodyBytes))
    try {
      return peel(g, secrets[0] as Uint8Array, packet, isReplay).at
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  assert.equal([use(), use(), use()], ['forward', 'REPLAY', 'REPLAY'])
})

test('control: without the replay check both packets go on', () => {
  const once = block()
  const use = (): string =>
    peel(g, secrets[0] as Uint8Array, useReplyBlock(g, once, random(g.bodyBytes)).packet, () => false).at
  assert.equal([use(), use()], ['forward', 'forward'])
})

test.run()

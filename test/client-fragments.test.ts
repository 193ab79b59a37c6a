// Fragments and contents: round trips, hostile bytes, and a message back from its fragments in any order.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { Reassembly, Seen } from '../client/incoming/reassembly.ts'
import {
  readBlocks,
  readMessage,
  readReceipt,
  readReceived,
  readRefill,
  readReply,
  writeBlocks,
  writeMessage,
  writeReceipt,
  writeReceived,
  writeRefill,
  writeReply,
} from '../client/packets/content.ts'
import {
  type Fragment,
  fragmentCount,
  fragmentHeadBytes,
  type Kind,
  laneOf,
  partOf,
  readFragment,
  writeFragment,
} from '../client/packets/fragments.ts'
import { concat, hex } from '../encoding/bytes.ts'
import { geometry } from '../sphinx/geometry.ts'
import { seededRandom, shuffle } from '../world/random.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const size = 200
const room = size - fragmentHeadBytes
const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
const kind = fc.constantFrom<Kind>('message', 'blocks', 'receipt', 'reply', 'read', 'refill', 'received')

const fragment: fc.Arbitrary<Fragment> = fc
  .record({
    kind,
    id,
    count: fc.integer({ min: 1, max: 65_535 }),
    at: fc.nat(),
    last: fc.boolean(),
    attempt: fc.integer({ min: 1, max: 255 }),
    tail: fc.uint8Array({ maxLength: room }),
  })
  .map(({ at, last, tail, count, ...rest }) => {
    const index = last ? count - 1 : at % count
    const data = index === count - 1 ? tail : new Uint8Array(room).fill(at & 255)
    return { ...rest, count, index, data }
  })

test('a fragment reads as it was written, all of one size', () => {
  fc.assert(
    fc.property(fragment, made => {
      const bytes = writeFragment(made, size)
      assert.is(bytes.length, size)
      assert.equal(readFragment(bytes, laneOf(made.kind), size), made)
      const other = laneOf(made.kind) === 'forward' ? 'reply' : 'forward'
      assert.throws(() => readFragment(bytes, other, size), hasCode('BAD_FRAGMENT'))
    }),
  )
})

test('any bytes give a fragment or BAD_FRAGMENT, and what is read writes the same bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: size - 1, maxLength: size }),
      fragment,
      fc.nat(),
      (junk, made, at) => {
        const damaged = writeFragment(made, size)
        damaged[at % size] = junk[at % junk.length] as number
        for (const bytes of [junk, damaged]) {
          try {
            const lane = (bytes[0] as number) <= 3 ? 'forward' : 'reply'
            assert.equal(writeFragment(readFragment(bytes, lane, size), size), bytes)
          } catch (error) {
            assert.ok(error instanceof ClientError && error.code === 'BAD_FRAGMENT', String(error))
          }
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('any content comes back from its fragments in any order, each of them twice', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10 * room }), id, fc.nat(), (content, messageId, seed) => {
      const count = fragmentCount(content.length, size)
      const reassembly = new Reassembly({ messages: 4, bytes: 1e6, ageMs: 1000 })
      const parts: Uint8Array[] = []
      const order = Array.from({ length: 2 * count }, (_, i) => i % count)
      let complete = 0
      for (const index of shuffle(seededRandom(seed), order)) {
        const bytes = writeFragment(
          { kind: 'message', id: messageId, index, count, attempt: 1, data: partOf(content, index, size) },
          size,
        )
        const read = readFragment(bytes, 'forward', size)
        if (complete > 0) continue
        const claim = { id: hex(read.id), origin: read.kind, count: read.count }
        const { verdict } = reassembly.offer(claim, read.index, read.data.length, 0)
        assert.is(verdict === 'duplicate', parts[index] !== undefined)
        parts[index] = read.data
        if (verdict === 'complete') complete++
      }
      assert.is(complete, 1)
      assert.equal(concat(parts), content)
    }),
  )
})

test('an empty message is one fragment, and too many are refused', () => {
  assert.is(fragmentCount(0, size), 1)
  assert.is(fragmentCount(room, size), 1)
  assert.is(fragmentCount(room + 1, size), 2)
  assert.throws(() => fragmentCount(65_536 * room, size), hasCode('TOO_LARGE'))
})

test('reassembly is bounded in messages, bytes and age, and refuses contradictions', () => {
  const made = new Reassembly({ messages: 3, bytes: 1000, ageMs: 100 })
  const claim = (name: string, count = 9): { id: string; origin: string; count: number } => ({
    id: name,
    origin: 'message',
    count,
  })
  assert.is(made.offer(claim('a'), 0, 10, 0).verdict, 'kept')
  assert.is(made.offer({ ...claim('a'), count: 8 }, 1, 10, 0).verdict, 'conflict')
  assert.is(made.offer({ ...claim('a'), origin: 'reply x' }, 1, 10, 0).verdict, 'conflict')
  made.offer(claim('b'), 0, 10, 1)
  made.offer(claim('c'), 0, 10, 2)
  made.offer(claim('a'), 1, 10, 3)
  assert.equal(made.offer(claim('d'), 0, 10, 4).evicted, ['b'])
  assert.equal(made.offer(claim('d'), 1, 960, 5).evicted, [])
  // A short one never goes for a long one
  assert.equal(made.offer(claim('c'), 1, 960, 5).evicted, ['d'])
  assert.equal(made.offer(claim('d'), 0, 10, 5).evicted, [])
  assert.is(made.bytes, 1000)
  assert.equal(made.expire(102), [])
  assert.equal(made.expire(103), ['a'])
  assert.equal(made.expire(105), ['c', 'd'])
  assert.is(made.bytes, 0)
})

test('what a stranger begins and never ends pushes out only what as little has come of', () => {
  const claim = (name: string): { id: string; origin: string; count: number } => ({
    id: name,
    origin: 'message',
    count: 104,
  })
  const limits = { messages: 64, bytes: 1e6, ageMs: 1e9 }
  /**
   * A friend's message of which five fragments have come, and then a flood of beginnings of so many fragments each.
   */
  const isKept = (fragments: number): boolean => {
    const made = new Reassembly(limits)
    for (let index = 0; index < 5; index++) made.offer(claim('friend'), index, 1000, 0)
    for (let i = 0; i < 500; i++)
      for (let index = 0; index < fragments; index++) made.offer(claim(`stranger ${i}`), index, 1000, i)
    return made.get('friend') !== undefined
  }
  assert.equal([isKept(1), isKept(4)], [true, true])
  // The control: who sends more than the friend, for every place there is
  assert.is(isKept(6), false)
  // Nor do beginnings that lie there turn away what comes anew
  const made = new Reassembly(limits)
  for (let i = 0; i < 500; i++)
    for (let index = 0; index < 9; index++) made.offer(claim(`stranger ${i}`), index, 1000, i)
  for (let index = 0; index < 103; index++)
    assert.is(made.offer(claim('friend'), index, 100, 1000 + index).verdict, 'kept')
  assert.is(made.offer(claim('friend'), 103, 100, 2000).verdict, 'complete')
})

test('seen ids are bounded, the oldest forgotten first', () => {
  const seen = new Seen(2)
  assert.is(seen.add('a'), undefined)
  seen.add('b')
  assert.is(seen.add('c'), 'a')
  assert.equal([seen.has('a'), seen.has('b'), seen.has('c')], [false, true, true])
})

const plain = { noNullPrototype: true }
const block = fc.record(
  {
    epoch: fc.nat({ max: 2 ** 32 - 1 }),
    block: fc.nat({ max: 255 }).map(byte => new Uint8Array(g.replyBlockBytes).fill(byte)),
  },
  plain,
)
const blocks = fc.array(block, { maxLength: 4 })
const app = fc.constantFrom('', 'chat', '0-a.b')
const of32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const keys = fc.array(fc.record({ period: fc.nat({ max: 2 ** 32 - 1 }), key: of32 }, plain), { maxLength: 8 })
const address = fc.record(
  {
    sealingKey: of32,
    mailboxKey: of32,
    gateways: fc.uniqueArray(of32, { minLength: 1, maxLength: 3, selector: hex }),
  },
  plain,
)
const of16 = fc.uint8Array({ minLength: 16, maxLength: 16 })
/** Only who says who they are answers. */
const who = fc.oneof(
  fc.constant({ from: undefined, answers: undefined }),
  fc.record(
    {
      from: fc.record({ address, keys, proof: of32 }, plain),
      answers: fc.option(fc.record({ conversation: of16, reply: of16 }, plain), { nil: undefined }),
    },
    plain,
  ),
)

test('contents read as they were written', () => {
  fc.assert(
    fc.property(
      fc.record(
        { wantsRead: fc.boolean(), wantsReceived: fc.boolean(), app, blocks, bytes: fc.uint8Array() },
        plain,
      ),
      who,
      keys,
      id,
      fc.integer({ min: 1, max: 300 }),
      (what, { from, answers }, told, conversation, count) => {
        const message = { ...what, from, answers }
        assert.equal(readMessage(g, writeMessage(g, message)), message)
        const more = { conversation, blocks: message.blocks }
        assert.equal(readBlocks(g, writeBlocks(g, more)), more)
        const receipt = { reply: conversation, count, have: new Uint8Array(Math.ceil(count / 8)) }
        assert.equal(readReceipt(writeReceipt(receipt)), receipt)
        const reply = { keys: told, bytes: message.bytes }
        assert.equal(readReply(writeReply(reply)), reply)
        assert.equal(readReceived(writeReceived(told)), told)
        const wanted = (count % 64) + 1
        assert.is(readRefill(writeRefill(wanted)), wanted)
      },
    ),
  )
})

test('any bytes give a content or BAD_CONTENT, and what is read writes the same bytes', () => {
  const readers: ((bytes: Uint8Array) => Uint8Array)[] = [
    bytes => writeMessage(g, readMessage(g, bytes)),
    bytes => writeBlocks(g, readBlocks(g, bytes)),
    bytes => writeReceipt(readReceipt(bytes)),
    bytes => writeReply(readReply(bytes)),
    bytes => writeRefill(readRefill(bytes)),
    bytes => writeReceived(readReceived(bytes)),
  ]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1500 }), fc.nat({ max: 5 }), (junk, which) => {
      try {
        assert.equal((readers[which] as (bytes: Uint8Array) => Uint8Array)(junk), junk)
      } catch (error) {
        assert.ok(error instanceof ClientError && error.code === 'BAD_CONTENT', String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

function hasCode(code: string): (error: unknown) => boolean {
  return error => error instanceof ClientError && error.code === code
}

test.run()

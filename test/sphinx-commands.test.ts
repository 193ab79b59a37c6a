// docs/spec/sphinx.md 3: the grammar of commands, its two properties, and the other parsers'.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { body, readBody } from '../sphinx/body.ts'
import { type Commands, readCommands, writeCommands } from '../sphinx/commands.ts'
import { SphinxError, type SphinxErrorCode } from '../sphinx/error.ts'
import { geometry } from '../sphinx/geometry.ts'
import { Reader } from '../sphinx/reader.ts'
import { readReplySecret, writeReplySecret } from '../sphinx/reply.ts'
import { asBuffer } from './as-buffer.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const length = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n })
const delayMs = fc.integer({ min: 0, max: 2 ** 32 - 1 })

const commands: fc.Arbitrary<Commands> = fc.oneof(
  fc.record(
    { to: fc.constant('next' as const), delayMs, next: length(32), mac: length(32) },
    { requiredKeys: ['to', 'next', 'mac'], noNullPrototype: true },
  ),
  fc.record(
    { to: fc.constant('recipient' as const), delayMs, recipient: length(32), replyId: length(16) },
    { requiredKeys: ['to', 'recipient'], noNullPrototype: true },
  ),
)

/** Names the fields that commands of this kind may lack beside their delay. */
const absent = ({ to }: Commands): object => (to === 'next' ? {} : { replyId: undefined })

/** Runs, and lets nothing out but a SphinxError with one of these codes. */
function onlyThrows(run: () => void, ...codes: SphinxErrorCode[]): boolean {
  try {
    run()
    return false
  } catch (error) {
    assert.instance(error, SphinxError)
    assert.ok(codes.includes((error as SphinxError).code), (error as SphinxError).code)
    return true
  }
}

test('commands: what was written is read', () => {
  fc.assert(
    fc.property(commands, written => {
      const slot = new Uint8Array(g.commandBytes).fill(0xee)
      writeCommands(written, slot)
      // what is not there is undefined
      assert.equal(
        { ...readCommands(slot, g.macBytes) },
        { delayMs: undefined, ...absent(written), ...written },
      )
    }),
  )
})

test('commands: one meaning has one encoding; any other bytes give only BAD_COMMAND', () => {
  const id = fc.constantFrom(0, 1, 2, 3, 0x80, 4)
  const likely = fc
    .array(fc.tuple(id, fc.constantFrom(0, 4, 16, 32, 64)), { maxLength: 5 })
    .map(parts => Uint8Array.from(parts.flatMap(([first, more]) => [first, ...new Uint8Array(more).fill(5)])))
    .map(bytes => Uint8Array.from({ length: g.commandBytes }, (_, i) => bytes[i] ?? 0))
  fc.assert(
    fc.property(fc.oneof(length(g.commandBytes), likely, fc.uint8Array({ maxLength: 90 })), slot => {
      onlyThrows(() => {
        const again = new Uint8Array(slot.length)
        writeCommands(readCommands(slot, g.macBytes), again)
        assert.equal(again, slot)
      }, 'BAD_COMMAND')
    }),
    { numRuns: 2000 },
  )
})

test('commands: the encoding of docs/spec/sphinx.md 3', () => {
  const slot = new Uint8Array(82)
  const have = (): string => hex(slot)
  const of = (byte: number, n: number): Uint8Array => new Uint8Array(n).fill(byte)
  writeCommands({ to: 'next', delayMs: 0x01020304, next: of(0xaa, 32), mac: of(0xbb, 32) }, slot)
  assert.is(have(), `8001020304${'01'}${'aa'.repeat(32)}${'bb'.repeat(32)}${'00'.repeat(12)}`)
  writeCommands({ to: 'recipient', delayMs: 5, recipient: of(0xcc, 32) }, slot)
  assert.is(have(), `8000000005${'02'}${'cc'.repeat(32)}${'00'.repeat(44)}`)
  writeCommands({ to: 'recipient', recipient: of(0xcc, 32), replyId: of(0xdd, 16) }, slot)
  assert.is(have(), `02${'cc'.repeat(32)}03${'dd'.repeat(16)}${'00'.repeat(32)}`)
})

test('commands: what does not fit is the sender’s BAD_PATH', () => {
  const to = { to: 'recipient' as const, recipient: new Uint8Array(32) }
  assert.ok(onlyThrows(() => writeCommands(to, new Uint8Array(32)), 'BAD_PATH'))
  assert.ok(
    onlyThrows(() => writeCommands({ ...to, recipient: new Uint8Array(31) }, new Uint8Array(82)), 'BAD_PATH'),
  )
  assert.ok(
    onlyThrows(() => writeCommands({ ...to, replyId: new Uint8Array(17) }, new Uint8Array(82)), 'BAD_PATH'),
  )
})

test('body: what was joined is taken apart; other lengths give only BAD_LENGTH', () => {
  fc.assert(
    fc.property(fc.nat({ max: 255 }), length(g.replyBlockBytes), length(g.userBytes), (flags, ack, user) => {
      assert.equal(readBody(g, body(g, { flags, ack, user })), { flags, ack, user })
    }),
    { numRuns: 20 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), bytes => {
      onlyThrows(() => readBody(g, bytes), 'BAD_LENGTH')
    }),
  )
  const parts = { flags: 0, ack: new Uint8Array(g.replyBlockBytes), user: new Uint8Array(g.userBytes) }
  assert.ok(onlyThrows(() => body(g, { ...parts, flags: 256 }), 'BAD_LENGTH'))
  assert.ok(onlyThrows(() => body(g, { ...parts, flags: 0.5 }), 'BAD_LENGTH'))
  assert.ok(onlyThrows(() => body(g, { ...parts, ack: new Uint8Array(1) }), 'BAD_LENGTH'))
  assert.ok(onlyThrows(() => body(g, { ...parts, user: new Uint8Array(1) }), 'BAD_LENGTH'))
})

test('reply secret: what was written is read; any other bytes give only BAD_REPLY_BLOCK', () => {
  fc.assert(
    fc.property(fc.array(length(32), { minLength: 1, maxLength: 5 }), length(32), (shared, seed) => {
      const bytes = writeReplySecret({ shared, seed })
      assert.is(bytes.length, 2 + 32 * (shared.length + 1))
      // as read from a disk: the result must be a copy
      const stored = asBuffer(bytes)
      const read = readReplySecret(stored)
      stored.fill(0)
      assert.equal(read, { shared, seed })
    }),
  )
  const likely = fc.tuple(fc.constantFrom(0, 1, 2), fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 200 }))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        likely.map(([version, hops, rest]) => Uint8Array.of(version, hops, ...rest)),
      ),
      bytes => {
        onlyThrows(() => assert.equal(writeReplySecret(readReplySecret(bytes)), bytes), 'BAD_REPLY_BLOCK')
      },
    ),
  )
})

test('the reader names what is missing', () => {
  const read = new Reader(new Uint8Array(7), 'header')
  assert.throws(() => read.take(32, 'mac'), /^sphinx header: mac: want 32 bytes, have 7$/)
  read.u32('delay')
  assert.throws(() => read.end(), /^sphinx header: 3 bytes too many$/)
})

test.run()

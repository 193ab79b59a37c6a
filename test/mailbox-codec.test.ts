// docs/spec/gateway.md 2: layouts, round trips, hostile bytes.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LinkError } from '../link/link.ts'
import {
  greetingBytes,
  type MailboxEntry,
  type MailboxRequest,
  pageBytes,
  proofMessage,
  proofMessageBytes,
  readGreeting,
  readPage,
  readRequest,
  requestBytes,
  writeGreeting,
  writePage,
  writeRequest,
} from '../link/protocol/mailbox.ts'
import { geometry } from '../sphinx/geometry.ts'

const payloadBytes = 40
const boardBytes = 30
const size = { places: 4, payloadBytes, boardBytes }
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const cursor = fc.maxSafeNat()
const plain = { noNullPrototype: true } as const

const request: fc.Arbitrary<MailboxRequest> = fc.oneof(
  fc.constant({ t: 'hello' as const }),
  fc.record(
    {
      t: fc.constant('announce' as const),
      name: fc.stringMatching(/^[!-~]{1,16}$/),
      sealingKey: bytes(32),
    },
    plain,
  ),
  fc.record({ t: fc.constant('open' as const), key: bytes(32), proof: bytes(64) }, plain),
  fc.record(
    {
      t: fc.constant('read' as const),
      after: cursor,
      done: cursor,
      board: cursor,
      boardOffset: fc.nat(2 ** 32 - 1),
    },
    plain,
  ),
)
const entry = fc.record(
  {
    cursor: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    replyId: bytes(16),
    payload: bytes(payloadBytes),
  },
  plain,
)
const entries: fc.Arbitrary<MailboxEntry[]> = fc
  .uniqueArray(entry, { maxLength: size.places, selector: e => e.cursor })
  .map(list => list.sort((a, b) => a.cursor - b.cursor))
const status = fc.constantFrom(
  'ok' as const,
  'not-open' as const,
  'bad-proof' as const,
  'slow-down' as const,
  'full' as const,
)

test('every request has one size and comes back as it was', () => {
  fc.assert(
    fc.property(request, value => {
      const written = writeRequest(value)
      assert.is(written.length, requestBytes)
      assert.equal(readRequest(written), value)
    }),
  )
})

test('a greeting comes back as it was', () => {
  fc.assert(
    fc.property(status, bytes(32), (value, nonce) => {
      const written = writeGreeting({ status: value, nonce })
      assert.is(written.length, greetingBytes)
      assert.equal(readGreeting(written), { status: value, nonce })
    }),
  )
})

test('a page has one size whatever it holds, and comes back as it was', () => {
  fc.assert(
    fc.property(status, fc.nat(65_535), entries, bytes(boardBytes), (value, waiting, list, board) => {
      const written = writePage({ status: value, waiting, entries: list, board }, size)
      assert.is(written.length, pageBytes(size))
      assert.is(written.length, 5 + 4 * (24 + payloadBytes) + boardBytes)
      assert.equal(readPage(written, payloadBytes), { status: value, waiting, entries: list, board })
    }),
  )
})

test('any bytes give a value that writes the same bytes, or LinkError BAD_MESSAGE', () => {
  const tidy = (read: () => Uint8Array, given: Uint8Array): void => {
    try {
      assert.equal(Buffer.from(read()), Buffer.from(given))
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      assert.is(error.code, 'BAD_MESSAGE')
    }
  }
  const near = (sample: Uint8Array, edits: readonly (readonly [number, number])[]): Uint8Array => {
    const out = sample.slice()
    for (const [at, value] of edits) out[at % out.length] = value
    return out
  }
  const edits = fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { maxLength: 4 })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), request, edits, (junk, value, changes) => {
      for (const given of [junk, near(writeRequest(value), changes)])
        tidy(() => writeRequest(readRequest(given)), given)
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), entries, edits, (junk, list, changes) => {
      const board = new Uint8Array(boardBytes)
      for (const given of [
        junk,
        near(writePage({ status: 'ok', waiting: 0, entries: list, board }, size), changes),
      ])
        tidy(() => {
          const page = readPage(given, payloadBytes)
          return writePage(page, {
            places: given[1] as number,
            payloadBytes,
            boardBytes: page.board.length,
          })
        }, given)
      tidy(() => writeGreeting(readGreeting(junk)), junk)
    }),
  )
})

test('an error names the field', () => {
  assert.throws(() => readRequest(new Uint8Array(7)), /mailbox request: want 97 bytes, have 7/)
  const untidy = writeRequest({ t: 'hello' })
  untidy[96] = 1
  assert.throws(() => readRequest(untidy), /mailbox request: padding: not zero/)
  const huge = writeRequest({ t: 'read', after: 0, done: 0, board: 0, boardOffset: 0 })
  huge.fill(255, 1, 9)
  assert.throws(() => readRequest(huge), /mailbox request: after: larger than/)
  const long = new Uint8Array(10 << 20)
  long[1] = 8
  assert.throws(() => readPage(long, 2733), /are no page/)
})

test('a proof names label, gateway, connection and nonce', () => {
  const message = proofMessage(
    new Uint8Array(32).fill(1),
    new Uint8Array(32).fill(2),
    new Uint8Array(32).fill(3),
  )
  assert.is(message.length, proofMessageBytes)
  assert.is(message[0], 20)
  assert.is(Buffer.from(message.subarray(1, 21)).toString(), 'chaffinch/mailbox/v1')
  assert.equal([message[21], message[53], message[85]], [1, 2, 3])
})

test('docs/spec/gateway.md states the sizes of the code', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/spec/gateway.md'), 'utf8')
  assert.match(page, `### 2.1 Requests: ${requestBytes} bytes`)
  assert.match(page, `### 2.2 Answer to hello and open: ${greetingBytes} bytes`)
  assert.match(page, `(${proofMessageBytes} bytes; 20 is one byte)`)
  const { payloadBytes } = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
  const written = pageBytes({ places: 8, payloadBytes, boardBytes: 1024 }).toLocaleString('en-US')
  assert.match(page, `8 places and the default geometry a page has ${written} bytes`)
})

test.run()

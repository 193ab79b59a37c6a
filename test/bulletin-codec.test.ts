// docs/spec/bulletin.md 4.1, 5.1, 6.2, 7.1: layouts, round trips, hostile bytes, and the sizes that the document
// states.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BoardReader } from '../client/bulletin/reader.ts'
import { ClientError } from '../client/error.ts'
import { topics } from '../directory/topics.ts'
import { noProof } from '../directory/work.ts'
import { LinkError } from '../link/link.ts'
import {
  type BoardPage,
  entryIdBytes,
  largestEntry,
  pieceCount,
  pieceData,
  pieceHeadBytes,
  readBoard,
  readCatch,
  readCatchRequest,
  readPiece,
  readStamped,
  type Stamped,
  stampBytes,
  stretchHeadBytes,
  writeBoard,
  writeCatch,
  writeCatchRequest,
  writePiece,
  writeStamped,
} from '../link/protocol/bulletin.ts'
import { Board } from '../node/bulletin/board.ts'
import { Pieces } from '../node/bulletin/pieces.ts'
import { virtualClock } from '../world/clock.ts'

const plain = { noNullPrototype: true } as const
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const userBytes = 60

const stamped: fc.Arbitrary<Stamped> = fc.record(
  {
    topic: fc.nat(255),
    time: fc.maxSafeNat(),
    origin: bytes(32),
    minute: fc.nat(),
    nonce: fc.maxSafeNat(),
    signature: bytes(64),
    data: fc.uint8Array({ maxLength: 300 }),
  },
  plain,
)

/** Checks that reading and writing again gives the bytes that were read; else LinkError BAD_MESSAGE. */
function tidy(again: (given: Uint8Array) => Uint8Array, sample: Uint8Array, junk: Uint8Array): void {
  const near = sample.slice()
  for (const [i, byte] of junk.entries())
    if (i < 4 && near.length > 0) near[(byte * 31) % near.length] = junk[i + 4] ?? 0
  for (const given of [junk, near, sample.subarray(0, junk.length)]) {
    try {
      assert.equal(Buffer.from(again(given)), Buffer.from(given))
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      assert.is(error.code, 'BAD_MESSAGE')
    }
  }
}

test('an entry is cut into pieces and put together again, in any order and with copies', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (entry, seed) => {
      const count = pieceCount(entry.length, userBytes)
      const id = new Uint8Array(32).fill(3)
      const pieces = Array.from({ length: count }, (_, index) =>
        writePiece(
          { topic: 1, id, index, count, minute: 7, nonce: 9, data: pieceData(entry, index, userBytes) },
          userBytes,
        ),
      )
      for (const piece of pieces) assert.is(piece.length, userBytes)
      const parts = pieces.map(readPiece)
      assert.equal(Buffer.concat(parts.map(({ data }) => data)), Buffer.from(entry))
      // an id that is not the entry's: refused when all is there, and not before
      const joined = new Pieces(virtualClock(), userBytes)
      const order = [...parts.slice(seed % count), ...parts.slice(0, seed % count)]
      const ends = order.map(part => joined.add(part, 0).at)
      assert.equal(ends, [...Array(count - 1).fill('waiting'), 'refused'])
      assert.is(joined.waiting, 0)
    }),
  )
})

test('a stamped entry, an answer and a page come back as they were; other bytes give LinkError', () => {
  fc.assert(
    fc.property(stamped, fc.uint8Array({ maxLength: 400 }), (entry, junk) => {
      const written = writeStamped(entry)
      assert.is(written.length, stampBytes + entry.data.length)
      assert.equal(readStamped(written), entry)
      tidy(given => writeStamped(readStamped(given)), written, junk)
      const answer = writeCatch({ more: true, next: 5, entries: [written, junk] })
      assert.equal(readCatch(answer), { more: true, next: 5, entries: [written, junk] })
      tidy(given => writeCatch(readCatch(given)), answer, junk)
      tidy(
        given => writePiece(readPiece(given), given.length),
        writePiece(
          { topic: 1, id: entry.origin, index: 0, count: 1, ...noProof, data: junk.subarray(0, 9) },
          userBytes,
        ),
        junk,
      )
      tidy(given => writeCatchRequest(readCatchRequest(given)), writeCatchRequest(entry.time), junk)
    }),
    { numRuns: 60 },
  )
})

const held = fc.array(fc.record({ length: fc.integer({ min: 1, max: 700 }), fill: fc.nat(255) }, plain), {
  maxLength: 12,
})

test('pages of any size show a board whole, in order, each entry once', () => {
  fc.assert(
    fc.property(
      held,
      fc.integer({ min: 40, max: 400 }),
      fc.uint8Array({ maxLength: 200 }),
      (entries, pageBytes, junk) => {
        const board = new Board(virtualClock(), () => ({ topicBytes: 1e6, ageMs: 1e9 }))
        const reader = new BoardReader(0)
        const data = entries.map(({ length, fill }) => new Uint8Array(length).fill(fill))
        const read: Uint8Array[] = []
        let page: BoardPage
        for (const [i, one] of data.entries()) {
          board.put(
            String(i),
            {
              topic: 1,
              time: 0,
              origin: new Uint8Array(32),
              ...noProof,
              signature: new Uint8Array(64),
              data: one,
            },
            i,
          )
        }
        do {
          const shown = board.page(reader.wanted.board, reader.wanted.boardOffset, pageBytes)
          assert.is(shown.length, pageBytes)
          page = readBoard(shown)
          tidy(given => writeBoard(readBoard(given), given.length), shown, junk)
          read.push(...reader.take(page).map(({ data }) => data))
        } while (page.more)
        assert.is(read.length, data.length)
        for (const [i, one] of read.entries()) assert.ok(Buffer.compare(one, data[i]!) === 0)
      },
    ),
    { numRuns: 60 },
  )
})

test('a reader takes any page that parses, and says BAD_CONTENT or goes on', () => {
  const stretch = fc.record(
    {
      cursor: fc.integer({ min: 1, max: 30 }),
      topic: fc.nat(3),
      total: fc.integer({ min: 1, max: 20 }),
      offset: fc.nat(19),
      data: fc.uint8Array({ minLength: 1, maxLength: 20 }),
    },
    plain,
  )
  fc.assert(
    fc.property(fc.array(fc.array(stretch, { maxLength: 4 }), { maxLength: 6 }), pages => {
      const reader = new BoardReader(0)
      for (const stretches of pages) {
        const before = reader.next
        try {
          reader.take({ more: false, stretches })
        } catch (error) {
          assert.ok(error instanceof ClientError && error.code === 'BAD_CONTENT')
        }
        assert.ok(reader.next >= before)
      }
    }),
  )
})

test('docs/spec/bulletin.md states the sizes and topics of the code', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/spec/bulletin.md'), 'utf8')
  for (const { name, number, maxBytes } of topics)
    assert.match(page, `| ${number} | ${name} | ${maxBytes.toLocaleString('en-US')} |`)
  assert.match(page, `A piece has ${pieceHeadBytes} bytes before its data`)
  assert.match(page, `with its stamp ${stampBytes} bytes more`)
  assert.match(page, `A stretch has ${stretchHeadBytes} bytes before its data`)
  assert.match(page, `at most ${largestEntry.toLocaleString('en-US')} bytes`)
  assert.is(entryIdBytes, 32)
})

test.run()

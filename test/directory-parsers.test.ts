// Every parser of the directory: what was written is read again, byte for byte; any bytes give a result or the
// folder's own error; and there is one way only to write a document.

import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sharingSecretKey } from '../directory/authority/keys.ts'
import { maxDocumentBytes, readBody, writeBody } from '../directory/documents/consensus.ts'
import { readDescriptor, writeDescriptor } from '../directory/documents/descriptor.ts'
import { readDocument, verifyConsensus, writeDocument } from '../directory/documents/document.ts'
import {
  evidenceOf,
  openProofs,
  readEvidence,
  writeEvidence,
  writeProofs,
} from '../directory/documents/evidence.ts'
import {
  type DirectoryRequest,
  readAnswer,
  readDescriptors,
  readNewest,
  readRequest,
  readTime,
  writeAnswer,
  writeDescriptors,
  writeNewest,
  writeRefusal,
  writeRequest,
  writeTime,
} from '../directory/documents/exchange.ts'
import {
  readJoin,
  readLeave,
  signJoin,
  signLeave,
  writeJoin,
  writeLeave,
} from '../directory/documents/joining.ts'
import { openMessage, revealHash, setHash, writeMessage } from '../directory/documents/message.ts'
import { readStatistics, signStatistics, writeStatistics } from '../directory/documents/statistics.ts'
import { nameNote, readSignedNote, writeSignedNote } from '../directory/documents/status-note.ts'
import { readVote, writeVote } from '../directory/documents/vote.ts'
import { DirectoryError } from '../directory/error.ts'
import { openPointer, writePointer } from '../directory/follow/table.ts'
import { consensusToJson } from '../directory/json.ts'
import { sharingOf } from '../directory/randomness/sharing.ts'
import { Reader } from '../directory/reader.ts'
import { digest, signStatement } from '../directory/statement.ts'
import { compare, same } from '../encoding/bytes.ts'
import { write } from '../encoding/cbor.ts'
import { cheapSharing } from '../simulator/cheap-sharing.ts'
import {
  anyBody,
  anyDescriptor,
  anySignatures,
  anyVote,
  bodyOf,
  descriptorsOf,
  signaturesOf,
  signer,
  signVote,
  voteOf,
} from '../simulator/directory-samples.ts'
import { networkOf, seedOf } from '../simulator/directory-world.ts'
import { seededRandom } from '../world/random.ts'
import { codeOf } from './refusals.ts'

const network = networkOf()
const descriptors = descriptorsOf(network, 1)
const body = writeBody(bodyOf(network, 1, descriptors))
const vote = signVote(network, 0, voteOf(network, 0, descriptors))
const about = new Uint8Array(32).fill(5)
const evidence = evidenceOf(
  { kind: 'vote', epoch: 3, signer: network.authorities[0]?.id as Uint8Array },
  { about, signature: new Uint8Array(64) },
  { about: new Uint8Array(32), signature: new Uint8Array(64) },
)
const set = [{ author: vote.vote.author, hash: vote.hash }]
const opened = new Uint8Array(34).fill(7)
const messages = [
  { kind: 'vote', round: 0, signed: vote },
  {
    kind: 'set',
    round: 4,
    signer: vote.vote.author,
    set,
    signature: signStatement(
      network.name,
      { kind: 'set', epoch: 4, signer: vote.vote.author, about: setHash(set) },
      signer('authority 0'),
    ),
  },
  {
    kind: 'reveal',
    round: 4,
    signer: vote.vote.author,
    dealer: about,
    opened,
    signature: signStatement(
      network.name,
      { kind: 'reveal', epoch: 4, signer: vote.vote.author, about: revealHash(about, opened) },
      signer('authority 0'),
    ),
  },
  {
    kind: 'signature',
    round: 0,
    epoch: 1,
    hash: about,
    signer: vote.vote.author,
    signature: signaturesOf(network, 1, about, 1)[0]?.signature as Uint8Array,
  },
] as const
const rows = [
  { index: 0, sent: 9, returned: 0 },
  { index: 300, sent: 65_535, returned: 65_535 },
]
const content = { reporter: vote.vote.author, half: 9, document: about, rows }
const statistics = signStatistics(network.name, content, signer('authority 0'))
const requests: DirectoryRequest[] = [
  { ask: 'document', epoch: null },
  { ask: 'document', epoch: 7 },
  { ask: 'difference', from: about, epoch: 8 },
  { ask: 'report', statistics: new Uint8Array(9) },
  { ask: 'note', epoch: 7 },
  { ask: 'noting', message: new Uint8Array(3) },
  { ask: 'upload', descriptor: new Uint8Array(10) },
  { ask: 'join', request: new Uint8Array(10) },
  { ask: 'leave', note: new Uint8Array(10) },
  { ask: 'time' },
  { ask: 'pointer', epoch: 7 },
  { ask: 'change', after: null },
  { ask: 'change', after: 7 },
  { ask: 'evidence' },
  { ask: 'hello' },
  { ask: 'missing', epoch: 3, have: [about, about] },
  { ask: 'body', hash: about },
  { ask: 'voting', message: new Uint8Array(3) },
]

const pointer = writePointer({ epoch: 1, hash: about, signatures: signaturesOf(network, 1, about, 2) })
const stable = (descriptors[0] as (typeof descriptors)[0]).stable
const asked = { stable, epoch: 4, serial: 7, contact: 'me@example.org', approval: new Uint8Array(0) }
const join = writeJoin(signJoin(network.name, asked, signer('mix 0')))
const leave = writeLeave(signLeave(network.name, { id: stable.id, epoch: 4, serial: 9 }, signer('mix 0')))
const note = writeSignedNote(
  nameNote({ network: network.name, epoch: 1, document: about, nodes: [stable.id] }).bytes,
  signaturesOf(network, 1, about, 2),
)

// The sharing of secrets that simulations use.
const sharing = sharingOf(network, 4, vote.vote.author)
const dealt = cheapSharing.deal(sharing, seededRandom(4))
const dealing = cheapSharing.verifyDealing(sharing, dealt.dealing)
const share = cheapSharing.openShare(dealing, sharingSecretKey(seedOf('authority 0')))

/** By name: a valid example and the parser. */
const parsers: Record<string, readonly [Uint8Array, (bytes: Uint8Array) => unknown]> = {
  descriptor: [writeDescriptor(descriptors[0] as (typeof descriptors)[0]), readDescriptor],
  body: [body, readBody],
  document: [writeDocument(body, signaturesOf(network, 1, about, 2)), readDocument],
  json: [writeDocument(body, []), consensusToJson],
  verified: [writeDocument(body, []), bytes => verifyConsensus(network, bytes)],
  vote: [vote.bytes, readVote],
  evidence: [writeEvidence(evidence), readEvidence],
  proofs: [writeProofs([evidence]), bytes => openProofs(network, bytes)],
  request: [writeRequest({ ask: 'missing', epoch: 3, have: [about] }), readRequest],
  answer: [writeAnswer(about), readAnswer],
  pointer: [pointer, bytes => openPointer(() => network, bytes)],
  join: [join, readJoin],
  leave: [leave, readLeave],
  note: [note, readSignedNote],
  'cheap dealing': [dealt.dealing, bytes => cheapSharing.verifyDealing(sharing, bytes)],
  'cheap opening': [dealt.opening, bytes => cheapSharing.verifyOpening(dealing, bytes)],
  'cheap share': [share, bytes => cheapSharing.verifyShare(dealing, bytes)],
  statistics: [writeStatistics(statistics), readStatistics],
  hello: [writeNewest(5), readNewest],
  time: [writeTime(5), readTime],
  descriptors: [writeDescriptors([about]), readDescriptors],
  ...Object.fromEntries(
    messages.map(message => [
      `message ${message.kind}`,
      [writeMessage(message), (bytes: Uint8Array) => openMessage(network, bytes)] as const,
    ]),
  ),
}

test('round trips: descriptors, bodies, documents, votes', () => {
  const equal = (bytes: Uint8Array, again: Uint8Array): void => assert.ok(same(again, bytes))
  fc.assert(
    fc.property(anyDescriptor, drawn => {
      const bytes = writeDescriptor(drawn)
      equal(bytes, writeDescriptor(readDescriptor(bytes)))
    }),
    { numRuns: 60 },
  )
  fc.assert(
    fc.property(anyBody, anySignatures, (drawn, signatures) => {
      const bytes = writeBody(drawn)
      equal(bytes, writeBody(readBody(bytes)))
      const document = readDocument(writeDocument(bytes, signatures))
      equal(document.bodyBytes, bytes)
      equal(writeDocument(bytes, document.signatures), writeDocument(bytes, signatures))
    }),
    { numRuns: 60 },
  )
  fc.assert(
    fc.property(anyVote, drawn => {
      const bytes = writeVote(drawn)
      equal(bytes, writeVote(readVote(bytes)))
    }),
    { numRuns: 60 },
  )
})

test('round trips: messages, requests, answers, evidence', () => {
  for (const message of messages) {
    const bytes = writeMessage(message)
    assert.equal(writeMessage(openMessage(network, bytes)), bytes)
  }
  for (const request of requests) assert.equal(readRequest(writeRequest(request)), request)
  assert.equal(readAnswer(writeAnswer(about)), about)
  assert.is(readNewest(writeNewest(null)), null)
  assert.is(readNewest(writeNewest(12)), 12)
  assert.equal(readDescriptors(writeDescriptors([about, about])), [about, about])
  assert.equal(writeEvidence(readEvidence(writeEvidence(evidence))), writeEvidence(evidence))
  assert.equal(writePointer(openPointer(() => network, pointer)), pointer)
  assert.equal(writeJoin(readJoin(join)), join)
  assert.equal(writeLeave(readLeave(leave)), leave)
  assert.throws(
    () => readAnswer(writeRefusal(new DirectoryError('LATE', 'no\nmore'))),
    (error: DirectoryError) => error.code === 'LATE' && error.message === 'no?more',
  )
})

test('round trips: statistics, status notes', () => {
  const counts = fc
    .integer({ min: 1, max: 65_535 })
    .chain(sent => fc.record({ sent: fc.constant(sent), returned: fc.nat({ max: sent }) }))
  const some = fc.uniqueArray(fc.nat({ max: 16_383 }), { maxLength: 20 })
  fc.assert(
    fc.property(some, fc.array(counts, { minLength: 20, maxLength: 20 }), fc.nat(), (places, of, half) => {
      const rows = places
        .sort((a, b) => a - b)
        .map((index, i) => ({ index, ...(of[i] as { sent: number; returned: number }) }))
      const drawn = { ...statistics, half, rows }
      assert.equal(readStatistics(writeStatistics(drawn)), drawn)
    }),
    { numRuns: 60 },
  )
  const ids = fc.uniqueArray(fc.nat({ max: 5000 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(ids, fc.nat(), anySignatures, (of, epoch, signatures) => {
      const nodes = of.map(i => digest(Uint8Array.of(i >> 8, i))).sort(compare)
      const bytes = writeSignedNote(
        nameNote({ network: network.name, epoch, document: about, nodes }).bytes,
        signatures,
      )
      const read = readSignedNote(bytes)
      assert.equal(read.note.nodes, nodes)
      assert.equal(writeSignedNote(nameNote(read.note).bytes, read.signatures), bytes)
    }),
    { numRuns: 60 },
  )
})

test('any bytes give a result or a DirectoryError', () => {
  for (const [name, [, parse]] of Object.entries(parsers)) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => void codeOf(() => parse(bytes))),
      { numRuns: 100, examples: [[new Uint8Array(0)]] },
    )
    assert.is(codeOf(() => parse(new Uint8Array(12_000_000))) === 'ok', false, name)
  }
})

test('a valid document with a byte changed, cut or added gives a result or a DirectoryError', () => {
  for (const [, [valid, parse]] of Object.entries(parsers)) {
    fc.assert(
      fc.property(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const changed = valid.slice()
        changed[at] = byte
        codeOf(() => parse(changed))
        assert.not.equal(
          codeOf(() => parse(valid.subarray(0, at))),
          'ok',
        )
      }),
      { numRuns: 150 },
    )
    assert.is(
      codeOf(() => parse(new Uint8Array([...valid, 0]))),
      'BAD_DOCUMENT',
    )
  }
})

test('one form only: what is read without error is what dag-cbor writes', () => {
  for (const [name, [valid, parse]] of Object.entries(parsers)) {
    if (name === 'verified') continue
    fc.assert(
      fc.property(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const changed = valid.slice()
        changed[at] = byte
        if (codeOf(() => parse(changed)) === 'ok') {
          assert.equal(new Uint8Array(dagCbor.encode(dagCbor.decode(changed))), changed)
        }
      }),
      { numRuns: 150 },
    )
  }
})

test('forms that CBOR allows and dag-cbor does not', () => {
  const uint = (...bytes: number[]) => codeOf(() => new Reader(Uint8Array.from(bytes), 'test').uint())
  assert.is(uint(0x17), 'ok')
  assert.is(uint(0x18, 24), 'ok')
  assert.is(uint(0x18, 23), 'NOT_CANONICAL')
  assert.is(uint(0x19, 0, 255), 'NOT_CANONICAL')
  assert.is(uint(0x1a, 0, 0, 255, 255), 'NOT_CANONICAL')
  assert.is(uint(0x1b, 0, 0, 0, 0, 255, 255, 255, 255), 'NOT_CANONICAL')
  assert.is(uint(0x1b, 0, 32, 0, 0, 0, 0, 0, 0), 'TOO_LARGE')
  assert.is(uint(0x20), 'BAD_DOCUMENT')
  assert.is(uint(0xf9, 0x3c, 0), 'BAD_DOCUMENT')
  const read = (bytes: number[]): Reader => new Reader(Uint8Array.from(bytes), 'test')
  assert.is(
    codeOf(() => read([0x9f, 0xff]).list(9)),
    'NOT_CANONICAL',
  )
  assert.is(
    codeOf(() => read([0x5f, 0xff]).bytesUpTo(9)),
    'NOT_CANONICAL',
  )
  assert.is(
    codeOf(() => read([0x9a, 0, 1, 0, 0]).list(100_000)),
    'BAD_DOCUMENT',
  )
  assert.is(
    codeOf(() => read([0x5a, 0xff, 0xff, 0xff, 0xff]).bytesUpTo(maxDocumentBytes)),
    'TOO_LARGE',
  )
  assert.is(
    codeOf(() => read([0x62, 0xc3, 0x28]).text(9)),
    'BAD_DOCUMENT',
  )
})

test('what is written is a plain Uint8Array of any length, so that its slice is a copy', () => {
  for (let length = 0; length < 600; length += 7) {
    const bytes = write([new Uint8Array(length)])
    assert.is(Object.getPrototypeOf(bytes), Uint8Array.prototype)
    assert.equal(bytes, new Uint8Array(dagCbor.encode([new Uint8Array(length)])))
  }
})

test('errors name the document and the field', () => {
  assert.throws(
    () => readDescriptor(Uint8Array.of(0x85, 0x8b, 0x58, 0x1f)),
    /^descriptor: id: want 32 bytes, have 31$/,
  )
  assert.throws(
    () => readBody(Uint8Array.of(0xb2, 0x63)),
    /^consensus: log: want 3 bytes of text, have 0 bytes$/,
  )
})

test.run()

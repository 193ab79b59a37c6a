// docs/spec/payments-rounds.md 4.2 and 4.8: messages and records of a round come back as they were, and any bytes give
// only the folder's own error.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519Sign } from '#crypto'
import { compare } from '../encoding/bytes.ts'
import { write } from '../encoding/cbor.ts'
import { denominations } from '../payment/denominations.ts'
import { PaymentError } from '../payment/error.ts'
import { ownerOf } from '../payment/ledger/transaction.ts'
import { Reader } from '../payment/reader.ts'
import {
  type Body,
  isApproval,
  longestMessage,
  mostMembers,
  type Received,
  readMessage,
  signatureOf,
  writeMessage,
} from '../payment/rounds/message.ts'
import { mark, type RoundRecord, readRecord, writeRecord } from '../payment/rounds/record.ts'
import { tagged } from '../payment/tagged.ts'

const seed = new Uint8Array(32).fill(7)
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const plain = { noNullPrototype: true } as const
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, plain)
const note = record({ id: bytes(32), denomination: fc.constantFrom(...denominations), owner: bytes(32) })
const set = fc.uniqueArray(bytes(32), { maxLength: 8, selector: String }).map(list => list.sort(compare))
const run = { pairing: bytes(32), attempt: fc.integer({ min: 0, max: 64 }) }
const after = { ...run, saw: bytes(32) }
const vector = (each: number): fc.Arbitrary<Uint8Array> =>
  fc.integer({ min: 0, max: mostMembers }).chain(n => bytes(n * each))

const body: fc.Arbitrary<Body> = fc.oneof(
  record({
    kind: fc.constant('PR' as const),
    pairing: bytes(32),
    note,
    expiry: fc.maxSafeNat(),
    proof: bytes(64),
    evidence: fc.uint8Array({ maxLength: 512 }),
  }),
  record({ kind: fc.constant('KE' as const), ...run, seen: set, key: bytes(32), commitment: bytes(32) }),
  record({ kind: fc.constant('SR' as const), ...after, vector: vector(16) }),
  record({ kind: fc.constant('DC' as const), ...after, vector: vector(32) }),
  record({ kind: fc.constant('OK' as const), ...after, transaction: bytes(32) }),
  record({
    kind: fc.constant('CM' as const),
    ...after,
    transaction: bytes(32),
    approvals: fc.array(bytes(64), { maxLength: mostMembers }),
    signature: bytes(64),
  }),
  record({
    kind: fc.constant('TO' as const),
    ...run,
    phase: fc.constantFrom(
      'KE' as const,
      'SR' as const,
      'DC' as const,
      'OK' as const,
      'CM' as const,
      'RS' as const,
    ),
    missing: set,
  }),
  record({
    kind: fc.constant('RS' as const),
    ...after,
    phase: fc.constantFrom('SR' as const, 'DC' as const),
    seed: bytes(32),
    output: bytes(32),
    answers: fc.option(bytes(32)),
  }),
)

const attempt = record({
  number: fc.nat(64),
  outputSecret: bytes(32),
  sent: fc.constantFrom('nothing' as const, 'commit' as const, 'reveal' as const),
  transaction: fc.option(bytes(32)),
})
const kept: fc.Arbitrary<RoundRecord> = record({
  pairing: bytes(32),
  identitySeed: bytes(32),
  note,
  noteSecret: bytes(32),
  expiry: fc.maxSafeNat(),
  attempts: fc.array(attempt, { maxLength: 8 }),
  reclaim: fc.option(bytes(32)),
})

/** Any bytes as the body of a message that the seed's key signs. */
function signed(body: Uint8Array): Uint8Array {
  const signature = ed25519Sign(seed, tagged('chaffinch/round/v1', body))
  return write({ body, key: ownerOf(seed), signature })
}

function onlyPaymentErrors(parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    assert.instance(error, PaymentError)
  }
}

function codeOf(parse: () => unknown): string {
  try {
    parse()
  } catch (error) {
    return (error as PaymentError).code
  }
  return 'none'
}

test('every message comes back as it was, signed by its key', () => {
  fc.assert(
    fc.property(body, one => {
      const message = readMessage(writeMessage(one, seed)) as Received
      assert.equal(message.body, one)
      assert.equal(message.identity, ownerOf(seed))
    }),
    { numRuns: 60 },
  )
})

test('the largest message of a full round is below the limit', () => {
  const full = Array.from({ length: mostMembers }, (_, i) => new Uint8Array(64).fill(i))
  const commit: Body = {
    kind: 'CM',
    pairing: new Uint8Array(32),
    attempt: 64,
    saw: new Uint8Array(32),
    transaction: new Uint8Array(32),
    approvals: full,
    signature: new Uint8Array(64),
  }
  assert.ok(writeMessage(commit, seed).length <= longestMessage)
})

test('any bytes are no message, or give the error of this folder', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), any => onlyPaymentErrors(() => readMessage(any))),
    { numRuns: 300 },
  )
})

test('a message of which a byte was changed never passes for another one', () => {
  fc.assert(
    fc.property(body, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
      const good = writeMessage(one, seed)
      const bad = good.slice()
      bad[at % bad.length] = (bad[at % bad.length] as number) ^ flip
      onlyPaymentErrors(() => {
        readMessage(bad)
        assert.unreachable('a changed message was read')
      })
    }),
    { numRuns: 60 },
  )
})

test('any body under a good signature is a message, or a proof of guilt that names the field', () => {
  const value = fc.letrec(tie => ({
    node: fc.oneof(
      { maxDepth: 2 },
      fc.maxSafeNat(),
      fc.string(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 70 }),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  })).node as fc.Arbitrary<number>
  const kind = fc.constantFrom('PR', 'KE', 'SR', 'DC', 'OK', 'CM', 'TO', 'RS', 'XX')
  const fields = fc.dictionary(
    fc.constantFrom(
      'pairing',
      'attempt',
      'saw',
      'vector',
      'seen',
      'key',
      'note',
      'phase',
      'missing',
      'answers',
    ),
    fc.oneof(value, bytes(32) as unknown as typeof value),
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(kind, fields, (kind, rest) => {
      const message = readMessage(signed(write({ kind, ...rest })))
      assert.ok('body' in message || message.why.startsWith('body: '), JSON.stringify(message))
    }),
    { numRuns: 200 },
  )
})

test('a list that does not ascend, a vector of odd length and a note id of no ledger are malformed', () => {
  const base = { pairing: new Uint8Array(32), attempt: 0, saw: new Uint8Array(32) }
  const twice = [new Uint8Array(32), new Uint8Array(32)]
  const bad: unknown[] = [
    { kind: 'TO', pairing: base.pairing, attempt: 0, phase: 'SR', missing: twice },
    { kind: 'SR', ...base, vector: new Uint8Array(15) },
    { kind: 'DC', ...base, vector: new Uint8Array(33) },
    { kind: 'OK', ...base, attempt: 65, transaction: new Uint8Array(32) },
    {
      kind: 'PR',
      pairing: base.pairing,
      note: { id: new Uint8Array(33), denomination: 10, owner: new Uint8Array(32) },
      expiry: 0,
      proof: new Uint8Array(64),
    },
  ]
  for (const one of bad) assert.ok('why' in readMessage(writeMessage(one as Body, seed)))
})

test('a message signed by somebody else, or longer than the limit, is refused before anything else', () => {
  const envelope = new Reader(writeMessage({ kind: 'OK', ...approval }, seed), 'message', longestMessage)
  envelope.map(3)
  envelope.key('key').bytes(32)
  const body = envelope.key('body').bytesUpTo(8192)
  const signature = envelope.key('signature').bytes(64)
  const forged = write({ body, key: ownerOf(new Uint8Array(32).fill(8)), signature })
  assert.is(
    codeOf(() => readMessage(forged)),
    'BAD_SIGNATURE',
  )
  assert.is(
    codeOf(() => readMessage(new Uint8Array(longestMessage + 1))),
    'TOO_LARGE',
  )
})

const approval = {
  pairing: new Uint8Array(32),
  attempt: 1,
  saw: new Uint8Array(32).fill(1),
  transaction: new Uint8Array(32).fill(2),
}

test('the signature under an approval stands by itself', () => {
  const one = readMessage(writeMessage({ kind: 'OK', ...approval }, seed)) as Received
  assert.ok(isApproval({ kind: 'OK', ...approval }, ownerOf(seed), signatureOf(one)))
  assert.not.ok(isApproval({ kind: 'OK', ...approval, attempt: 2 }, ownerOf(seed), signatureOf(one)))
  assert.not.ok(isApproval({ kind: 'OK', ...approval }, new Uint8Array(32), signatureOf(one)))
})

test('a record comes back as it was, and any bytes give the error of this folder', () => {
  fc.assert(
    fc.property(kept, one => assert.equal(readRecord(writeRecord(one)), one)),
    { numRuns: 50 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), any => onlyPaymentErrors(() => readRecord(any))),
    { numRuns: 200 },
  )
})

test('a record allows no reveal after a commit, and no commit after a reveal', () => {
  const fresh = { number: 0, outputSecret: seed, sent: 'nothing' as const, transaction: null }
  const committed = mark([fresh], 'commit', approval.transaction)
  const revealed = mark([fresh], 'reveal', null)
  assert.is(
    codeOf(() => mark(committed, 'reveal', null)),
    'WRONG_STATE',
  )
  assert.is(
    codeOf(() => mark(revealed, 'commit', approval.transaction)),
    'WRONG_STATE',
  )
  assert.is(
    codeOf(() => mark(committed, 'commit', approval.transaction)),
    'none',
  )
})

test.run()

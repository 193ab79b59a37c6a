// Shuffles and their proofs (docs/spec/shuffle.md 3 to 7): what is true holds, for both groups and both ways; what
// is not, does not.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat, fromHex, hex } from '../encoding/bytes.ts'
import { coreGroup } from '../shuffle/core-group.ts'
import { ShuffleError } from '../shuffle/error.ts'
import { type Group, generator, identity, minusOne, one, zero } from '../shuffle/group.ts'
import { nobleGroup } from '../shuffle/noble-group.ts'
import { proofBytes, readProof, writeProof } from '../shuffle/proof.ts'
import { prove, type ShuffleSecret, scalars, shuffle } from '../shuffle/prove.ts'
import { encrypt, gather } from '../shuffle/rows.ts'
import type { Statement } from '../shuffle/statement.ts'
import { verify } from '../shuffle/verify.ts'
import { seededRandom, systemRandom } from '../world/random.ts'

const core = coreGroup()
const noble = nobleGroup()

interface Shuffled {
  readonly secretKey: Uint8Array
  readonly points: Uint8Array
  readonly statement: Statement
  readonly secret: ShuffleSecret
  readonly proof: Uint8Array
}

function shuffled(group: Group, n: number, width: number, seed: number): Shuffled {
  const random = seededRandom(seed)
  const secretKey = scalars(group, random, 1)
  const key = group.multiples(undefined, { base: generator, scalars: secretKey })
  const points = group.derive(random(64 * n * width))
  const input = encrypt(group, key, points, scalars(group, random, n * width))
  const { output, secret } = shuffle(group, { key, width, input }, random)
  const statement = { context: random(20), key, width, input, output }
  return { secretKey, points, statement, secret, proof: prove(group, statement, secret, random) }
}

/** Decrypts with the whole key: M = second - secretKey first. */
function decrypted(secretKey: Uint8Array, rows: Uint8Array): string[] {
  const negative = core.mulAdd(secretKey, minusOne, zero)
  return Array.from({ length: rows.length / 64 }, (_, i) =>
    hex(core.sum([{ points: rows.subarray(64 * i, 64 * (i + 1)), scalars: concat([negative, one]) }])),
  )
}

const holds = (statement: Statement, proof: Uint8Array, group = core): boolean =>
  verify(group, statement, proof, systemRandom).holds

test('a shuffle holds the same plain points, row by row, in another order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.nat(),
      (n, width, seed) => {
        const { secretKey, points, statement, secret, proof } = shuffled(core, n, width, seed)
        const out = decrypted(secretKey, statement.output)
        const want = Array.from({ length: n * width }, (_, i) => hex(points.subarray(32 * i, 32 * (i + 1))))
        secret.permutation.forEach((from, to) => {
          assert.equal(out.slice(to * width, (to + 1) * width), want.slice(from * width, (from + 1) * width))
        })
        assert.equal(
          [...secret.permutation].sort((a, b) => a - b),
          [...secret.permutation.keys()],
        )
        assert.is(proof.length, proofBytes(n, width))
        assert.ok(holds(statement, proof))
      },
    ),
    { numRuns: 15 },
  )
})

test('either group verifies what the other proved, and proves the same with the same dice', () => {
  const a = shuffled(core, 4, 2, 7)
  const b = shuffled(noble, 4, 2, 7)
  assert.is(hex(a.proof), hex(b.proof))
  assert.is(hex(a.statement.output), hex(b.statement.output))
  assert.ok(holds(a.statement, a.proof, noble))
})

test('more rows than go through the core at once', () => {
  const { statement, proof } = shuffled(core, 4500, 1, 3)
  assert.ok(holds(statement, proof))
  const wrong = proof.slice()
  wrong.set(proof.subarray(32, 64), 0)
  assert.not(holds(statement, wrong))
})

test('every item of a proof matters: another point, another scalar, any flipped bit', () => {
  const { statement, proof } = shuffled(core, 3, 2, 11)
  const items = proof.length / 32
  for (let i = 0; i < items; i++) {
    const item = proof.subarray(32 * i, 32 * (i + 1))
    for (const other of [
      identity,
      generator,
      one,
      minusOne,
      proof.subarray(32 * ((i + 1) % items)).slice(0, 32),
    ]) {
      if (hex(other) === hex(item)) continue
      const wrong = proof.slice()
      wrong.set(other, 32 * i)
      assert.not(holds(statement, wrong), `item ${i} of ${items}`)
    }
  }
  fc.assert(
    fc.property(fc.nat(proof.length * 8 - 1), bit => {
      const wrong = proof.slice()
      wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7))
      return !holds(statement, wrong)
    }),
  )
})

test('every part of a statement matters', () => {
  const { statement, proof, secret } = shuffled(core, 4, 1, 13)
  const other = shuffled(core, 4, 1, 14)
  const swap = (rows: Uint8Array): Uint8Array => gather(rows, 64, Uint32Array.of(1, 0, 2, 3))
  const changes: Partial<Statement>[] = [
    { context: concat([statement.context, Uint8Array.of(0)]) },
    { context: statement.context.subarray(1) },
    { key: other.statement.key },
    { input: other.statement.input },
    { input: swap(statement.input) },
    { output: other.statement.output },
    { output: swap(statement.output) },
    { input: statement.output, output: statement.input },
    { width: 2 },
    { output: statement.input },
  ]
  for (const change of changes)
    assert.not(holds({ ...statement, ...change }, proof), JSON.stringify(Object.keys(change)))
  // Whoever replaces a row cannot prove it, even with all that the mixer knows.
  const replaced = concat([other.statement.output.subarray(0, 64), statement.output.subarray(64)])
  const forged = { ...statement, output: replaced }
  assert.not(holds(forged, prove(core, forged, secret, systemRandom)))
  const doubled = {
    ...statement,
    output: concat([statement.output.subarray(64, 128), statement.output.subarray(64)]),
  }
  assert.not(holds(doubled, prove(core, doubled, secret, systemRandom)))
})

test('rows whose columns are shuffled apart from each other do not hold', () => {
  const { statement, secret } = shuffled(core, 3, 2, 17)
  const cells = Array.from({ length: 6 }, (_, i) => statement.output.subarray(64 * i, 64 * (i + 1)))
  const order = [0, 3, 2, 1, 4, 5] // the second column of rows 0 and 1 changes places
  const output = concat(order.map(i => cells[i] as Uint8Array))
  const forged = { ...statement, output }
  assert.not(holds(forged, prove(core, forged, secret, systemRandom)))
})

test('neutral points, no rows and wrong lengths are refused, and said', () => {
  const { statement, proof } = shuffled(core, 3, 1, 19)
  const why = (change: Partial<Statement>, by = proof): string => {
    const verdict = verify(core, { ...statement, ...change }, by, systemRandom)
    assert.not(verdict.holds)
    return verdict.holds ? '' : verdict.why
  }
  const neutral = statement.input.slice()
  neutral.fill(0, 64, 96)
  assert.match(why({ key: identity }), /^BAD_POINT key: is the neutral point/)
  assert.match(why({ input: neutral }), /^BAD_POINT input: row 1 holds the neutral point/)
  assert.match(why({ output: neutral }), /^BAD_POINT output: row 1 /)
  assert.match(why({ input: new Uint8Array(0), output: new Uint8Array(0) }), /^BAD_LENGTH input: want 1 to /)
  assert.match(why({ output: statement.output.subarray(64) }), /^BAD_LENGTH output: want 192 bytes, have 128/)
  assert.match(why({ width: 0 }), /^BAD_LENGTH width/)
  assert.match(why({ width: 1.5 }), /^BAD_LENGTH width/)
  assert.match(why({}, proof.subarray(32)), /^BAD_LENGTH proof: want \d+ bytes/)
  assert.match(why({}, concat([proof, new Uint8Array(32)])), /^BAD_LENGTH proof/)
  assert.match(why({}, new Uint8Array(0)), /^BAD_LENGTH proof/)
})

test('an order that is none, or of another length, is the mixer’s mistake', () => {
  const { statement, secret } = shuffled(core, 3, 1, 23)
  for (const permutation of [Uint32Array.of(0, 0, 1), Uint32Array.of(0, 1, 3), Uint32Array.of(0, 1)])
    assert.throws(
      () => prove(core, statement, { ...secret, permutation }, systemRandom),
      (error: unknown) => error instanceof ShuffleError,
    )
})

test('a proof with the responses of another challenge does not hold: nothing may be left out of what is hashed', () => {
  // Two proofs of one statement: parts of one in the other are answers to another challenge.
  const a = shuffled(core, 3, 1, 29)
  const again = prove(core, a.statement, a.secret, systemRandom)
  const [one, two] = [readProof(a.proof, 3, 1), readProof(again, 3, 1)]
  for (const part of ['c', 'cHat', 'tHat', 't', 'sHat', 'sPrime', 's'] as const)
    assert.not(holds(a.statement, writeProof({ ...one, [part]: two[part] })), part)
})

test('pinned: test/vectors/shuffle.json', () => {
  const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'shuffle.json'), 'utf8')) as {
    readonly shuffles: readonly Record<'context' | 'key' | 'input' | 'output' | 'proof', string>[] &
      readonly { readonly width: number; readonly holds: boolean; readonly says: string }[]
  }
  for (const { context, key, width, input, output, proof, holds: want, says } of vectors.shuffles) {
    const statement = {
      context: fromHex(context),
      key: fromHex(key),
      width,
      input: fromHex(input),
      output: fromHex(output),
    }
    for (const group of [core, noble]) assert.is(holds(statement, fromHex(proof), group), want, says)
  }
})

test.run()

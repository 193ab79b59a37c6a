// Decryption by trustees and ballots (docs/spec/threshold-keys.md 6 and 7), and the list of what others got wrong.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat, hex } from '../encoding/bytes.ts'
import {
  type BallotContext,
  bytesPerPoint,
  decodeMessage,
  encodeMessage,
  makeBallot,
  verifyBallot,
  widthFor,
} from '../shuffle/ballot.ts'
import { coreGroup } from '../shuffle/core-group.ts'
import {
  type Decryption,
  type DecryptionShare,
  decrypt,
  decryptionShare,
  verifyShare,
} from '../shuffle/decryption.ts'
import { ShuffleError } from '../shuffle/error.ts'
import { identity } from '../shuffle/group.ts'
import { nobleGroup } from '../shuffle/noble-group.ts'
import { scalars, shuffle } from '../shuffle/prove.ts'
import { encrypt } from '../shuffle/rows.ts'
import { seededRandom } from '../world/random.ts'
import { flipped, makeKey } from './threshold-world.ts'

const group = coreGroup()
const random = seededRandom(3)
const { taken } = makeKey(group, 2, 3, 2)
const { key, verification } = taken[0] as (typeof taken)[number]
const texts = ['yes', '', 'no', 'x'.repeat(2 * bytesPerPoint - 2)].map(text => new TextEncoder().encode(text))
const width = 2
const points = concat(texts.map(text => encodeMessage(group, text, width)))
const rows = encrypt(group, key, points, scalars(group, random, texts.length * width))
const decryption: Decryption = {
  context: new TextEncoder().encode('cycle 1'),
  verification,
  threshold: 2,
  width,
  rows,
}
const shares = taken.map(({ share }, i) =>
  decryptionShare(group, decryption, { index: i + 1, share }, random),
)
const [one, two, three] = shares as [DecryptionShare, DecryptionShare, DecryptionShare]
const isWrongUse = (error: unknown): boolean => error instanceof ShuffleError

test('any two of three trustees open the rows, in any order, and each share holds for both groups', () => {
  for (const chosen of [
    [one, two],
    [three, one],
    [two, three],
  ])
    assert.is(hex(decrypt(group, decryption, chosen)), hex(points))
  for (const share of shares) {
    assert.ok(verifyShare(group, decryption, share))
    assert.ok(verifyShare(nobleGroup(), decryption, share))
  }
  const rest = texts.map((_, i) =>
    decodeMessage(group, decrypt(group, decryption, shares).subarray(64 * i, 64 * (i + 1))),
  )
  assert.equal(rest, texts)
})

test('what was mixed opens to the same messages', () => {
  const { output, secret } = shuffle(group, { key, width, input: rows }, random)
  const mixed = { ...decryption, rows: output }
  const mixedShares = taken
    .slice(1)
    .map(({ share }, i) => decryptionShare(group, mixed, { index: i + 2, share }, random))
  const opened = decrypt(group, mixed, mixedShares)
  secret.permutation.forEach((from, to) => {
    assert.equal(decodeMessage(group, opened.subarray(64 * to, 64 * (to + 1))), texts[from])
  })
  // a share over a list that was not mixed is none over the one that was
  assert.not.ok(verifyShare(group, mixed, one))
  assert.is(texts.length, secret.permutation.length)
})

test('every field of a share that is another one is refused', () => {
  const refused = (share: DecryptionShare, of: Decryption = decryption): void =>
    assert.not.ok(verifyShare(group, of, share))
  for (let at = 0; at < one.points.length; at += 32) refused({ ...one, points: flipped(one.points, at) })
  for (let at = 0; at < one.proof.length; at += 8) refused({ ...one, proof: flipped(one.proof, at) })
  for (const index of [0, 2, 4, -1, 1.5, Number.NaN]) refused({ ...one, index })
  refused({ ...one, points: one.points.slice(32) })
  refused({ ...one, points: concat([one.points, one.points.subarray(0, 32)]) })
  refused({ ...one, points: concat([identity, one.points.subarray(32)]) })
  refused({ ...one, proof: one.proof.slice(1) })
  refused({ ...one, points: two.points })
  const [a, b] = [one.points.subarray(0, 32), one.points.subarray(32, 64)]
  refused({ ...one, points: concat([b, a, one.points.subarray(64)]) })
  // the statement: context, key, threshold, width and rows are all in the challenge
  refused(one, { ...decryption, context: flipped(decryption.context, 0) })
  refused(one, { ...decryption, threshold: 3 })
  refused(one, { ...decryption, width: 1 })
  refused(one, { ...decryption, rows: concat([rows.subarray(128), rows.subarray(0, 128)]) })
  refused(one, {
    ...decryption,
    verification: concat(
      [two, one, three].map(({ index }) => verification.subarray(32 * index - 32, 32 * index)),
    ),
  })
  const swappedSeconds = rows.slice()
  swappedSeconds.set(rows.subarray(32 + 64, 64 + 64), 32)
  refused(one, { ...decryption, rows: swappedSeconds })
})

test('a trustee twice, number 0, too few, and a wrong share do not open', () => {
  for (const chosen of [[one], [one, one], [{ ...one, index: 0 }, two], [{ ...one, index: 4 }, two], []])
    assert.throws(() => decrypt(group, decryption, chosen), isWrongUse)
  // one bad share does not stop the tally: it is left out
  const bad = { ...two, points: one.points }
  const good = [one, bad, three].filter(share => verifyShare(group, decryption, share))
  assert.is(hex(decrypt(group, decryption, good)), hex(points))
  // control: taken unchecked, it opens to something else
  assert.is.not(hex(decrypt(group, decryption, [one, bad])), hex(points))
})

test('a share is refused to who has not the part of the key that goes with the number', () => {
  const { share } = taken[0] as (typeof taken)[number]
  assert.throws(() => decryptionShare(group, decryption, { index: 2, share }, random), isWrongUse)
  const broken = { ...decryption, rows: concat([identity, rows.subarray(32)]) }
  assert.throws(() => decryptionShare(group, broken, { index: 1, share }, random), isWrongUse)
})

test('messages of any bytes become points and come back; a row has one form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 2 }), (message, more) => {
      const columns = widthFor(message.length) + more
      const encoded = encodeMessage(group, message, columns)
      assert.is(encoded.length, 32 * columns)
      assert.equal(decodeMessage(group, encoded), message)
    }),
    { numRuns: 40 },
  )
  assert.equal([widthFor(0), widthFor(28), widthFor(29), widthFor(58), widthFor(59)], [1, 1, 2, 2, 3])
  assert.throws(() => encodeMessage(group, new Uint8Array(29), 1), isWrongUse)
})

test('a ballot marked by its encoding is undecodable: another candidate, padding, the neutral point', () => {
  const plain = encodeMessage(group, new TextEncoder().encode('yes'), 1)
  const marks = Array.from({ length: 127 }, (_, i) => {
    const marked = plain.slice()
    marked[0] = (plain[0] as number) + 2 * (i + 1)
    return marked
  }).filter(marked => (marked[0] as number) > (plain[0] as number))
  assert.ok(marks.length > 10)
  for (const marked of marks) assert.is(decodeMessage(group, marked), undefined)
  for (const at of [10, 31]) assert.is(decodeMessage(group, flipped(plain, at)), undefined)
  assert.is(decodeMessage(group, identity), undefined)
  assert.is(decodeMessage(group, flipped(plain, 2)), undefined, 'a length that is another')
})

const about: BallotContext = { context: new TextEncoder().encode('election 1'), voter: random(32), key }
const ballot = makeBallot(group, about, new TextEncoder().encode('yes'), width, random)

test("a ballot holds in its voter's name and election, for both groups, and in no other", () => {
  assert.ok(verifyBallot(group, about, ballot))
  assert.ok(verifyBallot(nobleGroup(), about, ballot))
  for (const other of [
    { ...about, voter: random(32) },
    { ...about, context: new TextEncoder().encode('election 2') },
    { ...about, key: verification.slice(0, 32) },
    { ...about, key: identity },
  ])
    assert.not.ok(verifyBallot(group, other, ballot), 'a copied ballot')
})

test('every field of a ballot that is another one is refused, also a column that is changed or left out', () => {
  const refused = (row: Uint8Array, proof: Uint8Array): void =>
    assert.not.ok(verifyBallot(group, about, { row, proof }))
  const { row, proof } = ballot
  for (let at = 0; at < row.length; at += 16) refused(flipped(row, at), proof)
  for (let at = 0; at < proof.length; at += 8) refused(row, flipped(proof, at))
  refused(row.slice(64), proof.slice(32))
  refused(row.slice(64), concat([proof.subarray(0, 32), proof.subarray(64)]))
  refused(concat([row.subarray(64), row.subarray(0, 64)]), proof)
  refused(concat([identity, row.subarray(32)]), proof)
  refused(new Uint8Array(0), proof.slice(0, 32))
  refused(row.slice(1), proof)
  // the second points are bound too: else somebody could turn a yes into another's no
  const other = makeBallot(group, about, new TextEncoder().encode('no'), width, random)
  const mixed = row.slice()
  mixed.set(other.row.subarray(32, 64), 32)
  refused(mixed, proof)
})

test.run()

// The conformance kinds of other voting systems (trials/conformance): what these write is written here again, in every
// width, and each checker refuses what is spoilt. The published files themselves are tried by `npm run conformance`.
// tier: slow

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat, hex } from '../encoding/bytes.ts'
import { generator } from '../shuffle/group.ts'
import { ciphertextBytes, coreGroup, encrypt, scalars, shuffle } from '../shuffle/index.ts'
import { readProof } from '../shuffle/proof.ts'
import { proveUnder } from '../shuffle/prove.ts'
import { beleniosElection, verifyElection } from '../trials/conformance/belenios.ts'
import { mended, readArchive, readFiles, writeArchive } from '../trials/conformance/belenios-archive.ts'
import { writeElection } from '../trials/conformance/belenios-write.ts'
import { brokenPart, modularGroup, power } from '../trials/conformance/prime-group.ts'
import { pseudoRandom, randomOracle, readTree, writeTree } from '../trials/conformance/verificatum-bytes.ts'
import {
  ciphertext,
  list,
  recordOf,
  vectorOf,
  voteSecureOracle,
  voteSecureShuffle,
} from '../trials/conformance/votesecure.ts'
import { seededRandom } from '../world/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-voting-'))
test.after(() => rmSync(folder, { recursive: true }))
const group = coreGroup()

/** Writes a shuffle as VoteSecure's shuffler would: `h_1` twice, and its own challenges. */
function voteSecureFile(n: number, width: number): string {
  const random = seededRandom(100 * width + n)
  const secret = scalars(group, random, 1)
  const key = group.multiples(undefined, { base: generator, scalars: secret })
  const points = group.derive(random(64 * n * width))
  const input = encrypt(group, key, points, scalars(group, random, n * width))
  const { output, secret: order } = shuffle(group, { key, width, input }, random)
  const rows = (flat: Uint8Array): Uint8Array => {
    const size = ciphertextBytes * width
    return vectorOf(Array.from({ length: n }, (_, i) => ciphertext(flat.subarray(size * i, size * (i + 1)))))
  }
  const length = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 32)
  const fields = {
    pk: concat([length, key]),
    gens: list(group.derive(random(64 * n))),
    context: random(10),
    in: rows(input),
    out: rows(output),
  }
  const statement = { context: new Uint8Array(0), key, width, input, output }
  const proof = proveUnder(group, voteSecureOracle(group, fields), statement, order, random)
  const { c, cHat, tHat, t, sHat, sPrime, s } = readProof(proof, n, width)
  const [t1, t2, t3, t4] = [
    t.subarray(0, 32),
    t.subarray(32, 64),
    t.subarray(64, 96),
    ciphertext(t.subarray(96)),
  ]
  const s4 = concat(
    Array.from({ length: width }, (_, k) => concat([length, s.subarray(96 + 32 * k, 128 + 32 * k)])),
  )
  const commitments = recordOf([list(cHat), t3, list(tHat), t1, t2, t4, list(c)])
  const responses = recordOf([
    s.subarray(64, 96),
    list(sHat),
    s.subarray(0, 32),
    s.subarray(32, 64),
    list(sPrime),
    s4,
  ])
  const all = { w: Uint8Array.of(width), sk: secret, ...fields, proof: recordOf([commitments, responses]) }
  const path = join(folder, `w${width}.txt`)
  writeFileSync(
    path,
    Object.entries(all)
      .map(([name, bytes]) => `${name} ${hex(bytes)}\n`)
      .join(''),
  )
  return path
}

test('VoteSecure: shuffles of widths 1 to 3 hold, and with any bit flipped do not', () => {
  for (const width of [1, 2, 3]) {
    const checks = voteSecureShuffle(voteSecureFile(3, width))
    assert.equal(
      checks.filter(({ ok }) => !ok),
      [],
    )
    assert.ok(checks.length > 40, `${checks.length} checks`)
  }
})

test('VoteSecure: a file without a proof is an error, and no pass', () => {
  const path = join(folder, 'short.txt')
  writeFileSync(path, 'w 01\npk 00\n')
  assert.throws(() => voteSecureShuffle(path), /gens: is not there/)
})

const votes = [
  { voter: 0, colours: [1, 0, 0], order: [1, 2] },
  { voter: 1, colours: [0, 1, 1], order: [2, 1] },
  { voter: 0, colours: [0, 0, 1], order: [2, 1] },
]
const files = writeElection('Ed25519', 2, votes, seededRandom(1))

test('Belenios: an election holds, the last ballot of a voter counts, and no spoilt copy holds', () => {
  const path = join(folder, 'election.bel')
  writeFileSync(path, writeArchive(files, 1_700_000_000))
  const checks = beleniosElection(path)
  assert.equal(
    checks.filter(({ ok }) => !ok),
    [],
  )
  assert.is(checks[0]?.id, '3 ballots, 1 shuffles, 2 decryptions, a result')
  assert.is(checks.length, 13)
  assert.ok(files.some(({ text }) => text === '{"result":[[0,1,2],[[2,1],[2,1]]]}'))
})

test('Belenios: a ballot of nobody, one counted twice, and events that are not there are refused', () => {
  const events = files.flatMap(({ kind }, i) => (kind === 'event' ? [i] : []))
  const without = (at: number): typeof files => files.filter((_, i) => i !== at)
  // without the last one it is an election that has no result yet
  for (const at of events.slice(0, -1))
    assert.throws(() => verifyElection(without(at)), Error, `event at ${at}`)
  const credentials = mended(files, ({ text }) => (text.startsWith('["') ? '[]' : undefined))
  assert.throws(() => verifyElection(credentials), /ballot: its credential/)
  const twice = mended(files, ({ text }) => text.replace('"num_tallied":2,', '"num_tallied":3,'))
  assert.throws(() => verifyElection(twice), /tally: its number of ballots/)
})

test('Belenios: a flipped byte anywhere breaks the archive', () => {
  const archive = writeArchive(files, 1_700_000_000)
  assert.is(readArchive(readFiles(archive)).events.length, 11)
  for (let at = 600; at < archive.length - 512; at += 997) {
    if (archive[at] === 0) continue
    const wrong = archive.slice()
    wrong[at] = (wrong[at] as number) ^ 1
    assert.throws(() => readArchive(readFiles(wrong)), Error, `byte ${at}`)
  }
})

test('Verificatum: byte trees are read as they were written, and nothing else is', () => {
  const tree = [Uint8Array.of(1, 2), [Uint8Array.of(), [Uint8Array.of(3)]]]
  const bytes = writeTree(tree)
  assert.equal(readTree(bytes), tree)
  for (let end = 0; end < bytes.length; end++)
    assert.throws(() => readTree(bytes.subarray(0, end)), /byte tree/)
  assert.throws(() => readTree(concat([bytes, Uint8Array.of(0)])), /behind it/)
  assert.throws(() => readTree(Uint8Array.of(2, 0, 0, 0, 0)), /no known kind/)
})

test('Verificatum: the stream of a seed does not depend on how it is asked, and an oracle has just its bits', () => {
  const seed = Uint8Array.from({ length: 32 }, (_, i) => i)
  const whole = pseudoRandom(sha256, seed)(100)
  const stream = pseudoRandom(sha256, seed)
  assert.equal(concat([stream(1), stream(40), stream(59)]), whole)
  const [first] = randomOracle(sha256, 65, seed)
  assert.ok((first as number) <= 1)
})

test('the plain equations name what does not hold', () => {
  const [p, q] = [2039n, 1019n]
  const small = modularGroup(p, q, 4n)
  assert.ok(small.contains(power(4n, 77n, p)))
  assert.not(small.contains(p - 4n))
  const none = { alpha: [[]], beta: [[]] }
  const empty = { c: [], cHat: [], tHat: [], sHat: [], sPrime: [], u: [], h: [] }
  const rest = {
    key: 4n,
    h0: 4n,
    t1: 1n,
    t2: 1n,
    t3: 1n,
    t4: { alpha: [1n], beta: [1n] },
    s1: 0n,
    s2: 0n,
    s3: 0n,
  }
  assert.is(
    brokenPart(small, { ...empty, ...rest, s4: [0n], input: none, output: none, challenge: 0n }),
    'lengths',
  )
})

test.run()

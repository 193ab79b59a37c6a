// What an election asks, and what voters may answer (docs/spec/voting.md 2 to 4): definitions that are none, answers
// and their bytes, codes.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { type Answer, decodeAnswer, encodeAnswer, widthOf } from '../voting/answer.ts'
import { drawCode, readCode, voterOf } from '../voting/credential.ts'
import {
  definitionFormat,
  electionId,
  parseDefinition,
  readDefinition,
  writeDefinition,
} from '../voting/definition.ts'
import { VotingError } from '../voting/error.ts'
import type { Question } from '../voting/question.ts'
import { readRoll, writeRoll } from '../voting/roll.ts'
import { seededRandom } from '../world/random.ts'
import { questions } from './voting-world.ts'

const [choose, rank, score, grade, list] = questions as [Question, Question, Question, Question, Question]
const ids = [1, 2, 3, 4, 5].map(i => `${i}`.repeat(64))
const definition = {
  format: definitionFormat,
  title: 'An election',
  mixnet: 'mixnet.example/test',
  controller_key: 'ab'.repeat(32),
  mixers: ids.slice(0, 2),
  mixes_least: 1,
  trustees: ids.slice(2),
  threshold: 2,
  quorum: 3,
  ballots_least: 2,
  questions,
}

const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof VotingError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

test('a definition has one text, and its hash is the election', () => {
  const read = readDefinition(definition)
  const text = writeDefinition(read)
  assert.equal(parseDefinition(text), read)
  for (const other of [` ${text}`, text.trim(), text.replace('{', '{ '), `${text}\n`, '{', ''])
    assert.is(
      codeOf(() => parseDefinition(other)),
      'BAD_DEFINITION',
      other.slice(0, 10),
    )
  assert.is.not(electionId(readDefinition({ ...definition, title: 'Another' })), electionId(read))
})

test('a definition that is none is refused, field by field', () => {
  const wrong: Record<string, unknown>[] = [
    { format: 'chaffinch-election-2' },
    { title: '' },
    { title: 'a\u0000b' },
    { controller_key: 'AB'.repeat(32) },
    { mixers: [] },
    { mixers: [ids[0], ids[0]] },
    { mixes_least: 0 },
    { mixes_least: 3 },
    { threshold: 4 },
    { quorum: 2 },
    { quorum: 6 },
    { ballots_least: 0 },
    { questions: [] },
    { more: 1 },
    ...Object.keys(definition).map(name => ({ [name]: undefined })),
    ...[
      { kind: 'other' },
      { options: ['A', 'A'] },
      { options: [] },
      { blank: 'yes' },
      { methods: [] },
      { methods: ['schulze'] },
      { methods: ['plurality', 'plurality'] },
      { seats: 0 },
      { min: 3 },
      { max: 5 },
      { write_ins: -1 },
      { ties: true },
    ].map(change => ({ questions: [{ ...choose, ...change }] })),
    { questions: [{ ...rank, ties: true }] },
    { questions: [{ ...grade, grades: ['good'] }] },
    { questions: [{ ...grade, median: 'middle' }] },
    { questions: [{ ...list, lists: [{ name: 'A', candidates: ['x', 'x'] }] }] },
    {
      questions: [
        {
          ...list,
          lists: [
            { name: 'A', candidates: [] },
            { name: 'A', candidates: [] },
          ],
        },
      ],
    },
    { questions: [{ ...score, most: 256 }] },
  ]
  for (const change of wrong)
    assert.is(
      codeOf(() => readDefinition({ ...definition, ...change })),
      'BAD_DEFINITION',
      JSON.stringify(change),
    )
  for (const value of [null, [], 'x', 1])
    assert.is(
      codeOf(() => readDefinition(value)),
      'BAD_DEFINITION',
    )
})

const good: readonly [Question, Answer, string][] = [
  [choose, { is: 'blank' }, '00'],
  [choose, { is: 'choose', chosen: [0, 2], written: [] }, '010500'],
  [choose, { is: 'choose', chosen: [1], written: ['Zoë'] }, '010201045a6fc3ab'],
  [rank, { is: 'rank', ranks: [2, 0, 1] }, '01020001'],
  [score, { is: 'score', scores: [10, 0, 3] }, '010a0003'],
  [grade, { is: 'grade', grades: [0, 2, 1] }, '01000201'],
  [list, { is: 'list', list: 0, preferred: [1] }, '010002'],
  [list, { is: 'list', list: 1, preferred: [] }, '0101'],
]

test('an answer has one encoding, of the bytes of the specification', () => {
  for (const [question, answer, bytes] of good) {
    assert.is(hex(encodeAnswer(question, answer)), bytes)
    assert.equal(decodeAnswer(question, encodeAnswer(question, answer)), answer)
  }
})

test('what a question does not allow is refused', () => {
  const wrong: readonly [Question, Answer][] = [
    [rank, { is: 'blank' }],
    [choose, { is: 'rank', ranks: [1, 2, 3] }],
    [choose, { is: 'choose', chosen: [], written: [] }],
    [choose, { is: 'choose', chosen: [0, 1, 2], written: [] }],
    [choose, { is: 'choose', chosen: [0, 0], written: [] }],
    [choose, { is: 'choose', chosen: [3], written: [] }],
    [choose, { is: 'choose', chosen: [-1], written: [] }],
    [choose, { is: 'choose', chosen: [], written: ['a', 'b'] }],
    ...['', ' a', 'a  b', 'a\nb', 'e\u0301', '\u202ea', 'x'.repeat(61), 'Anna'].map(
      (text): [Question, Answer] => [choose, { is: 'choose', chosen: [], written: [text] }],
    ),
    [rank, { is: 'rank', ranks: [1, 1, 2] }],
    [rank, { is: 'rank', ranks: [1, 3, 0] }],
    [rank, { is: 'rank', ranks: [0, 0, 0] }],
    [rank, { is: 'rank', ranks: [1, 2] }],
    [score, { is: 'score', scores: [11, 0, 0] }],
    [grade, { is: 'grade', grades: [3, 0, 0] }],
    [list, { is: 'list', list: 2, preferred: [] }],
    [list, { is: 'list', list: 0, preferred: [0, 1] }],
    [list, { is: 'list', list: 1, preferred: [0] }],
  ]
  for (const [question, answer] of wrong)
    assert.is(
      codeOf(() => encodeAnswer(question, answer)),
      'BAD_ANSWER',
      JSON.stringify(answer),
    )
})

test('any bytes are an answer in its one encoding, or none', () => {
  const question = fc.constantFrom(...questions)
  const shortly = fc.uint8Array({ maxLength: 12, max: 4 })
  fc.assert(
    fc.property(question, fc.oneof(shortly, fc.uint8Array({ maxLength: 80 })), (of, bytes) => {
      const answer = decodeAnswer(of, bytes)
      return answer === undefined || hex(encodeAnswer(of, answer)) === hex(bytes)
    }),
    { numRuns: 3000 },
  )
})

test('a row is wide enough for the longest answer', () => {
  const long: Answer = { is: 'choose', chosen: [0], written: ['x'.repeat(60)] }
  assert.ok(encodeAnswer(choose, long).length + 2 <= 30 * widthOf(choose))
  assert.is(widthOf(rank), 1)
  assert.is(widthOf({ ...rank, options: Array.from({ length: 250 }, (_, i) => `${i}`) } as Question), 9)
})

test('a code is read however it is typed, and a mistake is noticed', () => {
  const random = seededRandom(5)
  const code = drawCode(random)
  assert.match(code, /^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/)
  const typed = [
    code.toLowerCase(),
    code.replaceAll('-', ''),
    code.replaceAll('-', ' '),
    ` ${code}\n`,
    code.replaceAll('0', 'O').replaceAll('1', 'l'),
  ]
  for (const each of typed) assert.is(readCode(each), code)
  for (const each of ['', code.slice(1), `${code}A`, code.replace(/.$/, 'U'), code.replace(/.$/, '*')])
    assert.is(
      codeOf(() => readCode(each)),
      'BAD_CODE',
      each,
    )
  let missed = 0
  for (let i = 0; i < 24; i++) {
    const symbols = [...code.replaceAll('-', '')]
    symbols[i] = symbols[i] === 'A' ? 'B' : 'A'
    if (codeOf(() => readCode(symbols.join(''))) !== 'BAD_CODE') missed++
  }
  assert.ok(missed <= 4, `${missed} of 24 mistakes were not noticed`)
})

test('a code is another voter in another election', () => {
  const code = drawCode(seededRandom(6))
  const voter = voterOf(ids[0] as string, code)
  assert.is(voterOf(ids[0] as string, code.toLowerCase()).id, voter.id)
  assert.is.not(voterOf(ids[1] as string, code).id, voter.id)
  assert.is.not(voterOf(ids[0] as string, drawCode(seededRandom(7))).id, voter.id)
})

test('a roll is read as it was written, and nothing else is one', () => {
  const roll = new Map(ids.map((id, i) => [id, i + 1]))
  const bytes = writeRoll(roll)
  assert.equal(readRoll(bytes), roll)
  const turned = Uint8Array.from([...bytes.subarray(36, 72), ...bytes.subarray(0, 36), ...bytes.subarray(72)])
  for (const wrong of [bytes.subarray(1), turned, bytes.map((byte, i) => (i === 35 ? 0 : byte))])
    assert.is(
      codeOf(() => readRoll(wrong)),
      'BAD_VOTERS',
    )
})

test.run()

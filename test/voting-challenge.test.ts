// Audit or cast (docs/spec/voting.md 8.1): an opened ballot shows what is in it, and nothing else than what is in it.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Peer } from '../cascade/records.ts'
import { contextOf } from '../cascade/records.ts'
import { signerOf } from '../cascade/signed.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { readAnswer, writeAnswer } from '../scripts/election/answer-text.ts'
import { encodeMessage, openBallot, verifyBallot } from '../shuffle/index.ts'
import { encrypt } from '../shuffle/rows.ts'
import { group, mixnet, trusteesKey } from '../simulator/cascade-world.ts'
import { type Answer, encodeAnswer, widthOf } from '../voting/answer.ts'
import {
  answerIn,
  type OpenedBallot,
  openedBallot,
  readOpened,
  sealAnswer,
  writeOpened,
} from '../voting/challenge.ts'
import { type Definition, definitionFormat } from '../voting/definition.ts'
import type { Question } from '../voting/question.ts'
import { seededRandom } from '../world/random.ts'
import { questions } from './voting-world.ts'

const random = seededRandom(41)
const { key } = trusteesKey(3, 2, random)
const voter = signerOf(random(32))
const definition: Definition = {
  format: definitionFormat,
  title: 'An election',
  mixnet,
  controller_key: '00'.repeat(32),
  mixers: ['11'.repeat(32)],
  mixes_least: 1,
  trustees: ['22'.repeat(32)],
  threshold: 1,
  quorum: 2,
  ballots_least: 1,
  questions,
}
const doorOf = (question: Question): Peer =>
  ({ peer_id: 'ab'.repeat(32), key_data: hex(key), width: widthOf(question) }) as Peer
const answers: readonly Answer[] = [
  { is: 'choose', chosen: [1], written: ['Zoë'] },
  { is: 'rank', ranks: [2, 1, 3] },
  { is: 'score', scores: [10, 0, 7] },
  { is: 'grade', grades: [0, 2, 1] },
  { is: 'list', list: 0, preferred: [1] },
]

test('an answer to a question of every kind comes out of an opened ballot, as it can be typed', () => {
  for (const [i, question] of questions.entries()) {
    const [answer, door] = [answers[i] as Answer, doorOf(question)]
    const sealed = sealAnswer(group, { mixnet, voter, door, question }, answer, random)
    const about = { context: contextOf(mixnet, 'message', door.peer_id), voter: fromHex(voter.id), key }
    assert.ok(verifyBallot(group, about, sealed), 'it could be cast as well')
    const opened = readOpened(definition, writeOpened(openedBallot(definition, i, sealed)))
    assert.equal(answerIn(group, definition, door, opened), answer)
    assert.equal(readAnswer(question, writeAnswer(question, answer)), answer)
  }
  const [question] = questions as [Question]
  assert.equal(readAnswer(question, writeAnswer(question, { is: 'blank' })), { is: 'blank' })
})

test('a program that encrypted something else cannot open its ballot as what was meant', () => {
  const [question] = questions as [Question]
  const [meant] = answers as [Answer]
  const [door, width] = [doorOf(question), widthOf(question)]
  const sealed = sealAnswer(group, { mixnet, voter, door, question }, meant, random)
  const opened = openedBallot(definition, 0, sealed)
  const other: Answer = { is: 'choose', chosen: [0], written: [] }
  const row = encrypt(
    group,
    key,
    encodeMessage(group, encodeAnswer(question, other), width),
    sealed.randomness,
  )
  const lie = { ...opened, row: hex(row) }
  assert.equal(answerIn(group, definition, door, lie), other, 'it opens as what is in it')
  assert.not.equal(lie.row, opened.row, 'under another tracker')
  const flip = (text: string, at: number): string =>
    `${text.slice(0, at)}${(Number.parseInt(text.charAt(at), 16) ^ 1).toString(16)}${text.slice(at + 1)}`
  for (const field of ['row', 'randomness'] as const)
    for (let at = 1; at < opened[field].length; at += 31) {
      const changed: OpenedBallot = { ...opened, [field]: flip(opened[field], at) }
      assert.is(answerIn(group, definition, door, changed), undefined, `${field} ${at}`)
    }
  const elsewhere = { ...door, key_data: hex(trusteesKey(3, 2, random).key) }
  assert.is(answerIn(group, definition, elsewhere, opened), undefined, 'another key')
  assert.is(openBallot(group, key, sealed.row, sealed.randomness.subarray(32)), undefined)
})

test('what is no opened ballot of this election is refused', () => {
  const [question] = questions as [Question]
  const about = { mixnet, voter, door: doorOf(question), question }
  const opened = openedBallot(definition, 0, sealAnswer(group, about, answers[0] as Answer, random))
  const wrong: [object | string, RegExp][] = [
    ['{', /is none/],
    ['null', /another format/],
    [{ ...opened, format: 'x' }, /another format/],
    [{ ...opened, election: '00'.repeat(32) }, /another election/],
    [{ ...opened, question: 9 }, /no question/],
    [{ ...opened, row: 'xy' }, /want hex/],
    [{ ...opened, randomness: 7 }, /want hex/],
  ]
  for (const [value, says] of wrong)
    assert.throws(
      () => readOpened(definition, typeof value === 'string' ? value : JSON.stringify(value)),
      says,
    )
})

test.run()

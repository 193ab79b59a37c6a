// What the page of elections makes of what people type (docs/spec/pages.md 8.2 and 8.5), without a browser: answers,
// questions, and archives of a public folder.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { codesText, readVoters } from '../scripts/election/voters-csv.ts'
import { encodeAnswer, type Question, readQuestion } from '../voting/index.ts'
import { readArchive, writeArchive } from '../web/election/archive.ts'
import { answerOf, type Draft, emptyDraft, isTwice } from '../web/election/draft.ts'
import { kinds, newQuestion, ofKind, questionOf } from '../web/election/question-draft.ts'
import { questions } from './voting-world.ts'

const [choose, rank, score, grade, list] = questions as [Question, Question, Question, Question, Question]
const filled = (question: Question, part: Partial<Draft>): Draft => ({ ...emptyDraft(question), ...part })

test('an answer is what was filled in, in the one way in which a ballot can say it', () => {
  const written = ['  Zoe\u0308   Ray ', '', ' ', 'Zoë Ray']
  assert.equal(answerOf(choose, filled(choose, { chosen: [2, 0, 2], written })), {
    is: 'choose',
    chosen: [0, 2],
    written: ['Zoë Ray'],
  })
  assert.equal(answerOf(rank, filled(rank, { values: [9, undefined, 4] })), { is: 'rank', ranks: [2, 0, 1] })
  assert.equal(answerOf(score, filled(score, { values: [0, 10, 3] })), { is: 'score', scores: [0, 10, 3] })
  assert.equal(answerOf(list, filled(list, { list: 0, preferred: [1] })), {
    is: 'list',
    list: 0,
    preferred: [1],
  })
  for (const question of questions)
    assert.equal(answerOf(question, filled(question, { blank: true })), { is: 'blank' })
})

test('what is missing is no answer, and a rank that was given twice is seen', () => {
  for (const question of [score, grade, list]) assert.is(answerOf(question, emptyDraft(question)), undefined)
  assert.is(answerOf(score, filled(score, { values: [1, undefined, 2] })), undefined)
  const twice = filled(rank, { values: [1, 1, 2] })
  assert.equal(
    [0, 1, 2].map(option => isTwice(rank, twice, option)),
    [true, true, false],
  )
  assert.not(isTwice({ ...rank, ties: true } as Question, twice, 0))
  assert.throws(() => encodeAnswer(rank, answerOf(rank, twice) as never), /ranks/)
})

test('whatever ranks are typed, the ballot has them without a gap', () => {
  const values = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(values, typed => {
      const answer = answerOf(rank, filled(rank, { values: typed }))
      assert.ok(answer && encodeAnswer(rank, answer).length === 4)
    }),
  )
})

test('a question that is written is read as one, of every kind', () => {
  const typed = {
    ...newQuestion(),
    ...{ text: ' Who? ', options: 'Anna\r\n Bo \n\nCyril', grades: 'good\nbad' },
  }
  for (const kind of kinds) {
    const draft = ofKind(typed, kind)
    const options = kind === 'list' ? 'North: Dora; Emil\nSouth' : draft.options
    const question = readQuestion(questionOf({ ...draft, options }), 'question 1')
    assert.is(question.kind, kind)
    assert.is(question.text, 'Who?')
    if (question.kind === 'list')
      assert.equal(question.lists, [
        { name: 'North', candidates: ['Dora', 'Emil'] },
        { name: 'South', candidates: [] },
      ])
    else assert.equal(question.options, ['Anna', 'Bo', 'Cyril'])
  }
  assert.throws(() => readQuestion(questionOf({ ...typed, max: '1.5' }), 'question 1'), /max: want a whole/)
})

test('an archive gives back the files that went in, also by the system’s own tar', () => {
  const name = fc.stringMatching(/^[a-z0-9.]{1,20}$/)
  const file = fc
    .tuple(name, fc.uint8Array({ maxLength: 1500 }))
    .map(([name, bytes]) => ({ name, bytes: new Uint8Array(bytes) }))
  fc.assert(
    fc.property(fc.uniqueArray(file, { selector: each => each.name, maxLength: 5 }), files => {
      assert.equal(readArchive(writeArchive(files)), files)
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), bytes => {
      assert.ok(Array.isArray(readArchive(bytes)), 'arbitrary bytes')
    }),
  )
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-archive-'))
  try {
    const bytes = new Uint8Array(700).fill(7)
    writeFileSync(join(folder, 'a.tar'), writeArchive([{ name: 'blobs/x', bytes }]))
    assert.is(spawnSync('tar', ['-xf', 'a.tar'], { cwd: folder }).status, 0)
    assert.equal(new Uint8Array(readFileSync(join(folder, 'blobs', 'x'))), bytes)
    assert.is(spawnSync('tar', ['-cf', 'b.tar', 'blobs'], { cwd: folder }).status, 0)
    assert.equal(readArchive(new Uint8Array(readFileSync(join(folder, 'b.tar')))), [
      { name: 'blobs/x', bytes },
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('codes go out with links where there is an address', () => {
  const [voter] = readVoters(new TextEncoder().encode('name,mail\n"Ray ""Z""",z@example.org\n'))
  assert.ok(voter)
  if (voter === undefined) return
  const invited = [{ ...voter, code: 'CODE' }]
  assert.is(codesText(invited), 'name,mail,weight,code\r\n"Ray ""Z""",z@example.org,1,CODE\r\n')
  assert.match(
    codesText(invited, code => `http://x/#vote/${code}`),
    ',CODE,http://x/#vote/CODE\r\n',
  )
})

test.run()

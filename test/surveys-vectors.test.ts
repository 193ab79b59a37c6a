// test/vectors/surveys.json (docs/spec/surveys.md): a form, codes, answers and results, byte for byte.

import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHex, hex } from '../encoding/bytes.ts'
import { decodeAnswers, encodeAnswers, type SurveyAnswer } from '../voting/survey/answers.ts'
import { bodyBytesOf, parseForm, surveyId } from '../voting/survey/form.ts'
import { resultsOf, resultsTable } from '../voting/survey/results.ts'
import { participantOf } from '../voting/survey/survey.ts'
import { file } from './surveys-vectors.ts'

interface Vectors {
  readonly form: { readonly text: string; readonly id: string; readonly body_bytes: number }
  readonly codes: readonly { readonly code: string; readonly id: string }[]
  readonly answers: readonly { readonly answers: readonly SurveyAnswer[]; readonly bytes: string }[]
  readonly invalid: readonly { readonly bytes: string; readonly why: string }[]
  readonly results: readonly {
    readonly answers: readonly string[]
    readonly by: number | null
    readonly results: object
    readonly table: string
  }[]
}

const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const form = parseForm(vectors.form.text)

test('the form has this id and these packets, and codes are these participants', () => {
  assert.is(surveyId(form), vectors.form.id)
  assert.is(bodyBytesOf(form), vectors.form.body_bytes)
  for (const { code, id } of vectors.codes) assert.is(participantOf(vectors.form.id, code).id, id)
})

test('answers are these bytes, and others are none', () => {
  for (const { answers, bytes } of vectors.answers) {
    assert.is(hex(encodeAnswers(form, answers)), bytes)
    assert.equal(decodeAnswers(form, fromHex(bytes)), answers)
  }
  for (const { bytes, why } of vectors.invalid) assert.is(decodeAnswers(form, fromHex(bytes)), undefined, why)
})

test('results are these', () => {
  for (const { answers, by, results, table } of vectors.results) {
    const said = answers.map(bytes => decodeAnswers(form, fromHex(bytes)))
    const found = resultsOf(form, 20, said, by ?? undefined)
    assert.equal(JSON.parse(JSON.stringify(found)), results)
    assert.is(resultsTable(form, found), table)
  }
})

test.run()

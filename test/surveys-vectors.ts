// Makes test/vectors/surveys.json: what docs/spec/surveys.md says, as texts and bytes. Run as a program it writes the
// file anew; surveys-vectors.test.ts holds the code to what stands there.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hex } from '../encoding/bytes.ts'
import { canonicalJson, type Json } from '../encoding/jcs.ts'
import { drawCode } from '../voting/credential.ts'
import { encodeAnswers, type SurveyAnswer } from '../voting/survey/answers.ts'
import { bodyBytesOf, readForm, surveyId, writeForm } from '../voting/survey/form.ts'
import { resultsOf, resultsTable } from '../voting/survey/results.ts'
import { participantOf } from '../voting/survey/survey.ts'
import { seededRandom } from '../world/random.ts'

export const file: string = join(import.meta.dirname, 'vectors/surveys.json')

const form = readForm({
  format: 'chaffinch-survey-1',
  title: 'On the road',
  mixnet: 'road.example',
  controller_key: 'ab'.repeat(32),
  mixers: ['11'.repeat(32), '22'.repeat(32)],
  mixers_least: 1,
  recipient: '33'.repeat(32),
  recipient_key: '44'.repeat(32),
  participants_least: 3,
  settle_ms: 60_000,
  questions: [
    { kind: 'choose', text: 'Where?', options: ['Town', 'Outside'], blank: true, min: 1, max: 1 },
    { kind: 'rank', text: 'First?', options: ['A', 'B', 'C'], blank: false, min: 1, ties: true },
    { kind: 'score', text: 'How well?', options: ['Seats', 'Noise'], blank: true, most: 10 },
    { kind: 'grade', text: 'And?', options: ['Price'], grades: ['good', 'bad'], blank: false },
    { kind: 'text', text: 'Else?', blank: true, most_bytes: 20 },
    { kind: 'number', text: 'How far?', blank: false, least: -50, most: 10_000, decimals: 1, unit: 'km' },
  ],
})

const said = (where: number | undefined, far: number, text?: string): SurveyAnswer[] => [
  where === undefined ? { is: 'blank' } : { is: 'choose', chosen: [where], written: [] },
  { is: 'rank', ranks: [1, 2, 0] },
  { is: 'score', scores: [far > 0 ? 9 : 0, 3] },
  { is: 'grade', grades: [far > 0 ? 0 : 1] },
  text === undefined ? { is: 'blank' } : { is: 'text', text },
  { is: 'number', value: far },
]

/** Makes all vectors. */
export function vectors(): object {
  const random = seededRandom(19)
  const survey = surveyId(form)
  const answers = [
    said(0, -50, 'Zoë'),
    said(1, 125, '=1+1, too'),
    said(0, 10_000, 'more'),
    said(undefined, 0),
    said(1, 7),
    said(1, 8),
    said(0, 9),
  ]
  const whole = encodeAnswers(form, answers[0] as SurveyAnswer[])
  const changed = (at: number, to: number): string => {
    const bytes = whole.slice()
    bytes[at] = to
    return hex(bytes)
  }
  const codes = Array.from({ length: 3 }, () => drawCode(random))
  const counted = (of: readonly (readonly SurveyAnswer[])[], by?: number): object => {
    const results = resultsOf(form, 20, of, by)
    return {
      answers: of.map(hex2),
      by: by ?? null,
      results: clean(results),
      table: resultsTable(form, results),
    }
  }
  const hex2 = (each: readonly SurveyAnswer[]): string => hex(encodeAnswers(form, each))
  return {
    about: 'docs/spec/surveys.md; bytes in hexadecimal',
    form: { text: writeForm(form), id: survey, body_bytes: bodyBytesOf(form) },
    codes: codes.map(code => ({ code, id: participantOf(survey, code).id })),
    answers: answers.map(each => ({ answers: each, bytes: hex2(each) })),
    invalid: [
      { bytes: changed(2, 2), why: 'begins with neither 00 nor 01' },
      { bytes: changed(3, 3), why: 'two options where one is chosen' },
      { bytes: changed(whole.length - 1, 1), why: 'what is behind the answers is not zero' },
      { bytes: hex(whole.slice(1)), why: 'too short' },
      { bytes: `${hex(whole)}00`, why: 'too long' },
    ],
    results: [counted(answers, 0), counted(answers.slice(0, 2), 0), counted(answers.slice(0, 4))],
  }
}

/** Leaves out what is not shown, as JSON does. */
function clean(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(file, `${JSON.stringify(JSON.parse(canonicalJson(clean(vectors()))), undefined, 1)}\n`)

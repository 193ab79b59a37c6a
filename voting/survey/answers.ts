// Answers to a survey in bytes (docs/spec/surveys.md 3): as many for everybody, whatever they say, and one encoding for
// each answer.

import { concat, same } from '../../encoding/bytes.ts'
import { FieldReader } from '../../encoding/reader.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import { type Answer, decodeAnswer, encodeAnswer } from '../answer.ts'
import { VotingError } from '../error.ts'
import type { Question } from '../question.ts'
import { answerBytes, type SurveyForm, type SurveyQuestion } from './form.ts'

/** Holds what a participant says to a question. */
export type SurveyAnswer =
  | Answer
  | { readonly is: 'text'; readonly text: string }
  /** A whole number of units of 10^-`decimals`. */
  | { readonly is: 'number'; readonly value: number }

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Encodes the answers of a participant.
 *
 * @returns as many bytes for every participant
 * @throws VotingError BAD_ANSWER
 */
export function encodeAnswers(form: SurveyForm, answers: readonly SurveyAnswer[]): Uint8Array {
  if (answers.length !== form.questions.length)
    throw new VotingError('BAD_ANSWER', `answers: want ${form.questions.length}, have ${answers.length}`)
  const out = new FieldWriter(answerBytes(form))
  form.questions.forEach((question, i) => {
    const bytes = encodeOne(question, answers[i] as SurveyAnswer, i)
    out.u16(bytes.length).put(bytes)
  })
  return out.bytes
}

/** Decodes the answers of a participant; undefined for bytes that are not just what `encodeAnswers` writes. */
export function decodeAnswers(form: SurveyForm, bytes: Uint8Array): SurveyAnswer[] | undefined {
  try {
    const read = new FieldReader(bytes, message => new VotingError('BAD_ANSWER', message))
    const answers = form.questions.map(question => {
      const answer = decodeOne(question, read.take(read.u16('length'), 'answer'))
      if (answer === undefined) throw read.wrong('answer', 'is none')
      return answer
    })
    read.zeros('rest')
    return same(encodeAnswers(form, answers), bytes) ? answers : undefined
  } catch (error) {
    if (error instanceof VotingError || error instanceof TypeError) return undefined
    throw error
  }
}

/**
 * Reads a number as people type it, with the decimals that its question has at most; undefined for anything else.
 *
 * @returns a whole number of units of 10^-`decimals`
 */
export function readNumber({ decimals }: { readonly decimals: number }, text: string): number | undefined {
  const [, sign = '', whole = '', rest = ''] = /^([+-]?)(\d{1,15})(?:\.(\d{0,9}))?$/.exec(text) ?? []
  if (whole === '' || rest.replace(/0+$/, '').length > decimals) return undefined
  return Number(`${sign}${whole}${rest.slice(0, decimals).padEnd(decimals, '0')}`)
}

function encodeOne(question: SurveyQuestion, answer: SurveyAnswer, at: number): Uint8Array {
  const wrong = (why: string): VotingError => new VotingError('BAD_ANSWER', `question ${at + 1}: ${why}`)
  if (question.kind !== 'text' && question.kind !== 'number') {
    if (answer.is === 'text' || answer.is === 'number')
      throw wrong(`want ${question.kind}, have ${answer.is}`)
    try {
      return encodeAnswer(question as Question, answer)
    } catch (error) {
      if (!(error instanceof VotingError)) throw error
      throw wrong(error.detail)
    }
  }
  if (answer.is === 'blank') {
    if (!question.blank) throw wrong('may not be blank')
    return Uint8Array.of(0)
  }
  if (answer.is !== question.kind) throw wrong(`want ${question.kind}, have ${answer.is}`)
  if (question.kind === 'text' && answer.is === 'text') {
    const bytes = textEncoder.encode(answer.text)
    if (bytes.length < 1 || bytes.length > question.most_bytes)
      throw wrong(`want 1 to ${question.most_bytes} bytes, have ${bytes.length}`)
    if (/(?![\n\t])[\p{C}]/u.test(answer.text)) throw wrong('has a character that cannot be printed')
    return concat([Uint8Array.of(1), bytes])
  }
  const { value } = answer as Extract<SurveyAnswer, { is: 'number' }>
  const { least, most } = question as Extract<SurveyQuestion, { kind: 'number' }>
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw wrong(`want a number from ${least} to ${most}, in the last of its decimals`)
  return new FieldWriter(9).u8(1).u64(value - least).bytes
}

function decodeOne(question: SurveyQuestion, bytes: Uint8Array): SurveyAnswer | undefined {
  if (question.kind !== 'text' && question.kind !== 'number') return decodeAnswer(question as Question, bytes)
  const read = new FieldReader(bytes, message => new VotingError('BAD_ANSWER', message))
  if (read.u8('answer') === 0) return { is: 'blank' }
  if (question.kind === 'text') return { is: 'text', text: textDecoder.decode(bytes.subarray(1)) }
  return { is: 'number', value: read.u64('value') + question.least }
}

// An answer to a survey as it is typed: as in an election (election/answer-text.ts), a text as it is, and a number with
// the decimals that its question has.

import { CommandError } from '../../encoding/command-line.ts'
import type { Question, SurveyAnswer, SurveyQuestion } from '../../voting/index.ts'
import { answersTo, readAnswer } from '../election/answer-text.ts'

/** Reads answers to all questions of a survey, one a question. @throws CommandError USAGE */
export function readSurveyAnswers(
  questions: readonly SurveyQuestion[],
  typed: readonly string[],
): SurveyAnswer[] {
  return answersTo(questions, typed, readOne, usage)
}

function readOne(question: SurveyQuestion, text: string): SurveyAnswer {
  if (text === '') return { is: 'blank' }
  if (question.kind === 'text') return { is: 'text', text }
  if (question.kind !== 'number') return readAnswer(question as Question, text)
  const [, sign = '', whole = '', rest = ''] = /^([+-]?)(\d{1,15})(?:\.(\d{0,9}))?$/.exec(text) ?? []
  const isExact = rest.replace(/0+$/, '').length <= question.decimals
  if (whole === '' || !isExact)
    throw usage(`'${text}': want a number with ${question.decimals} decimals at most`)
  const digits = `${whole}${rest.slice(0, question.decimals).padEnd(question.decimals, '0')}`
  return { is: 'number', value: Number(`${sign}${digits}`) }
}

function usage(what: string): CommandError {
  return new CommandError('USAGE', what, 'chaffinch survey answer --help')
}

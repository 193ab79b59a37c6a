// An answer to a survey as it is typed: as in an election (election/answer-text.ts), a text as it is, and a number with
// the decimals that its question has.

import { CommandError } from '../../encoding/command-line.ts'
import { type Question, readNumber, type SurveyAnswer, type SurveyQuestion } from '../../voting/index.ts'
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
  const value = readNumber(question, text)
  if (value === undefined) throw usage(`'${text}': want a number with ${question.decimals} decimals at most`)
  return { is: 'number', value }
}

function usage(what: string): CommandError {
  return new CommandError('USAGE', what, 'chaffinch survey answer --help')
}

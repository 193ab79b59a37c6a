// Answers as whoever holds a survey's key keeps them: a line an answer, sorted, so that their order says nothing.

import { canonicalJson, type Json } from '../../encoding/jcs.ts'
import { VotingError } from '../error.ts'
import { encodeAnswers, type SurveyAnswer } from './answers.ts'
import type { SurveyForm } from './form.ts'

/** Lists what each participant has answered; undefined for what is no answer. */
export type Collected = readonly (readonly SurveyAnswer[] | undefined)[]

/** Writes answers as `readCollected` reads them. */
export function writeCollected(answers: Collected): string {
  const lines = answers.map(each => canonicalJson((each ?? null) as Json)).sort()
  return lines.map(line => `${line}\n`).join('')
}

/** Reads what `writeCollected` wrote. @throws VotingError BAD_FOLDER, which names the line */
export function readCollected(form: SurveyForm, text: string): Collected {
  const lines = text.split('\n').filter(line => line !== '')
  return lines.map((line, at) => {
    try {
      const answers = JSON.parse(line) as readonly SurveyAnswer[] | null
      // What is written here as what it is cannot be anything else
      if (answers !== null) encodeAnswers(form, answers)
      return answers ?? undefined
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof VotingError))
        throw error
      throw new VotingError('BAD_FOLDER', `line ${at + 1}: is no answer of this survey: ${error.message}`)
    }
  })
}

// The words of the page of surveys in the reader's language, beside those that all pages and elections have.

import { pageTexts } from '../parts/language.ts'
import type { WorkFailure } from '../public/asked.ts'
import { textOf } from '../public/failure-text.ts'
import { survey as en } from '../texts/en-survey.ts'

export const { texts: ts, speak: speakSurvey } = pageTexts(en, {
  de: async () => (await import('../texts/de-survey.ts')).survey,
})

/** Says why something failed. */
export function failureText(failure: WorkFailure): string {
  return textOf(ts().failures, failure)
}

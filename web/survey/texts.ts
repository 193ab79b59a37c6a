// The words of the page of surveys in the reader's language, beside those that all pages and elections have.

import type { WorkFailure } from '../election/asked.ts'
import { pageTexts } from '../parts/language.ts'
import { survey as en } from '../texts/en-survey.ts'

export const { texts: ts, speak: speakSurvey } = pageTexts(en, {
  de: async () => (await import('../texts/de-survey.ts')).survey,
})

/** Says why something failed; what the program itself says stands behind it. */
export function failureText({ code, detail }: WorkFailure): string {
  const known = (ts().failures as Readonly<Record<string, string>>)[code]
  return known === undefined ? detail : `${known} (${detail})`
}

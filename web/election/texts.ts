// The words of the page of elections in the reader's language, beside those that all pages have.

import { pageTexts } from '../parts/language.ts'
import { election as en } from '../texts/en-election.ts'

export const { texts: te, speak: speakElection } = pageTexts(en, {
  de: async () => (await import('../texts/de-election.ts')).election,
})

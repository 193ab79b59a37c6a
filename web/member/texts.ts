// The words of the page of a mixer or trustee in the reader's language.

import { pageTexts } from '../parts/language.ts'
import { member as en } from '../texts/en-member.ts'

export const { texts: tm, speak: speakMember } = pageTexts(en, {
  de: async () => (await import('../texts/de-member.ts')).member,
})

// The words of the page of a mixer or trustee in the reader's language.

import { signal } from '@preact/signals'
import { member as en, type MemberTexts } from '../texts/en-member.ts'

const languages: Readonly<Record<string, () => Promise<MemberTexts>>> = {
  de: async () => (await import('../texts/de-member.ts')).member,
}

const texts = signal<MemberTexts>(en)

export function tm(): MemberTexts {
  return texts.value
}

/** Speaks the language that the page has found. */
export async function speakMember(): Promise<void> {
  texts.value = (await languages[document.documentElement.lang]?.()) ?? en
}

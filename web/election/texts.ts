// The words of the page of elections in the reader's language, beside those that all pages have.

import { signal } from '@preact/signals'
import { type ElectionTexts, election as en } from '../texts/en-election.ts'

const languages: Readonly<Record<string, () => Promise<ElectionTexts>>> = {
  de: async () => (await import('../texts/de-election.ts')).election,
}

const texts = signal<ElectionTexts>(en)

export function te(): ElectionTexts {
  return texts.value
}

/** Speaks the language that the page has found. */
export async function speakElection(): Promise<void> {
  texts.value = (await languages[document.documentElement.lang]?.()) ?? en
}

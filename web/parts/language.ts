// The words of the pages in the reader's language: one file a language in texts/, loaded when it is wanted.

import { signal } from '@preact/signals'
import { en, type Texts } from '../texts/en.ts'

/** By language, where its texts are. */
const languages: Readonly<Record<string, () => Promise<Texts>>> = {
  en: async () => en,
  de: async () => (await import('../texts/de.ts')).de,
}

const texts = signal<Texts>(en)

/** Gives the texts of now; a component that reads them is drawn again in another language. */
export function t(): Texts {
  return texts.value
}

/** The words of one page, beside those that all pages have. */
export interface PageTexts<T> {
  /** Gives the texts of now; a component that reads them is drawn again in another language. */
  readonly texts: () => T
  /** Speaks the language that `speak` has found. */
  readonly speak: () => Promise<void>
}

/** @param usual those of English @param others where those of other languages are, by language */
export function pageTexts<T>(usual: T, others: Readonly<Record<string, () => Promise<T>>>): PageTexts<T> {
  const now = signal(usual)
  return {
    texts: () => now.value,
    async speak() {
      now.value = (await others[document.documentElement.lang]?.()) ?? usual
    },
  }
}

/** Takes the first of the reader's languages that there is; English where there is none. */
export async function speak(wanted: readonly string[] = navigator.languages): Promise<void> {
  const found = wanted
    .map(tag => tag.split('-')[0] ?? '')
    .find(language => Object.hasOwn(languages, language))
  const load = languages[found ?? 'en']
  if (load !== undefined) texts.value = await load()
  document.documentElement.lang = found ?? 'en'
}

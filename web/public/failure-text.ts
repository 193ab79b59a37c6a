// A failure in the reader's words.

import type { WorkFailure } from './asked.ts'

/** Says why something failed, by a page's words for codes; what the program itself says stands behind it. */
export function textOf(words: Readonly<Record<string, string>>, { code, detail }: WorkFailure): string {
  const known = words[code]
  return known === undefined ? detail : `${known} (${detail})`
}

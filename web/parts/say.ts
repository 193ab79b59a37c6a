// What has just happened, in a line at the foot of the page that screen readers read aloud.

import { signal } from '@preact/signals'
import { t } from './language.ts'

export const said = signal('')
let timer: ReturnType<typeof setTimeout> | undefined

export function say(text: string): void {
  said.value = text
  clearTimeout(timer)
  timer = setTimeout(() => {
    said.value = ''
  }, 8000)
}

/** Says why something failed, in the reader's words where there are any for its code. */
export function sayError(error: unknown): void {
  say(errorText(error))
}

export function errorText(error: unknown): string {
  const { code, detail } = error as { readonly code?: string; readonly detail?: string }
  const known = code === undefined ? undefined : (t().errors as Readonly<Record<string, string>>)[code]
  return known ?? detail ?? String(error)
}

// A button that copies a text.

import type { JSX } from 'preact'
import { t } from './language.ts'
import { say } from './say.ts'

export function Copy({ text, label }: { readonly text: string; readonly label?: string }): JSX.Element {
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    say(t().parts.copied)
  }
  return (
    <button type="button" class="quiet" onClick={() => void copy()}>
      {label ?? t().parts.copy}
    </button>
  )
}

// A place for a code: typed, or from a file.

import type { JSX } from 'preact'
import { Field } from '../parts/field.tsx'
import { FileButton } from '../parts/file-field.tsx'
import { te } from './texts.ts'

interface CodeFormProps {
  readonly hint: string
  readonly code: string
  readonly onCode: (code: string) => void
  readonly onEnter: (code: string) => void
}

export function CodeForm({ hint, code, onCode, onEnter }: CodeFormProps): JSX.Element {
  const texts = te().vote
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        onEnter(code)
      }}
    >
      <Field label={texts.code} value={code} onInput={onCode} hint={hint} required />
      <div class="row">
        <button type="submit">{texts.enter}</button>
        <FileButton
          class="button quiet"
          label={texts.codeFile}
          onFile={file => void file.text().then(text => onEnter(text.trim()))}
        />
      </div>
    </form>
  )
}

// A file to be chosen: a button, or a button with a word about it.

import type { JSX } from 'preact'

interface FileButtonProps {
  readonly label: string
  readonly class?: string
  readonly onFile: (file: File) => void
}

export function FileButton({ label, class: look = 'button', onFile }: FileButtonProps): JSX.Element {
  return (
    <label class={look}>
      {label}
      <input
        class="aloud"
        type="file"
        onChange={event => {
          const file = event.currentTarget.files?.[0]
          // The same file may be chosen again
          event.currentTarget.value = ''
          if (file !== undefined) onFile(file)
        }}
      />
    </label>
  )
}

interface FileFieldProps {
  readonly label: string
  readonly hint?: string
  readonly onFile: (file: File) => void
}

export function FileField({ label, hint, onFile }: FileFieldProps): JSX.Element {
  return (
    <div class="field">
      <FileButton class="button quiet" label={label} onFile={onFile} />
      {hint !== undefined && <p class="quiet">{hint}</p>}
    </div>
  )
}

// A file to be chosen, with a word about it.

import type { JSX } from 'preact'

interface FileFieldProps {
  readonly label: string
  readonly hint?: string
  readonly onFile: (file: File) => void
}

export function FileField({ label, hint, onFile }: FileFieldProps): JSX.Element {
  return (
    <div class="field">
      <label class="button quiet">
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
      {hint !== undefined && <p class="quiet">{hint}</p>}
    </div>
  )
}

// A labelled place to type in.

import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly type?: 'text' | 'password' | 'number'
  readonly hint?: ComponentChildren
  readonly required?: boolean
  readonly rows?: number
}

export function Field(props: FieldProps): JSX.Element {
  const { label, value, onInput, type = 'text', hint, required = false, rows } = props
  const id = useId()
  // Preact's types have a variant for each; what is common to all three is what stands here
  const typed = { type } as { type: 'text' }
  const common = {
    id,
    value,
    required,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    autocomplete: 'off',
    spellcheck: false,
    onInput: (event: { readonly currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      onInput(event.currentTarget.value),
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === undefined ? <input {...typed} {...common} /> : <textarea rows={rows} {...common} />}
      {hint !== undefined && (
        <p id={`${id}-hint`} class="quiet">
          {hint}
        </p>
      )}
    </div>
  )
}

interface CheckProps {
  readonly label: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly disabled?: boolean
}

export function Check({ label, checked, onChange, disabled = false }: CheckProps): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={event => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  )
}

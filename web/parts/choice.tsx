// One of several names.

import type { JSX } from 'preact'
import { useId } from 'preact/hooks'

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly of: readonly string[]
  /** Gives what is shown for a name; default: the name. */
  readonly nameOf?: (value: string) => string
  readonly onChange: (value: string) => void
}

export function Choice({ label, value, of, nameOf = name => name, onChange }: ChoiceProps): JSX.Element {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={event => onChange(event.currentTarget.value)}>
        {of.map(name => (
          <option key={name} value={name}>
            {nameOf(name)}
          </option>
        ))}
      </select>
    </div>
  )
}

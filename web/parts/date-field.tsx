// A place for a time, by the browser's own field: typed and shown in the reader's zone, which is named beside it.

import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import { zoneName } from './format.ts'

interface DateFieldProps {
  readonly label: string
  /** As the field has it: a local time without a zone. */
  readonly value: string
  readonly hint?: string
  readonly onInput: (value: string) => void
}

export function DateField({ label, value, hint, onInput }: DateFieldProps): JSX.Element {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="datetime-local"
        value={value}
        aria-describedby={`${id}-hint`}
        onInput={event => onInput(event.currentTarget.value)}
      />
      <p id={`${id}-hint`} class="quiet">
        {hint} ({zoneName(value === '' ? Date.now() : Date.parse(value))})
      </p>
    </div>
  )
}

/** Gives a local time as everybody has it: in UTC, as 2026-01-31T18:00:00Z; undefined for an empty field. */
export function utcOf(local: string): string | undefined {
  return local === '' ? undefined : `${new Date(local).toISOString().slice(0, 19)}Z`
}

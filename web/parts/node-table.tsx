// The nodes of a picture as a table: a page of it at a time, and those that match what is typed.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from './field.tsx'
import { t } from './language.ts'
import type { Dot } from './topology.tsx'

const pageRows = 50

interface NodeTableProps {
  readonly dots: readonly Dot[]
  readonly chosen: string | undefined
  readonly onChoose: (id: string) => void
}

export function NodeTable({ dots, chosen, onChoose }: NodeTableProps): JSX.Element {
  const [wanted, setWanted] = useState('')
  const [shown, setShown] = useState(pageRows)
  const texts = t().network
  const found = dots.filter(({ id, label }) => `${id} ${label}`.includes(wanted.trim().toLowerCase()))
  // What is looked at stands in front, wherever it would be
  const rows = [...found.filter(({ id }) => id === chosen), ...found.filter(({ id }) => id !== chosen)]
  return (
    <>
      <Field label={texts.find} value={wanted} onInput={setWanted} />
      <table>
        <caption>{texts.nodes(found.length)}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.node}</th>
            <th scope="col">{texts.role}</th>
            <th scope="col">{texts.state}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shown).map(({ id, label, role, layer, how }) => (
            <tr key={id} class={id === chosen ? 'chosen' : ''}>
              <td>
                <button type="button" class="link" title={id} onClick={() => onChoose(id)}>
                  {label}
                </button>
              </td>
              <td>{role === 'gateway' ? texts.gateway : texts.layer(layer + 1)}</td>
              <td>{texts.how[how]}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown && (
        <button type="button" onClick={() => setShown(shown + pageRows)}>
          {t().parts.more(rows.length - shown)}
        </button>
      )}
    </>
  )
}

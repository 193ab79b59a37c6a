// What was dropped and refused, by reason, each with its share.

import type { JSX } from 'preact'
import { count, percent } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { Table } from '../parts/table.tsx'
import { type Status, sum } from './status.ts'

export function RefusalsView({ status }: { readonly status: Status }): JSX.Element {
  const texts = t().operator
  const own = status.role === 'authority' ? status.refused : status.packets.dropped
  const { refusals } = status.traffic
  return (
    <>
      <h2>{texts.refusals}</h2>
      <Reasons caption={status.role === 'authority' ? texts.requests : texts.packets} counts={own} />
      {Object.entries(refusals).map(([bound, counts]) => (
        <Reasons key={bound} caption={bound} counts={counts} />
      ))}
    </>
  )
}

interface ReasonsProps {
  readonly caption: string
  readonly counts: Readonly<Record<string, number>>
}

function Reasons({ caption, counts }: ReasonsProps): JSX.Element {
  const texts = t().operator
  const all = sum(counts)
  const rows = Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort(([, a], [, b]) => b - a)
  if (rows.length === 0) return <p class="empty">{texts.nothing(caption)}</p>
  return (
    <Table
      caption={caption}
      head={[texts.reason, texts.number, texts.share]}
      rows={rows.map(([reason, n]) => [reason, count(n), percent(n / all)])}
    />
  )
}

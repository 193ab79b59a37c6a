// What was dropped and refused, by reason, each with its share.

import type { JSX } from 'preact'
import { count, percent } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { Table } from '../parts/table.tsx'
import { named } from './common.tsx'
import { type MemberStatus, type Status, sum } from './status.ts'

export function RefusalsView({ status }: { readonly status: Status }): JSX.Element {
  const texts = t().operator
  const { refusals, crowded } = status.traffic
  const [own, caption] =
    status.role === 'authority'
      ? [status.refused, texts.requests]
      : status.role === 'member'
        ? [failedOf(status), texts.own]
        : [status.packets.dropped, texts.packets]
  return (
    <>
      <h2>{texts.refusals}</h2>
      <Reasons caption={caption} counts={own} />
      <h3>{texts.places}</h3>
      {Object.entries(refusals).map(([place, counts]) => (
        <Reasons key={place} caption={named(texts.placesOf, place)} counts={counts} />
      ))}
      {Object.entries(crowded)
        .filter(([, counts]) => sum(counts) > 0)
        .map(([place, counts]) => (
          <Reasons key={place} caption={texts.byRank(named(texts.placesOf, place))} counts={counts} />
        ))}
    </>
  )
}

function failedOf({ asked }: MemberStatus): Readonly<Record<string, number>> {
  const { answered: _, ...failed } = asked
  return failed
}

interface ReasonsProps {
  readonly caption: string
  readonly counts: Readonly<Partial<Record<string, number>>>
}

function Reasons({ caption, counts }: ReasonsProps): JSX.Element {
  const texts = t().operator
  const all = sum(counts)
  const rows = Object.entries(counts)
    .map(([reason, n = 0]) => [reason, n] as const)
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

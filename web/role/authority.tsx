// How an authority is: its rounds, the others, and who applied and what became of it.

import type { JSX } from 'preact'
import { Facts } from '../parts/facts.tsx'
import { count, fromNow, short, time } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { Table } from '../parts/table.tsx'
import { Clock, commonFacts, named } from './common.tsx'
import type { AuthorityStatus } from './status.ts'

export function AuthorityView({ status }: { readonly status: AuthorityStatus }): JSX.Element {
  const { state, rounds, nodes, authorities, evidence, applicants, clockErrorMs } = status
  const texts = t().operator
  return (
    <>
      <h2>{texts.how}</h2>
      <Clock errorMs={clockErrorMs} />
      {evidence > 0 && <p class="warning">{texts.evidence(count(evidence))}</p>}
      <Facts
        of={[
          [texts.round, named(t().net.phases, state)],
          [texts.rounds, texts.roundsOf(count(rounds.published), count(rounds.failed))],
          [texts.nodes, count(nodes)],
          ...commonFacts(status),
        ]}
      />
      <Table
        caption={texts.others}
        head={[texts.authority, texts.seen]}
        rows={authorities.map(({ id, seen }) => [short(id), seen === null ? texts.never : fromNow(seen)])}
      />
      <Table
        caption={texts.applied}
        head={[texts.node, texts.place, texts.when, texts.code, texts.why]}
        rows={applicants.map(({ id, role, at, refused }) => [
          short(id),
          texts.roles[role],
          time(at),
          refused?.code ?? texts.letIn,
          refused?.why ?? '',
        ])}
      />
    </>
  )
}

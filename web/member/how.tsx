// How the member is: its mix-net, and the ceremony in which the trustees make their key.

import type { JSX } from 'preact'
import type { MemberStatus, PersonStatus } from '../../roles/mixnet/member-status.ts'
import { Facts } from '../parts/facts.tsx'
import { count, short } from '../parts/format.ts'
import { Table } from '../parts/table.tsx'
import { tm } from './texts.ts'

const rounds: readonly PersonStatus['rounds'][number][] = ['commit', 'deal', 'certify']

export function HowView({ status }: { readonly status: MemberStatus }): JSX.Element {
  const { id, mixnet, plan, entries, key, threshold, founded, people, findings } = status
  const texts = tm()
  const said = (done: boolean): string => (done ? texts.yes : texts.no)
  return (
    <>
      <h2>{texts.how}</h2>
      <Facts
        of={[
          [texts.id, <code key="id">{id}</code>],
          [texts.mixnet, mixnet],
          [texts.plan, <code key="plan">{plan}</code>, texts.planHint],
          [texts.log, count(entries)],
          [
            texts.key,
            key === null ? texts.noKey : <code key="key">{key}</code>,
            key === null ? undefined : texts.keyOf(threshold),
          ],
          [texts.founded, founded ? texts.isFounded : texts.notFounded],
        ]}
      />
      <p class="quiet">{texts.keyStays}</p>
      <Table
        caption={texts.ceremony}
        head={[texts.person, texts.role, texts.there, ...rounds.map(round => texts.rounds[round])]}
        rows={people.map(({ name, what, registered, rounds: done }) => [
          name,
          texts.whats[what],
          said(registered),
          ...rounds.map(round => (what === 'trustee' ? said(done.includes(round)) : '')),
        ])}
      />
      {findings.length > 0 && (
        <>
          <h3>{texts.findings}</h3>
          <ul>
            {findings.map(finding => (
              <li key={finding}>{finding.replaceAll(/[0-9a-f]{64}/g, each => short(each))}</li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

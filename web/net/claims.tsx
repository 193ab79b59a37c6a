// The claims of the run as they settle.

import type { JSX } from 'preact'
import { t } from '../parts/language.ts'
import { Table } from '../parts/table.tsx'
import { type ClaimNow, type NetState, state } from './state.ts'

const hows: Readonly<Record<ClaimNow['at'], string>> = { open: 'wait', holds: 'good', broken: 'bad' }

export function ClaimsView(): JSX.Element {
  const { claims } = state.value as NetState
  const texts = t().net
  const says = texts.says as Readonly<Record<string, string>>
  return (
    <>
      <h2>{texts.claims}</h2>
      <Table
        caption={texts.aboutClaims}
        head={[texts.state, texts.claim, texts.measured]}
        rows={claims.map(({ id, at, value }) => [
          <span key={id} class={hows[at]}>
            {texts.claimStates[at]}
          </span>,
          says[id] ?? id,
          <code key={id}>{value}</code>,
        ])}
      />
    </>
  )
}

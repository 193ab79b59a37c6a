// The page on the status port of a mix, gateway, authority or member of a crowd: how it is, rates, refusals, neighbours
// or rounds, its log.

import type { JSX } from 'preact'
import { Frame, type Section } from '../parts/frame.tsx'
import { t } from '../parts/language.ts'
import { LogLinesView } from '../parts/log-view.tsx'
import { startPage } from '../parts/start.tsx'
import { AuthorityView } from './authority.tsx'
import { MemberView } from './member.tsx'
import { NodeView } from './node.tsx'
import { RatesView } from './rates.tsx'
import { RefusalsView } from './refusals.tsx'
import { isConnected, look, role, status } from './status.ts'
import '../style.css'

async function readLog(after: number): ReturnType<typeof role.log> {
  return await role.log(after)
}

let isLooking = false

function App(): JSX.Element {
  if (!isLooking) void look()
  isLooking = true
  const now = status.value
  const texts = t().operator
  if (now === undefined) return <p class="empty">{t().state.loading}</p>
  const how =
    now.role === 'authority' ? (
      <AuthorityView status={now} />
    ) : now.role === 'member' ? (
      <MemberView status={now} />
    ) : (
      <NodeView status={now} />
    )
  const sections: readonly Section[] = [
    { id: 'how', name: texts.how, show: () => how },
    { id: 'rates', name: texts.rates, show: () => <RatesView status={now} /> },
    { id: 'refusals', name: texts.refusals, show: () => <RefusalsView status={now} /> },
    { id: 'log', name: t().sections.log, show: () => <LogLinesView read={readLog} /> },
  ]
  const state = isConnected.value ? undefined : t().state.away
  return <Frame title={`Chaffinch · ${texts.roles[now.role]}`} state={state} sections={sections} />
}

await startPage(App, 'chaffinch open --config mix/mix.toml')

// The page of `chaffinch net`: the whole network as it is now, messages by hand, what an observer sees beside what is
// true, the claims, and what happened.

import type { JSX } from 'preact'
import { Frame, type Section } from '../parts/frame.tsx'
import { t } from '../parts/language.ts'
import { startPage } from '../parts/start.tsx'
import { ClaimsView } from './claims.tsx'
import { EventsView } from './events.tsx'
import { HandView } from './hand.tsx'
import { NetworkView } from './network.tsx'
import { SeenView } from './seen.tsx'
import { isConnected, look, state } from './state.ts'
import '../style.css'

let isLooking = false

function App(): JSX.Element {
  if (!isLooking) void look()
  isLooking = true
  const now = state.value
  const texts = t().net
  if (now?.network === undefined)
    return <p class="empty">{now === undefined ? t().state.loading : texts.starting}</p>
  const broken = now.claims.filter(({ at }) => at === 'broken').length
  const sections: readonly Section[] = [
    { id: 'network', name: texts.network, show: () => <NetworkView /> },
    { id: 'messages', name: t().sections.messages, show: () => <HandView /> },
    { id: 'seen', name: texts.seen, show: () => <SeenView /> },
    { id: 'claims', name: texts.claims, badge: broken, show: () => <ClaimsView /> },
    { id: 'events', name: texts.events, show: () => <EventsView /> },
  ]
  const up = now.processes.filter(({ state }) => state === 'up').length
  const line = isConnected.value ? texts.run(up, now.processes.length) : t().state.away
  return <Frame title={`Chaffinch · ${texts.title}`} state={line} sections={sections} />
}

await startPage(App, 'chaffinch net')

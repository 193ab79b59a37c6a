// The page of a mixer's or trustee's operator (docs/spec/pages.md 9): what is asked of it, the ceremony, what it
// signed, its log.

import type { JSX } from 'preact'
import { speakElection } from '../election/texts.ts'
import { count, short } from '../parts/format.ts'
import { Frame, type Section } from '../parts/frame.tsx'
import { speak, t } from '../parts/language.ts'
import { LogLinesView } from '../parts/log-view.tsx'
import { startPage } from '../parts/start.tsx'
import { Table } from '../parts/table.tsx'
import { AskedView } from './asked.tsx'
import { HowView } from './how.tsx'
import { isConnected, lookOn, program, status } from './member.ts'
import { speakMember, tm } from './texts.ts'
import '../style.css'
import '../election/election.css'

async function readLog(after: number): ReturnType<typeof program.log> {
  return await program.log(after)
}

let isLooking = false

function App(): JSX.Element {
  if (!isLooking) void lookOn()
  isLooking = true
  const now = status.value
  const texts = tm()
  if (now === undefined) return <p class="empty">{t().state.loading}</p>
  const warned = (show: JSX.Element): JSX.Element => (
    <>
      {now.lied !== null && <p class="warning">{texts.lied(now.lied)}</p>}
      {now.fault !== null && <p class="warning">{texts.fault(now.fault)}</p>}
      {show}
    </>
  )
  const signed = (
    <>
      <h2>{texts.signed}</h2>
      {now.signed.length === 0 && <p class="empty">{texts.nothing}</p>}
      {now.signed.length > 0 && (
        <Table
          caption={texts.signed}
          head={[texts.entry, texts.what, texts.about]}
          rows={now.signed.map(({ index, what, about }) => [
            count(index),
            what,
            about.replaceAll(/[0-9a-f]{64}/g, each => short(each)),
          ])}
        />
      )}
    </>
  )
  const sections: readonly Section[] = [
    { id: 'asked', name: texts.asked, show: () => warned(<AskedView status={now} />) },
    { id: 'how', name: texts.how, show: () => warned(<HowView status={now} />) },
    { id: 'signed', name: texts.signed, show: () => signed },
    { id: 'log', name: t().sections.log, show: () => <LogLinesView read={readLog} /> },
  ]
  const state = isConnected.value ? undefined : texts.away
  return <Frame title={`${now.name} · ${texts.whats[now.what]}`} state={state} sections={sections} />
}

await speak()
await Promise.all([speakElection(), speakMember()])
await startPage(App, 'chaffinch cascade open DIR')

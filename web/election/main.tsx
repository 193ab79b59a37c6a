// The page of a mix-net's elections, for everybody (docs/spec/pages.md 8): voters, auditors, and whoever prepares one.

import { type JSX, render } from 'preact'
import { useEffect } from 'preact/hooks'
import { short } from '../parts/format.ts'
import { Frame, type Section } from '../parts/frame.tsx'
import { speak } from '../parts/language.ts'
import { followRoute } from '../parts/route.ts'
import { idOf } from '../public/opened.ts'
import { Opening } from '../public/opening.tsx'
import { AuditView } from './audit.tsx'
import { BallotCheckView } from './ballot-check.tsx'
import { list, listed, lookOn, now, open, takeCode } from './now.ts'
import { PrepareView } from './prepare.tsx'
import { StandingView } from './standing-view.tsx'
import { speakElection, te } from './texts.ts'
import { VoteView } from './vote.tsx'
import { failureText } from './words.ts'
import type { Opened } from './work.ts'
import '../style.css'
import './election.css'

function App(): JSX.Element {
  const wanted = idOf()
  useEffect(() => {
    if (wanted === undefined) void list()
    else void open(wanted)
  }, [wanted])
  const texts = te()
  const opened = now.value.at === 'open' && now.value.id === wanted ? now.value.opened : undefined
  const opening = (
    <Opening of={{ now, listed }} first="vote" texts={texts.opening} failureText={failureText} />
  )
  const section = (id: keyof typeof texts.sections, show: () => JSX.Element): Section => ({
    id,
    name: texts.sections[id],
    path: wanted === undefined ? [id] : [id, wanted],
    show,
  })
  const whenOpen = (show: (of: Opened) => JSX.Element) => (): JSX.Element =>
    opened === undefined ? opening : show(opened)
  const sections: readonly Section[] = [
    section(
      'vote',
      whenOpen(of => <VoteView key={of.election} opened={of} />),
    ),
    section(
      'check',
      whenOpen(of => <BallotCheckView opened={of} />),
    ),
    // A folder that somebody has is of no election of this server
    section(
      'audit',
      wanted === undefined
        ? () => <AuditView opened={undefined} />
        : whenOpen(of => <AuditView opened={of} />),
    ),
    section(
      'standing',
      whenOpen(of => <StandingView opened={of} />),
    ),
    section('prepare', () => <PrepareView />),
  ]
  const state = opened === undefined ? undefined : texts.frame.of(short(opened.election, 16))
  return <Frame title={texts.frame.title} state={state} sections={sections} isSession={false} />
}

takeCode()
await speak()
await speakElection()
followRoute()
void lookOn()
render(<App />, document.getElementById('app') as HTMLElement)

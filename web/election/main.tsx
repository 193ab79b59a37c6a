// The page of a mix-net's elections, for everybody (docs/spec/pages.md 8): voters, auditors, and whoever prepares one.

import { type JSX, render } from 'preact'
import { useEffect } from 'preact/hooks'
import { short } from '../parts/format.ts'
import { Frame, type Section } from '../parts/frame.tsx'
import { speak } from '../parts/language.ts'
import { followRoute, hrefOf, route } from '../parts/route.ts'
import { AuditView } from './audit.tsx'
import { BallotCheckView } from './ballot-check.tsx'
import { electionOf, list, listed, lookOn, now, open, takeCode } from './now.ts'
import { PrepareView } from './prepare.tsx'
import { StandingView } from './standing-view.tsx'
import { speakElection, te } from './texts.ts'
import { VoteView } from './vote.tsx'
import { failureText } from './words.ts'
import type { Opened } from './work.ts'
import '../style.css'
import './election.css'

function App(): JSX.Element {
  const wanted = electionOf()
  useEffect(() => {
    if (wanted === undefined) void list()
    else void open(wanted)
  }, [wanted])
  const texts = te()
  const opened =
    now.value.at === 'open' && now.value.opened.election === wanted ? now.value.opened : undefined
  const whenOpen = (show: (opened: Opened) => JSX.Element): JSX.Element =>
    opened === undefined ? <Opening wanted={wanted} /> : show(opened)
  const at = (id: string): readonly string[] => (wanted === undefined ? [id] : [id, wanted])
  const sections: readonly Section[] = [
    {
      id: 'vote',
      name: texts.sections.vote,
      path: at('vote'),
      show: () => whenOpen(of => <VoteView key={of.election} opened={of} />),
    },
    {
      id: 'check',
      name: texts.sections.check,
      path: at('check'),
      show: () => whenOpen(of => <BallotCheckView opened={of} />),
    },
    {
      id: 'audit',
      name: texts.sections.audit,
      path: at('audit'),
      show: () =>
        wanted === undefined ? <AuditView opened={undefined} /> : whenOpen(of => <AuditView opened={of} />),
    },
    {
      id: 'standing',
      name: texts.sections.standing,
      path: at('standing'),
      show: () => whenOpen(of => <StandingView opened={of} />),
    },
    { id: 'prepare', name: texts.sections.prepare, path: at('prepare'), show: () => <PrepareView /> },
  ]
  const state = opened === undefined ? undefined : texts.frame.of(short(opened.election, 16))
  return <Frame title={texts.frame.title} state={state} sections={sections} isSession={false} />
}

/** While no election is open: which there are, that one is looked for, or why it is refused. */
function Opening({ wanted }: { readonly wanted: string | undefined }): JSX.Element {
  const texts = te().opening
  const state = now.value
  if (wanted === undefined) {
    const [section = 'vote'] = route.value
    return (
      <>
        <h2>{texts.which}</h2>
        <p class="warning">{texts.compare}</p>
        {listed.value?.length === 0 && <p class="empty">{texts.none}</p>}
        <ul class="cards">
          {(listed.value ?? []).map(({ election, title }) => (
            <li key={election}>
              <a href={hrefOf(section, election)}>{title}</a> <code>{election}</code>
            </li>
          ))}
        </ul>
      </>
    )
  }
  if (state.at === 'refused' && state.election === wanted)
    return (
      <div role="alert">
        <h2>{texts.refused}</h2>
        <p class="warning">{failureText(state.failure)}</p>
        <p>{texts.what}</p>
      </div>
    )
  return (
    <>
      <h2>{texts.looking}</h2>
      <p role="status">{texts.checking}</p>
    </>
  )
}

takeCode()
await speak()
await speakElection()
followRoute()
void lookOn()
render(<App />, document.getElementById('app') as HTMLElement)

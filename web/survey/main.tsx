// The page of a mix-net's surveys, for everybody (docs/spec/pages.md 10): who answers, and whoever publishes.

import { type JSX, render } from 'preact'
import { useEffect } from 'preact/hooks'
import { speakElection } from '../election/texts.ts'
import { short } from '../parts/format.ts'
import { Frame, type Section } from '../parts/frame.tsx'
import { speak } from '../parts/language.ts'
import { followRoute, hrefOf, route } from '../parts/route.ts'
import { AnswerView } from './answer.tsx'
import { MineView } from './mine.tsx'
import { list, listed, lookOn, now, open, surveyOf, takeCode } from './now.ts'
import { ResultsView } from './results.tsx'
import { StandingView } from './standing-view.tsx'
import { failureText, speakSurvey, ts } from './texts.ts'
import type { Opened } from './work.ts'
import '../style.css'
import '../election/election.css'

function App(): JSX.Element {
  const wanted = surveyOf()
  useEffect(() => {
    if (wanted === undefined) void list()
    else void open(wanted)
  }, [wanted])
  const texts = ts()
  const opened = now.value.at === 'open' && now.value.opened.survey === wanted ? now.value.opened : undefined
  const section = (id: keyof typeof texts.sections, show: (of: Opened) => JSX.Element): Section => ({
    id,
    name: texts.sections[id],
    path: wanted === undefined ? [id] : [id, wanted],
    show: () => (opened === undefined ? <Opening wanted={wanted} /> : show(opened)),
  })
  const sections: readonly Section[] = [
    section('answer', of => <AnswerView key={of.survey} opened={of} />),
    section('mine', of => <MineView opened={of} />),
    section('standing', of => <StandingView opened={of} />),
    section('results', of => <ResultsView key={of.survey} opened={of} />),
  ]
  const state = opened === undefined ? undefined : texts.frame.of(short(opened.survey, 16))
  return <Frame title={texts.frame.title} state={state} sections={sections} isSession={false} />
}

/** While no survey is open: which there are, that one is looked for, or why it is refused. */
function Opening({ wanted }: { readonly wanted: string | undefined }): JSX.Element {
  const texts = ts().opening
  const state = now.value
  if (wanted === undefined) {
    const [section = 'answer'] = route.value
    return (
      <>
        <h2>{texts.which}</h2>
        <p class="warning">{texts.compare}</p>
        {listed.value?.length === 0 && <p class="empty">{texts.none}</p>}
        <ul class="cards">
          {(listed.value ?? []).map(({ survey, title }) => (
            <li key={survey}>
              <a href={hrefOf(section, survey)}>{title}</a> <code>{survey}</code>
            </li>
          ))}
        </ul>
      </>
    )
  }
  if (state.at === 'refused' && state.survey === wanted)
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
await speakSurvey()
followRoute()
void lookOn()
render(<App />, document.getElementById('app') as HTMLElement)

// The page of a mix-net's surveys, for everybody (docs/spec/pages.md 10): who answers, and whoever publishes.

import { type JSX, render } from 'preact'
import { useEffect } from 'preact/hooks'
import { speakElection } from '../election/texts.ts'
import { short } from '../parts/format.ts'
import { Frame, type Section } from '../parts/frame.tsx'
import { speak } from '../parts/language.ts'
import { followRoute } from '../parts/route.ts'
import { idOf } from '../public/opened.ts'
import { Opening } from '../public/opening.tsx'
import { AnswerView } from './answer.tsx'
import { MineView } from './mine.tsx'
import { list, listed, lookOn, now, open, takeCode } from './now.ts'
import { ResultsView } from './results.tsx'
import { StandingView } from './standing-view.tsx'
import { failureText, speakSurvey, ts } from './texts.ts'
import type { Opened } from './work.ts'
import '../style.css'
import '../election/election.css'

function App(): JSX.Element {
  const wanted = idOf()
  useEffect(() => {
    if (wanted === undefined) void list()
    else void open(wanted)
  }, [wanted])
  const texts = ts()
  const opened = now.value.at === 'open' && now.value.id === wanted ? now.value.opened : undefined
  const opening = (
    <Opening of={{ now, listed }} first="answer" texts={texts.opening} failureText={failureText} />
  )
  const section = (id: keyof typeof texts.sections, show: (of: Opened) => JSX.Element): Section => ({
    id,
    name: texts.sections[id],
    path: wanted === undefined ? [id] : [id, wanted],
    show: () => (opened === undefined ? opening : show(opened)),
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

takeCode()
await speak()
await speakElection()
await speakSurvey()
followRoute()
void lookOn()
render(<App />, document.getElementById('app') as HTMLElement)

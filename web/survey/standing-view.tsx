// What a survey is, and how it stands now.

import type { JSX } from 'preact'
import { Facts } from '../parts/facts.tsx'
import { count, percent } from '../parts/format.ts'
import { Findings, Trouble } from '../public/standing-parts.tsx'
import { standing, trouble } from './now.ts'
import { failureText, ts } from './texts.ts'
import type { Opened } from './work.ts'

export function StandingView({ opened }: { readonly opened: Opened }): JSX.Element {
  const { form, survey, invited } = opened
  const texts = ts().standing
  const now = standing.value ?? opened.standing
  return (
    <>
      <h2>{form.title}</h2>
      <Trouble text={trouble.value && failureText(trouble.value)} />
      <Facts
        of={[
          [texts.survey, <code key="id">{survey}</code>, texts.surveyHint],
          [texts.stage, texts.stages[now.stage]],
          [texts.invited, count(invited)],
          [texts.answers, `${count(now.answers)} (${percent(now.answers / invited)})`],
          [texts.least, count(form.participants_least)],
          [texts.mixers, texts.mixersOf(form.mixers.length, form.mixers_least, now.out)],
          [texts.log, texts.entries(count(now.entries))],
        ]}
      />
      <Findings title={texts.findings} of={now.findings} />
    </>
  )
}

// The results of a survey as a page for people (docs/spec/surveys.md 6): one file of HTML without scripts, that loads
// nothing.

import { escaped, htmlPage } from '../page.ts'
import type { SurveyForm } from './form.ts'
import { type Figures, groupName, rowsOf, type SurveyResults } from './results.ts'

/** Writes results as a page of HTML. */
export function surveyPage(form: SurveyForm, results: SurveyResults): string {
  const { survey, invited, participants, invalid, participants_least, figures, groups } = results
  const sums = `${participants} of ${invited} answered${invalid > 0 ? `, ${invalid} with what is no answer` : ''}.`
  const shown =
    figures === undefined
      ? `<p>Fewer than ${participants_least}: nothing is shown.</p>`
      : [
          section(form, figures, 2),
          ...groups.map(({ option, figures: those }) =>
            those === undefined
              ? `<section><h2>${escaped(groupName(option))}</h2><p>Too few.</p></section>`
              : `<section><h2>${escaped(groupName(option))}</h2><p>${those.participants} answers.</p>\n${section(form, those, 3)}</section>`,
          ),
        ].join('\n')
  return htmlPage(
    form.title,
    `<p>${sums} Nothing is shown of fewer than ${participants_least}. Survey <code>${survey}</code>.</p>\n${shown}`,
  )
}

function section(form: SurveyForm, { questions }: Figures, level: number): string {
  return form.questions
    .map((question, at) => {
      const rows = rowsOf(question, questions[at]).map(
        ([item, figure]) =>
          `<tr><th scope="row">${escaped(item)}</th><td class="t">${escaped(String(figure))}</td></tr>`,
      )
      const unit = question.kind === 'number' && question.unit !== '' ? ` (${escaped(question.unit)})` : ''
      return `<section>
<h${level}>${at + 1}. ${escaped(question.text)}${unit}</h${level}>
<table>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</section>`
    })
    .join('\n')
}

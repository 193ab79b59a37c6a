// A result as a page for people (docs/spec/voting.md 7.3): one file of HTML without scripts, that loads nothing.

import { type Definition, electionId } from './definition.ts'
import type { QuestionResult, Result } from './outcome.ts'
import type { Question } from './question.ts'
import { countRows } from './table.ts'

const style = `body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
table{border-collapse:collapse;margin:1rem 0;width:100%}caption{text-align:left;font-weight:600}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #767676}
td.n,th.n{text-align:right}td.t{white-space:pre-wrap;overflow-wrap:anywhere}code{overflow-wrap:anywhere}`
const policy = "default-src 'none'; style-src 'unsafe-inline'"
const columns = ['Option', 'Place', 'Figure', 'Elected'] as const

/** Writes a result as a page of HTML. */
export function resultPage(definition: Definition, result: Result): string {
  const questions = result.questions.map((of, at) => section(definition.questions[at] as Question, of, at))
  return htmlPage(
    definition.title,
    `<p>${result.voters} voters. Election <code>${electionId(definition)}</code>.</p>
${questions.join('\n')}
<p>Whoever has the public folder checks this result from the ballots on: <code>chaffinch election verify FOLDER</code>.</p>`,
  )
}

/** Writes a page of HTML that has no scripts and loads nothing. @param body as HTML */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body}
</main>
</body>
</html>
`
}

function section(question: Question, of: QuestionResult, at: number): string {
  const { ballots, votes, blank, invalid, given_up } = of
  const sums =
    given_up === undefined
      ? `${ballots} ballots, ${votes} votes, ${blank} blank, ${invalid} invalid.`
      : `Given up: ${ballots} ballots, fewer than ${given_up}. None was opened.`
  const tables = of.counts.map(count => {
    const rows = countRows(question, count).map(
      ([, option = '', place = '', figure = '', elected = '']) =>
        `<tr><th scope="row">${escaped(option)}</th><td class="n">${place}</td><td class="n">${escaped(figure)}</td><td>${elected}</td></tr>`,
    )
    return `<table>
<caption>${escaped(count.method)}</caption>
<thead><tr>${columns.map((each, i) => `<th scope="col"${i === 1 || i === 2 ? ' class="n"' : ''}>${each}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
  })
  return `<section>
<h2>${at + 1}. ${escaped(question.text)}</h2>
<p>${sums}</p>
${tables.join('\n')}
</section>`
}

/** Writes a text so that a page shows it and does nothing else with it. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

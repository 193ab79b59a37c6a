// A report of a sweep: one HTML page that stands by itself, with a picture of each number that changes, the table, and
// the same table as CSV to keep.

import { chart, escaped, type Series } from './chart.ts'
import { type PointParams, paramNames } from './plan.ts'
import type { Figure, PointResult } from './point.ts'
import { csv } from './results.ts'

/** Four standard errors on either side hold nearly always. */
const errors = 4
/** More lines than this in one picture cannot be told apart. */
const mostLines = 7

/** Writes the page. @param results at least one, in order of their points */
export function report(results: readonly PointResult[]): string {
  const changing = paramNames.filter(name => new Set(results.map(({ params }) => params[name])).size > 1)
  const pictures = changing.map(name => picture(results, name, changing))
  const first = results[0] as PointResult
  const fixed = paramNames
    .filter(name => !changing.includes(name))
    .map(name => `${name} = ${first.params[name]}`)
  const data = `data:text/csv;base64,${Buffer.from(csv(results)).toString('base64')}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Anonymity of ${results.length} networks</title>
<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}svg{width:100%;height:auto}
table{border-collapse:collapse;font-size:14px}td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:right}</style>
</head><body>
<h1>Anonymity of ${results.length} networks</h1>
<p>What an observer of all links is left with of one packet (docs/spec/simulator.md), ${escaped(first.topology)}: mean entropy, the
entropy that one packet of twenty does not exceed, mean min-entropy, and the share of packets that are known. Bars and
± are ${errors} standard errors over ${first.runs} independent runs, seed ${first.seed}. ${escaped(fixed.join(', '))}.</p>
${pictures.join('\n')}
<h2>All points</h2>
${table(results)}
<p><a download="anonymity.csv" href="${data}">The table as CSV</a></p>
<p>Traffic is Poisson. A message is what is measured, not a conversation: what adds up over many messages is in none of
these figures.</p>
</body></html>
`
}

/** Draws mean entropy by one number, a line for each combination of the others that change. */
function picture(
  results: readonly PointResult[],
  by: keyof PointParams,
  changing: readonly (keyof PointParams)[],
): string {
  const others = changing.filter(name => name !== by)
  const lines = new Map<string, PointResult[]>()
  for (const result of results) {
    const name = others.map(other => `${other} ${result.params[other]}`).join(', ')
    lines.set(name, [...(lines.get(name) ?? []), result])
  }
  const shown = [...lines].slice(0, mostLines)
  const series = shown.flatMap(([name, points]): Series[] => {
    const of = (figure: (result: PointResult) => Figure): Series['points'] =>
      points.map(result => ({
        x: result.params[by],
        y: figure(result).value,
        error: errors * figure(result).se,
      }))
    const mean = { name: name === '' ? 'mean' : name, points: of(({ bits }) => bits) }
    return name === '' ? [mean, { name: 'one of twenty', points: of(({ lowBits }) => lowBits) }] : [mean]
  })
  const left = lines.size - shown.length
  const note = left > 0 ? `<p>${left} more lines are in the table.</p>` : ''
  return `<h2>Entropy by ${by}</h2>\n${chart(series, { x: by, y: 'bits' })}${note}`
}

function table(results: readonly PointResult[]): string {
  const head = ['point', ...paramNames, 'bits', 'one of twenty', 'min-entropy', 'known', 'delay, s']
  const told = ({ value, se }: Figure): string =>
    `${value.toFixed(3)}${se === 0 ? '' : ` ± ${(errors * se).toFixed(3)}`}`
  const rows = results.map(result => [
    String(result.point),
    ...paramNames.map(name => String(result.params[name])),
    told(result.bits),
    told(result.lowBits),
    told(result.minBits),
    told(result.known),
    result.delayS.toFixed(3),
  ])
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map(cell => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
  return `<table>${cells(head, 'th')}${rows.map(row => cells(row, 'td')).join('')}</table>`
}

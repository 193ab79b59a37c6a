// A result as a table for spreadsheets (docs/spec/voting.md 7.2): comma-separated values of RFC 4180, in UTF-8.

import { csvText } from '../encoding/csv.ts'
import type { Definition } from './definition.ts'
import type { QuestionResult, Result } from './outcome.ts'
import { namesOf, type Question } from './question.ts'
import type { Count } from './tally/count.ts'

const head = ['question', 'text', 'method', 'option', 'place', 'figure', 'elected']

/** Writes a result as CSV. */
export function resultTable(definition: Definition, result: Result): string {
  const rows = result.questions.flatMap((of, at) =>
    questionRows(definition.questions[at] as Question, of, at),
  )
  return csvText([head, ...rows])
}

function questionRows(question: Question, of: QuestionResult, at: number): string[][] {
  const about = [String(at + 1), question.text]
  const sums = (['ballots', 'votes', 'blank', 'invalid'] as const).map(name => [
    ...about,
    '',
    name,
    '',
    String(of[name]),
    '',
  ])
  if (of.given_up !== undefined) sums.push([...about, '', 'given_up', '', String(of.given_up), ''])
  return [...sums, ...of.counts.flatMap(count => countRows(question, count).map(row => [...about, ...row]))]
}

/** Gives a row an option: method, option, place, figure, elected. */
export function countRows(question: Question, count: Count): string[][] {
  const options = [...namesOf(question), ...('written' in count ? count.written.map(({ text }) => text) : [])]
  const figures = figuresOf(question, count)
  const rows = options.map((option, i) => [
    count.method,
    option,
    placeOf(count, i),
    figures[i] ?? '',
    electedIn(count, i),
  ])
  if (!('candidates' in count) || question.kind !== 'list') return rows
  const preferences = question.lists.flatMap(({ name, candidates }, list) =>
    candidates.map((candidate, i) => [
      count.method,
      `${name}: ${candidate}`,
      '',
      String(count.candidates[list]?.[i] ?? 0),
      '',
    ]),
  )
  return [...rows, ...preferences]
}

function figuresOf(question: Question, count: Count): string[] {
  switch (count.method) {
    case 'plurality':
    case 'approval':
      return [...count.votes, ...count.written.map(({ votes }) => votes)].map(String)
    case 'score':
      return count.points.map(String)
    case 'borda':
      return count.half_points.map(half => (half % 2 === 0 ? String(half / 2) : `${(half - 1) / 2}.5`))
    case 'majority-judgment':
      return count.majority.map(grade => (question.kind === 'grade' ? (question.grades[grade] ?? '') : ''))
    case 'dhondt':
    case 'sainte-lague':
      return count.votes.map(String)
    case 'schulze':
    case 'stv':
      return []
  }
}

/** Places are numbered from 1; options that tie share the first of theirs. */
function placeOf(count: Count, option: number): string {
  if (!('places' in count)) {
    const at = count.method === 'stv' ? count.elected.indexOf(option) : -1
    return at === -1 ? '' : String(at + 1)
  }
  let before = 0
  for (const place of count.places) {
    if (place.includes(option)) return String(before + 1)
    before += place.length
  }
  return ''
}

function electedIn(count: Count, option: number): string {
  if ('seats' in count)
    return count.tied.includes(option) ? `${count.seats[option]} or more` : String(count.seats[option])
  if (count.elected.includes(option)) return 'yes'
  return count.method !== 'stv' && count.tied.includes(option) ? 'tied' : 'no'
}

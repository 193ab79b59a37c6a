// The results of a survey (docs/spec/surveys.md 6): figures of all who answered, and of groups of them, none of fewer
// than the form's least number.

import { type Cell, csvText } from '../../encoding/csv.ts'
import { VotingError } from '../error.ts'
import type { SurveyAnswer } from './answers.ts'
import { type SurveyForm, type SurveyQuestion, surveyId } from './form.ts'

/** Names the format of results. */
export const resultsFormat = 'chaffinch-survey-1 results'

/** Holds the figures of a question; `undefined` ones are of too few. */
export interface QuestionFigures {
  /** Those who have answered it. */
  readonly answered: number
  readonly blank: number
  /** Counts for each option who has chosen it; sums up its points for `score`, Borda's half points for `rank`. */
  readonly options?: readonly number[]
  /** Counts for `grade` how often each option has each grade. */
  readonly grades?: readonly (readonly number[])[]
  /** Lists what was written, sorted. */
  readonly texts?: readonly string[]
  /** Gives sum, mean, and the value with as many above as below, the lower one of two. */
  readonly sum?: string
  readonly mean?: string
  readonly median?: string
}

/** Holds the figures of some participants. */
export interface Figures {
  readonly participants: number
  /** One a question; undefined where fewer than the least number have answered. */
  readonly questions: readonly (QuestionFigures | undefined)[]
}

/** Holds the figures of those who have chosen an option. */
export interface Group {
  readonly option: string
  /** Undefined where they, or those who would follow from them, are too few. */
  readonly figures: Figures | undefined
}

/** Holds all that is shown of a survey. */
export interface SurveyResults {
  readonly format: typeof resultsFormat
  readonly survey: string
  /** Those who may answer. */
  readonly invited: number
  /** Answers that came out. */
  readonly participants: number
  /** Answers that are none. */
  readonly invalid: number
  readonly participants_least: number
  /** Undefined where fewer than that have answered. */
  readonly figures: Figures | undefined
  readonly groups: readonly Group[]
}

/**
 * Counts the answers of a survey.
 *
 * @param answers what each participant said; undefined for what is no answer
 * @param by the number of a question, from 0 on, by whose options groups are made: one of which just one is chosen
 * @throws VotingError BAD_DEFINITION for a question that makes no groups
 */
export function resultsOf(
  form: SurveyForm,
  invited: number,
  answers: readonly (readonly SurveyAnswer[] | undefined)[],
  by?: number,
): SurveyResults {
  const valid = answers.flatMap(each => (each === undefined ? [] : [each]))
  const least = form.participants_least
  const isShown = valid.length >= least
  return {
    format: resultsFormat,
    survey: surveyId(form),
    invited,
    participants: answers.length,
    invalid: answers.length - valid.length,
    participants_least: least,
    figures: isShown ? figuresOf(form, valid) : undefined,
    groups: by === undefined || !isShown ? [] : groupsOf(form, valid, by),
  }
}

function figuresOf(form: SurveyForm, answers: readonly (readonly SurveyAnswer[])[]): Figures {
  const questions = form.questions.map((question, i) => {
    const said = answers.map(each => each[i] as SurveyAnswer)
    const given = said.filter(({ is }) => is !== 'blank')
    // Without those who left it blank it is a group like any other
    if (given.length < form.participants_least) return undefined
    return { answered: given.length, blank: said.length - given.length, ...figuresIn(question, given) }
  })
  return { participants: answers.length, questions }
}

function figuresIn(question: SurveyQuestion, given: readonly SurveyAnswer[]): Partial<QuestionFigures> {
  switch (question.kind) {
    case 'choose':
      return {
        options: question.options.map(
          (_, i) => given.filter(answer => answer.is === 'choose' && answer.chosen.includes(i)).length,
        ),
      }
    case 'score':
      return {
        options: question.options.map((_, i) =>
          given.reduce((sum, answer) => sum + (answer.is === 'score' ? (answer.scores[i] as number) : 0), 0),
        ),
      }
    case 'rank':
      return {
        options: question.options.map((_, i) => given.reduce((sum, each) => sum + halfPoints(each, i), 0)),
      }
    case 'grade':
      return {
        grades: question.options.map((_, i) =>
          question.grades.map(
            (_, grade) => given.filter(answer => answer.is === 'grade' && answer.grades[i] === grade).length,
          ),
        ),
      }
    case 'text':
      return { texts: given.flatMap(answer => (answer.is === 'text' ? [answer.text] : [])).sort() }
    case 'number':
      return numbersOf(
        question.decimals,
        given.flatMap(answer => (answer.is === 'number' ? [answer.value] : [])),
      )
  }
}

/** 2 for every option that is ranked behind, 1 for every one beside. */
function halfPoints(answer: SurveyAnswer, option: number): number {
  if (answer.is !== 'rank') return 0
  const place = (i: number): number => answer.ranks[i] || Number.POSITIVE_INFINITY
  return answer.ranks.reduce((sum, _, i) => {
    if (i === option) return sum
    return sum + (place(i) > place(option) ? 2 : place(i) === place(option) ? 1 : 0)
  }, 0)
}

function numbersOf(decimals: number, values: readonly number[]): Partial<QuestionFigures> {
  const sorted = [...values].sort((a, b) => a - b)
  const sum = values.reduce((total, value) => total + BigInt(value), 0n)
  const median = sorted[(sorted.length - 1) >> 1] as number
  // One digit more than what was asked for
  const tenths = (10n * sum) / BigInt(values.length)
  return {
    sum: decimal(sum, decimals),
    mean: decimal(tenths, decimals + 1),
    median: decimal(BigInt(median), decimals),
  }
}

/** Writes a whole number of units of 10^-decimals. */
export function decimal(value: bigint, decimals: number): string {
  const digits = String(value < 0n ? -value : value).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const rest = decimals === 0 ? '' : `.${digits.slice(digits.length - decimals)}`
  return `${value < 0n ? '-' : ''}${whole}${rest}`
}

/**
 * Makes groups by what was chosen. A group of fewer than the least number is not shown; and where those that are not
 * shown are together fewer than that, the smallest that is shown is not either: the rest of the whole would tell.
 */
function groupsOf(form: SurveyForm, answers: readonly (readonly SurveyAnswer[])[], by: number): Group[] {
  const question = form.questions[by]
  if (question?.kind !== 'choose' || question.max !== 1)
    throw new VotingError(
      'BAD_DEFINITION',
      `question ${by + 1}: makes no groups: want one of which one is chosen`,
    )
  const sets = [...question.options.keys(), -1].map(option => ({
    option,
    members: answers.filter(each => {
      const said = each[by] as SurveyAnswer
      const chosen = said.is === 'choose' ? said.chosen : []
      return option === -1 ? chosen.length === 0 : chosen.includes(option)
    }),
  }))
  const least = form.participants_least
  const hidden = new Set(sets.filter(({ members }) => members.length > 0 && members.length < least))
  for (;;) {
    const together = [...hidden].reduce((sum, { members }) => sum + members.length, 0)
    if (together === 0 || together >= least) break
    const [smallest] = sets
      .filter(each => each.members.length > 0 && !hidden.has(each))
      .sort((a, b) => a.members.length - b.members.length)
    if (smallest === undefined) break
    hidden.add(smallest)
  }
  return sets
    .filter(({ option, members }) => option !== -1 || members.length > 0)
    .map(each => ({
      option: each.option === -1 ? '' : (question.options[each.option] as string),
      figures: hidden.has(each) || each.members.length < least ? undefined : figuresOf(form, each.members),
    }))
}

/** Writes results as comma-separated values (RFC 4180): group, question, kind, item, figure. */
export function resultsTable(form: SurveyForm, results: SurveyResults): string {
  const lines: (readonly Cell[])[] = [['group', 'question', 'kind', 'item', 'figure']]
  const all: readonly Group[] = [{ option: '', figures: results.figures }, ...results.groups]
  lines.push(['', '', 'survey', 'invited', results.invited])
  lines.push(['', '', 'survey', 'participants', results.participants])
  lines.push(['', '', 'survey', 'invalid', results.invalid])
  for (const [g, { option, figures }] of all.entries()) {
    const group = g === 0 ? '' : groupName(option)
    if (g > 0) lines.push([group, '', 'group', 'participants', figures?.participants ?? 'too few'])
    form.questions.forEach((question, i) => {
      for (const [item, figure] of rowsOf(question, figures?.questions[i]))
        lines.push([group, question.text, question.kind, item, cellOf(question, figure)])
    })
  }
  return csvText(lines)
}

/** Names a group: by its option, or that nothing was chosen. */
export function groupName(option: string): string {
  return option === '' ? 'no answer' : option
}

/** Writes results as JSON, and a line feed; what is not shown is absent. */
export function resultsJson(results: SurveyResults): string {
  return `${JSON.stringify(results)}\n`
}

/** Tells figures that have decimals from what people wrote. */
function cellOf({ kind }: SurveyQuestion, figure: string | number): Cell {
  return kind === 'number' && typeof figure === 'string' ? { figure } : figure
}

/** Lists what is shown of a question, as pairs of a name and a figure. */
export function rowsOf(
  question: SurveyQuestion,
  figures: QuestionFigures | undefined,
): readonly (readonly [item: string, figure: string | number])[] {
  if (figures === undefined) return [['answered', 'too few']]
  const rows: (readonly [string, string | number])[] = [
    ['answered', figures.answered],
    ['blank', figures.blank],
  ]
  const names = question.kind === 'text' || question.kind === 'number' ? [] : question.options
  for (const [i, name] of names.entries()) {
    if (question.kind === 'grade')
      for (const [grade, word] of question.grades.entries())
        rows.push([`${name}: ${word}`, figures.grades?.[i]?.[grade] as number])
    else
      rows.push([
        name,
        question.kind === 'rank' ? (figures.options?.[i] as number) / 2 : (figures.options?.[i] as number),
      ])
  }
  for (const text of figures.texts ?? []) rows.push(['text', text])
  if (question.kind === 'number')
    for (const name of ['sum', 'mean', 'median'] as const) rows.push([name, figures[name] as string])
  return rows
}

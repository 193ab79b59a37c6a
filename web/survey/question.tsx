// A question of a survey, and the place for its answer: those of elections, a text, or a number.

import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import {
  type NumberQuestion,
  type Question,
  readNumber,
  type SurveyAnswer,
  type SurveyQuestion,
  type TextQuestion,
} from '../../voting/index.ts'
import { answerOf, type Draft, emptyDraft } from '../election/draft.ts'
import { QuestionForm } from '../election/question-form.tsx'
import { te } from '../election/texts.ts'
import { Check } from '../parts/field.tsx'
import { count } from '../parts/format.ts'
import { ts } from './texts.ts'

/** Holds what a participant has said to a question so far. */
export interface SurveyDraft extends Draft {
  readonly typed: string
}

const nothing: Draft = { blank: false, chosen: [], written: [], values: [], list: undefined, preferred: [] }

export function emptySurveyDraft(question: SurveyQuestion): SurveyDraft {
  const isTyped = question.kind === 'text' || question.kind === 'number'
  return { ...(isTyped ? nothing : emptyDraft(question as Question)), typed: '' }
}

/** Gives the answer; undefined while something is missing. Whether the question allows it is checked elsewhere. */
export function surveyAnswerOf(question: SurveyQuestion, draft: SurveyDraft): SurveyAnswer | undefined {
  if (question.kind !== 'text' && question.kind !== 'number') return answerOf(question as Question, draft)
  if (draft.blank) return { is: 'blank' }
  if (draft.typed === '') return undefined
  if (question.kind === 'text') return { is: 'text', text: draft.typed }
  const value = numberTyped(question, draft.typed)
  return value === undefined ? undefined : { is: 'number', value }
}

/** Many write a comma before decimals. */
function numberTyped(question: NumberQuestion, typed: string): number | undefined {
  const value = readNumber(question, typed.trim().replace(',', '.'))
  return value === undefined || value < question.least || value > question.most ? undefined : value
}

interface SurveyQuestionProps {
  readonly question: SurveyQuestion
  /** From 0 on. */
  readonly at: number
  readonly draft: SurveyDraft
  readonly onChange: (draft: SurveyDraft) => void
}

export function SurveyQuestionForm({ question, at, draft, onChange }: SurveyQuestionProps): JSX.Element {
  const change = (part: Partial<SurveyDraft>): void => onChange({ ...draft, ...part })
  if (question.kind !== 'text' && question.kind !== 'number')
    return <QuestionForm question={question as Question} at={at} draft={draft} onChange={change} />
  return (
    <fieldset class="question">
      <legend>
        {at + 1}. {question.text}
      </legend>
      <Typed question={question} draft={draft} onInput={typed => change({ typed })} />
      {question.blank && (
        <Check label={te().vote.blank} checked={draft.blank} onChange={blank => change({ blank })} />
      )}
    </fieldset>
  )
}

interface TypedProps {
  readonly question: TextQuestion | NumberQuestion
  readonly draft: SurveyDraft
  readonly onInput: (typed: string) => void
}

function Typed({ question, draft, onInput }: TypedProps): JSX.Element {
  const id = useId()
  const texts = ts().answer
  const { typed, blank } = draft
  const isWrong =
    typed !== '' && !blank && question.kind === 'number' && numberTyped(question, typed) === undefined
  const common = {
    id,
    value: typed,
    disabled: blank,
    autocomplete: 'off',
    'aria-describedby': `${id}-rule`,
    'aria-invalid': isWrong,
    onInput: (event: { readonly currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      onInput(event.currentTarget.value),
  }
  return (
    <div class="field">
      <label for={id} class="quiet">
        {ruleOf(question)}
      </label>
      {question.kind === 'text' ? (
        <textarea rows={4} {...common} />
      ) : (
        <input type="text" inputMode="decimal" {...common} />
      )}
      <p id={`${id}-rule`} class={isWrong ? 'bad' : 'quiet'} role="status">
        {isWrong && texts.isNone}
        {question.kind === 'text' &&
          texts.textLeft(count(question.most_bytes - new TextEncoder().encode(typed).length))}
      </p>
    </div>
  )
}

function ruleOf(question: TextQuestion | NumberQuestion): string {
  const texts = ts().answer
  if (question.kind === 'text') return texts.textRule(question.most_bytes)
  const { least, most, decimals, unit } = question
  const shown = (value: number): string => count(value / 10 ** decimals)
  return texts.numberRule(shown(least), shown(most), decimals, unit)
}
